package io.viommufleet.agent.iommufd;

/**
 * A page request of a device, the last of its group.
 *
 * @param pasid of the request, 0 for none
 * @param groupId page request group
 * @param permissions READ 1, WRITE 2, EXEC 4, PRIVILEGED 8
 * @param address IOVA that is not mapped
 */
public record PageFault(int pasid, int groupId, int permissions, long address) {
    /**
     * Reports the fault where the device's attachment wants it.
     *
     * @return false when nobody listens; hardware then answers with a failure
     */
    public boolean report(Device device) {
        DeviceGroup group = device.group();
        int slotPasid = pasid;
        AttachSlot slot = group.slot(pasid);
        if (slot == null && pasid != DeviceGroup.NO_PASID && device.hardware().guestOwnsPasidTable()) {
            slotPasid = DeviceGroup.NO_PASID;
            slot = group.slot(slotPasid);
            if (slot != null && !(slot.hwpt() instanceof HwptNested)) {
                return false;
            }
        }
        FaultQueue queue = slot == null ? null : slot.hwpt().faults();
        if (slot == null || queue == null) {
            return false;
        }
        queue.deliver(group, slotPasid, slot.devices().iterator().next().id(), this);
        return true;
    }
}
