//! Tells the caller which process it got: by `--pidfd-socket` and `--pid-file`.

use std::path::Path;

use container::launch::Ready;

use crate::error::{Error, Result};
use crate::{descriptors, pid_file};

/// Sends the pidfd and writes the pid of a process that is ready, each to whoever asked for it.
pub(crate) fn announce(
    ready: &Ready<'_>,
    pidfd_socket: Option<&Path>,
    pid_file: Option<&Path>,
) -> Result<()> {
    if let Some(socket) = pidfd_socket {
        descriptors::send_pidfd(socket, ready.pidfd().map_err(Error::other)?)?;
    }
    match pid_file {
        Some(file) => pid_file::write(file, ready.pid().map_err(Error::other)?),
        None => Ok(()),
    }
}
