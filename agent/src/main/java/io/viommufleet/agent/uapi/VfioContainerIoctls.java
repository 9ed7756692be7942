package io.viommufleet.agent.uapi;

import static io.viommufleet.agent.iommufd.system.Errno.EINVAL;
import static io.viommufleet.agent.iommufd.system.Errno.ENOTTY;

import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.VfioContainer;
import io.viommufleet.agent.iommufd.iova.IovaRange;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.BiConsumer;

/** The VFIO container's ioctls on an iommufd, as {@code uapi/linux/vfio.h} lays them out. */
final class VfioContainerIoctls {
    private static final int GET_API_VERSION = 0x3b64;
    private static final int CHECK_EXTENSION = 0x3b65;
    private static final int SET_IOMMU = 0x3b66;
    private static final int GET_INFO_NUMBER = 0x3b70;
    private static final int MAP_DMA_NUMBER = 0x3b71;
    private static final int UNMAP_DMA_NUMBER = 0x3b72;
    private static final StructLayout GET_INFO = StructLayout.ofVfio("VFIO_IOMMU_GET_INFO", GET_INFO_NUMBER)
            .out32("flags")
            .out64("iova_pgsizes")
            .optionalFromHere()
            .out32("cap_offset", "pad")
            .build();
    private static final StructLayout MAP_DMA = StructLayout.ofVfio("VFIO_IOMMU_MAP_DMA", MAP_DMA_NUMBER)
            .in32("flags")
            .in64("vaddr", "iova", "size")
            .build();
    private static final StructLayout UNMAP_DMA = StructLayout.ofVfio("VFIO_IOMMU_UNMAP_DMA", UNMAP_DMA_NUMBER)
            .in32("flags")
            .in64("iova")
            .inOut64("size")
            .build();

    private static final int INFO_PAGE_SIZES = 1;
    private static final int INFO_CAPABILITIES = 2;
    private static final short CAPABILITY_IOVA_RANGE = 1;
    private static final short CAPABILITY_DMA_AVAILABLE = 3;
    private static final short CAPABILITY_VERSION = 1;
    private static final int AVAILABLE_BYTES = 16;
    private static final int RANGES_HEADER_BYTES = 16;
    private static final int RANGE_BYTES = 16;

    private VfioContainerIoctls() {}

    static int call(Iommufd context, int request, MemorySegment argument) {
        try {
            return switch (request) {
                case GET_API_VERSION -> 0;
                case CHECK_EXTENSION -> {
                    var result = context.call(new VfioContainer.CheckExtension((int) argument.address()));
                    yield result.isOk() ? result.value().value() : result.code();
                }
                case SET_IOMMU ->
                    context.call(new VfioContainer.SetIommu((int) argument.address()))
                            .code();
                case GET_INFO_NUMBER -> getInfo(context, argument);
                case MAP_DMA_NUMBER -> map(context, argument);
                case UNMAP_DMA_NUMBER -> unmap(context, argument);
                default -> -ENOTTY.number();
            };
        } catch (KernelFailure failure) {
            return -failure.errno().number();
        }
    }

    private static int map(Iommufd context, MemorySegment argument) throws KernelFailure {
        Struct struct = copy(argument, MAP_DMA);
        return context.call(new VfioContainer.MapDma(
                        struct.get32("flags"), struct.get("vaddr"), struct.get("iova"), struct.get("size")))
                .code();
    }

    private static int unmap(Iommufd context, MemorySegment argument) throws KernelFailure {
        Struct struct = copy(argument, UNMAP_DMA);
        VfioContainer.UnmapDma call =
                new VfioContainer.UnmapDma(struct.get32("flags"), struct.get("iova"), struct.get("size"));
        return finish(context.call(call), struct, argument, (unmapped, out) -> out.set("size", unmapped.lengthBytes()));
    }

    private static int getInfo(Iommufd context, MemorySegment argument) throws KernelFailure {
        Struct struct = copy(argument, GET_INFO);
        Result<VfioContainer.GetInfo.ContainerInfo> result = context.call(new VfioContainer.GetInfo());
        if (!result.isOk()) {
            return result.code();
        }
        long given = struct.get("argsz");
        byte[] chain = capabilities(result.value().usable());
        int needed = GET_INFO.sizeBytes() + chain.length;
        boolean fits = given >= needed;
        struct.set("argsz", needed)
                .set("flags", INFO_PAGE_SIZES | INFO_CAPABILITIES)
                .set("iova_pgsizes", result.value().pageSizes())
                .set("cap_offset", fits ? GET_INFO.sizeBytes() : 0);
        struct.copyTo(argument, given);
        if (fits) {
            MemorySegment.copy(MemorySegment.ofArray(chain), 0, argument, GET_INFO.sizeBytes(), chain.length);
        }
        return 0;
    }

    /** The chain of capabilities; offsets in it count from the start of the whole struct. */
    private static byte[] capabilities(List<IovaRange> usable) {
        ByteBuffer chain = ByteBuffer.allocate(AVAILABLE_BYTES + RANGES_HEADER_BYTES + usable.size() * RANGE_BYTES)
                .order(ByteOrder.LITTLE_ENDIAN);
        chain.putShort(CAPABILITY_DMA_AVAILABLE)
                .putShort(CAPABILITY_VERSION)
                .putInt(GET_INFO.sizeBytes() + AVAILABLE_BYTES)
                .putInt(-1)
                .putInt(0);
        chain.putShort(CAPABILITY_IOVA_RANGE)
                .putShort(CAPABILITY_VERSION)
                .putInt(0)
                .putInt(usable.size())
                .putInt(0);
        usable.forEach(range -> chain.putLong(range.start()).putLong(range.last()));
        return chain.array();
    }

    /** The part of a struct that must be given: a shorter one is EINVAL, a longer one's tail is left alone. */
    private static Struct copy(MemorySegment argument, StructLayout layout) throws KernelFailure {
        Struct struct = Struct.copyHead(argument, layout);
        if (struct.get("argsz") < layout.minimumBytes()) {
            throw EINVAL.failure();
        }
        return struct;
    }

    private static <R> int finish(Result<R> result, Struct struct, MemorySegment argument, BiConsumer<R, Struct> output)
            throws KernelFailure {
        R written = result.output();
        if (written != null) {
            output.accept(written, struct);
            struct.copyTo(argument);
        }
        return result.code();
    }
}
