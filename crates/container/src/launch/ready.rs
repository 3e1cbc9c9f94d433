//! A child that has come to the end of the set-up.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use cgroup::Cgroup;
use sys::clone::Child;

use super::failure::label;
use super::guard::{Guard, Taken};
use super::outcome::Outcome;
use crate::error::{Error, Result};
use crate::packet::{Channel, Packet};
use crate::plan::Plan;
use crate::trace::Trace;

/// A child that is ready and waits; dropping it ends the child.
#[derive(Debug)]
pub struct Ready<'p> {
    pub(super) plan: &'p Plan,
    pub(super) channel: Channel,
    pub(super) child: Guard,
    pub(super) step: u32,
    pub(super) console: Option<OwnedFd>,
    pub(super) taken: Taken,
}

impl Ready<'_> {
    /// The child's pid in our pid namespace.
    pub fn pid(&self) -> Result<i32> {
        self.child.child().map(|child| child.pid)
    }

    /// The child's pidfd.
    pub fn pidfd(&self) -> Result<BorrowedFd<'_>> {
        self.child.child().map(|child| child.pidfd.as_fd())
    }

    /// How the child ended, for who finds it gone: a limit that was just set may be its end.
    pub fn died(&self, cgroup: &Cgroup) -> Error {
        self.child.died(cgroup)
    }

    /// The master of its terminal, if the plan made one.
    pub fn take_console(&mut self) -> Option<OwnedFd> {
        self.console.take()
    }

    /// Lets the child go on to wait for `start`.
    pub fn release(self) -> Result<Child> {
        let granted = self.channel.send(Packet::Granted(self.step), None);
        granted.map_err(Error::doing("release the container's init"))?;
        self.taken.keep();
        self.child.keep()
    }

    /// Lets the child go on to run the program, and waits until it does or fails.
    pub fn execute(
        self,
        cgroup: &Cgroup,
        trace: &mut Trace,
        agent: &mut dyn FnMut(OwnedFd) -> sys::Result<()>,
    ) -> Result<Child> {
        let granted = self.channel.send(Packet::Granted(self.step), None);
        granted.map_err(|error| self.child.ungranted(error, cgroup))?;
        let plan = self.plan;
        let label = &mut |step| label(plan, step);
        Outcome { channel: &self.channel, cgroup: Some(cgroup), label, agent }.wait(trace)?;
        self.taken.keep();
        self.child.keep()
    }
}
