package io.viommufleet.agent.core;

import io.viommufleet.agent.core.AgentEvent.OperationCompleted;
import io.viommufleet.agent.core.AgentEvent.RecordRead;
import io.viommufleet.agent.core.AgentEvent.UnreadableRead;
import io.viommufleet.agent.core.AttachmentState.Attached;
import io.viommufleet.agent.core.AttachmentState.Attaching;
import io.viommufleet.agent.core.AttachmentState.Detached;
import io.viommufleet.agent.core.AttachmentState.Detaching;
import io.viommufleet.agent.core.AttachmentState.Failed;
import io.viommufleet.agent.core.AttachmentState.Moving;
import io.viommufleet.agent.core.AttachmentState.Quarantined;
import io.viommufleet.agent.core.Step.Draft;
import io.viommufleet.common.model.AttachFailure;
import io.viommufleet.common.model.Attachment;
import io.viommufleet.common.model.Attachment.Role;
import io.viommufleet.common.model.AttachmentId;
import io.viommufleet.common.model.DeviceState;
import io.viommufleet.common.model.Envelope;
import io.viommufleet.common.model.FleetRecord;
import io.viommufleet.common.model.Heartbeat;
import io.viommufleet.common.model.HostAdmission;
import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.Origin;
import io.viommufleet.common.model.Rejected;
import java.time.Duration;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One agent: what it holds, and what follows from each event.
 *
 * <p>It acts only when it has read the log to its end and the leader has admitted this very incarnation, and only on commands
 * for this boot and incarnation. Answers become part of the state through {@link #replay} alone, live and when a journal is
 * read at start-up. Deterministic; not thread-safe.
 */
public final class AgentCore {
    /** Detaches first, which free devices, and in reverse. */
    private static final Comparator<Command> ORDER = (one, other) -> one.wantsAttached() != other.wantsAttached()
            ? Boolean.compare(one.wantsAttached(), other.wantsAttached())
            : one.wantsAttached() ? Command.GUEST_ORDER.compare(one, other) : Command.GUEST_ORDER.compare(other, one);

    private static final Step NOTHING = new Draft().step();

    private final AgentIdentity identity;
    private final long heartbeatIntervalNanos;
    private final KeyOrder order = new KeyOrder();
    private final Refusals refusals;
    private final Map<AttachmentId, Command> wants = new HashMap<>();
    private final Attachments attachments = new Attachments();
    private final TreeSet<AttachmentId> askedAgain = new TreeSet<>();
    private Optional<HostInventory> inventory = Optional.empty();
    private Optional<HostAdmission> admission = Optional.empty();
    private Optional<Long> heartbeatSentNanos = Optional.empty();
    private Optional<Long> acknowledgedNanos = Optional.empty();
    private Optional<HostReset> over = Optional.empty();
    private boolean caughtUp;
    private boolean fenced;
    private boolean stopping;
    private long inventoryGeneration;
    private long sequence;
    private long drift;

    public AgentCore(AgentIdentity identity, long heartbeatIntervalNanos) {
        this.identity = identity;
        this.heartbeatIntervalNanos = heartbeatIntervalNanos;
        this.refusals = new Refusals(identity.host());
    }

    /** Takes up a fact: from the journal at start-up, before the first event, and from there on its own. */
    public void replay(JournalEntry fact) {
        switch (fact) {
            case JournalEntry.Settled settled ->
                attachments.put(settled.command().id(), settled.state());
            case JournalEntry.Released(AttachmentId id) -> attachments.put(id, AttachmentState.unasked());
            case JournalEntry.InventoryPublished(long generation) -> inventoryGeneration = generation;
            case JournalEntry.Refused refused -> refusals.replay(refused);
        }
    }

    /**
     * Handles one event.
     *
     * @param event what happened
     * @param nowNanos the host's monotonic clock; never goes back
     */
    public Step on(AgentEvent event, long nowNanos) {
        if (event instanceof AgentEvent.HeartbeatAcknowledged(long sentNanos)) {
            acknowledge(sentNanos);
        }
        if (over.isPresent()) {
            return NOTHING;
        }
        over = endOfBoot(nowNanos);
        if (over.isPresent()) {
            return Step.reset(over.get());
        }
        Step step = handle(event, nowNanos);
        over = endOfBoot(nowNanos);
        return over.map(Step::reset).orElse(step);
    }

    /** Whether this boot must not go on; asked before anything is done, so that an agent that slept wakes up to it. */
    private Optional<HostReset> endOfBoot(long nowNanos) {
        if (caughtUp && admission.filter(identity::isFencedBy).isPresent()) {
            return Optional.of(HostReset.BOOT_FENCED);
        }
        return attachments
                .leaseMillis()
                .filter(lease -> !acknowledgedWithin(lease, nowNanos))
                .map(lease -> HostReset.LEASE_OVER);
    }

    private boolean acknowledgedWithin(long leaseMillis, long nowNanos) {
        return acknowledgedNanos
                .filter(sent -> nowNanos - sent < Duration.ofMillis(leaseMillis).toNanos())
                .isPresent();
    }

    private Step handle(AgentEvent event, long nowNanos) {
        Draft draft = new Draft();
        switch (event) {
            case AgentEvent.InventoryRead(HostInventory found) -> takeInventory(found, draft);
            case RecordRead read -> take(read, draft);
            case UnreadableRead unreadable -> refusals.unreadable(unreadable).ifPresent(no -> reject(no, draft));
            case AgentEvent.TombstoneRead(String key) -> order.restart(key);
            case AgentEvent.CaughtUp() -> caughtUp = true;
            case AgentEvent.LogRestarted() -> {
                caughtUp = false;
                order.clear();
            }
            case OperationCompleted completed -> complete(completed, draft, nowNanos);
            case AgentEvent.DeviceLost(AttachmentId id, AttachFailure why) -> lose(id, why, draft);
            case AgentEvent.HeartbeatAcknowledged known -> {}
            case AgentEvent.Tick() -> beatIfDue(draft, nowNanos);
            case AgentEvent.Stopping() -> stop(draft);
        }
        plan(draft, nowNanos);
        return draft.step();
    }

    private void takeInventory(HostInventory found, Draft draft) {
        if (!inventory.filter(found::equals).isPresent()) {
            inventory = Optional.of(found);
            remember(new JournalEntry.InventoryPublished(inventoryGeneration + 1), draft);
            write(inventoryGeneration, found, draft);
        }
    }

    private void take(RecordRead read, Draft draft) {
        Envelope envelope = read.envelope();
        switch (envelope.value()) {
            case HostAdmission theirs when !theirs.host().equals(identity.host()) -> refusals.admitted(theirs.host());
            case HostAdmission mine -> {
                refusals.admitted(mine.host());
                if (inOrder(read, draft)) {
                    admit(mine);
                }
            }
            case Attachment theirs when !theirs.id().host().equals(identity.host()) -> {}
            case Attachment mine -> {
                if (inOrder(read, draft)) {
                    want(new Command(mine, envelope.generation(), epochOf(envelope)));
                }
            }
            case FleetRecord other -> refuse(read, other.topic().topicName() + " does not belong here", draft);
        }
    }

    /** Whether the record is no older than what was seen under its key; if it is, it is rejected. */
    private boolean inOrder(RecordRead read, Draft draft) {
        Envelope envelope = read.envelope();
        Optional<String> stale = order.admit(envelope.value().key(), epochOf(envelope), envelope.generation());
        stale.ifPresent(reason -> refuse(read, reason, draft));
        return stale.isEmpty();
    }

    private static long epochOf(Envelope envelope) {
        return envelope.origin() instanceof Origin.Controller leader ? leader.epoch() : 0;
    }

    private void admit(HostAdmission latest) {
        boolean actedBefore = admission.filter(identity::isAdmittedBy).isPresent();
        fenced |= actedBefore && !identity.isAdmittedBy(latest);
        admission = Optional.of(latest);
    }

    private void want(Command command) {
        wants.put(command.id(), command);
        if (attachments.of(command.id()).answers(command)) {
            askedAgain.add(command.id());
        }
    }

    private void lose(AttachmentId id, AttachFailure why, Draft draft) {
        switch (attachments.of(id)) {
            case Attaching running -> attachments.put(id, running.lose(why));
            case Attached held -> settle(id, held.lose(why), draft);
            case Moving running -> attachments.put(id, running.lose(why));
            case Detaching leaving -> {}
            case Detached without -> {}
            case Failed without -> {}
            case Quarantined stuck -> {}
        }
    }

    private void complete(OperationCompleted completed, Draft draft, long nowNanos) {
        AttachmentState next = switch (attachments.of(completed.id())) {
            case Attaching attaching -> attached(attaching, completed.result(), nowNanos);
            case Detaching detaching -> detached(detaching, completed.result(), nowNanos);
            case Moving moving -> moved(moving, completed.result(), nowNanos);
            case Detached idle -> throw noneRuns(completed, idle);
            case Attached idle -> throw noneRuns(completed, idle);
            case Failed idle -> throw noneRuns(completed, idle);
            case Quarantined idle -> throw noneRuns(completed, idle);
        };
        completed.trace().forEach(piece -> write(0, piece, draft));
        settle(completed.id(), next, draft);
    }

    private static AttachmentState attached(Attaching attaching, OperationResult result, long nowNanos) {
        return switch (result) {
            case OperationResult.Succeeded success ->
                attaching
                        .lost()
                        .<AttachmentState>map(why -> attaching.fail(why, nowNanos))
                        .orElseGet(() -> attaching.succeed(success, nowNanos));
            case OperationResult.Failed(AttachFailure why) -> attaching.fail(why, nowNanos);
        };
    }

    private static AttachmentState moved(Moving moving, OperationResult result, long nowNanos) {
        return switch (result) {
            case OperationResult.Succeeded success ->
                moving.lost()
                        .<AttachmentState>map(why -> moving.fail(why, nowNanos))
                        .orElseGet(() -> moving.succeed(success, nowNanos));
            case OperationResult.Failed(AttachFailure why) ->
                moving.fail(moving.lost().orElse(why), nowNanos);
        };
    }

    private static AttachmentState detached(Detaching detaching, OperationResult result, long nowNanos) {
        return switch (result) {
            case OperationResult.Succeeded success ->
                detaching.wanted().wantsAttached() ? detaching.release() : detaching.succeed(nowNanos);
            case OperationResult.Failed(AttachFailure why) -> detaching.fail(why, nowNanos);
        };
    }

    private static IllegalStateException noneRuns(OperationCompleted completed, AttachmentState state) {
        return new IllegalStateException("%s is %s: no operation runs".formatted(completed.id(), state.name()));
    }

    private void acknowledge(long sentNanos) {
        acknowledgedNanos = Optional.of(
                acknowledgedNanos.map(last -> Math.max(last, sentNanos)).orElse(sentNanos));
    }

    private void beatIfDue(Draft draft, long nowNanos) {
        boolean due = heartbeatSentNanos
                .map(sent -> nowNanos - sent >= heartbeatIntervalNanos)
                .orElse(true);
        if (due && !stopping && !fenced) {
            heartbeatSentNanos = Optional.of(nowNanos);
            write(0, new Heartbeat(identity.host(), attachments.count(DeviceState.ATTACHED), false), draft);
        }
    }

    private void stop(Draft draft) {
        if (!stopping && !fenced) {
            write(0, new Heartbeat(identity.host(), attachments.count(DeviceState.ATTACHED), true), draft);
        }
        stopping = true;
    }

    /** What is wanted of this agent and not answered yet, as long as nothing runs. */
    private void plan(Draft draft, long nowNanos) {
        if (caughtUp) {
            refusals.ownerless().forEach(ownerless -> reject(ownerless, draft));
        }
        if (!acts()) {
            return;
        }
        reportAgain(draft);
        List<Command> open = wants.values().stream()
                .filter(identity::isAddressedBy)
                .filter(command -> command.mayBegin(lease -> acknowledgedWithin(lease, nowNanos)))
                .sorted(ORDER)
                .toList();
        for (Command command : open) {
            if (attachments.busy()) {
                return;
            }
            pursue(command, draft, nowNanos);
        }
    }

    private void reportAgain(Draft draft) {
        for (AttachmentId id : List.copyOf(askedAgain)) {
            Command want = wants.get(id);
            if (want != null && identity.isAddressedBy(want)) {
                askedAgain.remove(id);
                attachments
                        .of(id)
                        .settled()
                        .filter(last -> last.command().asks(want))
                        .ifPresent(last -> write(0, last.outcome(), draft));
            }
        }
    }

    private void pursue(Command command, Draft draft, long nowNanos) {
        AttachmentState state = attachments.of(command.id());
        if (state.answers(command)) {
            return;
        }
        switch (state) {
            case Attaching running -> {}
            case Moving running -> {}
            case Detaching running -> {}
            case Detached idle when !command.wantsAttached() -> settle(command.id(), idle.confirm(command), draft);
            case Detached idle ->
                refusalOf(command)
                        .ifPresentOrElse(
                                why -> settle(command.id(), idle.refuse(command, why), draft),
                                () -> begin(idle.attach(command, nowNanos), draft));
            case Failed idle when !command.wantsAttached() -> settle(command.id(), idle.confirm(command), draft);
            case Failed idle ->
                refusalOf(command)
                        .ifPresentOrElse(
                                why -> settle(command.id(), idle.refuse(command, why), draft),
                                () -> begin(idle.attach(command, nowNanos), draft));
            case Attached held
            when command.wantsAttached() && held.command().sameArrangement(command) ->
                keep(held, command, draft, nowNanos);
            case Attached held -> begin(held.detach(command, nowNanos), draft);
            case Quarantined stuck when command.wantsAttached() -> settle(command.id(), stuck.reissue(command), draft);
            case Quarantined stuck -> begin(stuck.detach(command, nowNanos), draft);
        }
    }

    /** The device stays attached; its host may have another part in the life of the VM from here on. */
    private void keep(Attached held, Command command, Draft draft, long nowNanos) {
        if (command.isFor(Role.SOURCE) && !held.handedOver()) {
            attachments.put(command.id(), held.move(command, nowNanos));
            draft.run(new Operation.HandOver(command));
        } else if (command.isFor(Role.ACTIVE) && held.command().isFor(Role.TARGET) && attachments.completes(command)) {
            attachments.put(command.id(), held.move(command, nowNanos));
            draft.run(new Operation.TakeOver(command));
        } else {
            settle(command.id(), held.reissue(command), draft);
        }
    }

    private Optional<AttachFailure> refusalOf(Command command) {
        Verification verification = inventory
                .map(known -> Verification.of(command.attachment(), known))
                .orElseGet(() -> new Verification.Unservable("the host's inventory is not known yet"));
        if (verification instanceof Verification.Drift) {
            drift++;
        }
        return verification.failure().or(() -> attachments.holderOf(command).map(Verification.Unservable::inUse));
    }

    private void begin(Attaching attaching, Draft draft) {
        attachments.put(attaching.command().id(), attaching);
        draft.run(new Operation.Attach(attaching.command()));
    }

    private void begin(Detaching detaching, Draft draft) {
        attachments.put(detaching.attached().id(), detaching);
        draft.run(new Operation.Detach(detaching.attached()));
    }

    /** Remembers an answer and says it; what was only released is remembered and not said. */
    private void settle(AttachmentId id, AttachmentState next, Draft draft) {
        next.settled()
                .ifPresentOrElse(
                        settled -> {
                            remember(settled, draft);
                            write(0, settled.outcome(), draft);
                        },
                        () -> remember(new JournalEntry.Released(id), draft));
        askedAgain.remove(id);
    }

    private void refuse(RecordRead read, String reason, Draft draft) {
        String key = read.envelope().value().key();
        UnreadableRead refused = new UnreadableRead(read.position(), Optional.of(identity.host()), key, reason, "");
        refusals.own(refused).ifPresent(rejected -> reject(rejected, draft));
    }

    private void reject(Rejected rejected, Draft draft) {
        remember(new JournalEntry.Refused(rejected.partition(), rejected.offset()), draft);
        write(0, rejected, draft);
    }

    private void remember(JournalEntry fact, Draft draft) {
        draft.remember(fact);
        replay(fact);
    }

    private void write(long generation, FleetRecord value, Draft draft) {
        sequence++;
        draft.write(new Envelope(
                identity.cell(),
                generation,
                new Origin.Agent(identity.boot(), identity.incarnation(), sequence),
                value));
    }

    /** Whether commands are acted upon: the log is known, and the leader admits this incarnation and no other. */
    public boolean acts() {
        return caughtUp && admitted() && !fenced && !stopping && over.isEmpty();
    }

    /** Whether the leader's last word admits this incarnation. */
    public boolean admitted() {
        return admission.filter(identity::isAdmittedBy).isPresent();
    }

    /** Whether the leader admitted another incarnation after this one; for good. */
    public boolean fenced() {
        return fenced;
    }

    /** Whether the log has been read to the end that it had when the agent began. */
    public boolean caughtUp() {
        return caughtUp;
    }

    /** When the last heartbeat that Kafka has was sent; empty before the first. */
    public Optional<Long> acknowledgedNanos() {
        return acknowledgedNanos;
    }

    /** How long after that heartbeat the host is reset, unless another is acknowledged; empty while no VM here has a lease. */
    public Optional<Long> leaseMillis() {
        return attachments.leaseMillis();
    }

    /** Every attachment that was ever asked of this boot. */
    public Map<AttachmentId, AttachmentState> states() {
        return attachments.all();
    }

    /** How many attachments are in each state. */
    public Map<DeviceState, Integer> counts() {
        Map<DeviceState, Integer> counts = new EnumMap<>(DeviceState.class);
        for (DeviceState state : DeviceState.values()) {
            counts.put(state, attachments.count(state));
        }
        return counts;
    }

    /** How many certificates did not follow from their configuration; must be 0. */
    public long drift() {
        return drift;
    }
}
