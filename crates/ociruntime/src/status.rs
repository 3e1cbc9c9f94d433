//! What a container is doing, observed anew each time: what is not stored cannot be wrong.

use std::fmt;

use serde::Serialize;

use crate::error::{Error, Result};
use crate::store::{Entry, Record};

/// The states of runtime-spec (runtime.md, "State"), and `paused`, which runtimes have added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// `create` is at work.
    Creating,
    /// Init waits for `start`.
    Created,
    /// Init has been told to run the program, and lives.
    Running,
    /// Its cgroup is frozen.
    Paused,
    /// Init has ended (a zombie has), or never began.
    Stopped,
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Creating => "creating",
            Status::Created => "created",
            Status::Running => "running",
            Status::Paused => "paused",
            Status::Stopped => "stopped",
        })
    }
}

/// Looks at the container. The cheapest question that can settle it comes first.
pub(crate) fn observe(entry: &Entry, record: &Record) -> Result<Status> {
    let Some(init) = record.init else {
        // Without an init, a record is that of a `create` at work, which holds the lock, or of one that was killed.
        return Ok(if entry.is_locked()? { Status::Creating } else { Status::Stopped });
    };
    if !init.is_alive()? {
        return Ok(Status::Stopped);
    }
    if is_frozen(record)? {
        return Ok(Status::Paused);
    }
    Ok(if entry.awaits_start()? { Status::Created } else { Status::Running })
}

/// Whether the container's cgroup is frozen. One that is gone, as in a race with `delete`, is not.
pub(crate) fn is_frozen(record: &Record) -> Result<bool> {
    match record.cgroup.is_frozen() {
        Err(error) if error.is_gone() => Ok(false),
        result => result.map_err(Error::other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_written_the_same_in_json_as_in_a_table() {
        assert_eq!(serde_json::to_string(&Status::Created).ok(), Some(format!("\"{}\"", Status::Created)));
    }
}
