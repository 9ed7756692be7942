package io.viommufleet.agent.conformance;

/** A trace that cannot be replayed: it is malformed, or from a machine that is not modelled. */
public final class TraceError extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TraceError(String message) {
        super(message);
    }
}
