//! Programs that run at points of the lifecycle.

use std::ffi::CString;
use std::path::PathBuf;
use std::time::Duration;

use sys::process::Strings;

/// When a hook runs (runtime-spec config.md "POSIX-platform Hooks").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookPoint {
    /// Deprecated form of createRuntime, run before it.
    Prestart,
    /// During create, in the runtime's namespaces.
    CreateRuntime,
    /// During create, in the container's namespaces, before the root is entered.
    CreateContainer,
    /// During start, in the container, before the program.
    StartContainer,
    /// During start, in the runtime's namespaces, after the program was executed.
    Poststart,
    /// During delete, in the runtime's namespaces.
    Poststop,
}

impl HookPoint {
    /// The status of the container that the hook is told (runtime-spec runtime.md "State").
    pub fn status(self) -> &'static str {
        match self {
            HookPoint::Prestart | HookPoint::CreateRuntime | HookPoint::CreateContainer => "creating",
            HookPoint::StartContainer => "created",
            HookPoint::Poststart => "running",
            HookPoint::Poststop => "stopped",
        }
    }
}

/// A program to run at a point of the lifecycle.
#[derive(Debug)]
pub struct Hook {
    /// Absolute path.
    pub path: CString,
    /// argv; the path alone if the config gives none.
    pub arguments: Strings,
    /// The environment; empty if the config gives none.
    pub environment: Strings,
    /// How long it may take.
    pub timeout: Option<Duration>,
    /// Where it writes to.
    pub files: HookFiles,
}

/// Files of the host that are the standard output and standard error of hooks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookFiles {
    /// That of standard output.
    pub output: Option<PathBuf>,
    /// That of standard error.
    pub errors: Option<PathBuf>,
}

/// The container's state as JSON, in two halves with status and pid to be put between:
/// `{…,"status":"` and `"pid":` … so that a child can complete it without a serializer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HookState {
    /// Up to and including `"status":"`.
    pub head: Vec<u8>,
    /// From the comma after the pid to the closing brace.
    pub tail: Vec<u8>,
}
