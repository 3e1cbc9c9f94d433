//! What a plan must know of the machine, asked once.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use cgroup::{DeviceGroups, Layout};
use seccomp::{Action, Flags};
use sys::creds::{self, Mask};
use sys::{fd, fs, seccomp as kernel};

/// The facts that decisions depend on. By default: root without capabilities on a machine without cgroups, which will be
/// asked about labels.
#[derive(Clone, Debug, Default)]
pub struct Host {
    /// Effective uid of the runtime.
    pub uid: u32,
    /// Effective gid of the runtime.
    pub gid: u32,
    /// Capabilities that the runtime holds, and so can grant.
    pub capabilities: Mask,
    /// Whether the runtime is in a user namespace itself, where no device nodes can be made.
    pub in_user_namespace: bool,
    /// The cgroup file systems.
    pub cgroups: Layout,
    /// How many sockets the caller passes on (`LISTEN_FDS`, sd_listen_fds(3)).
    pub listen_fds: u32,
    /// Names of the sockets (`LISTEN_FDNAMES`).
    pub listen_names: Option<String>,
    /// Where resctrl is mounted, once that was asked.
    pub resctrl: OnceCell<Option<PathBuf>>,
    /// Whether AppArmor is enabled, once that was asked: few plans depend on it.
    pub apparmor: OnceCell<bool>,
    /// The same of SELinux.
    pub selinux: OnceCell<bool>,
    /// Whether the user namespace that the runtime is in denies setgroups(2), once that was asked.
    pub setgroups_denied: OnceCell<bool>,
    /// What the kernel knows of seccomp filters, once that was asked.
    pub filters: OnceCell<Filters>,
    /// Whether the kernel shows its memory in `/proc/kcore`, once that was asked.
    pub kcore: OnceCell<bool>,
    /// The names of device drivers, once somebody asked for them.
    pub devices: OnceCell<DeviceGroups>,
}

/// What not every kernel knows of seccomp filters (seccomp(2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters {
    /// The flags that it knows.
    pub flags: Flags,
    /// The actions among [`LATER_ACTIONS`] that it does not know.
    pub unknown_actions: Vec<Action>,
}

/// The actions that came after the first version of filters: with Linux 4.14, 4.14 and 5.0.
const LATER_ACTIONS: [Action; 3] = [Action::KillProcess, Action::Log, Action::Notify];

impl Filters {
    /// Asks the kernel.
    pub fn read() -> Filters {
        let is_unknown = |action: &Action| !kernel::knows_action(action.return_value());
        Filters {
            flags: Flags::all()
                .filter(|flag| kernel::knows_flag(flag.bits().into()))
                .fold(Flags::empty(), |all, flag| all | flag),
            unknown_actions: LATER_ACTIONS.into_iter().filter(is_unknown).collect(),
        }
    }
}

impl Host {
    /// Asks the machine.
    pub fn read() -> Result<Host, cgroup::Error> {
        Ok(Host { cgroups: Layout::read()?, ..Host::without_cgroups() })
    }

    /// What a plan for `exec` depends on: the container's cgroup is known from its record.
    pub fn without_cgroups() -> Host {
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        // sd_listen_fds(3): the variables may be left over from a parent, and then mean nothing here.
        let is_for_us = variable("LISTEN_PID").is_some_and(|pid| pid == std::process::id().to_string());
        let listening = |name| variable(name).filter(|_| is_for_us);
        Host {
            uid: creds::euid(),
            gid: creds::egid(),
            // Without an answer nothing can be promised, and so a warning is due for every capability.
            capabilities: creds::capabilities().map_or(0, |sets| sets.permitted),
            in_user_namespace: sys::namespace::in_user_namespace(),
            cgroups: Layout::default(),
            listen_fds: listening("LISTEN_FDS").and_then(|count| count.parse().ok()).unwrap_or(0),
            listen_names: listening("LISTEN_FDNAMES"),
            resctrl: OnceCell::new(),
            apparmor: OnceCell::new(),
            selinux: OnceCell::new(),
            setgroups_denied: OnceCell::new(),
            filters: OnceCell::new(),
            kcore: OnceCell::new(),
            devices: OnceCell::new(),
        }
    }

    /// Where the resctrl file system is mounted, if it is.
    pub fn resctrl(&self) -> Option<&Path> {
        let look =
            || resctrl::mount_point(&std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default());
        self.resctrl.get_or_init(look).as_deref()
    }

    /// Whether AppArmor profiles are enforced.
    pub fn has_apparmor(&self) -> bool {
        *self.apparmor.get_or_init(|| {
            let enabled = std::fs::read("/sys/module/apparmor/parameters/enabled");
            enabled.is_ok_and(|enabled| enabled.starts_with(b"Y"))
        })
    }

    /// Whether the kernel shows its memory.
    pub fn has_kcore(&self) -> bool {
        *self.kcore.get_or_init(|| Path::new("/proc/kcore").exists())
    }

    /// Whether SELinux is enabled: only then is its file system there (selinux(8)).
    pub fn has_selinux(&self) -> bool {
        *self.selinux.get_or_init(|| {
            let place = fd::open(fd::cwd(), c"/sys/fs/selinux", fd::O_PATH, 0);
            place.and_then(fs::file_system).is_ok_and(|kind| kind == fs::SELINUX_MAGIC)
        })
    }

    /// Whether nobody in the runtime's user namespace may change groups, nor in one below (user_namespaces(7)).
    pub fn denies_setgroups(&self) -> bool {
        let denied = || std::fs::read("/proc/self/setgroups").is_ok_and(|word| word.starts_with(b"deny"));
        self.in_user_namespace && *self.setgroups_denied.get_or_init(denied)
    }

    /// The names of device drivers. Without /proc/devices none is known.
    pub fn device_groups(&self) -> &DeviceGroups {
        self.devices.get_or_init(|| {
            let table = std::fs::read_to_string("/proc/devices").unwrap_or_default();
            DeviceGroups::parse(&table)
        })
    }

    /// What the kernel knows of an action that came later, or of flags.
    pub(super) fn filters(&self) -> &Filters {
        self.filters.get_or_init(Filters::read)
    }

    /// Whether the kernel knows a seccomp action. Asks only about those that came later.
    pub(super) fn knows_action(&self, action: Action) -> bool {
        !LATER_ACTIONS.contains(&action) || !self.filters().unknown_actions.contains(&action)
    }

    /// Whether the runtime lacks root's rights over the host.
    pub fn is_rootless(&self) -> bool {
        self.uid != 0 || self.in_user_namespace
    }
}
