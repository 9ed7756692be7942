package io.viommufleet.common.feasibility;

import io.viommufleet.common.feasibility.HostCheck.Meeting;
import io.viommufleet.common.feasibility.HostCheckResult.Accepted;
import io.viommufleet.common.feasibility.HostCheckResult.Refused;
import io.viommufleet.common.viommu.Granule;
import io.viommufleet.common.viommu.VirtioIommu;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The checks of QEMU virtio_iommu_set_iommu_device, in order. {@code granule=host} starts as the host's page size and freezes at the smallest page
 * that guest and first host device share.
 */
final class VirtioHostChecks {
    private static final int HOST_PAGE_BYTES = 4096;
    private static final int KIB = 1024;

    private static final List<HostCheck<VirtioIommu>> ENDPOINT = List.of(new HostCheck<>(
            "duplicate",
            meeting -> "a host device at this guest address",
            meeting -> "another one",
            meeting -> !meeting.endpoint().occupied(),
            "a guest address takes one host device"));

    private VirtioHostChecks() {}

    static HostCheckResult check(Meeting<VirtioIommu> meeting, String path, @Nullable String frozenGranule) {
        Optional<Refused> duplicate = HostCheck.firstRefusal(ENDPOINT, meeting);
        if (duplicate.isPresent()) {
            return duplicate.get();
        }
        if (meeting.host().usableRanges().isEmpty()) {
            return new Accepted(Map.of());
        }
        Optional<Refused> conflict = conflict(meeting);
        return conflict.isPresent() ? conflict.get() : checkPageSizes(meeting, path, frozenGranule);
    }

    private static Optional<Refused> conflict(Meeting<VirtioIommu> meeting) {
        return meeting.endpoint()
                .reservedRanges()
                .flatMap(known -> meeting.host().reservedRanges().stream()
                        .filter(range -> known.stream()
                                .noneMatch(outer -> outer.contains(range.first()) && outer.contains(range.last())))
                        .findFirst()
                        .map(range -> new Refused(
                                "iova-ranges",
                                "reserved ranges " + known,
                                "reserved range " + range,
                                "what a host device reserves must lie inside what was reserved before it")));
    }

    private static HostCheckResult checkPageSizes(
            Meeting<VirtioIommu> meeting, String path, @Nullable String frozenGranule) {
        long host = meeting.host().pageSizeMask();
        Granule granule = meeting.guest().granule().orElse(Granule.HOST);
        boolean frozen = granule == Granule.HOST && frozenGranule != null;
        long guestBytes = frozenGranule != null && frozen ? bytes(frozenGranule) : bytes(granule);
        long common = -guestBytes & host;
        if (common == 0) {
            return refused("page-size-mask", guestBytes, host, "guest and host must share a page size");
        }
        if (frozen && (guestBytes & host) == 0) {
            return refused("granule", guestBytes, host, "the host must have the granule that the first attach froze");
        }
        return new Accepted(
                granule == Granule.HOST && !frozen
                        ? Map.of(path + ".granule", text(Long.lowestOneBit(common)))
                        : Map.of());
    }

    private static Refused refused(String check, long guestBytes, long hostMask, String rule) {
        return new Refused(check, "pages of " + text(guestBytes) + " up", "page sizes 0x%x".formatted(hostMask), rule);
    }

    private static long bytes(Granule granule) {
        return switch (granule) {
            case SIZE_4K, SIZE_8K, SIZE_16K, SIZE_64K -> bytes(granule.toString());
            case HOST -> HOST_PAGE_BYTES;
        };
    }

    /** A granule as {@link HostChecks} lets it in. */
    private static long bytes(String granule) {
        return Long.parseLong(granule.substring(0, granule.length() - 1)) * KIB;
    }

    private static String text(long bytes) {
        return bytes / KIB + "k";
    }
}
