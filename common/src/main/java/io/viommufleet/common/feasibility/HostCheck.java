package io.viommufleet.common.feasibility;

import io.viommufleet.common.feasibility.HostCheckResult.Refused;
import io.viommufleet.common.viommu.Viommu;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One comparison of a guest's vIOMMU with a host device.
 *
 * @param <V> the vIOMMU's model
 * @param name of the check
 * @param guestValue what the guest has, for the message
 * @param hostValue what the host has, for the message
 * @param holds whether the two fit
 * @param rule that must hold, in words
 */
record HostCheck<V extends Viommu>(
        String name,
        Function<Meeting<V>, Object> guestValue,
        Function<Meeting<V>, Object> hostValue,
        Predicate<Meeting<V>> holds,
        String rule) {

    /** A guest's vIOMMU and a host device, brought together at a guest address. */
    record Meeting<V extends Viommu>(V guest, GuestEndpoint endpoint, HostIommuDevice host) {}

    /** The first check that fails, in order. */
    static <V extends Viommu> Optional<Refused> firstRefusal(List<HostCheck<V>> checks, Meeting<V> meeting) {
        for (HostCheck<V> check : checks) {
            if (!check.holds.test(meeting)) {
                return Optional.of(check.refusal(meeting));
            }
        }
        return Optional.empty();
    }

    private Refused refusal(Meeting<V> meeting) {
        return new Refused(
                name,
                guestValue.apply(meeting).toString(),
                hostValue.apply(meeting).toString(),
                rule);
    }

    static String onOff(boolean value) {
        return value ? "on" : "off";
    }
}
