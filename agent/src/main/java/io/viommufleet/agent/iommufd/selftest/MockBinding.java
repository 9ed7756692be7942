package io.viommufleet.agent.iommufd.selftest;

import io.viommufleet.agent.iommufd.Device;
import io.viommufleet.agent.iommufd.ForeignObject;
import io.viommufleet.agent.iommufd.Iommufd;

/** The object that stands for a mock device in the table of a context: destroying it detaches, unbinds and removes the device. */
final class MockBinding extends ForeignObject {
    private final MockDevice mock;
    private final Device device;

    MockBinding(Iommufd context, int id, MockDevice mock, Device device) {
        super(context, id);
        this.mock = mock;
        this.device = device;
    }

    Device device() {
        return device;
    }

    @Override
    protected void released() {
        device.unbind();
        mock.group().remove(mock);
    }
}
