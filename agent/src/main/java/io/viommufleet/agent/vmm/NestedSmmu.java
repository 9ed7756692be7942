package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptInvalidate;
import io.viommufleet.agent.iommufd.VdeviceAlloc;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.vmm.SmmuTables.Place;
import io.viommufleet.agent.vmm.SmmuTables.Stream;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.GuestStep.Gbpa;
import io.viommufleet.common.model.GuestStep.IovaSpan;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/**
 * An accelerated SMMUv3: the guest's stream table entries become nested HWPTs on the viommu object, its commands go to it, and events come back from it
 * (QEMU hw/arm/smmuv3-accel.c).
 */
final class NestedSmmu implements GuestIommu {
    private static final int COMMAND_DATA = 1;

    private final SmmuProperties properties;
    private final ViommuInstance instance;
    private final SmmuEvents events;
    private final Map<String, Attached> attached = new TreeMap<>();
    private final LeftOvers leftOvers = new LeftOvers();
    private SmmuTables tables = SmmuTables.RESET;

    NestedSmmu(SmmuProperties properties, ViommuInstance instance) {
        this.properties = properties;
        this.instance = instance;
        this.events = new SmmuEvents(instance);
    }

    /** A device behind the SMMU: where it is, and its vdevice once it has one. */
    private static final class Attached {
        private final Endpoint endpoint;
        private final TranslationSlot slot;
        private OptionalInt vdevice = OptionalInt.empty();

        Attached(Endpoint endpoint, OptionalInt hwpt) {
            this.endpoint = endpoint;
            this.slot = new TranslationSlot(endpoint.file(), 0, hwpt);
        }
    }

    @Override
    public boolean has(String device) {
        return attached.containsKey(device);
    }

    /** The first device was put on the HWPT that GBPA asks for; later ones are still on their default HWPT. */
    @Override
    public void add(Endpoint endpoint) {
        OptionalInt hwpt = attached.isEmpty() ? instance.bypassHwpt() : OptionalInt.of(endpoint.defaultHwpt());
        attached.put(endpoint.device(), new Attached(endpoint, hwpt));
    }

    @Override
    public void run(GuestStep step, GuestActivity activity) throws GuestFailure {
        switch (step) {
            case GuestStep.Boot _, GuestStep.Reset _ -> reset(activity);
            case GuestStep.EnableViommu(boolean eventQueue, Optional<Gbpa> gbpa) -> enable(eventQueue, gbpa, activity);
            case GuestStep.DisableViommu(Optional<Gbpa> gbpa) -> disable(gbpa, activity);
            case GuestStep.Map map -> map(map, activity);
            case GuestStep.Bypass(String device) -> install(device, new Stream.Bypass(), activity);
            case GuestStep.Block(String device) -> install(device, new Stream.Abort(), activity);
            case GuestStep.Unmap unmap -> issue(range(unmap.asid(), unmap.range()), activity);
            case GuestStep.Invalidate invalidate -> invalidate(invalidate, activity);
            case GuestStep.Fault fault -> fault(fault, activity);
        }
    }

    private void reset(GuestActivity activity) throws GuestFailure {
        become(SmmuTables.RESET, activity);
        for (Attached device : attached.values()) {
            OptionalInt vdevice = device.vdevice;
            activity.onSuccess(() -> {
                vdevice.ifPresent(id -> leftOvers.destroy(id, activity));
                device.vdevice = OptionalInt.empty();
            });
        }
        events.disable(activity);
    }

    private void enable(boolean eventQueue, Optional<Gbpa> gbpa, GuestActivity activity) throws GuestFailure {
        writeGbpa(gbpa, activity);
        if (eventQueue) {
            events.enable(activity);
        }
        SmmuTables next = tables.withEnabled(true);
        for (String device : next.streams().keySet()) {
            move(device, next.place(device), activity);
        }
        set(next, activity);
    }

    private void disable(Optional<Gbpa> gbpa, GuestActivity activity) throws GuestFailure {
        become(tables.withEnabled(false), activity);
        writeGbpa(gbpa, activity);
        events.disable(activity);
    }

    private void writeGbpa(Optional<Gbpa> gbpa, GuestActivity activity) throws GuestFailure {
        if (gbpa.isPresent()) {
            SmmuTables next = tables.withGbpaAbort(gbpa.get() == Gbpa.ABORT);
            if (tables.enabled()) {
                set(next, activity);
            } else {
                become(next, activity);
            }
        }
    }

    private void map(GuestStep.Map map, GuestActivity activity) throws GuestFailure {
        if (map.pasid() >>> properties.substreamBits() != 0) {
            throw GuestFailure.refused(
                    "PASID %d is beyond ssidsize=%d of the vIOMMU".formatted(map.pasid(), properties.substreamBits()));
        }
        int known = highestPasid(map);
        if (known < 0) {
            install(map.device(), new Stream.Translate(map.table(), map.pasid()), activity);
        } else if (map.pasid() > known) {
            set(tables.with(map.device(), new Stream.Translate(map.table(), map.pasid())), activity);
            issue(List.of(SmmuCommands.configuration(properties.streamId(map.device()), map.pasid())), activity);
        } else {
            activity.note("the guest's own table: the hardware reads it by itself");
        }
    }

