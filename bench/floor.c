/* The floor: the kernel work that any `run` of this bundle has to do, and nothing else. No configuration is read, no
 * state is written, no path is checked: bench/run compares the runtimes with it, nobody should run containers by it.
 *
 * usage: floor ROOTFS [CGROUP...]
 * Runs /bin/true of ROOTFS in new pid, network, ipc, uts and mount namespaces, in the given cgroup directories, which it
 * makes and removes (cgroup v1: one per controller; v2: one; none: no cgroup). Exits with the program's status. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define CGROUP_ROOT "/sys/fs/cgroup/"

static const char *rootfs;
static char **cgroups;
static int cgroup_count;

/* Ends the program, naming the call, unless it succeeded. */
static long must(long result, const char *what)
{
    if (result < 0) {
        perror(what);
        _exit(1);
    }
    return result;
}

static void path_of(char *out, const char *directory, const char *file)
{
    snprintf(out, 4096, "%s/%s", directory, file);
}

static void write_file(const char *directory, const char *file, const char *text)
{
    char path[4096];
    path_of(path, directory, file);
    int fd = must(open(path, O_WRONLY | O_CLOEXEC), path);
    must(write(fd, text, strlen(text)), path);
    close(fd);
}

/* A new v1 cpuset has no cpus and no mems, and takes no process until it has both. */
static void inherit(const char *directory, const char *file)
{
    char path[4096], text[4096];
    snprintf(path, sizeof path, "%s/../%s", directory, file);
    int fd = must(open(path, O_RDONLY | O_CLOEXEC), path);
    text[must(read(fd, text, sizeof text - 1), path)] = 0;
    close(fd);
    write_file(directory, file, text);
}

static int is_controller(const char *directory, const char *name)
{
    return !strncmp(directory + strlen(CGROUP_ROOT), name, strlen(name));
}

static void make_cgroups(void)
{
    for (int i = 0; i < cgroup_count; i++) {
        must(mkdir(cgroups[i], 0755), cgroups[i]);
        if (is_controller(cgroups[i], "cpuset/")) {
            inherit(cgroups[i], "cpuset.cpus");
            inherit(cgroups[i], "cpuset.mems");
        }
    }
}

/* The rules of the bundle: nothing, then what every runtime allows. v2 would need a BPF program, which is left out. */
static void limit_devices(const char *directory)
{
    static const char *const allowed[] = {
        "c *:* m",  "b *:* m",  "c 1:3 rwm", "c 1:5 rwm",   "c 1:7 rwm", "c 1:8 rwm",
        "c 1:9 rwm", "c 5:0 rwm", "c 5:2 rwm", "c 136:* rwm",
    };
    write_file(directory, "devices.deny", "a");
    for (size_t i = 0; i < COUNT(allowed); i++)
        write_file(directory, "devices.allow", allowed[i]);
}

static void place(pid_t pid)
{
    char text[16];
    snprintf(text, sizeof text, "%d", pid);
    for (int i = 0; i < cgroup_count; i++) {
        write_file(cgroups[i], "cgroup.procs", text);
        if (is_controller(cgroups[i], "devices/"))
            limit_devices(cgroups[i]);
    }
}

static void remove_cgroups(void)
{
    for (int i = 0; i < cgroup_count; i++)
        must(rmdir(cgroups[i]), cgroups[i]);
}

static void loopback_up(void)
{
    struct ifreq lo = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    int fd = must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket");
    must(ioctl(fd, SIOCSIFFLAGS, &lo), "SIOCSIFFLAGS");
    close(fd);
}

/* The controller's directory, read-only, at sys/fs/cgroup/NAME: there is no cgroup namespace in the bundle. */
static void mount_controller(const char *directory)
{
    char target[4096];
    const char *name = directory + strlen(CGROUP_ROOT);
    snprintf(target, sizeof target, "sys/fs/cgroup/%.*s", (int)strcspn(name, "/"), name);
    must(mkdir(target, 0755), target);
    must(mount(directory, target, 0, MS_BIND, 0), target);
    must(mount(0, target, 0, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0), target);
}

static void mount_cgroups(void)
{
    const char *target = "sys/fs/cgroup";
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    if (cgroup_count == 1) {
        must(mount("cgroup", target, "cgroup2", flags | MS_RDONLY, 0), target);
    } else if (cgroup_count) {
        must(mount("tmpfs", target, "tmpfs", flags, "mode=755"), target);
        for (int i = 0; i < cgroup_count; i++)
            mount_controller(cgroups[i]);
        must(mount(0, target, 0, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, 0), target);
    }
}

