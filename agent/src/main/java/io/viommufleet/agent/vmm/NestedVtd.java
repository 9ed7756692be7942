package io.viommufleet.agent.vmm;

import io.viommufleet.agent.iommufd.HwptAlloc;
import io.viommufleet.agent.iommufd.HwptFlags;
import io.viommufleet.agent.iommufd.HwptInvalidate;
import io.viommufleet.agent.iommufd.driver.UserData;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import io.viommufleet.agent.vmm.VtdTables.PasidEntry;
import io.viommufleet.agent.vmm.VtdTables.PasidKey;
import io.viommufleet.agent.vmm.VtdTables.Place;
import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.GuestStep.IovaSpan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * An intel-iommu with first-stage translation: the guest's PASID entries become nested HWPTs on the parent of the attach.
 *
 * <p>They have no fault queue. QEMU's page request series (vtd_create_fs_faultq) makes one for each first stage with {@code svm=on}, and only for a
 * device whose context entry lets it make page requests. That takes a device with ATS and PRI, which an inventory does not tell: VT-d would refuse to
 * attach such an HWPT with ENODEV.
 */
final class NestedVtd implements GuestIommu {
    private static final int STAGE1_DATA = 1;
    private static final int STAGE1_BYTES = 24;
    private static final int ADDRESS_BITS = 48;
    private static final int INVALIDATION_DATA = 0;
    private static final int INVALIDATION_BYTES = 24;

    private final VmProcess vm;
    private final int pasidBits;
    private final Map<String, Endpoint> endpoints = new HashMap<>();
    private final Map<PasidKey, TranslationSlot> slots = new HashMap<>();
    private VtdTables tables = VtdTables.RESET;

    NestedVtd(VmProcess vm, int pasidBits) {
        this.vm = vm;
        this.pasidBits = pasidBits;
    }

    @Override
    public boolean has(String device) {
        return endpoints.containsKey(device);
    }

    @Override
    public void add(Endpoint endpoint) {
        endpoints.put(endpoint.device(), endpoint);
    }

    @Override
    public void run(GuestStep step, GuestActivity activity) throws GuestFailure {
        switch (step) {
            case GuestStep.Boot _, GuestStep.Reset _ -> become(VtdTables.RESET, activity);
            case GuestStep.EnableViommu _ -> become(tables.withEnabled(true), activity);
            case GuestStep.DisableViommu _ -> become(tables.withEnabled(false), activity);
            case GuestStep.Map map ->
                write(key(map.device(), map.pasid()), new PasidEntry.FirstStage(map.table()), activity);
            case GuestStep.Bypass(String device) -> write(key(device, 0), new PasidEntry.PassThrough(), activity);
            case GuestStep.Block(String device) -> become(tables.without(device), activity);
            case GuestStep.Unmap unmap ->
                invalidate(key(unmap.device(), unmap.pasid()), Optional.of(unmap.range()), activity);
            case GuestStep.Invalidate invalidate -> invalidate(invalidate, activity);
            case GuestStep.Fault _ ->
                activity.note(
                        "the fault stays in the host's log: only page requests reach the VMM, and the device is not"
                                + " known to make any");
        }
    }

    private PasidKey key(String device, int pasid) throws GuestFailure {
        if (pasid != 0 && pasid >>> pasidBits != 0) {
            throw GuestFailure.refused("PASID %d is beyond pasid-bits=%d of the vIOMMU".formatted(pasid, pasidBits));
        }
        return new PasidKey(device, pasid);
    }

    private void write(PasidKey key, PasidEntry entry, GuestActivity activity) throws GuestFailure {
        if (tables.entry(key).equals(Optional.of(entry))) {
            activity.note("the entry is there already: what the guest writes below it, the hardware reads by itself");
        }
        become(tables.with(key, entry), activity);
        if (!tables.enabled()) {
            activity.note("the vIOMMU is off: the entry takes effect when the guest enables it");
        }
    }

