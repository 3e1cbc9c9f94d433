//! What is known of a container: facts that do not change by themselves. Its status is observed, never stored.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::time::Duration;

use cgroup::{Cgroup, Created};
use serde::{Deserialize, Serialize};
use sys::Errno;

use crate::agent::Agent;
use crate::error::{Error, Result};
use crate::process;

/// ROOT/ID/state.json. Fields that are added later need `#[serde(default)]`: a container outlives an upgrade.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Record {
    /// The version of runtime-spec that the container's state complies with.
    pub(crate) oci_version: String,
    /// The container's id.
    pub(crate) id: String,
    /// Absolute path of the bundle.
    pub(crate) bundle: String,
    /// Absolute path of the root file system.
    pub(crate) rootfs: String,
    /// When it was created: RFC 3339 in UTC, to the nanosecond.
    pub(crate) created: String,
    /// The uid that created it.
    pub(crate) owner: u32,
    /// The config's annotations.
    pub(crate) annotations: BTreeMap<String, String>,
    /// The container's first process, once it has been cloned.
    pub(crate) init: Option<Init>,
    /// Driver and place: read back from here by every later command, never from flags.
    pub(crate) cgroup: Cgroup,
    /// Where it is in resctrl, if its config says so.
    #[serde(default)]
    pub(crate) rdt: Option<resctrl::Group>,
    /// The cgroups above that were made for it: those that it is about to make, until its init is on record.
    #[serde(default)]
    pub(crate) parents: Created,
    /// The namespaces that were made for this container, as clone flags; not those that it joined.
    pub(crate) namespaces: u64,
    /// The namespaces that it joined, as clone flags: `exec` has to enter them too.
    pub(crate) joined: u64,
    /// Whether its config has poststart or poststop hooks; without, later commands need not read the snapshot.
    pub(crate) late_hooks: bool,
    /// Who is sent the listener of the seccomp filter, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) agent: Option<Agent>,
    /// Whether there is a program to start.
    pub(crate) has_process: bool,
    /// Whether its cgroup was there before it: until its own init is in there, who is in it is somebody else's.
    pub(crate) shares_cgroup: bool,
    /// Whether its processes have a session keyring of their own.
    pub(crate) own_keyring: bool,
    /// The steps that init takes after create, by number and text, so that `start` can name the one that failed.
    pub(crate) steps: Vec<(u32, String)>,
}

impl Record {
    /// A pidfd of the container's init; `NotRunning` if it has ended.
    pub(crate) fn open_init(&self) -> Result<OwnedFd> {
        self.init.ok_or(Error::NotRunning)?.open()
    }

    /// Whether the end of init is the end of all processes of the container (pid_namespaces(7)).
    pub(crate) fn has_own_pid_namespace(&self) -> bool {
        self.namespaces & sys::namespace::NEWPID != 0
    }
}

/// A process, told apart from a later one of the same pid by when it began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Init {
    /// Its pid in the runtime's pid namespace.
    pub(crate) pid: i32,
    /// Field 22 of /proc/PID/stat: clock ticks since the machine booted.
    pub(crate) start_time: u64,
}

impl Init {
    /// Whether it lives. A zombie does not.
    pub(crate) fn is_alive(&self) -> Result<bool> {
        match process::look(self.pid)? {
            Some(found) if found.start_time != self.start_time => Ok(false),
            // A main thread that is gone leaves a zombie while others live: the pidfd tells when all have ended.
            Some(found) if found.is_zombie => self.has_threads(),
            found => Ok(found.is_some()),
        }
    }

    fn has_threads(&self) -> Result<bool> {
        match sys::pidfd::open(self.pid) {
            Ok(pidfd) => Ok(!sys::pidfd::wait(pidfd, Some(Duration::ZERO)).map_err(Error::other)?),
            Err(_) => Ok(false),
        }
    }

    /// A pidfd of it; `NotRunning` if it has ended.
    ///
    /// First the pidfd, then the check: once it is open, it names the process that is checked or a dead one.
    fn open(&self) -> Result<OwnedFd> {
        match sys::pidfd::open(self.pid) {
            Ok(pidfd) if self.is_alive()? => Ok(pidfd),
            Ok(_) => Err(Error::NotRunning),
            Err(error) if error.errno == Errno::ESRCH => Err(Error::NotRunning),
            Err(error) => Err(Error::Other(format!("process {}: {error}", self.pid))),
        }
    }
}
