package io.viommufleet.common.viommu;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** A vIOMMU of a VM. Each field is empty where the configuration leaves it unset. */
public sealed interface Viommu permits IntelIommu, ArmSmmuv3, VirtioIommu, AmdIommu, RiscvIommu {

    /**
     * Reads a vIOMMU.
     *
     * @param index its index in the VM's list, for the paths of errors
     * @param model the model's name; {@code none} is no vIOMMU
     * @param properties its properties, in any spelling and order
     */
    static ParsedViommu parse(int index, String model, List<Property> properties) {
        if (model.equals("none")) {
            return new ParsedViommu(Optional.empty(), List.of());
        }
        String path = "viommus[%s]".formatted(index);
        return ViommuModel.named(model)
                .map(known -> known.table().parse(path, properties))
                .orElseGet(() -> new ParsedViommu(Optional.empty(), List.of(unknownModel(path + ".model", model))));
    }

    ViommuModel model();

    /** The root bus that it is set up on, if the configuration says. */
    Optional<String> primaryBus();

    /** The properties that are set, by their canonical names and spellings; {@link #parse} reads them back. */
    List<Property> properties();

    /** The same vIOMMU with its unset properties as the machine has them by default. */
    Viommu withDefaults(MachineDefaults machine);

    /** The canonical names of the properties that must have a value and have none. */
    List<String> missing();

    /** Whether it governs its primary bus only, and stops other root buses from inheriting from that one. */
    default boolean perBus() {
        return false;
    }

    private static ConfigurationError unknownModel(String path, String model) {
        List<String> known = Stream.concat(
                        Arrays.stream(ViommuModel.values()).map(ViommuModel::toString), Stream.of("none"))
                .toList();
        if (model.equals("auto")) {
            return new ConfigurationError(
                    path,
                    model,
                    "undecidable-model",
                    "a model that the host chooses would make the flags depend on the host: choose one of "
                            + Names.list(known.stream()));
        }
        String hint = Names.nearest(model, known)
                .map("did you mean %s?"::formatted)
                .orElseGet(() -> "known are " + Names.list(known.stream()));
        return new ConfigurationError(
                path, model, "unknown-model", "unknown vIOMMU model %s: %s".formatted(model, hint));
    }
}
