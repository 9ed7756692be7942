package io.viommufleet.agent.core;

import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.ConfigurationSpec;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.HostDevice;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.HostIommu;
import io.viommufleet.common.model.IommuType;
import io.viommufleet.common.model.Metadata;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.ViommuSpec;
import io.viommufleet.common.viommu.Certificate;
import io.viommufleet.common.viommu.Decision;
import io.viommufleet.common.viommu.DeviceBackend;
import io.viommufleet.common.viommu.DeviceKind;
import io.viommufleet.common.viommu.GuestDevice;
import io.viommufleet.common.viommu.Machine;
import io.viommufleet.common.viommu.Property;
import io.viommufleet.common.viommu.RulesVersion;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Records as a leader and a host would make them, for tests. */
public final class Records {
    public static final String HOST = "spr-01";
    public static final AgentIdentity AGENT = new AgentIdentity(HOST, 0, "boot-1", "agent-1");
    public static final long GIB = 1L << 30;

    private Records() {}

    public static HostInventory inventory(int devices) {
        HostIommu iommu = new HostIommu(
                "dmar0", IommuType.INTEL_VTD, Map.of("cap", 0x19ed008c40780c66L, "ecap", 0x3ef9e86f050dfL));
        return new HostInventory(
                new Metadata(HOST, 0, Map.of()),
                "6.12",
                Optional.of("10.2"),
                512 * GIB,
                Map.of(),
                List.of("intel_iommu=on,sm_on"),
                Optional.of(true),
                false,
                List.of(iommu),
                IntStream.range(0, devices).mapToObj(Records::device).toList(),
                List.of(),
                List.of("1", "2"),
                List.of(),
                Map.of());
    }

    public static Bdf bdf(int index) {
        return new Bdf(0, 0x3b, index, 0);
    }

    private static HostDevice device(int index) {
        return new HostDevice(
                bdf(index),
                0x10de,
                0x2330,
                0x030200,
                Optional.of(index),
                Optional.of("dmar0"),
                Optional.of(0),
                Optional.of("vfio-pci"),
                0,
                Optional.empty(),
                List.of(),
                List.of(),
                Optional.of(true),
                Optional.empty(),
                Optional.empty());
    }

    /** An intel-iommu with first-stage translation, which wants a nesting parent for each device. */
    public static ConfigurationSpec configuration(String... devices) {
        List<Property> properties = List.of(
                new Property("scalable-mode", "on"),
                new Property("fsts", "on"),
                new Property("caching-mode", "on"),
                new Property("aw-bits", "48"));
        List<GuestDevice> guests = List.of(devices).stream()
                .map(id ->
                        new GuestDevice(id, DeviceKind.PCI, DeviceBackend.IOMMUFD, Optional.empty(), Optional.empty()))
                .toList();
        return new ConfigurationSpec(
                Machine.ofType("pc-q35-10.0"),
                List.of(new ViommuSpec("intel-iommu", properties)),
                List.of(),
                guests,
                List.of());
    }

    public static Certificate certificate(ConfigurationSpec configuration) {
        return switch (configuration.decide(RulesVersion.V1)) {
            case Decision.Decided decided -> decided.certificate();
            case Decision.Refused refused -> throw new AssertionError(refused.errors());
        };
    }

    /** A command for device {@code index} of a VM with devices d0, d1, … on the host devices of the same index. */
    public static Attachment attach(AgentIdentity agent, String vm, int index, int devices) {
        ConfigurationSpec configuration =
                configuration(IntStream.range(0, devices).mapToObj(i -> "d" + i).toArray(String[]::new));
        return new Attachment(
                new AttachmentId(agent.host(), vm, "d" + index),
                Attachment.Desired.ATTACHED,
                agent.boot(),
                agent.incarnation(),
                bdf(index),
                4 * GIB,
                false,
                configuration,
                certificate(configuration),
                Map.of(),
                List.of(),
                Attachment.Role.ACTIVE,
                Optional.empty());
    }

    public static Attachment detached(Attachment attached) {
        return with(attached, Attachment.Desired.DETACHED, attached.boot(), attached.incarnation());
    }

    public static Attachment forAgent(Attachment attachment, AgentIdentity agent) {
        return with(attachment, attachment.desired(), agent.boot(), agent.incarnation());
    }

    public static Attachment on(Attachment attachment, Bdf bdf) {
        return new Attachment(
                attachment.id(),
                attachment.desired(),
                attachment.boot(),
                attachment.incarnation(),
                bdf,
                attachment.memoryBytes(),
                attachment.strict(),
                attachment.configuration(),
                attachment.certificate(),
                attachment.resolvedValues(),
                attachment.guest(),
                attachment.role(),
                attachment.leaseMillis());
    }

    public static Attachment as(Attachment a, Attachment.Role role) {
        return new Attachment(
                a.id(),
                a.desired(),
                a.boot(),
                a.incarnation(),
                a.bdf(),
                a.memoryBytes(),
                a.strict(),
                a.configuration(),
                a.certificate(),
                a.resolvedValues(),
                a.guest(),
                role,
                a.leaseMillis());
    }

    public static Attachment leased(Attachment a, long leaseMillis) {
        return new Attachment(
                a.id(),
                a.desired(),
                a.boot(),
                a.incarnation(),
                a.bdf(),
                a.memoryBytes(),
                a.strict(),
                a.configuration(),
                a.certificate(),
                a.resolvedValues(),
                a.guest(),
                a.role(),
                Optional.of(leaseMillis));
    }

    public static Attachment certified(Attachment attachment, Certificate certificate) {
        return new Attachment(
                attachment.id(),
                attachment.desired(),
                attachment.boot(),
                attachment.incarnation(),
                attachment.bdf(),
                attachment.memoryBytes(),
                attachment.strict(),
                attachment.configuration(),
                certificate,
                attachment.resolvedValues(),
                attachment.guest(),
                attachment.role(),
                attachment.leaseMillis());
    }

    private static Attachment with(Attachment a, Attachment.Desired desired, String boot, String incarnation) {
        return new Attachment(
                a.id(),
                desired,
                boot,
                incarnation,
                a.bdf(),
                a.memoryBytes(),
                a.strict(),
                a.configuration(),
                a.certificate(),
                a.resolvedValues(),
                a.guest(),
                a.role(),
                a.leaseMillis());
    }

    public static Envelope led(long epoch, long generation, FleetRecord value) {
        return new Envelope(0, generation, new Origin.Controller(epoch, 1), value);
    }
}
