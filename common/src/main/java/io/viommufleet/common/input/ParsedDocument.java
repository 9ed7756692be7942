package io.viommufleet.common.input;

import io.viommufleet.common.model.HostInventory;
import io.viommufleet.common.model.VirtualMachine;
import io.viommufleet.common.viommu.ConfigurationError;
import java.util.List;

/** One document of an input: a VM, a host, a policy, or why it is none of them. */
public sealed interface ParsedDocument {
    /** The file that it came from, as the caller named it. */
    String source();

    /** A VM that can be decided; whether its configuration is valid is for the decision to say. */
    record Vm(String source, VirtualMachine vm) implements ParsedDocument {}

    /** A whole host. */
    record Host(String source, HostInventory host) implements ParsedDocument {}

    /** A whole policy. */
    record Policy(String source, io.viommufleet.common.model.Policy policy) implements ParsedDocument {}

    /**
     * A document of a known format that is no usable VM, host or policy.
     *
     * @param name what it calls itself; empty if it does not say
     * @param errors at least one
     */
    record Unusable(String source, String name, List<ConfigurationError> errors) implements ParsedDocument {
        public Unusable {
            errors = List.copyOf(errors);
        }
    }
}
