//! From the word to go on until the program runs.

use std::os::fd::OwnedFd;

use cgroup::Cgroup;

use super::hear::hear;
use crate::error::{Error, Result};
use crate::hooks;
use crate::packet::{Channel, Packet, Reason};
use crate::trace::Trace;

/// A waiting init that has been told to go on.
#[derive(Debug)]
pub struct Going(Channel);

/// Tells the init at the other end to go on; it will.
pub fn go(connection: OwnedFd, trace: &Trace) -> Result<Going> {
    let channel = Channel::over(connection);
    let go = channel.send(Packet::Go { trace: trace.is_on() }, None);
    go.map_err(Error::doing("tell the container's init to start"))?;
    Ok(Going(channel))
}

impl Going {
    /// Waits until the init runs the program or fails. `labels` are those of the steps that are left, by number.
    pub fn wait(
        self,
        labels: &[(u32, String)],
        trace: &mut Trace,
        agent: &mut dyn FnMut(OwnedFd) -> sys::Result<()>,
    ) -> Result<()> {
        let mut label = |step| {
            let known = labels.iter().find(|(number, _)| *number == step);
            known.map_or_else(|| "container init".into(), |(_, label)| label.clone())
        };
        let began = sys::time::monotonic();
        Outcome { channel: &self.0, cgroup: None, label: &mut label, agent }.wait(trace)?;
        trace.note("wait until the program runs", began);
        Ok(())
    }
}

/// What becomes of a child that was told to go on.
pub(super) struct Outcome<'o> {
    pub(super) channel: &'o Channel,
    /// The cgroup of a container that is entered.
    pub(super) cgroup: Option<&'o Cgroup>,
    /// The text of a step.
    pub(super) label: &'o mut dyn FnMut(u32) -> String,
    /// Takes the listener of a seccomp filter to whoever is to have it.
    pub(super) agent: &'o mut dyn FnMut(OwnedFd) -> sys::Result<()>,
}

impl Outcome<'_> {
    /// Hears from the child until its end of the channel closes: by execve, of which it tells before, or by its death.
    pub(super) fn wait(&mut self, trace: &mut Trace) -> Result<()> {
        let mut executing = false;
        while let Some((packet, descriptor)) = hear(self.channel, self.cgroup, None)? {
            match packet {
                Packet::Failed { step, reason } => return Err(self.failed(step, reason, descriptor)),
                Packet::Span { step, start, end } => trace.child(|| (self.label)(step), start, end),
                Packet::Executing => executing = true,
                Packet::Request(step) => executing = self.hand_over(step, descriptor)?,
                _ => {}
            }
        }
        if executing {
            Ok(())
        } else {
            Err(Error::Plain("the process died before it ran the program".into()))
        }
    }

    /// The child has loaded its filter and waits until the listener, which comes along, is in good hands. Answers whether
    /// it has lived to hear so: an agent takes its time.
    fn hand_over(&mut self, step: u32, listener: Option<OwnedFd>) -> Result<bool> {
        let listener = listener.ok_or(Reason::Mismatch).map_err(|reason| self.failed(step, reason, None))?;
        (self.agent)(listener).map_err(|error| self.failed(step, error.into(), None))?;
        match self.channel.send(Packet::Granted(step), None) {
            Err(error) if error.is_of_a_gone_peer() => Ok(false),
            granted => granted.map(|()| true).map_err(Error::doing("tell the container's init to go on")),
        }
    }

    fn failed(&mut self, step: u32, reason: Reason, output: Option<OwnedFd>) -> Error {
        Error::Step { label: (self.label)(step), reason, output: hooks::last_words(output) }
    }
}
