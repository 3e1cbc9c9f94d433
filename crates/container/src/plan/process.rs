//! What the process is and runs.

use std::ffi::CString;
use std::path::PathBuf;

use sys::creds::{Mask, Sets};
use sys::process::Strings;
use sys::seccomp::Instruction;

/// The user and the rights of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// User id in the container.
    pub uid: u32,
    /// Group id in the container.
    pub gid: u32,
    /// Supplementary groups.
    pub groups: Groups,
    /// The five capability sets.
    pub capabilities: Capabilities,
    /// What it keeps of its capabilities besides, until execve: what loading a filter takes. None of it is in the
    /// sets that execve makes the program's from.
    pub until_execve: Mask,
}

/// What becomes of the supplementary groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// They are these.
    Set(Vec<u32>),
    /// They stay as they are, since setgroups(2) is denied (user_namespaces(7)).
    Denied,
    /// They stay the caller's, since the config wants it so.
    Kept,
}

/// The five capability sets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Capabilities {
    /// The limit of all that follows.
    pub bounding: Mask,
    /// Effective, permitted, inheritable.
    pub sets: Sets,
    /// Kept over execve of plain programs by a user other than root.
    pub ambient: Mask,
}

/// A compiled seccomp filter.
#[derive(Clone)]
pub struct Filter {
    /// The program.
    pub program: Vec<Instruction>,
    /// Flags of seccomp(2).
    pub flags: u64,
    /// The socket to whose listener the filter's own is sent, if it has one (`SECCOMP_FILTER_FLAG_NEW_LISTENER`).
    pub agent: Option<PathBuf>,
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Filter {{ {} instructions, flags {:#x} }}", self.program.len(), self.flags)
    }
}

/// How a program is looked up (execvp(3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// As the config names it.
    pub name: String,
    /// Where it may be, in order: one path, or one for each directory of PATH.
    pub candidates: Vec<CString>,
}

/// What execve(2) is given.
#[derive(Debug)]
pub struct Execution {
    /// As the config names it, for errors.
    pub name: String,
    /// `process.args`.
    pub arguments: Strings,
    /// `process.env`.
    pub environment: Strings,
}

/// Who enforces a security label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityModule {
    /// Its labels are profiles.
    AppArmor,
    /// Its labels are contexts.
    Selinux,
}
