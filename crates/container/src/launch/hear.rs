//! Listening to a child, as long as there is a point in it.

use std::os::fd::OwnedFd;

use cgroup::Cgroup;
use sys::Errno;

use crate::error::{Error, Result};
use crate::packet::{Channel, Packet};

/// Waits for a packet. A child that has limited patience of its parent, and is frozen with the container that it enters,
/// is given up: an engine's shim would wait for this command, and the command that thaws for the shim.
pub(super) fn hear(channel: &Channel, cgroup: Option<&Cgroup>) -> Result<Option<(Packet, Option<OwnedFd>)>> {
    loop {
        match channel.receive() {
            Err(error) if error.errno == Errno::EAGAIN => {
                if cgroup.is_some_and(|cgroup| matches!(cgroup.is_frozen(), Ok(true))) {
                    return Err(frozen());
                }
            }
            received => return received.map_err(Error::doing("hear from the container")),
        }
    }
}

pub(super) fn frozen() -> Error {
    Error::Plain("container was paused before the process ran its program".into())
}
