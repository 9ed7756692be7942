package io.viommufleet.common.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.viommufleet.common.model.Bdf;
import io.viommufleet.common.model.HostFault;
import io.viommufleet.common.model.HostFault.Effect;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class FaultTreeTest {
    private static final JsonMapper JSON = new JsonMapper();

    private static TreeResult<HostFault> read(String json) {
        JsonNode tree = JSON.readTree(json.replace('\'', '"'));
        return FaultTree.read(tree, UnknownKeys.REFUSED);
    }

    private static HostFault fault(String json) {
        return read(json).value().orElseThrow();
    }

    @Test
    void readsWhichCallsAndWhatGoesWrong() {
        assertThat(fault("{'call': 3, 'errno': 'ENOMEM'}"))
                .isEqualTo(new HostFault(Optional.empty(), Optional.of(3L), new Effect.Fail("ENOMEM")));
        assertThat(fault("{'ioctl': 'HWPT_ALLOC', 'nth': 2, 'errno': 'EINVAL'}"))
                .isEqualTo(new HostFault(Optional.of("HWPT_ALLOC"), Optional.of(2L), new Effect.Fail("EINVAL")));
        assertThat(fault("{'slow': '50ms'}"))
                .isEqualTo(new HostFault(Optional.empty(), Optional.empty(), new Effect.Slow(50_000_000)));
        assertThat(fault("{'call': 10, 'lose': '0000:3b:00.0'}"))
                .isEqualTo(
                        new HostFault(Optional.empty(), Optional.of(10L), new Effect.Lose(Bdf.parse("0000:3b:00.0"))));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {'ioctl': 'HWPT_ALOC', 'errno': 'EINVAL'} | ioctl: there is no call of this name: did you mean HWPT_ALLOC?
        {'call': 1, 'errno': 'ENOMEN'} | errno: there is no errno of this name: did you mean ENOMEM?
        {'call': 0, 'errno': 'EINVAL'} | call: '0' is not allowed: write a number from 1 on
        {'call': 1} | errno: a fault does one thing
        {'call': 1, 'errno': 'EIO', 'slow': '1s'} | slow: a fault does one thing
        {'errno': 'EIO'} | call: which calls?
        {'lose': '0000:3b:00.0'} | call: which calls?
        {'nth': 2, 'errno': 'EIO'} | nth: nth counts the calls of one name
        {'call': 2, 'ioctl': 'DESTROY', 'errno': 'EIO'} | call: call counts every call
        {'slow': '2min'} | slow: '2min' is not allowed: write a time up to a minute
        {'slow': '61s'} | slow: '61s' is not allowed
        {'slow': '0ms'} | slow: '0ms' is not allowed
        {'call': 1, 'lose': '3b:00.0'} | lose: '3b:00.0' is not allowed
        {'call': 1, 'errnoo': 'EIO'} | errnoo: unknown key errnoo: did you mean errno?
        """)
    void saysWhatIsWrongWhere(String json, String message) {
        TreeResult<HostFault> result = read(json);
        assertThat(result.value()).isEmpty();
        assertThat(result.errors())
                .anySatisfy(error -> assertThat("%s: %s".formatted(error.path(), error.message()))
                        .startsWith(message.strip()));
    }

    @Test
    void writesWhatItReads() {
        for (String json : new String[] {
            "{'call': 3, 'errno': 'ENOMEM'}",
            "{'ioctl': 'IOAS_MAP', 'slow': '200us'}",
            "{'ioctl': 'DESTROY', 'nth': 4, 'lose': '0001:00:1f.7'}"
        }) {
            HostFault fault = fault(json);
            assertThat(FaultTree.read(FaultTree.write(fault), UnknownKeys.REFUSED)
                            .value())
                    .contains(fault);
        }
    }
}
