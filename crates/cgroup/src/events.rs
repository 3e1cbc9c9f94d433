//! Waits for a change in cgroup.events, which the kernel announces (cgroups(7)): no polling by time.

use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::fcntl::{OFlag, openat};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::stat::Mode;
use sys::{Errno, errno_of};

use crate::cgroup::Unified;
use crate::{Error, control};

/// What a caller waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// No process is left in the subtree.
    Empty,
    /// Every process of the subtree is frozen.
    Frozen,
}

impl Event {
    fn has_come(self, events: &str) -> bool {
        match self {
            Event::Empty => control::keyed(events, "populated") == Some(0),
            Event::Frozen => control::keyed(events, "frozen") == Some(1),
        }
    }
}

/// Waits until the event has come, and says whether it has before the deadline.
pub(crate) fn wait_for(unified: &Unified, event: Event, deadline: Instant) -> Result<bool, Error> {
    let path = unified.file("cgroup.events");
    let failed = |errno: Errno| Error::kernel(format!("read {path}"), errno);
    let file = File::open(&path).map_err(|error| failed(errno_of(&error)))?;
    wait_on(file, event, deadline).map_err(failed)
}

/// The same of the cgroup that a directory's descriptor stands for, which may be gone by now.
pub(crate) fn wait_in(cgroup: BorrowedFd<'_>, event: Event, deadline: Instant) -> Result<bool, Errno> {
    match openat(cgroup, "cgroup.events", OFlag::O_RDONLY | OFlag::O_CLOEXEC, Mode::empty()) {
        Err(Errno::ENOENT | Errno::ENODEV) => Ok(true),
        file => wait_on(File::from(file?), event, deadline),
    }
}

fn wait_on(mut file: File, event: Event, deadline: Instant) -> Result<bool, Errno> {
    loop {
        let events = match reread(&mut file) {
            // Somebody else removed the cgroup meanwhile: nothing is in it, and nothing runs.
            Err(error) if errno_of(&error) == Errno::ENODEV => return Ok(true),
            events => events.map_err(|error| errno_of(&error))?,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        if event.has_come(&events) || left.is_zero() {
            return Ok(event.has_come(&events));
        }
        changed(&file, left)?;
    }
}

fn reread(file: &mut File) -> std::io::Result<String> {
    let mut buffer = [0; 256];
    file.rewind()?;
    let length = file.read(&mut buffer)?;
    Ok(String::from_utf8_lossy(&buffer[..length]).into_owned())
}

/// Returns on a change or after `left`; a signal is as good as a change, since the caller reads again.
fn changed(file: &File, left: Duration) -> Result<(), Errno> {
    let timeout = PollTimeout::try_from(left + Duration::from_millis(1)).unwrap_or(PollTimeout::MAX);
    match poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLPRI)], timeout) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_by_their_keys() {
        assert!(Event::Empty.has_come("populated 0\nfrozen 0\n"));
        assert!(!Event::Empty.has_come("populated 1\nfrozen 0\n"));
        assert!(Event::Frozen.has_come("populated 1\nfrozen 1\n"));
    }
}
