//! Unix sockets: whole packets between parent and child, descriptors as cargo, and the socket `start` knocks on.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use crate::fd::owned;
use crate::{Call, Errno, Error, Result, checked};

/// Two connected ends that keep packets apart (`SOCK_SEQPACKET`), close-on-exec.
pub fn pair() -> Result<(OwnedFd, OwnedFd)> {
    let mut ends = [-1; 2];
    let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
    // SAFETY: ends outlives the call.
    let result = unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) };
    checked(Call::Socket, libc::c_long::from(result))?;
    // SAFETY: the kernel has just made both descriptors for us alone.
    Ok(unsafe { (OwnedFd::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])) })
}

/// Packets or a stream of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `SOCK_SEQPACKET`.
    Packets,
    /// `SOCK_STREAM`.
    Stream,
}

/// A UDP socket, only good for ioctls on network devices.
pub(crate) fn datagram() -> Result<OwnedFd> {
    // SAFETY: no pointers.
    let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    owned(Call::Socket, libc::c_long::from(fd))
}

fn unix(kind: Kind) -> Result<OwnedFd> {
    let kind = match kind {
        Kind::Packets => libc::SOCK_SEQPACKET,
        Kind::Stream => libc::SOCK_STREAM,
    };
    // SAFETY: no pointers.
    let fd = unsafe { libc::socket(libc::AF_UNIX, kind | libc::SOCK_CLOEXEC, 0) };
    owned(Call::Socket, libc::c_long::from(fd))
}

/// Listens on a new socket at the path. ENAMETOOLONG beyond 107 bytes: go by `/proc/self/fd/N/name` then.
pub fn listen(path: &CStr) -> Result<OwnedFd> {
    let socket = unix(Kind::Packets)?;
    let (address, length) = address(path, Call::Bind)?;
    // SAFETY: the address outlives the call and its length is passed.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    checked(Call::Bind, libc::c_long::from(bound))?;
    // SAFETY: no pointers.
    checked(Call::Listen, libc::c_long::from(unsafe { libc::listen(socket.as_raw_fd(), 1) }))?;
    Ok(socket)
}

/// Connects to the socket at the path.
pub fn connect(path: &CStr, kind: Kind) -> Result<OwnedFd> {
    let socket = unix(kind)?;
    let (address, length) = address(path, Call::Connect)?;
    // SAFETY: the address outlives the call and its length is passed.
    let result = unsafe { libc::connect(socket.as_raw_fd(), (&raw const address).cast(), length) };
    checked(Call::Connect, libc::c_long::from(result))?;
    Ok(socket)
}

/// Waits for a connection (accept4(2)).
pub fn accept(listener: impl AsFd) -> Result<OwnedFd> {
    loop {
        // SAFETY: null pointers ask for no address back.
        let fd = unsafe {
            let none = std::ptr::null_mut();
            libc::accept4(listener.as_fd().as_raw_fd(), none, std::ptr::null_mut(), libc::SOCK_CLOEXEC)
        };
        match owned(Call::Accept, libc::c_long::from(fd)) {
            Err(Error { errno: Errno::EINTR | Errno::ECONNABORTED, .. }) => continue,
            result => return result,
        }
    }
}

fn address(path: &CStr, call: Call) -> Result<(libc::sockaddr_un, libc::socklen_t)> {
    // SAFETY: sockaddr_un is plain data, for which all zeroes is valid.
    let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
    address.sun_family = libc::AF_UNIX as libc::sa_family_t;
    let bytes = path.to_bytes_with_nul();
    if bytes.len() > address.sun_path.len() {
        return Err(Error { call, errno: Errno::ENAMETOOLONG });
    }
    for (to, from) in address.sun_path.iter_mut().zip(bytes) {
        *to = *from as libc::c_char;
    }
    Ok((address, size_of_val(&address) as libc::socklen_t))
}

/// Room for one control message with one descriptor, aligned as the kernel wants it.
#[repr(C, align(8))]
struct Cargo([u8; 32]);

