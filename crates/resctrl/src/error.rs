//! What went wrong with a group: the operation and the kernel's answer.

use std::fmt;

use sys::{Described, Errno};

/// A failure in this crate. Prints as `write MB:0=5 to web/schemata: invalid argument (EINVAL): MB value 5 out of range`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What was tried, or what is wrong, in words.
    pub operation: String,
    /// The kernel's answer, when it was the kernel that refused.
    pub errno: Option<Errno>,
    /// What the kernel had to add, or a hint of ours; may be empty.
    pub hint: String,
}

impl Error {
    /// A rule of the specification is broken; no system call failed.
    pub(crate) fn rule(words: impl Into<String>) -> Error {
        Error { operation: words.into(), errno: None, hint: String::new() }
    }

    /// For `map_err`: the kernel refused `operation`.
    pub(crate) fn kernel(operation: impl Into<String>) -> impl FnOnce(std::io::Error) -> Error {
        |error| Error { operation: operation.into(), errno: Some(sys::errno_of(&error)), hint: String::new() }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.operation)?;
        if let Some(errno) = self.errno {
            write!(f, ": {}", Described(errno))?;
        }
        if self.hint.is_empty() { Ok(()) } else { write!(f, ": {}", self.hint) }
    }
}
