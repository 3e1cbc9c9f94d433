//! Listening to a child, as long as there is a point in it.

use std::os::fd::OwnedFd;

use cgroup::Cgroup;
use sys::Errno;

use super::guard::Guard;
use crate::error::{Error, Result};
use crate::packet::{Channel, Packet};

/// Waits for a packet. A child that has limited patience of its parent, and is frozen with the container that it enters,
/// is given up: an engine's shim would wait for this command, and the command that thaws for the shim. So is one that was
/// killed before it could tell of the second process that it has made, which keeps the channel open.
pub(super) fn hear(
    channel: &Channel,
    cgroup: Option<&Cgroup>,
    child: Option<&Guard>,
) -> Result<Option<(Packet, Option<OwnedFd>)>> {
    let mut was_gone = false;
    loop {
        match channel.receive() {
            Err(error) if error.errno == Errno::EAGAIN => {
                if cgroup.is_some_and(|cgroup| matches!(cgroup.is_frozen(), Ok(true))) {
                    return Err(frozen());
                }
                // Its last words may have come since.
                if was_gone {
                    return Ok(None);
                }
                was_gone = child.is_some_and(Guard::has_ended);
            }
            received => return received.map_err(Error::doing("hear from the container")),
        }
    }
}

pub(super) fn frozen() -> Error {
    Error::Plain("container was paused before the process ran its program".into())
}
