//! Finds the program as execvp(3) does, before `created` is reported.

use std::ffi::{CStr, CString};

use sys::{Call, Errno, Error, fd, fs};

use crate::packet::Reason;
use crate::plan::Program;

/// The first candidate that the user may execute. If there is none, the most telling reason: permission denied
/// over not found.
pub(crate) fn find(program: &Program) -> Result<&CStr, Reason> {
    let mut denied = None;
    for candidate in &program.candidates {
        match is_executable(candidate) {
            Ok(()) => return Ok(candidate),
            Err(error) if matches!(error.errno, Errno::ENOENT | Errno::ENOTDIR) && by_path(program) => {}
            Err(error) => denied = denied.or(Some(error)),
        }
    }
    Err(denied.map_or(Reason::NotInPath, Reason::Call))
}

fn by_path(program: &Program) -> bool {
    !program.name.contains('/')
}

fn is_executable(path: &CString) -> Result<(), Error> {
    let stat = fs::stat_at(fd::cwd(), path, 0).map_err(|error| Error { call: Call::Faccess, ..error })?;
    if fs::is_directory(&stat) {
        return Err(Error { call: Call::Faccess, errno: Errno::EACCES });
    }
    fs::may_execute(fd::cwd(), path)
}
