//! What parent and child say to each other: fixed-size packets, so that the child formats nothing.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use sys::{Call, Errno, Error, socket};

/// One packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are named in the sentence of their variant")]
pub enum Packet {
    /// Child: I have come to this step; do your part. May carry a descriptor.
    Request(u32),
    /// Child: I have come to this step; do your part while I go on. It is done when a later request is granted.
    Told(u32),
    /// Parent: done, go on. May carry a descriptor.
    Granted(u32),
    /// Child: this step failed. May carry a file with the output of a hook.
    Failed { step: u32, reason: Reason },
    /// Child: this step took from `start` to `end`, in nanoseconds of the monotonic clock.
    Span { step: u32, start: u64, end: u64 },
    /// First process of two: the descriptor that comes along is the process that goes on.
    Forked(u32),
    /// Child: everything is done, execve is next. The end of the channel without this means that the child died.
    Executing,
    /// `start` to a waiting init: go on; report spans if asked to.
    Go { trace: bool },
}

/// Why a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A system call.
    Call(Error),
    /// The program is in no directory of PATH.
    NotInPath,
    /// A hook ended with this status.
    HookExited(i32),
    /// A hook was ended by this signal.
    HookSignalled(i32),
    /// A hook took longer than its timeout.
    HookTimedOut,
    /// Something is there already, and is not what was asked for.
    Mismatch,
    /// What is to be mounted on is a symbolic link or no directory.
    NotPlainDirectory,
    /// The container's /proc may not be covered there, or not by this.
    CoversProc,
    /// What is mounted below the source cannot be left out in a user namespace.
    LockedBelow,
    /// The file is no namespace, or one of another type.
    OtherNamespace,
    /// The root directory is not where something is mounted.
    InsideChroot,
    /// No security module knows the profile or label.
    UnknownLabel,
    /// A bug: the child panicked.
    Panicked,
    /// The parent is gone.
    Orphaned,
}

impl From<Error> for Reason {
    fn from(error: Error) -> Reason {
        Reason::Call(error)
    }
}

/// Size of every packet in bytes.
pub const SIZE: usize = 24;

impl Packet {
    /// The wire form: kind, step, then two words.
    pub fn to_bytes(self) -> [u8; SIZE] {
        let (kind, step, first, second) = match self {
            Packet::Request(step) => (1, step, 0, 0),
            Packet::Granted(step) => (2, step, 0, 0),
            Packet::Failed { step, reason } => {
                let (reason, detail) = reason.to_words();
                (3, step, reason, detail)
            }
            Packet::Span { step, start, end } => (4, step, start, end),
            Packet::Forked(step) => (5, step, 0, 0),
            Packet::Go { trace } => (6, trace.into(), 0, 0),
            Packet::Executing => (7, 0, 0, 0),
            Packet::Told(step) => (8, step, 0, 0),
        };
        let mut bytes = [0; SIZE];
        bytes[0..4].copy_from_slice(&u32::to_ne_bytes(kind));
        bytes[4..8].copy_from_slice(&u32::to_ne_bytes(step));
        bytes[8..16].copy_from_slice(&u64::to_ne_bytes(first));
        bytes[16..24].copy_from_slice(&u64::to_ne_bytes(second));
        bytes
    }

    /// Reads the wire form; `None` for what no version of ours sends.
    pub fn from_bytes(bytes: &[u8; SIZE]) -> Option<Packet> {
        let word = |at: usize| u64::from_ne_bytes(bytes[at..at + 8].try_into().unwrap_or_default());
        let half = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap_or_default());
        let (step, first, second) = (half(4), word(8), word(16));
        Some(match half(0) {
            1 => Packet::Request(step),
            2 => Packet::Granted(step),
            3 => Packet::Failed { step, reason: Reason::from_words(first, second)? },
            4 => Packet::Span { step, start: first, end: second },
            5 => Packet::Forked(step),
            6 => Packet::Go { trace: step != 0 },
            7 => Packet::Executing,
            8 => Packet::Told(step),
            _ => return None,
        })
    }
}

