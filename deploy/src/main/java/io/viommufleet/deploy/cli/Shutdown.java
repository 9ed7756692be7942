package io.viommufleet.deploy.cli;

import java.util.concurrent.CountDownLatch;

/** Keeps a role running until the process is told to end (SIGINT, SIGTERM), and then closes it in good order. */
final class Shutdown {
    private final CountDownLatch told = new CountDownLatch(1);

    private Shutdown() {}

    /** Closes the resource when the process ends. */
    static Shutdown closing(AutoCloseable resource) {
        Shutdown shutdown = new Shutdown();
        Runtime.getRuntime()
                .addShutdownHook(Thread.ofPlatform().name("shutdown").unstarted(() -> {
                    try {
                        resource.close();
                    } catch (Exception failure) {
                        System.err.println("fleet: did not stop cleanly: " + failure.getMessage());
                    } finally {
                        shutdown.told.countDown();
                    }
                }));
        return shutdown;
    }

    /** Waits for the end. */
    void await() throws InterruptedException {
        told.await();
    }
}
