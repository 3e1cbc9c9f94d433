//! Passes on that a container is ready to the service manager that started us (sd_notify(3)).
//!
//! The container has a socket of ours, not the manager's: of all that it may say only `READY=1` goes on, with the pid
//! that the manager is to watch, and its barriers, with which a client waits until it was heard.

use std::env;
use std::ffi::{CString, OsString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::time::Duration;

use bundle::plan::NOTIFY_SOCKET_NAME as SOCKET;
use sys::fd::{self, ProcPath};
use sys::poll;
use sys::socket::{self, Kind};

use crate::error::{Error, Result};
use crate::store::Entry;

/// The longest message that is read whole. Those that matter are a few bytes.
const LONGEST: usize = 4096;

/// The manager's socket, if there is a manager.
fn manager() -> Option<OsString> {
    env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty())
}

/// Whether there is a service manager to be told.
pub(crate) fn is_wanted() -> bool {
    manager().is_some()
}

/// Stands between a container and the service manager.
pub(crate) struct Proxy {
    /// What the container writes to.
    inside: OwnedFd,
    /// The manager's socket.
    manager: OwnedFd,
    is_ready: bool,
    /// Whether the manager did not take something in: that is told once, as the container can make it happen again.
    is_lost: bool,
}

impl Proxy {
    /// Listens for a container that was created to be heard. A manager that cannot be reached is a warning: the
    /// container runs without.
    pub(crate) fn open(entry: &Entry) -> Result<Option<Proxy>> {
        let Some(name) = manager().filter(|_| entry.notify_directory().is_dir()) else { return Ok(None) };
        let name = CString::new(name.into_vec()).unwrap_or_default();
        let connection = socket::connect(&name, Kind::Datagrams);
        let manager = match connection.and_then(|manager| fd::never_wait(&manager).map(|()| manager)) {
            Ok(manager) => manager,
            Err(error) => {
                tracing::warn!("NOTIFY_SOCKET: connect to {}: {error}", name.to_string_lossy());
                return Ok(None);
            }
        };
        Ok(Some(Proxy { inside: bind(entry)?, manager, is_ready: false, is_lost: false }))
    }

    /// What becomes readable when the container says something.
    pub(crate) fn inside(&self) -> BorrowedFd<'_> {
        self.inside.as_fd()
    }

    /// Takes one message of the container and passes on what is to be.
    pub(crate) fn carry(&mut self, main_pid: i32) -> Result<()> {
        let mut bytes = [0; LONGEST];
        let received = socket::receive_all(&self.inside, &mut bytes);
        let (length, descriptors) =
            received.map_err(|error| Error::Other(format!("hear from the container: {error}")))?;
        match said(&bytes[..length]) {
            Some(Said::Ready) if !self.is_ready => {
                self.is_ready = true;
                // In one message, so that the manager never knows one without the other.
                self.tell(format!("READY=1\nMAINPID={main_pid}").as_bytes(), &[]);
            }
            // More of them is not a barrier to the manager either.
            Some(Said::Barrier) if descriptors.len() == 1 => {
                self.tell(b"BARRIER=1", &[descriptors[0].as_fd()]);
            }
            _ => {}
        }
        Ok(())
    }

    /// Waits until the container is ready or its init has ended.
    pub(crate) fn wait(mut self, init: BorrowedFd<'_>, pid: i32) -> Result<()> {
        while !self.is_ready {
            let [ended, heard] = poll::readable([init, self.inside()], None).map_err(Error::other)?;
            if heard {
                self.carry(pid)?;
            } else if ended {
                return Ok(());
            }
        }
        self.settle(pid)
    }

    /// Waits until the manager has taken in what it was told: it asks who we are, and must find us. Meanwhile the
    /// container may have a barrier of its own.
    fn settle(&mut self, pid: i32) -> Result<()> {
        const PATIENCE: Duration = Duration::from_secs(30);
        let (reached, barrier) = fd::pipe().map_err(Error::other)?;
        self.tell(b"BARRIER=1", &[barrier.as_fd()]);
        drop(barrier);
        let end = sys::time::monotonic() + PATIENCE;
        loop {
            let left = end.saturating_sub(sys::time::monotonic());
            let watched = [reached.as_fd(), self.inside()];
            // The container is heard last: it may never be silent.
            match poll::readable(watched, Some(left)).map_err(Error::other)? {
                [true, _] => return Ok(()),
                [_, true] if !left.is_zero() => self.carry(pid)?,
                _ => {
                    tracing::warn!("NOTIFY_SOCKET: no answer to the barrier within 30 s");
                    return Ok(());
                }
            }
        }
    }

    /// A manager that does not read gets nothing: the container is not to wait for it.
    fn tell(&mut self, message: &[u8], descriptors: &[BorrowedFd<'_>]) {
        if let Err(error) = socket::send_all(&self.manager, message, descriptors)
            && !std::mem::replace(&mut self.is_lost, true)
        {
            tracing::warn!("NOTIFY_SOCKET: {error}");
        }
    }
}

