//! Keeps the host's binary out of reach of containers (CVE-2019-5736).
//!
//! A container's init begins as a clone of the runtime, so its /proc/PID/exe is the runtime's executable, and a
//! process that joins a container can be looked at from inside. Whoever opened the host's file through that link
//! could write to it once it is no longer executed. So the commands that enter a container first move into a file that
//! can never be written to:
//!
//! 1. the binary as seen through an overlay of read-only layers that is mounted nowhere: no copy, but needs rights
//!    over mounts (overlayfs, "Multiple lower layers"). That is done before libc starts, by `sys::early`;
//! 2. executed again, a sealed copy in memory (memfd_create(2));
//! 3. where executable memfds are forbidden (vm.memfd_noexec=2), the same of a copy in an unlinked file, which is not the host's.
//!
//! docs/ARCHITECTURE.md has the measurements behind this order.

use std::env;
use std::ffi::{CString, OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use sys::early::{ENTERING, MARK, mark};
use sys::process::Strings;
use sys::start::arguments;
use sys::{fd, memfd};

use crate::error::{Error, Result};

/// This process's own executable.
const EXE: &str = "/proc/self/exe";

/// Executes the runtime again from a sealed file, if the command line is of a command that needs it and this is not
/// done yet.
pub(crate) fn reenter(args: &[OsString]) -> Result<()> {
    let enters = |arg: &OsString| ENTERING.iter().any(|command| arg.as_bytes() == command.to_bytes());
    if !args.iter().any(enters) || is_sealed() {
        return Ok(());
    }
    // To make the file is not all: some security modules let no program run from where it lies.
    let again = |make: fn() -> Result<OwnedFd>| make().map_or_else(|error| error, |file| execute(&file));
    again(copy_in_memory);
    Err(again(unlinked_copy))
}

fn is_sealed() -> bool {
    if sys::early::is_sealed() {
        return true;
    }
    let Some(found) = env::var_os(variable()) else { return false };
    fs::metadata(EXE).is_ok_and(|exe| found.as_bytes() == mark(exe.dev(), exe.ino()).as_bytes())
}

fn variable() -> &'static OsStr {
    OsStr::from_bytes(MARK.to_bytes())
}

/// Only comes back if it fails.
fn execute(file: &OwnedFd) -> Error {
    let failed = match sys::fs::stat(file) {
        Ok(stat) => {
            let arguments = arguments().iter().cloned().map(c_string).collect();
            let inherited = env::vars_os().filter(|(name, _)| name != variable());
            let marked = (variable().to_owned(), mark(stat.st_dev, stat.st_ino).into());
            let join = |(name, value): (OsString, OsString)| c_string([name, value].join("=".as_ref()));
            let environment = inherited.chain([marked]).map(join).collect();
            sys::process::execute_file(file, &Strings::new(arguments), &Strings::new(environment))
        }
        Err(error) => error,
    };
    Error::other(failed)
}

/// The arguments and variables of a process have no NUL bytes in them.
fn c_string(text: OsString) -> CString {
    CString::new(text.into_vec()).unwrap_or_default()
}

fn copy_in_memory() -> Result<OwnedFd> {
    let copy = memfd::executable(c"ociruntime").map_err(Error::other)?;
    fill(&copy)?;
    memfd::seal(&copy).map_err(Error::other)?;
    Ok(copy)
}

/// A private copy without a name: whoever writes to it writes to nothing that anybody will execute again.
fn unlinked_copy() -> Result<OwnedFd> {
    const PLACE: &str = "/tmp";
    let mut unnamed = OpenOptions::new();
    unnamed.write(true).custom_flags(fd::O_TMPFILE).mode(0o500);
    let copy = unnamed.open(PLACE).map_err(Error::io("make a file in", PLACE))?;
    fill(&copy)?;
    // A file that is open for writing cannot be executed.
    let path = fd::ProcPath::new(copy.as_fd());
    let readable = fd::open(fd::cwd(), path.as_c_str(), fd::O_RDONLY, 0).map_err(Error::other)?;
    drop(copy);
    Ok(readable)
}

fn fill(copy: impl AsFd) -> Result<()> {
    let exe = File::open(EXE).map_err(Error::io("open", EXE))?;
    let length = exe.metadata().map_err(Error::io("stat", EXE))?.len();
    memfd::copy(&exe, copy, length).map_err(Error::file("copy", EXE))
}