/// Sends all bytes in one message, with a descriptor if there is one. EPIPE instead of a signal if nobody reads.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> Result<()> {
    let mut vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut cargo = Cargo([0; 32]);
    let mut message = header(&mut vector);
    if let Some(descriptor) = descriptor {
        load(&mut message, &mut cargo, descriptor);
    }
    loop {
        // SAFETY: the header points at vector and cargo, which outlive the call.
        let result =
            unsafe { libc::sendmsg(socket.as_fd().as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) };
        match checked(Call::Send, result as libc::c_long) {
            Err(Error { errno: Errno::EINTR, .. }) => continue,
            result => return result.map(drop),
        }
    }
}

/// Receives one message into the buffer, with the descriptor that may come along. Length 0: the other end is gone.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Result<(usize, Option<OwnedFd>)> {
    let mut vector = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut cargo = Cargo([0; 32]);
    let mut message = header(&mut vector);
    message.msg_control = cargo.0.as_mut_ptr().cast();
    message.msg_controllen = size_of::<Cargo>() as _;
    loop {
        // SAFETY: the header points at vector and cargo, which outlive the call, with their lengths.
        let result =
            unsafe { libc::recvmsg(socket.as_fd().as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) };
        match checked(Call::Recv, result as libc::c_long) {
            Err(Error { errno: Errno::EINTR, .. }) => continue,
            // A peer that was killed with our packet unread resets instead of closing: gone is gone.
            Err(Error { errno: Errno::ECONNRESET, .. }) => return Ok((0, None)),
            result => return Ok((result? as usize, unload(&message))),
        }
    }
}

fn header(vector: &mut libc::iovec) -> libc::msghdr {
    // SAFETY: msghdr is plain data; null pointers with zero lengths mean "none".
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = vector;
    message.msg_iovlen = 1;
    message
}

fn load(message: &mut libc::msghdr, cargo: &mut Cargo, descriptor: BorrowedFd<'_>) {
    const SIZE: u32 = size_of::<libc::c_int>() as u32;
    message.msg_control = cargo.0.as_mut_ptr().cast();
    // SAFETY: Cargo has room for CMSG_SPACE of one int (24 bytes on 64-bit), so the first header and its
    // data lie within it.
    unsafe {
        message.msg_controllen = libc::CMSG_SPACE(SIZE) as _;
        let first = libc::CMSG_FIRSTHDR(message);
        (*first).cmsg_level = libc::SOL_SOCKET;
        (*first).cmsg_type = libc::SCM_RIGHTS;
        (*first).cmsg_len = libc::CMSG_LEN(SIZE) as _;
        libc::CMSG_DATA(first).cast::<libc::c_int>().write_unaligned(descriptor.as_raw_fd());
    }
}

fn unload(message: &libc::msghdr) -> Option<OwnedFd> {
    // SAFETY: the kernel wrote msg_controllen bytes of whole control messages; a right that came with
    // them is a descriptor made for us alone.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(message);
        if first.is_null() || (*first).cmsg_type != libc::SCM_RIGHTS {
            return None;
        }
        Some(OwnedFd::from_raw_fd(libc::CMSG_DATA(first).cast::<libc::c_int>().read_unaligned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_travels_with_its_packet() {
        let (left, right) = pair().unwrap();
        let (reader, writer) = crate::fd::pipe().unwrap();
        send(&left, b"here", Some(writer.as_fd())).unwrap();
        drop(writer);
        let mut buffer = [0; 16];
        let (length, arrived) = receive(&right, &mut buffer).unwrap();
        assert_eq!(&buffer[..length], b"here");
        crate::fd::write_all(arrived.unwrap(), b"x").unwrap();
        assert_eq!(crate::fd::read(reader, &mut buffer), Ok(1));
    }

    #[test]
    fn a_closed_end_reads_as_length_zero() {
        let (left, right) = pair().unwrap();
        drop(left);
        assert_eq!(receive(&right, &mut [0; 4]).unwrap().0, 0);
    }
}
