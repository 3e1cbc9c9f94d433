//! `kill`: a signal for a container's init, and for SIGKILL an end of everything.

use cgroup::Cgroup;
use sys::Errno;

use crate::args;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::signal::Signal;
use crate::status;
use crate::store::{Record, Store};

/// Sends the signal. Waits for no lock: a hook that hangs must not keep a container alive.
pub(crate) fn kill(store: &Store, args: &args::Kill) -> Result<()> {
    let record = store.find(&ContainerId::parse(&args.id)?)?.read()?;
    match send(&record, args.signal) {
        // Engines sweep up with `kill --all` after init has ended.
        Err(Error::NotRunning) if args.all => Ok(()),
        result => result,
    }
}

/// Sends a signal to a container; `NotRunning` if there is nothing left to take it.
pub(crate) fn send(record: &Record, signal: Signal) -> Result<()> {
    if signal != Signal::KILL {
        return send_to_init(record, signal);
    }
    if record.has_own_pid_namespace() || matches!(record.cgroup, Cgroup::Unmanaged) {
        send_to_init(record, signal)?;
    } else {
        kill_all(record)?;
    }
    thaw(record)
}

fn send_to_init(record: &Record, signal: Signal) -> Result<()> {
    match sys::pidfd::send_signal(record.open_init()?, signal.0) {
        Err(error) if error.errno == Errno::ESRCH => Err(Error::NotRunning),
        result => result.map_err(|error| Error::Other(format!("signal {}: {error}", signal.0))),
    }
}

/// Kills all processes of a container that shares its pid namespace: no end of init takes them along, and they may
/// be there although init is gone.
fn kill_all(record: &Record) -> Result<()> {
    let init = send_to_init(record, Signal::KILL);
    let is_empty = record.cgroup.processes().map_err(Error::other)?.is_empty();
    match init {
        Err(Error::NotRunning) if is_empty => Err(Error::NotRunning),
        Ok(()) | Err(Error::NotRunning) => record.cgroup.kill().map_err(Error::other),
        Err(error) => Err(error),
    }
}

/// On cgroup v1 a frozen process does not even die.
fn thaw(record: &Record) -> Result<()> {
    if status::is_frozen(record)? { record.cgroup.thaw().map_err(Error::other) } else { Ok(()) }
}
