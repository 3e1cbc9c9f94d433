//! Machines that differ in what decides a plan.

use bundle::plan::Host;
use cgroup::Layout;

const V1_MEMBERSHIP: &str = "4:pids:/caller\n3:devices:/caller\n2:memory:/caller\n1:cpu,cpuacct:/caller\n";

const V1_MOUNTS: &str = "\
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
35 31 0:32 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
";

const V2_MOUNT: &str = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

/// Root, with cgroup v1.
pub(crate) fn v1() -> Host {
    Host { cgroups: Layout::from_tables(V1_MEMBERSHIP, V1_MOUNTS, ""), ..root() }
}

/// Root, with cgroup v2.
pub(crate) fn v2() -> Host {
    let controllers = "cpuset cpu io memory hugetlb pids rdma";
    Host { cgroups: Layout::from_tables("0::/caller\n", V2_MOUNT, controllers), ..root() }
}

/// An ordinary user, with cgroup v2.
pub(crate) fn rootless() -> Host {
    Host { uid: 1000, gid: 1000, capabilities: 0, ..v2() }
}

/// Root of a user namespace, as in a container.
pub(crate) fn nested() -> Host {
    Host { in_user_namespace: true, ..v2() }
}

/// All capabilities of Linux 5.9 and later. Labels are enforced, so that they get as far as a step.
fn root() -> Host {
    Host {
        capabilities: (1 << 41) - 1,
        apparmor: true.into(),
        selinux: true.into(),
        setgroups_denied: true.into(),
        ..Host::default()
    }
}
