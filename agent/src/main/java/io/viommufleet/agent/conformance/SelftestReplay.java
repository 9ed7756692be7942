package io.viommufleet.agent.conformance;

import static io.viommufleet.agent.iommufd.system.Errno.EOPNOTSUPP;

import io.viommufleet.agent.iommufd.Iommufd;

/** Executes the ops of the kernel's test module. */
final class SelftestReplay {
    private final CallerMemory memory;

    SelftestReplay(CallerMemory memory) {
        this.memory = memory;
    }

    Outcome run(Operation op, Iommufd context) {
        if (op.name().equals("TEST_UNKNOWN_OP") && context.isAlive()) {
            return Outcome.of(-EOPNOTSUPP.number());
        }
        throw new TraceError("op %s is not one that can be replayed from %s".formatted(op.name(), memory));
    }
}
