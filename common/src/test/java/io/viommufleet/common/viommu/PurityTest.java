package io.viommufleet.common.viommu;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** No host can leak into a decision: the package cannot see one, nor anything that differs between two machines. */
class PurityTest {
    private static final JavaClasses DECISION = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.viommufleet.common.viommu");

    /** Methods that read the clock, the environment, the locale or chance, and sit in classes that we do use. */
    private static final Set<String> IMPURE_METHODS = Set.of(
            "java.lang.System",
            "java.lang.Runtime",
            "java.lang.ProcessHandle",
            "java.lang.Math.random",
            "java.util.Locale",
            "java.util.TimeZone",
            "java.util.Random",
            "java.util.UUID",
            "java.lang.Integer.getInteger",
            "java.lang.Long.getLong",
            "java.lang.Boolean.getBoolean",
            "java.lang.String.toLowerCase",
            "java.lang.String.toUpperCase");

    @Test
    void dependsOnTheJdkOnly() {
        classes()
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(
                        "java.lang..",
                        "java.util..",
                        "java.security",
                        "java.nio.charset",
                        "org.jspecify.annotations",
                        "io.viommufleet.common.viommu")
                .check(DECISION);
    }

    @Test
    void readsNoFileEnvironmentLocaleClockOrChance() {
        noClasses()
                .should()
                .callCodeUnitWhere(describe("is impure", PurityTest::impure))
                .check(DECISION);
        noClasses()
                .should()
                .dependOnClassesThat()
                .haveNameMatching("java\\.util\\.(Random|Scanner|ServiceLoader|Timer|concurrent\\..*|random\\..*)"
                        + "|java\\.lang\\.(ClassLoader|Thread|Process.*)|java\\.security\\.SecureRandom")
                .check(DECISION);
    }

    @Test
    void takesNoUntypedMap() {
        ArchRuleDefinition.noCodeUnits()
                .that()
                .arePublic()
                .should()
                .haveRawParameterTypes(describe(
                        "with a Map", types -> types.stream().anyMatch(type -> type.isAssignableTo(Map.class))))
                .check(DECISION);
    }

    @Test
    void holdsNoMutableStaticState() {
        ArchRuleDefinition.fields()
                .that()
                .areStatic()
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(DECISION);
    }

    private static boolean impure(JavaAccess<?> access) {
        JavaClass owner = access.getTargetOwner();
        return IMPURE_METHODS.contains(owner.getName())
                || IMPURE_METHODS.contains(
                        owner.getName() + "." + access.getTarget().getName());
    }
}
