//! What a plan must know of the machine, asked once.

use std::cell::OnceCell;

use cgroup::Layout;
use sys::creds::{self, Mask};
use sys::{fd, fs};

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
    /// Whether AppArmor is enabled, once that was asked: few plans depend on it.
    pub apparmor: OnceCell<bool>,
    /// The same of SELinux.
    pub selinux: OnceCell<bool>,
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
            apparmor: OnceCell::new(),
            selinux: OnceCell::new(),
        }
    }

    /// Whether AppArmor profiles are enforced.
    pub fn has_apparmor(&self) -> bool {
        *self.apparmor.get_or_init(|| {
            let enabled = std::fs::read("/sys/module/apparmor/parameters/enabled");
            enabled.is_ok_and(|enabled| enabled.starts_with(b"Y"))
        })
    }

    /// Whether SELinux is enabled: only then is its file system there (selinux(8)).
    pub fn has_selinux(&self) -> bool {
        *self.selinux.get_or_init(|| {
            let place = fd::open(fd::cwd(), c"/sys/fs/selinux", fd::O_PATH, 0);
            place.and_then(fs::file_system).is_ok_and(|kind| kind == fs::SELINUX_MAGIC)
        })
    }

    /// Whether the runtime lacks root's rights over the host.
    pub fn is_rootless(&self) -> bool {
        self.uid != 0 || self.in_user_namespace
    }
}
