package io.viommufleet.deploy.view;

import java.util.Locale;

/** How states are spelled for users: {@code RUNNING} is {@code Running}. */
public final class Words {
    private Words() {}

    /** The name of a constant with a capital first letter. */
    public static String of(Enum<?> value) {
        String lower = value.name().toLowerCase(Locale.ROOT).replace('_', ' ');
        return lower.substring(0, 1).toUpperCase(Locale.ROOT) + lower.substring(1);
    }
}