    private void become(VtdTables next, GuestActivity activity) throws GuestFailure {
        VtdTables before = tables;
        for (Map.Entry<PasidKey, Place> change : before.changesTo(next).entrySet()) {
            move(change.getKey(), change.getValue(), activity);
        }
        tables = next;
        activity.onFailure(() -> tables = before);
    }

    private void move(PasidKey key, Place place, GuestActivity activity) throws GuestFailure {
        Endpoint endpoint = Objects.requireNonNull(endpoints.get(key.device()), "steps name attached devices");
        OptionalInt parent = OptionalInt.of(endpoint.defaultHwpt());
        TranslationSlot slot = slots.computeIfAbsent(
                key,
                made -> new TranslationSlot(
                        endpoint.file(), key.pasid(), key.pasid() == 0 ? parent : OptionalInt.empty()));
        switch (place) {
            case Place.Parent _ -> slot.moveTo(parent, activity);
            case Place.Nowhere _ -> slot.moveTo(OptionalInt.empty(), activity);
            case Place.Nested(long table) -> slot.moveToNested(nested(endpoint, table, activity), activity);
        }
    }

    private int nested(Endpoint endpoint, long table, GuestActivity activity) throws GuestFailure {
        byte[] stage1 = ByteBuffer.allocate(STAGE1_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0)
                .putLong(table)
                .putInt(ADDRESS_BITS)
                .putInt(0)
                .array();
        UserData data = new UserData(STAGE1_DATA, STAGE1_BYTES, UserBuffer.of(stage1));
        int flags = pasidBits > 0 ? HwptFlags.PASID : 0;
        return activity.call(new HwptAlloc(flags, endpoint.deviceId(), endpoint.defaultHwpt(), data, 0, 0))
                .hwptId();
    }

    private void invalidate(GuestStep.Invalidate step, GuestActivity activity) throws GuestFailure {
        PasidKey key = key(step.device(), step.pasid());
        switch (step.scope()) {
            case TLB -> invalidate(key, step.range(), activity);
            case CONFIGURATION -> activity.note("the PASID entry is read again and is what it was");
            case ATS -> activity.note("the host invalidates the device's cache together with the IOTLB");
        }
    }

    /** QEMU vtd_flush_host_piotlb_all_locked: only a bound first stage has anything to invalidate. */
    private void invalidate(PasidKey key, Optional<IovaSpan> range, GuestActivity activity) throws GuestFailure {
        TranslationSlot slot = slots.get(key);
        OptionalInt nested = slot == null ? OptionalInt.empty() : slot.nested();
        if (nested.isEmpty()) {
            activity.note("no first stage is bound: there is nothing to invalidate on the host");
            return;
        }
        long address = range.map(PageBlock::covering).map(PageBlock::start).orElse(0L);
        long pages = range.map(PageBlock::covering).map(PageBlock::pages).orElse(-1L);
        byte[] entry = ByteBuffer.allocate(INVALIDATION_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(address)
                .putLong(pages)
                .putLong(0)
                .array();
        activity.call(new HwptInvalidate(
                nested.getAsInt(), INVALIDATION_DATA, INVALIDATION_BYTES, 1, UserBuffer.of(entry), 0));
    }

    @Override
    public Optional<GuestIommuState> save() {
        return Optional.of(new GuestIommuState.ScalableVtd(tables));
    }

    @Override
    public void load(GuestIommuState state, GuestActivity activity) throws GuestFailure {
        if (!(state instanceof GuestIommuState.ScalableVtd(VtdTables theirs))) {
            throw GuestFailure.refused("the source's vIOMMU is no intel-iommu with first-stage translation");
        }
        become(theirs, activity);
    }

    @Override
    public void remove(String device, UndoStack stack) {
        Endpoint endpoint = endpoints.remove(device);
        if (endpoint == null) {
            return;
        }
        slots.entrySet().removeIf(slot -> {
            boolean gone = slot.getKey().device().equals(device);
            if (gone) {
                slot.getValue().leave(endpoint.defaultHwpt(), stack);
                slot.getValue().release(vm, stack);
            }
            return gone;
        });
        tables = tables.forgetting(device);
    }
}