impl Reason {
    fn to_words(self) -> (u64, u64) {
        match self {
            Reason::Call(error) => (1, (error.call as u64) << 32 | u64::from(error.errno as u32)),
            Reason::NotInPath => (2, 0),
            Reason::HookExited(status) => (3, status as u64),
            Reason::HookSignalled(signal) => (4, signal as u64),
            Reason::HookTimedOut => (5, 0),
            Reason::Mismatch => (6, 0),
            Reason::NotPlainDirectory => (7, 0),
            Reason::Panicked => (8, 0),
            Reason::Orphaned => (9, 0),
            Reason::OtherNamespace => (10, 0),
            Reason::CoversProc => (11, 0),
            Reason::UnknownLabel => (12, 0),
            Reason::LockedBelow => (13, 0),
            Reason::InsideChroot => (14, 0),
        }
    }

    fn from_words(kind: u64, detail: u64) -> Option<Reason> {
        Some(match kind {
            1 => Reason::Call(Error {
                call: Call::from_raw((detail >> 32) as u16)?,
                errno: Errno::from_raw(detail as u32 as i32),
            }),
            2 => Reason::NotInPath,
            3 => Reason::HookExited(detail as i32),
            4 => Reason::HookSignalled(detail as i32),
            5 => Reason::HookTimedOut,
            6 => Reason::Mismatch,
            7 => Reason::NotPlainDirectory,
            8 => Reason::Panicked,
            9 => Reason::Orphaned,
            10 => Reason::OtherNamespace,
            11 => Reason::CoversProc,
            12 => Reason::UnknownLabel,
            13 => Reason::LockedBelow,
            14 => Reason::InsideChroot,
            _ => return None,
        })
    }
}

/// One end of the socket pair between parent and child, or of a connection between `start` and a waiting init.
#[derive(Debug)]
pub struct Channel(OwnedFd);

impl Channel {
    /// Two connected ends.
    pub fn pair() -> Result<(Channel, Channel), Error> {
        socket::pair().map(|(left, right)| (Channel(left), Channel(right)))
    }

    /// A connection that was accepted or made.
    pub fn over(socket: OwnedFd) -> Channel {
        Channel(socket)
    }

    /// Sends a packet, with a descriptor if there is one.
    pub fn send(&self, packet: Packet, descriptor: Option<BorrowedFd<'_>>) -> Result<(), Error> {
        socket::send(&self.0, &packet.to_bytes(), descriptor)
    }

    /// Sends a packet with several descriptors.
    pub(crate) fn send_all(&self, packet: Packet, descriptors: &[BorrowedFd<'_>]) -> Result<(), Error> {
        socket::send_all(&self.0, &packet.to_bytes(), descriptors)
    }

    /// Waits for a packet and all descriptors that come with it.
    pub(crate) fn receive_all(&self) -> Result<Option<(Packet, Vec<OwnedFd>)>, Error> {
        let mut bytes = [0; SIZE];
        match socket::receive_all(&self.0, &mut bytes)? {
            (0, _) => Ok(None),
            (SIZE, descriptors) => match Packet::from_bytes(&bytes) {
                Some(packet) => Ok(Some((packet, descriptors))),
                None => Err(Error { call: Call::Recv, errno: Errno::EPROTO }),
            },
            _ => Err(Error { call: Call::Recv, errno: Errno::EPROTO }),
        }
    }

    /// Waits for a packet; `None` when the other end is closed, which execve does to the child's.
    pub fn receive(&self) -> Result<Option<(Packet, Option<OwnedFd>)>, Error> {
        let received = self.receive_all()?;
        Ok(received.map(|(packet, descriptors)| (packet, descriptors.into_iter().next())))
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(packet: Packet) {
        assert_eq!(Packet::from_bytes(&packet.to_bytes()), Some(packet));
    }

    #[test]
    fn packets_survive_the_wire() {
        check(Packet::Request(7));
        check(Packet::Told(7));
        check(Packet::Granted(u32::MAX));
        check(Packet::Span { step: 1, start: 5, end: u64::MAX });
        check(Packet::Forked(2));
        check(Packet::Go { trace: true });
        check(Packet::Executing);
    }

    #[test]
    fn reasons_survive_the_wire() {
        let error = Error { call: Call::Write, errno: Errno::EACCES };
        check(Packet::Failed { step: 3, reason: Reason::Call(error) });
        check(Packet::Failed { step: 3, reason: Reason::HookExited(255) });
        check(Packet::Failed { step: 3, reason: Reason::NotInPath });
        check(Packet::Failed { step: 3, reason: Reason::Orphaned });
    }

    #[test]
    fn an_unknown_packet_is_refused() {
        assert_eq!(Packet::from_bytes(&[0xff; SIZE]), None);
    }
}
