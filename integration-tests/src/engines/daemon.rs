//! A daemon that the harness starts and stops by its pid.

use crate::case::{Outcome, fail};
use crate::expect::until;
use crate::reaper;
use crate::runtime::{Call, Running};
use nix::sys::signal::Signal;

/// A daemon that runs; it is killed when dropped.
pub(crate) struct Daemon {
    name: &'static str,
    running: Running,
}

impl Daemon {
    /// Starts it and waits until `ready` says that it answers.
    pub(crate) fn start(name: &'static str, call: Call, mut ready: impl FnMut() -> bool) -> Outcome<Self> {
        let daemon = Self { name, running: call.spawn()? };
        let up = until("", || match reaper::status(daemon.running.pid) {
            Some(_) => Some(false),
            None => ready().then_some(true),
        });
        match up {
            Ok(true) => Ok(daemon),
            _ => fail(format!("{name} does not come up: {}", daemon.last_words())),
        }
    }

    /// Asks it to end and waits until it has.
    pub(crate) fn stop(self) -> Outcome {
        self.running.signal(Signal::SIGTERM)?;
        let name = self.name;
        match self.running.wait()?.code {
            0 => Ok(()),
            code => fail(format!("{name} ends with status {code}")),
        }
    }

    fn last_words(&self) -> String {
        let text = self.running.stderr();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join(" | ")
    }
}