/// The socket that everybody in the container may write to, whatever its user.
fn bind(entry: &Entry) -> Result<OwnedFd> {
    let directory = ProcPath::new(entry);
    let name =
        [directory.as_c_str().to_bytes(), b"/", Entry::NOTIFY.as_bytes(), b"/", SOCKET.as_bytes()].concat();
    // A `start` that was killed may have left one.
    let _ = std::fs::remove_file(entry.notify_directory().join(SOCKET));
    let umask = sys::process::set_umask(0);
    let socket = socket::bind(&CString::new(name).unwrap_or_default(), Kind::Datagrams);
    sys::process::set_umask(umask);
    socket.map_err(Error::file("listen on", entry.notify_directory().join(SOCKET)))
}

/// What of a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Ready,
    /// Its descriptor is to be closed when all that came before has been taken in.
    Barrier,
}

/// A message is lines of assignments.
fn said(message: &[u8]) -> Option<Said> {
    message.split(|byte| *byte == b'\n').find_map(|line| match line {
        b"READY=1" => Some(Said::Ready),
        b"BARRIER=1" => Some(Said::Barrier),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_heard_among_other_lines() {
        assert_eq!(said(b"STATUS=up\nREADY=1\n"), Some(Said::Ready));
    }

    #[test]
    fn a_barrier_is_heard() {
        assert_eq!(said(b"BARRIER=1"), Some(Said::Barrier));
    }

    /// A proxy, and who is at its two ends.
    fn proxy(test: &str) -> (Proxy, OwnedFd, OwnedFd) {
        let name =
            |end: &str| CString::new(format!("@ociruntime-{test}-{end}-{}", std::process::id())).unwrap();
        let manager = socket::bind(&name("manager"), Kind::Datagrams).unwrap();
        let inside = socket::bind(&name("inside"), Kind::Datagrams).unwrap();
        let container = socket::connect(&name("inside"), Kind::Datagrams).unwrap();
        let to_manager = socket::connect(&name("manager"), Kind::Datagrams).unwrap();
        fd::never_wait(&to_manager).unwrap();
        (Proxy { inside, manager: to_manager, is_ready: false, is_lost: false }, manager, container)
    }

    fn heard(manager: &OwnedFd) -> (String, Vec<OwnedFd>) {
        let mut bytes = [0; LONGEST];
        let (length, descriptors) = socket::receive_all(manager, &mut bytes).unwrap();
        (String::from_utf8_lossy(&bytes[..length]).into_owned(), descriptors)
    }

    #[test]
    fn the_manager_hears_of_readiness_and_of_the_main_process() {
        let (mut proxy, manager, container) = proxy("ready");
        socket::send(&container, b"STATUS=up\nREADY=1", None).unwrap();
        proxy.carry(7).unwrap();
        assert_eq!(heard(&manager).0, "READY=1\nMAINPID=7");
    }

    #[test]
    fn what_a_container_may_not_say_is_not_passed_on() {
        let (mut proxy, manager, container) = proxy("silent");
        socket::send(&container, b"MAINPID=1\nSTOPPING=1", None).unwrap();
        proxy.carry(7).unwrap();
        fd::never_wait(&manager).unwrap();
        assert!(socket::receive(&manager, &mut [0]).is_err());
    }

    #[test]
    fn a_barrier_of_the_container_is_the_managers_to_close() {
        let (mut proxy, manager, container) = proxy("barrier");
        let (reached, barrier) = fd::pipe().unwrap();
        socket::send(&container, b"BARRIER=1", Some(barrier.as_fd())).unwrap();
        drop(barrier);
        proxy.carry(7).unwrap();
        let none = Some(Duration::ZERO);
        assert_eq!(poll::readable([reached.as_fd()], none), Ok([false]));
        let (text, descriptors) = heard(&manager);
        assert_eq!(text, "BARRIER=1");
        drop(descriptors);
        assert_eq!(poll::readable([reached.as_fd()], none), Ok([true]));
    }

    #[test]
    fn what_has_several_descriptors_is_no_barrier() {
        let (mut proxy, manager, container) = proxy("several");
        socket::send_all(&container, b"BARRIER=1", &[container.as_fd(), container.as_fd()]).unwrap();
        proxy.carry(7).unwrap();
        fd::never_wait(&manager).unwrap();
        assert!(socket::receive(&manager, &mut [0]).is_err());
    }

    #[test]
    fn a_container_that_ends_unready_is_waited_for_no_longer() {
        let (proxy, _manager, _container) = proxy("ended");
        let (init, end) = fd::pipe().unwrap();
        drop(end);
        assert!(proxy.wait(init.as_fd(), 7).is_ok());
    }

    #[test]
    fn a_container_that_does_not_stop_talking_is_not_listened_to_for_ever() {
        let (mut proxy, manager, container) = proxy("flood");
        fd::never_wait(&container).unwrap();
        while socket::send(&container, b"STATUS=up", None).is_ok() {}
        drop(manager);
        proxy.settle(7).unwrap();
        assert_eq!(poll::readable([proxy.inside()], Some(Duration::ZERO)), Ok([true]));
    }

    #[test]
    fn nothing_else_is() {
        assert_eq!(said(b"READY=0\nMAINPID=1\nSTATUS=READY=1"), None);
        assert_eq!(said(b""), None);
    }
}
