package io.viommufleet.agent.uapi;

import io.viommufleet.agent.iommufd.Ioctl;
import io.viommufleet.agent.iommufd.Iommufd;
import io.viommufleet.agent.iommufd.Result;
import io.viommufleet.agent.iommufd.system.AddressSpace;
import io.viommufleet.agent.iommufd.system.KernelFailure;
import io.viommufleet.agent.iommufd.system.UserBuffer;
import java.lang.foreign.MemorySegment;
import java.util.function.BiConsumer;

/**
 * One iommufd ioctl between its struct and its typed call.
 *
 * @param <C> the typed call
 * @param <R> what it writes back
 * @param layout of the struct
 * @param type of the typed call
 * @param decoder reads the call from a struct
 * @param arguments writes the call's arguments into a struct
 * @param output writes what came back into a struct
 * @param undo takes back a call whose result could not be copied to the caller
 */
public record IoctlCodec<C extends Ioctl<R>, R>(
        StructLayout layout,
        Class<C> type,
        Decoder<C> decoder,
        BiConsumer<C, Struct> arguments,
        BiConsumer<R, Struct> output,
        BiConsumer<R, Iommufd> undo) {
    /**
     * Reads a call from a struct.
     *
     * @param <C> the typed call
     */
    @FunctionalInterface
    interface Decoder<C> {
        C decode(Struct struct, Pointers pointers);
    }

    /**
     * The caller's memory, for fields that are pointers.
     *
     * @param memory of the calling process
     */
    record Pointers(AddressSpace memory) {
        UserBuffer at(Struct struct, String field) {
            return UserBuffer.at(memory, struct.get(field));
        }
    }

    /** A codec for a call that makes nothing which a failing copy would leave behind. */
    static <C extends Ioctl<R>, R> IoctlCodec<C, R> of(
            StructLayout.Builder layout,
            Class<C> type,
            Decoder<C> decoder,
            BiConsumer<C, Struct> arguments,
            BiConsumer<R, Struct> output) {
        return new IoctlCodec<>(layout.build(), type, decoder, arguments, output, (result, context) -> {});
    }

    /** The same codec with a way to take the call back. */
    IoctlCodec<C, R> undoneBy(BiConsumer<R, Iommufd> newUndo) {
        return new IoctlCodec<>(layout, type, decoder, arguments, output, newUndo);
    }

    /** Calls the ioctl with a caller's struct. Returns 0 or the negative errno. */
    int call(Iommufd context, AddressSpace memory, MemorySegment caller) {
        try {
            Struct struct = Struct.copyFrom(caller, layout);
            Result<R> result = context.call(decoder.decode(struct, new Pointers(memory)));
            R written = result.output();
            if (written != null) {
                copyBack(context, caller, struct, written);
            }
            return result.code();
        } catch (KernelFailure failure) {
            return -failure.errno().number();
        }
    }

    /** The struct that a caller would have passed for a typed call; pointers are null. */
    public Struct encode(Ioctl<?> call) {
        Struct struct = Struct.empty(layout);
        arguments.accept(type.cast(call), struct);
        return struct;
    }

    private void copyBack(Iommufd context, MemorySegment caller, Struct struct, R written) throws KernelFailure {
        boolean writesBack = layout.fields().stream().anyMatch(Field::isOutput);
        if (!writesBack) {
            return;
        }
        output.accept(written, struct);
        try {
            struct.copyTo(caller);
        } catch (KernelFailure failure) {
            undo.accept(written, context);
            throw failure;
        }
    }
}
