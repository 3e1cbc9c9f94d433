//! The way of a child into a cgroup that is made while the child is at work.

use std::os::fd::OwnedFd;

use super::{Begin, Finish};
use crate::error::Result;
use crate::trace::Trace;

/// How far that cgroup is.
pub(super) enum Entry<'l> {
    Begin(Begin<'l>),
    Finish(Finish<'l>),
    /// The `tasks` files that the child has yet to enter.
    Open(Vec<OwnedFd>),
}

impl Entry<'_> {
    /// Begins, unless that is done.
    pub(super) fn begin(&mut self, pid: i32, trace: &mut Trace) -> Result<()> {
        *self = match std::mem::replace(self, Entry::Open(Vec::new())) {
            Entry::Begin(begin) => Entry::Finish(trace.span(|| "make the cgroup".into(), || begin(pid))?),
            begun => begun,
        };
        Ok(())
    }

    /// Ends what was begun.
    pub(super) fn finish(&mut self, trace: &mut Trace) -> Result<()> {
        *self = match std::mem::replace(self, Entry::Open(Vec::new())) {
            Entry::Finish(finish) => Entry::Open(trace.span(|| "finish the cgroup".into(), finish)?),
            other => other,
        };
        Ok(())
    }

    pub(super) fn tasks(&self) -> &[OwnedFd] {
        match self {
            Entry::Open(tasks) => tasks,
            Entry::Begin(_) | Entry::Finish(_) => &[],
        }
    }
}
