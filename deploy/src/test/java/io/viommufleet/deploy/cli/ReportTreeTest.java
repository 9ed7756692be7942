package io.viommufleet.deploy.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostFault.Effect;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class ReportTreeTest {
    private final ObjectNode host = new JsonMapper().createObjectNode();

    @Test
    void saysInWordsWhatEachFaultOfAHostDoesBesideTheKeysOfItsFile() {
        ReportTree.addWords(
                List.of(
                        new HostFault(Optional.of("HWPT_ALLOC"), Optional.of(2L), new Effect.Fail("EINVAL")),
                        new HostFault(Optional.of("IOAS_MAP"), Optional.empty(), new Effect.Slow(50_000_000)),
                        new HostFault(Optional.empty(), Optional.of(40L), new Effect.Lose(Bdf.parse("0000:3b:00.0")))),
                host);

        assertThat(host.toString()).isEqualTo("""
            {"faults":[\
            {"ioctl":"HWPT_ALLOC","nth":2,"errno":"EINVAL","words":"HWPT_ALLOC number 2 fails with EINVAL"},\
            {"ioctl":"IOAS_MAP","slow":"50000us","words":"IOAS_MAP each time takes 50000 µs longer"},\
            {"call":40,"lose":"0000:3b:00.0","words":"after call number 40 device 0000:3b:00.0 is gone"}\
            ]}\
            """);
    }

    @Test
    void addsNothingToAHostWithoutFaults() {
        ReportTree.addWords(List.of(), host);

        assertThat(host.isEmpty()).isTrue();
    }
}
