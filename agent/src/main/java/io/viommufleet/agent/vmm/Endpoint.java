package io.viommufleet.agent.vmm;

import io.viommufleet.agent.vfio.VfioDeviceFile;

/**
 * An attached device as its vIOMMU drives it.
 *
 * @param device id in the VM
 * @param file its open VFIO file
 * @param deviceId its id in the iommufd
 * @param defaultHwpt the HWPT of its attach
 * @param space key of its guest address space
 */
record Endpoint(String device, VfioDeviceFile file, int deviceId, int defaultHwpt, String space) {}
