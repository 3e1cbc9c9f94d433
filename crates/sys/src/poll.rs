//! Waits for descriptors: poll(2).

use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

use crate::{Call, Errno, Error, Result};

/// What a descriptor is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// It can be read, or is hung up.
    Read,
    /// It can be written, or is hung up.
    Write,
    /// Nobody is at the other end any more.
    HangUp,
}

/// Waits until one of `fds` is readable or hung up, at most `timeout` (`None` = for ever).
/// Answers which of them are; all false means that time ran out. A signal does not end the wait.
pub fn readable<const N: usize>(fds: [BorrowedFd<'_>; N], timeout: Option<Duration>) -> Result<[bool; N]> {
    ready(fds.map(|fd| (fd, Want::Read)), timeout)
}

/// The same for descriptors of which some are to be written.
pub fn ready<const N: usize>(
    fds: [(BorrowedFd<'_>, Want); N],
    timeout: Option<Duration>,
) -> Result<[bool; N]> {
    let mut polled = fds.map(|(fd, want)| {
        let events = match want {
            Want::Read => libc::POLLIN,
            Want::Write => libc::POLLOUT,
            // Errors and hang-ups are told of unasked.
            Want::HangUp => 0,
        };
        libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 }
    });
    let deadline = timeout.map(|timeout| crate::time::monotonic() + timeout);
    loop {
        let left =
            deadline.map_or(-1, |deadline| milliseconds(deadline.saturating_sub(crate::time::monotonic())));
        // SAFETY: the array outlives the call and its length is passed.
        let result = unsafe { libc::poll(polled.as_mut_ptr(), N as libc::nfds_t, left) };
        match crate::checked(Call::Poll, libc::c_long::from(result)) {
            Err(Error { errno: Errno::EINTR, .. }) => continue,
            result => result?,
        };
        return Ok(polled.map(|polled| polled.revents != 0));
    }
}

/// Those of the descriptors 0, 1 and 2 that are open on nothing, lowest first.
pub fn closed_standard_descriptors() -> impl Iterator<Item = i32> {
    let mut polled = [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0, revents: 0 });
    // No error: it cannot be interrupted as it does not wait, and without memory nothing else would work either.
    // SAFETY: the array outlives the call and its length is passed.
    unsafe { libc::poll(polled.as_mut_ptr(), polled.len() as libc::nfds_t, 0) };
    polled.into_iter().filter(|polled| polled.revents & libc::POLLNVAL != 0).map(|polled| polled.fd)
}

/// Rounded up, so that a wait never ends before its time.
fn milliseconds(left: Duration) -> i32 {
    i32::try_from(left.as_millis() + u128::from(!left.subsec_nanos().is_multiple_of(1_000_000)))
        .unwrap_or(i32::MAX)
}
