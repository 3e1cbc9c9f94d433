//! File descriptors that engines exchange with us: terminals and pidfds by socket, inherited ones by number.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use sys::socket;
use sys::{Call, fd};

use crate::error::{Error, Result};

/// How long a caller may let us wait who listens and never accepts: an engine would wait for us for ever.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connects to a socket that the caller listens on.
pub(crate) fn connect(path: &Path, flag: &str) -> Result<OwnedFd> {
    let address = sys::file::c_path(path, Call::Connect);
    let connection = address.and_then(|address| socket::connect_within(&address, PATIENCE));
    connection.map_err(|error| Error::Other(format!("{flag}: connect to {}: {error}", path.display())))
}

/// Sends a descriptor with a text that names it (unix(7) `SCM_RIGHTS`).
pub(crate) fn send(connection: &OwnedFd, name: &str, descriptor: BorrowedFd<'_>) -> Result<()> {
    socket::send(connection, name.as_bytes(), Some(descriptor))
        .map_err(|error| Error::Other(format!("send {name}: {error}")))
}

/// Sends a pidfd to a socket. `named_by` is the flag or field that says so, for errors.
pub(crate) fn send_pidfd(path: &Path, named_by: &str, pidfd: BorrowedFd<'_>) -> Result<()> {
    send(&connect(path, named_by)?, "pidfd", pidfd.as_fd())
}

/// Makes sure that the descriptors to be preserved are there: from 3 on, after the caller's sockets.
pub(crate) fn check_preserved(sockets: u32, count: u32) -> Result<()> {
    let first = 3_u32.saturating_add(sockets);
    match (0..count).find(|index| !fd::is_inherited(first.saturating_add(*index) as i32)) {
        Some(missing) => Err(Error::Other(format!(
            "unable to stat preserved-fd {missing} (of {count}): descriptor {} is not open",
            first.saturating_add(missing)
        ))),
        None => Ok(()),
    }
}
