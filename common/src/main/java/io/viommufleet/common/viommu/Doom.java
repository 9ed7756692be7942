package io.viommufleet.common.viommu;

/**
 * Why no host can attach a device, although the configuration is valid and the device has its flags: QEMU would refuse
 * the attach anywhere.
 *
 * @param device the device's id
 * @param rule the name of the rule
 * @param message what stands in the way and what to change, in a sentence
 */
public record Doom(String device, String rule, String message) {}
