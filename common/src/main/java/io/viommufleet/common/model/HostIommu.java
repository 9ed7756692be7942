package io.viommufleet.common.model;

import java.util.Map;

/**
 * One IOMMU of a host, as its registers say.
 *
 * @param id as the host names it (dmar0, smmu3.0x…), unique on the host
 * @param type which driver the kernel uses
 * @param registers raw values by the register's name in lower case, unsigned 64 bits; one that is missing is unknown
 */
public record HostIommu(String id, IommuType type, Map<String, Long> registers) {
    public HostIommu {
        registers = Map.copyOf(registers);
    }
}
