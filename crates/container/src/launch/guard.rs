//! What is undone when it is dropped: a child of ours, and what the host gave up for the container.

use std::time::Duration;

use cgroup::{Cgroup, OomMark};
use sys::clone::Child;
use sys::pidfd::{self, Exit};

use crate::error::{Error, Result};
use crate::net_device::Moved;

/// Ends and reaps the child unless it is kept.
#[derive(Debug)]
pub(super) struct Guard {
    pub(super) child: Option<Child>,
    /// How long a killed child is waited for; `None` = until it has ended.
    pub(super) patience: Option<Duration>,
    /// From before it had a memory limit, if systemd is to set one.
    pub(super) mark: Option<OomMark>,
}

/// How long a killed child may take to end; it takes no time but on a machine without any.
pub(super) const LAST_WAIT: Duration = Duration::from_secs(1);

impl Guard {
    pub(super) fn child(&self) -> Result<&Child> {
        self.child.as_ref().ok_or_else(|| Error::Plain("the child is gone (this is a bug)".into()))
    }

    pub(super) fn has_ended(&self) -> bool {
        let ended = |child: &Child| pidfd::wait(&child.pidfd, Some(Duration::ZERO));
        matches!(self.child.as_ref().map(ended), Some(Ok(true)))
    }

    pub(super) fn keep(mut self) -> Result<Child> {
        self.child.take().ok_or_else(|| Error::Plain("the child is gone (this is a bug)".into()))
    }

    /// Why it was not told to go on: because it has died, most often; else it waits still, and must not be waited for.
    pub(super) fn ungranted(&self, error: sys::Error, cgroup: &Cgroup) -> Error {
        match error.is_of_a_gone_peer() {
            true => self.died(cgroup),
            false => Error::doing("tell the container's init to go on")(error),
        }
    }

    /// How it ended, now that it has closed the channel without a word.
    pub(super) fn died(&self, cgroup: &Cgroup) -> Error {
        match self.child().map(|child| pidfd::peek(&child.pidfd)) {
            Ok(Ok(exit)) => {
                let out_of_memory =
                    exit == Exit::Signal(pidfd::KILL) && cgroup.was_oom_killed_since(self.mark);
                Error::Died { exit, out_of_memory }
            }
            Ok(Err(error)) => Error::Host { doing: "ask how the container's init ended".into(), error },
            Err(error) => error,
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            // Both can only fail because the child has ended, which is what is wanted.
            let _ = pidfd::kill(&child.pidfd);
            // One that is frozen by cgroup v1 ends when it is thawed, and is somebody else's to reap then.
            if matches!(pidfd::wait(&child.pidfd, self.patience), Ok(true)) {
                let _ = pidfd::reap(&child.pidfd);
            }
        }
    }
}

/// What the host gave up for the container, and gets back unless it is kept.
#[derive(Debug, Default)]
pub(super) struct Taken {
    pub(super) devices: Moved,
    pub(super) groups: Vec<resctrl::Made>,
}

impl Taken {
    pub(super) fn keep(self) {
        self.devices.keep();
        self.groups.into_iter().for_each(resctrl::Made::keep);
    }
}
