package io.viommufleet.agent.vmm;

import io.viommufleet.agent.vmm.ShadowSpace.Use;
import io.viommufleet.agent.vmm.ShadowTable.Piece;
import io.viommufleet.common.model.GuestStep;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A vIOMMU whose translation the VMM shadows: what the guest maps is mapped in the IOAS of its address space (intel-iommu without first-stage
 * translation, amd-iommu with dma-remap, virtio-iommu).
 */
final class ShadowIommu implements GuestIommu {
    private final Manner manner;
    private final Map<String, Endpoint> endpoints = new TreeMap<>();
    private final Map<String, ShadowSpace> spaces = new TreeMap<>();
    private boolean enabled;

    /**
     * How the models differ.
     *
     * @param initiallyPassing whether DMA passes through before the guest does anything
     * @param enablingBlocks whether enabling stops the DMA of devices without a table (VT-d: GCMD.TE); otherwise only that of devices that are given one
     * @param invalidates whether the guest announces changes by invalidations (caching mode), and not by map and unmap requests
     * @param pages how mappings are told
     */
    record Manner(boolean initiallyPassing, boolean enablingBlocks, boolean invalidates, GuestPages pages) {}

    ShadowIommu(Manner manner) {
        this.manner = manner;
    }

    @Override
    public boolean has(String device) {
        return endpoints.containsKey(device);
    }

    @Override
    public void add(Endpoint endpoint) {
        endpoints.put(endpoint.device(), endpoint);
        spaces.computeIfAbsent(endpoint.space(), key -> new ShadowSpace(key, manner.initiallyPassing()));
    }

    @Override
    public void run(GuestStep step, GuestActivity activity) throws GuestFailure {
        switch (step) {
            case GuestStep.Boot _, GuestStep.Reset _ -> reset(activity);
            case GuestStep.EnableViommu _ -> enable(true, activity);
            case GuestStep.DisableViommu _ -> enable(false, activity);
            case GuestStep.Map map -> map(map, activity);
            case GuestStep.Unmap unmap -> unmap(unmap, activity);
            case GuestStep.Bypass(String device) -> use(space(device), Use.BYPASSED, ShadowTable.empty(), activity);
            case GuestStep.Block(String device) -> use(space(device), Use.TRANSLATED, ShadowTable.empty(), activity);
            case GuestStep.Invalidate _ -> invalidate(activity);
            case GuestStep.Fault _ -> activity.note("the fault stays in the host's log: nobody reports it to the VMM");
        }
    }

    private void reset(GuestActivity activity) throws GuestFailure {
        setEnabled(false, activity);
        for (ShadowSpace space : spaces.values()) {
            use(space, Use.UNTOUCHED, ShadowTable.empty(), activity);
        }
    }

    private void enable(boolean on, GuestActivity activity) throws GuestFailure {
        setEnabled(on, activity);
        for (ShadowSpace space : spaces.values()) {
            use(space, space.use(), space.table(), activity);
        }
    }

    private void setEnabled(boolean on, GuestActivity activity) {
        boolean before = enabled;
        enabled = on;
        activity.onFailure(() -> enabled = before);
    }

    private void map(GuestStep.Map map, GuestActivity activity) throws GuestFailure {
        refusePasid(map.pasid());
        ShadowSpace space = space(map.device());
        use(space, Use.TRANSLATED, space.table().with(manner.pages().of(map)), activity);
        if (!enabled) {
            activity.note("the vIOMMU is off: the mapping takes effect when the guest enables it");
        }
    }

    private void unmap(GuestStep.Unmap unmap, GuestActivity activity) throws GuestFailure {
        refusePasid(unmap.pasid());
        ShadowSpace space = space(unmap.device());
        List<Piece> gone = space.table().in(unmap.range());
        if (gone.isEmpty()) {
            activity.note("nothing is mapped there");
        }
        use(space, space.use(), space.table().without(gone), activity);
    }

    private void invalidate(GuestActivity activity) throws GuestFailure {
        if (!manner.invalidates()) {
            throw GuestFailure.refused("this vIOMMU has no invalidations: unmap tells it");
        }
        activity.note("the guest's tables are walked again and say what they said");
    }

    private void use(ShadowSpace space, Use use, ShadowTable table, GuestActivity activity) throws GuestFailure {
        boolean passing = enabled
                ? switch (use) {
                    case UNTOUCHED -> space.initiallyPassing() && !manner.enablingBlocks();
                    case TRANSLATED -> false;
                    case BYPASSED -> true;
                }
                : space.initiallyPassing();
        space.become(passing, use, table, enabled, activity);
    }

    private static void refusePasid(int pasid) throws GuestFailure {
        if (pasid != 0) {
            throw GuestFailure.refused("PASID %d: this vIOMMU translates no PASIDs".formatted(pasid));
        }
    }

    private ShadowSpace space(String device) {
        Endpoint endpoint = Objects.requireNonNull(endpoints.get(device), "steps name attached devices");
        return Objects.requireNonNull(spaces.get(endpoint.space()), "every endpoint has its space");
    }

    @Override
    public Optional<GuestIommuState> save() {
        Map<String, GuestIommuState.Space> states = new HashMap<>();
        spaces.forEach((key, space) -> states.put(key, new GuestIommuState.Space(space.use(), space.table())));
        return Optional.of(new GuestIommuState.Shadowed(enabled, states));
    }

    @Override
    public void load(GuestIommuState state, GuestActivity activity) throws GuestFailure {
        if (!(state
                instanceof
                GuestIommuState.Shadowed(boolean theirsEnabled, Map<String, GuestIommuState.Space> theirs))) {
            throw GuestFailure.refused("the source's vIOMMU translates in another way");
        }
        setEnabled(theirsEnabled, activity);
        for (Map.Entry<String, GuestIommuState.Space> entry : theirs.entrySet()) {
            ShadowSpace space = spaces.get(entry.getKey());
            if (space == null) {
                throw GuestFailure.refused("the address space of %s has no device here".formatted(entry.getKey()));
            }
            use(space, entry.getValue().use(), entry.getValue().table(), activity);
        }
    }

    /** What is mapped goes with the container. */
    @Override
    public void remove(String device, UndoStack stack) {
        Endpoint gone = endpoints.remove(device);
        if (gone != null
                && endpoints.values().stream().noneMatch(left -> left.space().equals(gone.space()))) {
            spaces.remove(gone.space());
        }
    }
}
