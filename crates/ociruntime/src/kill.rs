//! `kill`: a signal for a container's init, and for SIGKILL an end of everything.

use std::os::fd::OwnedFd;

use cgroup::Cgroup;
use sys::Errno;

use crate::args;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::members::Circle;
use crate::signal::Signal;
use crate::status::{self, Status};
use crate::store::{Entry, Record, Store};

/// Sends the signal. Waits for no lock: a hook that hangs must not keep a container alive.
pub(crate) fn kill(store: &Store, args: &args::Kill) -> Result<()> {
    let entry = store.find(&ContainerId::parse(&args.id)?)?;
    let record = entry.read()?;
    match send(&entry, &record, args.signal) {
        // Engines sweep up with `kill --all` after init has ended.
        Err(Error::NotRunning) if args.all => Ok(()),
        result => result,
    }
}

/// Sends a signal to a container; `NotRunning` if there is nothing left to take it.
fn send(entry: &Entry, record: &Record, signal: Signal) -> Result<()> {
    match record.open_init() {
        Err(Error::NotRunning) if status::observe(entry, record)? == Status::Creating => Err(Error::Creating),
        Err(Error::NotRunning) if signal == Signal::KILL => kill_leftovers(record),
        init => send_to(record, &init?, signal),
    }
}

/// Sends a signal to a container's init, SIGKILL also to all that would outlive it.
pub(crate) fn send_to(record: &Record, init: &OwnedFd, signal: Signal) -> Result<()> {
    let others = if signal == Signal::KILL { without_cgroup(record) } else { None };
    match sys::pidfd::send_signal(init, signal.0) {
        Err(error) if error.errno == Errno::ESRCH => return Err(Error::NotRunning),
        result => result.map_err(|error| Error::Other(format!("signal {}: {error}", signal.0)))?,
    }
    if signal != Signal::KILL {
        return Ok(());
    }
    if !record.has_own_pid_namespace() {
        record.cgroup.kill().map_err(Error::other)?;
    }
    others.map_or(Ok(()), |others| others.kill())?;
    thaw(record)
}

/// The processes that outlive init and that no cgroup knows.
fn without_cgroup(record: &Record) -> Option<Circle> {
    let is_theirs = matches!(record.cgroup, Cgroup::Unmanaged) && !record.has_own_pid_namespace();
    record.init.filter(|_| is_theirs).and_then(|init| Circle::of(init.pid, record.namespaces))
}

/// In a pid namespace that the container shares, processes may live on although init is gone.
fn kill_leftovers(record: &Record) -> Result<()> {
    let has_any =
        !record.has_own_pid_namespace() && !record.cgroup.processes().map_err(Error::other)?.is_empty();
    if has_any { record.cgroup.kill().map_err(Error::other) } else { Err(Error::NotRunning) }
}

/// On cgroup v1 a frozen process does not even die. On v2 it does, and systemd may have removed the cgroup by now.
fn thaw(record: &Record) -> Result<()> {
    if !status::is_frozen(record)? {
        return Ok(());
    }
    match record.cgroup.thaw() {
        Err(error) if error.is_gone() => Ok(()),
        thawed => thawed.map_err(Error::other),
    }
}
