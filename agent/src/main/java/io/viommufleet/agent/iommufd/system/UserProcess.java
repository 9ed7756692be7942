package io.viommufleet.agent.iommufd.system;

/** A process that opens {@code /dev/iommu}: whose user it is, what it may do, its memory and its descriptors. */
public final class UserProcess {
    /** The number that a process with only its standard streams gives out first. */
    public static final int FIRST_FREE_FD = 3;

    private final UserAccount user;
    private final Credentials credentials;
    private final AddressSpace memory = new AddressSpace();
    private final FdTable files;

    /** A process with its standard streams open. */
    public UserProcess(UserAccount user, Credentials credentials) {
        this(user, credentials, FIRST_FREE_FD);
    }

    /** A process in which descriptors below {@code firstFreeFd} are taken. */
    public UserProcess(UserAccount user, Credentials credentials, int firstFreeFd) {
        this.user = user;
        this.credentials = credentials;
        this.files = new FdTable(firstFreeFd);
    }

    /** Whose pages count together with this process's. */
    public UserAccount user() {
        return user;
    }

    /** What the process may do. */
    public Credentials credentials() {
        return credentials;
    }

    /** Its virtual memory. */
    public AddressSpace memory() {
        return memory;
    }

    /** Its descriptors. */
    public FdTable files() {
        return files;
    }
}
