package io.viommufleet.common.feasibility;

import io.viommufleet.common.model.HostDrift.Change;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Compares what two boots of a host can do, as {@link HostCapabilities} words it. */
public final class InventoryDrift {
    private static final String ABSENT = "absent";

    private InventoryDrift() {}

    /**
     * What is not as it was, in order of name. Of an IOMMU or a device that came or went only that is said, not each of its
     * capabilities.
     */
    public static List<Change> between(Map<String, String> before, Map<String, String> after) {
        TreeMap<String, String> names = new TreeMap<>(before);
        names.putAll(after);
        List<Change> changes = new ArrayList<>();
        for (String name : names.keySet()) {
            String was = before.getOrDefault(name, ABSENT);
            String is = after.getOrDefault(name, ABSENT);
            if (!was.equals(is) && !partOfAppearance(name, before, after)) {
                changes.add(new Change(name, was, is));
            }
        }
        return changes;
    }

    /** Whether a name belongs to an IOMMU or device that only one of the two boots has. */
    private static boolean partOfAppearance(String name, Map<String, String> before, Map<String, String> after) {
        String[] words = name.split(" ", 3);
        String thing = words.length == 3 ? words[0] + " " + words[1] : name;
        boolean named = before.containsKey(thing) || after.containsKey(thing);
        return words.length == 3 && named && before.containsKey(thing) != after.containsKey(thing);
    }
}
