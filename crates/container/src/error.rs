//! What went wrong while a plan was carried out, in one line that names field, step and reason.

use std::fmt;

use sys::pidfd::Exit;

use crate::packet::Reason;

/// The result of carrying out (a part of) a plan.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed plan.
#[derive(Debug)]
pub enum Error {
    /// A step failed, on either side.
    Step {
        /// Field and description of the step.
        label: String,
        /// Why.
        reason: Reason,
        /// What a failing hook had to say.
        output: String,
    },
    /// The child ended without a word: it was killed.
    Died {
        /// How it ended.
        exit: Exit,
        /// Whether the kernel ran out of memory for the cgroup.
        out_of_memory: bool,
    },
    /// The parent could not do something that belongs to no step.
    Host {
        /// What it was doing, with its object.
        doing: String,
        /// The call that failed.
        error: sys::Error,
    },
    /// A cgroup could not be set up.
    Cgroup(cgroup::Error),
    /// A hint or finding that is complete as it stands.
    Plain(String),
}

impl std::error::Error for Error {}

impl From<cgroup::Error> for Error {
    fn from(error: cgroup::Error) -> Error {
        Error::Cgroup(error)
    }
}

impl Error {
    /// For `map_err`: what the parent was doing when a call failed.
    pub fn doing(what: impl Into<String>) -> impl FnOnce(sys::Error) -> Error {
        |error| Error::Host { doing: what.into(), error }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Step { label, reason, output } => {
                write!(f, "{label}: {reason}")?;
                if output.is_empty() { Ok(()) } else { write!(f, ": {output}") }
            }
            Error::Died { out_of_memory: true, .. } => {
                f.write_str("container init was OOM-killed (memory limit too low?)")
            }
            Error::Died { exit: Exit::Signal(signal), .. } => {
                write!(f, "the process was killed by signal {signal} before it was ready")
            }
            Error::Died { exit: Exit::Status(status), .. } => {
                write!(f, "the process exited with status {status} before it was ready")
            }
            Error::Host { doing, error } => write!(f, "{doing}: {error}"),
            Error::Cgroup(error) => error.fmt(f),
            Error::Plain(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The reader knows from the step that a program was looked up or run.
            Reason::Call(error) if matches!(error.call, sys::Call::Execve | sys::Call::Faccess) => {
                write!(f, "{}", sys::Described(error.errno))
            }
            Reason::Call(error) => error.fmt(f),
            Reason::NotInPath => f.write_str("executable file not found in $PATH"),
            Reason::HookExited(status) => write!(f, "exit status {status}"),
            Reason::HookSignalled(signal) => write!(f, "killed by signal {signal}"),
            Reason::HookTimedOut => f.write_str("timed out"),
            Reason::Mismatch => f.write_str("something else is there already"),
            Reason::NotPlainDirectory => {
                f.write_str("must be mounted on an ordinary directory, not by a symbolic link")
            }
            Reason::CoversProc => f.write_str("cannot be mounted because it is inside /proc or hides it"),
            Reason::LockedBelow => f.write_str(
                "cannot be mounted without the mounts below it, which are locked in a user namespace: use rbind",
            ),
            Reason::OtherNamespace => f.write_str("not a namespace of this type"),
            Reason::InsideChroot => {
                f.write_str("the root directory is no mount point, as after chroot: bind it onto itself before")
            }
            Reason::UnknownLabel => f.write_str("the kernel has not loaded it"),
            Reason::Panicked => f.write_str("the runtime panicked (this is a bug)"),
            Reason::Orphaned => f.write_str("the runtime that made it is gone"),
        }
    }
}
