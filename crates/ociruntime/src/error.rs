//! What a command can fail with. `main` alone prints it, once, in one line.

use std::fmt;
use std::io;
use std::path::PathBuf;

use sys::{Described, Errno};

use crate::status::Status;

/// The result of a command's part.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a command failed. The texts of the conditions are runc's: engines look for them.
#[derive(Debug)]
pub(crate) enum Error {
    /// The id cannot be the name of a container.
    InvalidId,
    /// `create` of an id that is taken.
    Exists,
    /// There is no container of that id.
    DoesNotExist,
    /// The container has no process that could take a signal.
    NotRunning,
    /// `create` is still at it: its init, if there is one yet, is not on record.
    Creating,
    /// `resume` of a container that runs.
    NotPaused,
    /// `delete` without force of a container that has not stopped.
    NotStopped {
        /// The container.
        id: String,
        /// What it is doing instead.
        status: Status,
    },
    /// SIGKILL was sent, and the container's init is still there.
    StillRunning,
    /// A file of ours could not be worked on.
    File {
        /// What was tried.
        operation: &'static str,
        /// With what.
        path: PathBuf,
        /// What the kernel answered.
        errno: Errno,
    },
    /// A failure that another layer describes in full.
    Other(String),
}

impl Error {
    /// Wraps the error of another layer, which says all there is to say.
    pub(crate) fn other(error: impl fmt::Display) -> Error {
        Error::Other(error.to_string())
    }

    /// For `map_err` on a system call: what was tried, and with which file.
    pub(crate) fn file(
        operation: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(sys::Error) -> Error {
        move |error| Error::File { operation, path: path.into(), errno: error.errno }
    }

    /// The same for a call of std.
    pub(crate) fn io(operation: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        move |error| Error::File { operation, path: path.into(), errno: sys::errno_of(&error) }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::InvalidId => f.write_str("invalid container ID format"),
            Error::Exists => f.write_str("container with given ID already exists"),
            Error::DoesNotExist => f.write_str("container does not exist"),
            Error::NotRunning => f.write_str("container not running"),
            Error::Creating => f.write_str("container is still being created: end it with delete --force"),
            Error::NotPaused => f.write_str("container not paused"),
            Error::NotStopped { id, status } => {
                write!(f, "cannot delete container {id} that is not stopped: {status}")
            }
            Error::StillRunning => f.write_str("container init still running"),
            Error::File { operation, path, errno } => {
                write!(f, "{operation} {}: {}", path.display(), Described(*errno))
            }
            Error::Other(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_error_reads_as_operation_path_and_reason() {
        let error = Error::io("read", "/x")(io::Error::from_raw_os_error(2));
        assert_eq!(error.to_string(), "read /x: no such file or directory (ENOENT)");
    }
}
