//! What went wrong with a cgroup: the config field, the operation and the kernel's answer.

use std::borrow::Cow;
use std::fmt;

use sys::{Described, Errno};

/// A failure in this crate. Prints as
/// `linux.resources.memory.limit: write 4096 to memory.max: device or resource busy (EBUSY)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The field of config.json that asked for the operation, if one did.
    pub field: Option<Cow<'static, str>>,
    /// What was tried, or what is wrong, in words.
    pub operation: String,
    /// The kernel's answer, when it was the kernel that refused.
    pub errno: Option<Errno>,
}

impl Error {
    /// Whether the user may not do it: not the owner, or a read-only mount. A rootless container without
    /// limits goes on without a cgroup then.
    pub fn is_denied(&self) -> bool {
        matches!(self.errno, Some(Errno::EACCES | Errno::EPERM | Errno::EROFS))
    }

    /// Whether the cgroup is not there any more.
    pub fn is_gone(&self) -> bool {
        matches!(self.errno, Some(Errno::ENOENT | Errno::ENODEV))
    }

    /// A rule of ours or of the specification is broken; no system call failed.
    pub(crate) fn rule(words: impl Into<String>) -> Error {
        Error { field: None, operation: words.into(), errno: None }
    }

    /// The kernel refused `operation`.
    pub(crate) fn kernel(operation: impl Into<String>, errno: Errno) -> Error {
        Error { field: None, operation: operation.into(), errno: Some(errno) }
    }

    /// Names the config field that asked for it.
    pub(crate) fn of(self, field: impl Into<Cow<'static, str>>) -> Error {
        Error { field: Some(field.into()), ..self }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.operation)?;
        match self.errno {
            Some(errno) => write!(f, ": {}", Described(errno)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_reads_as_field_operation_and_errno() {
        let error =
            Error::kernel("write 4096 to memory.max", Errno::EBUSY).of("linux.resources.memory.limit");
        assert_eq!(
            error.to_string(),
            "linux.resources.memory.limit: write 4096 to memory.max: device or resource busy (EBUSY)"
        );
    }

    #[test]
    fn a_broken_rule_has_no_errno() {
        assert_eq!(Error::rule("cgroup is frozen").to_string(), "cgroup is frozen");
    }
}
