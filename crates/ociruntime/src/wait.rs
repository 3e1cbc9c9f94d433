//! Stays with a process in the foreground: relays its terminal, forwards signals, reaps, and tells how it ended.

use std::os::fd::{AsFd, OwnedFd};

use sys::clone::Child;
use sys::pidfd::{self, Exit};
use sys::poll::{self, Want};
use sys::{Errno, signal};

use crate::console::Relay;
use crate::error::{Error, Result};
use crate::notify::Proxy;

/// SIGCHLD, SIGWINCH and SIGURG by number, the same on every architecture of ours.
const CHILD: i32 = 17;
const WINDOW: i32 = 28;
const URGENT: i32 = 23;

/// Signals that are ours to take, as descriptors: blocked from the moment that this is made.
pub(crate) struct Signals(OwnedFd);

impl Signals {
    /// Blocks all signals; they wait to be forwarded.
    pub(crate) fn take() -> Result<Signals> {
        signal::take_all().map(Signals).map_err(Error::other)
    }
}

/// Waits for the end of the process.
pub(crate) fn wait(
    child: &Child,
    signals: &Signals,
    mut relay: Option<Relay>,
    mut notify: Option<Proxy>,
) -> Result<Exit> {
    loop {
        let nothing = signals.0.as_fd();
        let output = relay.as_ref().and_then(Relay::output);
        let input = relay.as_ref().and_then(Relay::input);
        let message = notify.as_ref().map(Proxy::inside);
        // An absent descriptor is watched as the signals are, and its answer not looked at.
        let watched = [
            (child.pidfd.as_fd(), Want::Read),
            (nothing, Want::Read),
            (output.unwrap_or(nothing), Want::Read),
            input.unwrap_or((nothing, Want::Read)),
            (message.unwrap_or(nothing), Want::Read),
        ];
        let [ended, signalled, has_output, has_input, has_message] =
            poll::ready(watched, None).map_err(Error::other)?;
        let (has_output, has_input) = (has_output && output.is_some(), has_input && input.is_some());
        if let Some(notify) = notify.as_mut().filter(|_| has_message) {
            // The main process is ours to tell about: the manager started us, and our exit is the container's.
            notify.carry(sys::process::pid())?;
        }
        if let Some(relay) = &mut relay {
            if has_output {
                relay.carry_output()?;
            }
            if has_input {
                relay.carry_input()?;
            }
        }
        if ended {
            relay.as_mut().map_or(Ok(()), Relay::drain)?;
            return pidfd::reap(&child.pidfd).map_err(Error::other);
        }
        if signalled {
            take(child, signals, relay.as_ref())?;
        }
    }
}

fn take(child: &Child, signals: &Signals, relay: Option<&Relay>) -> Result<()> {
    while let Some(number) = signal::next(&signals.0).map_err(Error::other)? {
        match number {
            CHILD => reap_orphans(child.pid)?,
            WINDOW if relay.is_some() => relay.into_iter().for_each(Relay::resize),
            URGENT => {}
            other => forward(child, other)?,
        }
    }
    Ok(())
}

/// Whatever was handed to us as the nearest subreaper. The process itself is left for `wait`, which sees its pidfd.
fn reap_orphans(own: i32) -> Result<()> {
    loop {
        match pidfd::peek_any() {
            Ok(Some(pid)) if pid != own => drop(pidfd::reap_pid(pid).map_err(Error::other)?),
            Ok(_) => return Ok(()),
            Err(error) if error.errno == Errno::ECHILD => return Ok(()),
            Err(error) => return Err(Error::other(error)),
        }
    }
}

fn forward(child: &Child, number: i32) -> Result<()> {
    match pidfd::send_signal(&child.pidfd, number) {
        // It has ended; its exit is what comes next.
        Err(error) if error.errno == Errno::ESRCH => Ok(()),
        result => result.map_err(Error::other),
    }
}
