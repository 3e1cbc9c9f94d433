//! Who makes cgroups: this runtime by the cgroup file system, or systemd.

use bundle::plan::Host;
use cgroup::{Manager, Who};

use crate::args::{CgroupManager, Globals, Rootless};
use crate::error::{Error, Result};

/// What the global flags and the caller's rights come to.
pub(crate) struct Driver {
    /// Whether an ordinary user's lack of a cgroup is no error.
    pub(crate) rootless: bool,
    /// The systemd that makes the cgroup, if one is to: the user's own if the user is an ordinary one.
    pub(crate) systemd: Option<Manager>,
}

impl Driver {
    /// Chooses, and finds systemd if it is asked for.
    pub(crate) fn choose(globals: &Globals, host: &Host) -> Result<Driver> {
        let rootless = match globals.rootless {
            Rootless::Auto => host.is_rootless(),
            Rootless::True => true,
            Rootless::False => false,
        };
        let who = if rootless { Who::User } else { Who::System };
        let by_systemd = match globals.cgroup_manager {
            Some(manager) => manager == CgroupManager::Systemd,
            None => globals.systemd_cgroup,
        };
        let systemd = by_systemd.then(|| Manager::find(who)).transpose().map_err(Error::other)?;
        Ok(Driver { rootless, systemd })
    }
}
