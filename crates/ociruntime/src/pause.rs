//! `pause` and `resume`: hold all processes of a container still where they are, and let them go on.
//!
//! Neither waits for the lock of the container: a hook that hangs must not keep anybody from stopping the rest. The
//! kernel keeps the state, so there is nothing to put on record.

use cgroup::Cgroup;

use crate::args;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::status::{self, Status};
use crate::store::{Record, Store};

/// Pauses a container, and returns when all of its processes have stopped.
pub(crate) fn pause(store: &Store, args: &args::Pause) -> Result<()> {
    let (record, status) = look(store, &args.id)?;
    if !matches!(status, Status::Running | Status::Created) {
        return Err(Error::NotRunning);
    }
    tracing::debug!("freeze the cgroup of process {}", record.init.map_or(0, |init| init.pid));
    own(&record)?.freeze().map_err(or_gone)
}

/// Lets a paused container go on.
pub(crate) fn resume(store: &Store, args: &args::Resume) -> Result<()> {
    let (record, status) = look(store, &args.id)?;
    if status != Status::Paused {
        return Err(Error::NotPaused);
    }
    tracing::debug!("thaw the cgroup of process {}", record.init.map_or(0, |init| init.pid));
    record.cgroup.thaw().map_err(or_gone)?;
    // v1 tells of a container by what holds it, its own cgroup or one above.
    if status::is_frozen(&record)? {
        return Err(Error::Other("the container stays paused: a cgroup above its own is frozen".into()));
    }
    Ok(())
}

fn look(store: &Store, id: &str) -> Result<(Record, Status)> {
    let entry = store.find(&ContainerId::parse(id)?)?;
    let record = entry.read()?;
    let status = status::observe(&entry, &record)?;
    Ok((record, status))
}

/// The cgroup, if it is the container's: processes that share one with others cannot be told apart.
fn own(record: &Record) -> Result<&Cgroup> {
    match &record.cgroup {
        Cgroup::Unmanaged => {
            Err(Error::Other("the container has no cgroup of its own to stop its processes by".into()))
        }
        cgroup => Ok(cgroup),
    }
}

/// A cgroup that is gone was that of a container that has just ended.
fn or_gone(error: cgroup::Error) -> Error {
    if error.is_gone() { Error::NotRunning } else { Error::other(error) }
}