    /** The highest PASID that the guest uses in the context descriptors that a mapping is for; -1 where they are not installed. */
    private int highestPasid(GuestStep.Map map) {
        return tables.stream(map.device())
                .filter(Stream.Translate.class::isInstance)
                .map(Stream.Translate.class::cast)
                .filter(stream -> stream.contexts() == map.table())
                .map(Stream.Translate::maxPasid)
                .orElse(-1);
    }

    /** QEMU smmuv3_accel_install_ste. The vdevice stays even if the attach then fails. */
    private void install(String device, Stream stream, GuestActivity activity) throws GuestFailure {
        Attached target = device(device);
        if (target.vdevice.isEmpty()) {
            int viommu = instance.viommuObject().orElseThrow();
            target.vdevice = OptionalInt.of(activity.callViommu(
                            new VdeviceAlloc(viommu, target.endpoint.deviceId(), properties.streamId(device)))
                    .vdeviceId());
        }
        SmmuTables next = tables.with(device, stream);
        move(device, next.place(device), activity);
        set(next, activity);
        if (!tables.enabled()) {
            activity.note("the SMMU is off: the entry takes effect when the guest enables it");
        }
    }

    private void become(SmmuTables next, GuestActivity activity) throws GuestFailure {
        for (String device : attached.keySet()) {
            move(device, next.place(device), activity);
        }
        set(next, activity);
    }

    private void set(SmmuTables next, GuestActivity activity) {
        SmmuTables before = tables;
        tables = next;
        activity.onFailure(() -> tables = before);
    }

    private void move(String device, Place place, GuestActivity activity) throws GuestFailure {
        Attached target = device(device);
        switch (place) {
            case Place.SharedAbort _ -> target.slot.moveTo(instance.abortHwpt(), activity);
            case Place.SharedBypass _ -> target.slot.moveTo(instance.bypassHwpt(), activity);
            case Place.Nested(long contexts) -> {
                boolean same =
                        target.slot.nested().isPresent() && tables.enabled() && place.equals(tables.place(device));
                if (!same) {
                    target.slot.moveToNested(nested(target.endpoint, contexts, activity), activity);
                }
            }
        }
    }

    private int nested(Endpoint endpoint, long contexts, GuestActivity activity) throws GuestFailure {
        int viommu = instance.viommuObject().orElseThrow();
        byte[] entry = VirtualStreamEntry.translating(
                contexts, properties.substreamBits(), properties.addressTranslationService());
        UserData data = new UserData(VirtualStreamEntry.DATA_TYPE, entry.length, UserBuffer.of(entry));
        return activity.call(new HwptAlloc(0, endpoint.deviceId(), viommu, data, 0, 0))
                .hwptId();
    }

    private void invalidate(GuestStep.Invalidate step, GuestActivity activity) throws GuestFailure {
        int stream = properties.streamId(step.device());
        issue(
                switch (step.scope()) {
                    case TLB -> translations(step);
                    case CONFIGURATION -> List.of(SmmuCommands.configuration(stream, step.pasid()));
                    case ATS -> List.of(SmmuCommands.device(stream, step.pasid(), step.range()));
                },
                activity);
    }

    private List<byte[]> translations(GuestStep.Invalidate step) {
        return step.range()
                .map(span -> range(step.asid().orElse(0), span))
                .orElseGet(() ->
                        List.of(step.asid().map(SmmuCommands::addressSpace).orElseGet(SmmuCommands::everything)));
    }

    private List<byte[]> range(int asid, IovaSpan span) {
        return SmmuCommands.range(asid, span, properties.rangeInvalidation());
    }

    /** QEMU smmuv3_accel_issue_inv_cmd: one call for each command. */
    private void issue(List<byte[]> commands, GuestActivity activity) throws GuestFailure {
        if (!tables.enabled()) {
            throw GuestFailure.refused("the SMMU is off and takes no commands: enable-viommu comes first");
        }
        int viommu = instance.viommuObject().orElseThrow();
        for (byte[] command : commands) {
            activity.call(new HwptInvalidate(viommu, COMMAND_DATA, SmmuCommands.BYTES, 1, UserBuffer.of(command), 0));
        }
    }

    private void fault(GuestStep.Fault fault, GuestActivity activity) throws GuestFailure {
        if (tables.place(fault.device()) instanceof Place.Nested) {
            events.translationFault(properties.streamId(fault.device()), fault, activity);
        } else {
            activity.note("no stage 1 translates the device: there is nothing that the SMMU could report");
        }
    }

    private Attached device(String device) {
        return Objects.requireNonNull(attached.get(device), "steps name attached devices");
    }

    @Override
    public Optional<GuestIommuState> save() {
        return Optional.empty();
    }

    @Override
    public void load(GuestIommuState state, GuestActivity activity) throws GuestFailure {
        throw GuestFailure.refused("an arm-smmuv3 with accel=on cannot be migrated");
    }

    @Override
    public void remove(String device, UndoStack stack) {
        Attached gone = attached.remove(device);
        if (gone == null) {
            return;
        }
        VmProcess vm = properties.vm();
        gone.slot.release(vm, stack);
        gone.vdevice.ifPresent(id -> vm.destroy(id, stack));
        tables = tables.forgetting(device);
        leftOvers.release(vm, stack);
        if (attached.isEmpty()) {
            events.release(vm, stack);
        }
    }
}
