package io.viommufleet.deploy.rules;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The arrows between modules and packages, and the purity of what decides. */
class ArchitectureTest {
    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("io.viommufleet");

    private static final String COMMON = "io.viommufleet.common";
    private static final String[] PURE = {
        "io.viommufleet.common.viommu..",
        "io.viommufleet.common.feasibility..",
        "io.viommufleet.agent.core..",
        "io.viommufleet.controller.cell..",
        "io.viommufleet.controller.placement..",
    };

    /** Which packages of {@code common} each of them may use. */
    private static final Map<String, Set<String>> COMMON_ARROWS = Map.of(
            "viommu", Set.of(),
            "model", Set.of("viommu"),
            "feasibility", Set.of("viommu", "model"),
            "input", Set.of("viommu", "model", "wire"),
            "wire", Set.of("viommu", "model"),
            "kafka", Set.of("viommu", "model", "wire"),
            "observe", Set.of("viommu", "model"));

    @Test
    void someOfEveryModuleIsLookedAt() {
        for (String module : new String[] {"common", "agent", "deploy"}) {
            assertThat(CLASSES.stream().filter(c -> c.getPackageName().startsWith("io.viommufleet." + module)))
                    .as(module)
                    .hasSizeGreaterThan(3);
        }
    }

    @Test
    void modulesUseOnlyModulesBelow() {
        check(never(
                "io.viommufleet.common..",
                "io.viommufleet.agent..",
                "io.viommufleet.controller..",
                "io.viommufleet.deploy.."));
        check(never("io.viommufleet.agent..", "io.viommufleet.controller..", "io.viommufleet.deploy.."));
        check(never("io.viommufleet.controller..", "io.viommufleet.agent..", "io.viommufleet.deploy.."));
    }

    @Test
    void packagesOfCommonUseOnlyPackagesBelow() {
        COMMON_ARROWS.forEach((name, allowed) -> check(classes()
                .that()
                .resideInAPackage(COMMON + "." + name + "..")
                .should()
                .onlyDependOnClassesThat(outside(COMMON)
                        .or(resideInAPackage(COMMON))
                        .or(resideInAPackage(COMMON + "." + name + ".."))
                        .or(resideInAnyPackage(allowed.stream()
                                .map(other -> COMMON + "." + other + "..")
                                .toArray(String[]::new))))));
    }

    @Test
    void theDecisionSeesOnlyPureParts() {
        check(classes()
                .that()
                .resideInAPackage("io.viommufleet.common.viommu..")
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "io.viommufleet.common.viommu..",
                        "java.lang",
                        "java.lang.annotation",
                        "java.lang.invoke",
                        "java.lang.runtime",
                        "java.util",
                        "java.util.function",
                        "java.util.regex",
                        "java.util.stream",
                        "java.security",
                        "java.nio.charset",
                        "org.jspecify.annotations")));
    }

    @Test
    void theKernelIsBuiltOnTheJdkAlone() {
        check(classes()
                .that()
                .resideInAPackage("io.viommufleet.agent.iommufd..")
                .should()
                .onlyDependOnClassesThat(
                        resideInAnyPackage("io.viommufleet.agent.iommufd..", "java..", "org.jspecify.annotations")));
    }

    @Test
    void coresHaveNoKafkaFilesNetworkOrThreads() {
        check(noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                                "org.apache.kafka..",
                                "io.micrometer..",
                                "org.slf4j..",
                                "java.io..",
                                "java.nio.file..",
                                "java.nio.channels..",
                                "java.net..",
                                "java.util.concurrent..")
                        .and(notSerialization())));
    }

    @Test
    void coresHaveNoClockRandomnessEnvironmentOrLocale() {
        check(noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .callMethodWhere(DescribedPredicate.describe("reads what is outside", ArchitectureTest::readsOutside)));
        check(noClasses()
                .that()
                .resideInAnyPackage(PURE)
                .should()
                .dependOnClassesThat(DescribedPredicate.describe(
                        "are a thread, a process, a timer or random",
                        c -> Set.of(
                                        "java.lang.Thread",
                                        "java.lang.Process",
                                        "java.lang.ProcessBuilder",
                                        "java.lang.Runtime",
                                        "java.util.Timer",
                                        "java.util.Random",
                                        "java.util.SplittableRandom",
                                        "java.util.UUID",
                                        "java.util.Date",
                                        "java.util.Properties",
                                        "java.security.SecureRandom",
                                        "java.time.Clock")
                                .contains(c.getName()))));
    }

    @Test
    void kafkasInternalsAreUsedByTheEmbeddedBrokerAlone() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage("io.viommufleet.deploy.broker..")
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                        "org.apache.kafka.common.utils..",
                        "org.apache.kafka..internals..",
                        "kafka..",
                        "org.apache.kafka.server..",
                        "org.apache.kafka.metadata..",
                        "org.apache.kafka.storage..",
                        "scala..")));
    }

    @Test
    void onlyMainEndsTheProcessAndNothingPrintsStackTraces() {
        check(noClasses()
                .that(DescribedPredicate.describe(
                        "are not the command's main", c -> !c.getName().equals("io.viommufleet.deploy.cli.Main")))
                .should()
                .callMethodWhere(DescribedPredicate.describe(
                        "ends the process",
                        call -> Set.of("exit", "halt").contains(call.getName())
                                && call.getTargetOwner().getPackageName().equals("java.lang"))));
        check(noClasses()
                .should()
                .callMethodWhere(DescribedPredicate.describe(
                        "prints a stack trace", call -> call.getName().equals("printStackTrace"))));
    }

    @Test
    void packagesHaveNoCycles() {
        check(slices().matching("io.viommufleet.(*).(*)..").should().beFreeOfCycles());
    }

    private static ArchRule never(String from, String... to) {
        return noClasses().that().resideInAPackage(from).should().dependOnClassesThat(resideInAnyPackage(to));
    }

    private static boolean readsOutside(JavaCall<?> call) {
        String owner = call.getTargetOwner().getName();
        String name = call.getName();
        return switch (owner) {
            case "java.lang.System" ->
                !Set.of("arraycopy", "identityHashCode", "lineSeparator").contains(name);
            case "java.lang.Math" -> name.equals("random");
            case "java.util.Locale" -> name.equals("getDefault");
            case "java.util.Collections" -> name.equals("shuffle");
            case "java.lang.Integer", "java.lang.Long", "java.lang.Boolean" ->
                Set.of("getInteger", "getLong", "getBoolean").contains(name);
            default -> owner.startsWith("java.time.") && name.equals("now");
        };
    }

    /** Outside of a package and all below it. */
    private static DescribedPredicate<JavaClass> outside(String root) {
        return DescribedPredicate.not(resideInAPackage(root + ".."));
    }

    /** Exceptions and lambdas touch these without any input or output. */
    private static DescribedPredicate<JavaClass> notSerialization() {
        return DescribedPredicate.describe(
                "other than for serialization",
                c -> !Set.of("java.io.Serializable", "java.io.ObjectStreamException")
                        .contains(c.getName()));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(CLASSES);
    }
}
