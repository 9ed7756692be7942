package io.viommufleet.common.viommu;

import java.util.List;
import java.util.Optional;

/**
 * What became of reading a vIOMMU: the vIOMMU, or errors, or neither when the model is {@code none}.
 *
 * @param viommu the typed vIOMMU, with what was left unset still unset
 * @param errors why it cannot be read
 */
public record ParsedViommu(Optional<Viommu> viommu, List<ConfigurationError> errors) {
    public ParsedViommu {
        errors = List.copyOf(errors);
    }
}
