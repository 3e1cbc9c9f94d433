//! Machines as a plan sees them.

use bundle::plan::{Filters, Host};
use cgroup::{DeviceGroups, Layout, Manager, Who};
use seccomp::{Action, Flags};

const V1_MEMBERSHIP: &str = "\
5:pids:/caller
4:devices:/caller
3:memory:/caller
2:cpu,cpuacct:/caller
1:name=systemd:/caller
";

const V1_MOUNTS: &str = "\
31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
35 31 0:32 / /sys/fs/cgroup/devices rw - cgroup cgroup rw,devices
36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
";

const UNIFIED_BESIDE: &str = "37 31 0:34 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
const UNIFIED_ALONE: &str = "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
const UNIFIED_MEMBERSHIP: &str = "0::/caller\n";
const CONTROLLERS: &str = "cpuset cpu io memory hugetlb pids\n";

/// Capabilities 0 to 40, as root of Linux 5.9 and later has them.
const EVERY_CAPABILITY: u64 = (1 << 41) - 1;

/// Root of a machine with cgroup v1.
pub(crate) fn v1() -> Host {
    root(Layout::from_tables(V1_MEMBERSHIP, V1_MOUNTS, ""))
}

/// Root of a machine with cgroup v1 and an empty cgroup2 beside it, as systemd has it.
pub(crate) fn hybrid() -> Host {
    let membership = [V1_MEMBERSHIP, UNIFIED_MEMBERSHIP].concat();
    root(Layout::from_tables(&membership, &[V1_MOUNTS, UNIFIED_BESIDE].concat(), ""))
}

/// Root of a machine with cgroup v2.
pub(crate) fn v2() -> Host {
    root(Layout::from_tables(UNIFIED_MEMBERSHIP, UNIFIED_ALONE, CONTROLLERS))
}

/// Root of a machine where no cgroup file system is mounted.
pub(crate) fn without_cgroups() -> Host {
    root(Layout::default())
}

/// User 1000 of group 100 on the machine with cgroup v2.
pub(crate) fn rootless() -> Host {
    Host { uid: 1000, gid: 100, capabilities: 0, ..v2() }
}

/// The same on the machine with cgroup v1.
pub(crate) fn rootless_on_v1() -> Host {
    Host { uid: 1000, gid: 100, capabilities: 0, ..v1() }
}

/// Root of a user namespace on the machine with cgroup v2, as in a container.
pub(crate) fn nested() -> Host {
    Host { in_user_namespace: true, ..v2() }
}

/// Root of a user namespace that an ordinary user has made for its own id.
pub(crate) fn nested_without_groups() -> Host {
    Host { setgroups_denied: true.into(), ..nested() }
}

/// Root of a machine that enforces labels of both kinds.
pub(crate) fn labelling() -> Host {
    Host { apparmor: true.into(), selinux: true.into(), ..v2() }
}

/// Root of a machine whose kernel knows no seccomp flags and not all actions.
pub(crate) fn with_few_filters() -> Host {
    let filters = Filters { flags: Flags::empty(), unknown_actions: vec![Action::KillProcess] };
    Host { filters: filters.into(), ..v2() }
}

/// Root of a machine with resctrl.
pub(crate) fn sharing_caches() -> Host {
    Host { resctrl: Some("/sys/fs/resctrl".into()).into(), ..v2() }
}

/// Root, started with two sockets (sd_listen_fds(3)).
pub(crate) fn listening() -> Host {
    Host { listen_fds: 2, listen_names: Some("web:admin".into()), ..v2() }
}

/// The systemd of a machine.
pub(crate) fn systemd() -> Manager {
    Manager { who: Who::System, bus: "/run/dbus/system_bus_socket".into(), root: String::new() }
}

/// The systemd of user 1000.
pub(crate) fn systemd_of_user() -> Manager {
    let root = "/user.slice/user-1000.slice/user@1000.service".into();
    Manager { who: Who::User, bus: "/run/user/1000/bus".into(), root }
}

fn root(cgroups: Layout) -> Host {
    Host {
        uid: 0,
        gid: 0,
        capabilities: EVERY_CAPABILITY,
        in_user_namespace: false,
        cgroups,
        listen_fds: 0,
        listen_names: None,
        resctrl: None.into(),
        apparmor: false.into(),
        selinux: false.into(),
        filters: Filters {
            flags: Flags::all().fold(Flags::empty(), |all, flag| all | flag),
            unknown_actions: vec![],
        }
        .into(),
        setgroups_denied: false.into(),
        kcore: true.into(),
        devices: DeviceGroups::parse("Character devices:\n136 pts\n").into(),
    }
}