static void mount_all(void)
{
    unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
    must(mount(0, "/", 0, MS_SLAVE | MS_REC, 0), "make / a slave");
    must(mount(rootfs, rootfs, 0, MS_BIND | MS_REC, 0), rootfs);
    must(chdir(rootfs), rootfs);
    must(mount("proc", "proc", "proc", 0, 0), "proc");
    must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"), "dev");
    must(mkdir("dev/pts", 0755), "dev/pts");
    must(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=0620,gid=5"),
         "devpts");
    must(mkdir("dev/shm", 0755), "dev/shm");
    must(mount("shm", "dev/shm", "tmpfs", flags, "mode=1777,size=65536k"), "shm");
    must(mkdir("dev/mqueue", 0755), "dev/mqueue");
    must(mount("mqueue", "dev/mqueue", "mqueue", flags, 0), "mqueue");
    must(mount("sysfs", "sys", "sysfs", flags | MS_RDONLY, 0), "sysfs");
    mount_cgroups();
}

static void make_devices(void)
{
    static const struct {
        const char *path;
        unsigned int major, minor;
    } nodes[] = {
        {"dev/null", 1, 3},   {"dev/zero", 1, 5},    {"dev/full", 1, 7},
        {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0},
    };
    static const char *const links[][2] = {
        {"/proc/self/fd", "dev/fd"},         {"/proc/self/fd/0", "dev/stdin"}, {"/proc/self/fd/1", "dev/stdout"},
        {"/proc/self/fd/2", "dev/stderr"}, {"pts/ptmx", "dev/ptmx"},
    };
    for (size_t i = 0; i < COUNT(nodes); i++)
        must(mknod(nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor)), nodes[i].path);
    for (size_t i = 0; i < COUNT(links); i++)
        must(symlink(links[i][0], links[i][1]), links[i][1]);
}

static void enter_root(void)
{
    must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
    must(umount2(".", MNT_DETACH), "umount");
    must(mount(0, "/", 0, MS_REMOUNT | MS_BIND | MS_RDONLY, 0), "make / read-only");
}

/* Paths that this kernel lacks are passed over; a directory is hidden by an empty tmpfs, a file by /dev/null. */
static void hide_paths(void)
{
    static const char *const masked[] = {
        "/proc/acpi",       "/proc/asound",      "/proc/kcore",       "/proc/keys", "/proc/latency_stats",
        "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
    };
    static const char *const readonly[] = {
        "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger",
    };
    for (size_t i = 0; i < COUNT(masked); i++)
        if (mount("/dev/null", masked[i], 0, MS_BIND, 0) && errno == ENOTDIR)
            must(mount("tmpfs", masked[i], "tmpfs", MS_RDONLY, "nr_inodes=1"), masked[i]);
    for (size_t i = 0; i < COUNT(readonly); i++)
        if (!mount(readonly[i], readonly[i], 0, MS_BIND | MS_REC, 0))
            must(mount(0, readonly[i], 0, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, 0),
                 readonly[i]);
}

static void restrict_process(void)
{
    const uint32_t kept = 1u << CAP_AUDIT_WRITE | 1u << CAP_KILL | 1u << CAP_NET_BIND_SERVICE;
    struct rlimit files = {1024, 1024};
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{kept, kept, 0}, {0, 0, 0}};
    must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
    for (int cap = 0; cap <= CAP_CHECKPOINT_RESTORE; cap++)
        if (cap >= 32 || !(kept & 1u << cap))
            must(prctl(PR_CAPBSET_DROP, cap, 0, 0, 0), "PR_CAPBSET_DROP");
    must(syscall(SYS_setgroups, 0, 0), "setgroups");
    must(syscall(SYS_setresgid, 0, 0, 0), "setresgid");
    must(syscall(SYS_setresuid, 0, 0, 0), "setresuid");
    must(syscall(SYS_capset, &header, data), "capset");
    must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
}

static _Noreturn void contained(int placed)
{
    char *const argv[] = {"/bin/true", 0};
    char *const envp[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", 0};
    char byte;
    must(setsid(), "setsid");
    loopback_up();
    must(sethostname("floor", 5), "sethostname");
    mount_all();
    make_devices();
    must(read(placed, &byte, 1), "wait for the cgroups");
    enter_root();
    hide_paths();
    must(syscall(SYS_close_range, 3, ~0u, CLOSE_RANGE_CLOEXEC), "close_range");
    restrict_process();
    execve(argv[0], argv, envp);
    must(-1, "execve");
    _exit(1);
}

int main(int argc, char **argv)
{
    int placed[2], status;
    struct clone_args args = {
        .flags = CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS,
        .exit_signal = SIGCHLD,
    };
    if (argc < 2) {
        fprintf(stderr, "usage: floor ROOTFS [CGROUP...]\n");
        return 2;
    }
    rootfs = argv[1];
    cgroups = argv + 2;
    cgroup_count = argc - 2;

    must(pipe2(placed, O_CLOEXEC), "pipe2");
    make_cgroups();
    pid_t pid = must(syscall(SYS_clone3, &args, sizeof args), "clone3");
    if (!pid)
        contained(placed[0]);
    place(pid);
    must(write(placed[1], "", 1), "release the child");
    must(waitpid(pid, &status, 0), "waitpid");
    remove_cgroups();
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
