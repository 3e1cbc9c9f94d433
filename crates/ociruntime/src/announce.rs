//! Tells the caller which process it got: by `--pidfd-socket`, the annotation for the same, and `--pid-file`.

use std::path::Path;

use container::launch::Ready;

use crate::error::{Error, Result};
use crate::{descriptors, pid_file};

/// Where a pidfd is sent to.
pub(crate) struct Receiver<'r> {
    /// The socket.
    pub(crate) path: &'r Path,
    /// The flag or field that names it, for errors.
    pub(crate) named_by: &'static str,
}

impl<'r> Receiver<'r> {
    /// The one of the command line.
    pub(crate) fn by_flag(path: Option<&'r Path>) -> Option<Receiver<'r>> {
        path.map(|path| Receiver { path, named_by: "--pidfd-socket" })
    }

    /// The one of the config.
    pub(crate) fn by_annotation(path: Option<&'r Path>) -> Option<Receiver<'r>> {
        path.map(|path| Receiver { path, named_by: "annotations[run.oci.pidfd_receiver]" })
    }
}

/// Sends the pidfd and writes the pid of a process that is ready, each to whoever asked for it.
pub(crate) fn announce<'r>(
    ready: &Ready<'_>,
    receivers: impl IntoIterator<Item = Receiver<'r>>,
    pid_file: Option<&Path>,
) -> Result<()> {
    for Receiver { path, named_by } in receivers {
        descriptors::send_pidfd(path, named_by, ready.pidfd().map_err(Error::other)?)?;
    }
    match pid_file {
        Some(file) => pid_file::write(file, ready.pid().map_err(Error::other)?),
        None => Ok(()),
    }
}
