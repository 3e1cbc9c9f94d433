//! What a conversation with CRIU can fail with.

use std::fmt;

use sys::pidfd::Exit;
use sys::{Described, Errno};

/// The result of a part of the conversation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why CRIU did not do what it was asked for.
#[derive(Debug)]
pub enum Error {
    /// There is no such program.
    Missing,
    /// It is older than what is needed.
    TooOld {
        /// Major and minor number of its version.
        found: (i64, i64),
    },
    /// It cannot do this, or the kernel cannot.
    Unable(&'static str),
    /// It tried and failed; why is in its log.
    Failed {
        /// What it was doing.
        task: &'static str,
        /// Its number for the failure: an errno, or 0.
        errno: i32,
    },
    /// It ended without an answer.
    Ended(Exit),
    /// Its answer is no message.
    Garbled,
    /// A step in between that was not CRIU's own failed, in whole words.
    Step(String),
    /// A system call of ours failed.
    Call {
        /// What it was for.
        doing: &'static str,
        /// The call and its errno.
        error: sys::Error,
    },
}

impl Error {
    /// For `map_err`: the purpose of a system call.
    pub(crate) fn doing(doing: &'static str) -> impl FnOnce(sys::Error) -> Error {
        move |error| Error::Call { doing, error }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Missing => {
                f.write_str("criu is not found in $PATH: no container is checkpointed or restored without it")
            }
            Error::TooOld { found: (major, minor) } => {
                let (least_major, least_minor) = crate::session::LEAST;
                write!(f, "criu {major}.{minor} is too old: {least_major}.{least_minor} or newer is needed")
            }
            Error::Unable(what) => write!(f, "criu or the kernel has no {what}"),
            Error::Failed { task, errno: 0 } => write!(f, "criu failed: {task}"),
            Error::Failed { task, errno } => {
                write!(f, "criu failed: {task}: {}", Described(Errno::from_raw(*errno)))
            }
            Error::Ended(Exit::Status(status)) => {
                write!(f, "criu ended without an answer: exit status {status}")
            }
            Error::Ended(Exit::Signal(signal)) => write!(f, "criu ended without an answer: signal {signal}"),
            Error::Garbled => f.write_str("criu's answer is not of its protocol"),
            Error::Step(text) => f.write_str(text),
            Error::Call { doing, error } => write!(f, "{doing}: {error}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_says_task_and_errno() {
        assert_eq!(
            Error::Failed { task: "dump", errno: 3 }.to_string(),
            "criu failed: dump: no such process (ESRCH)"
        );
    }

    #[test]
    fn a_failure_without_a_number_is_short() {
        assert_eq!(Error::Failed { task: "restore", errno: 0 }.to_string(), "criu failed: restore");
    }
}
