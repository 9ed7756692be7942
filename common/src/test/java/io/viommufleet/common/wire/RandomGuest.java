package io.viommufleet.common.wire;

import io.viommufleet.common.model.GuestStep;
import io.viommufleet.common.model.GuestStep.Gbpa;
import io.viommufleet.common.model.GuestStep.IovaSpan;
import io.viommufleet.common.model.GuestStep.Scope;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/** Random steps of a guest, with defaults and extremes often enough. */
final class RandomGuest {
    private final SplittableRandom random;

    RandomGuest(SplittableRandom random) {
        this.random = random;
    }

    GuestStep step(String device) {
        return switch (random.nextInt(10)) {
            case 0 -> new GuestStep.Boot();
            case 1 -> new GuestStep.EnableViommu(random.nextBoolean(), gbpa());
            case 2 -> new GuestStep.DisableViommu(gbpa());
            case 3 -> map(device);
            case 4 -> new GuestStep.Unmap(device, upTo(1 << 20), span(), upTo(1 << 16));
            case 5 -> new GuestStep.Bypass(device);
            case 6 -> new GuestStep.Block(device);
            case 7 ->
                new GuestStep.Invalidate(
                        device,
                        upTo(1 << 20),
                        List.of(Scope.values()).get(random.nextInt(3)),
                        random.nextBoolean() ? Optional.of(span()) : Optional.empty(),
                        random.nextBoolean() ? Optional.of(upTo(1 << 16)) : Optional.empty());
            case 8 -> new GuestStep.Fault(device, upTo(1 << 20), random.nextLong(), random.nextBoolean());
            default -> new GuestStep.Reset();
        };
    }

    private GuestStep map(String device) {
        IovaSpan span = span();
        return new GuestStep.Map(
                device,
                upTo(1 << 20),
                span,
                random.nextBoolean() ? span.start() : random.nextLong(),
                random.nextBoolean(),
                upTo(1 << 16),
                random.nextBoolean() ? GuestStep.Map.DEFAULT_TABLE : random.nextLong());
    }

    private Optional<Gbpa> gbpa() {
        return random.nextBoolean() ? Optional.of(random.nextBoolean() ? Gbpa.ABORT : Gbpa.BYPASS) : Optional.empty();
    }

    private IovaSpan span() {
        return new IovaSpan(random.nextLong() & Long.MAX_VALUE, 1 + random.nextLong(1L << random.nextInt(1, 60)));
    }

    private int upTo(int bound) {
        return random.nextBoolean() ? 0 : random.nextInt(bound);
    }
}
