//! Unix sockets: whole packets between parent and child, descriptors as cargo, and the socket `start` knocks on.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::time::{TimeVal, TimeValLike};

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
    /// `SOCK_DGRAM`.
    Datagrams,
}

/// A UDP socket, only good for ioctls on network devices.
pub(crate) fn datagram() -> Result<OwnedFd> {
    // SAFETY: no pointers.
    let fd = unsafe { libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0) };
    owned(Call::Socket, libc::c_long::from(fd))
}

/// A socket of the kernel's own protocols (netlink(7)); what it sends goes to the kernel.
pub(crate) fn netlink(protocol: i32) -> Result<OwnedFd> {
    // SAFETY: no pointers.
    let fd = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, protocol) };
    owned(Call::Socket, libc::c_long::from(fd))
}

fn unix(kind: Kind) -> Result<OwnedFd> {
    let kind = match kind {
        Kind::Packets => libc::SOCK_SEQPACKET,
        Kind::Stream => libc::SOCK_STREAM,
        Kind::Datagrams => libc::SOCK_DGRAM,
    };
    // SAFETY: no pointers.
    let fd = unsafe { libc::socket(libc::AF_UNIX, kind | libc::SOCK_CLOEXEC, 0) };
    owned(Call::Socket, libc::c_long::from(fd))
}

/// Listens on a new socket at the path. ENAMETOOLONG beyond 107 bytes: go by `/proc/self/fd/N/name` then.
pub fn listen(path: &CStr) -> Result<OwnedFd> {
    let socket = bind(path, Kind::Packets)?;
    // SAFETY: no pointers.
    checked(Call::Listen, libc::c_long::from(unsafe { libc::listen(socket.as_raw_fd(), 1) }))?;
    Ok(socket)
}

/// A new socket at the path, for datagrams to be sent to. ENAMETOOLONG as for [`listen`].
pub fn bind(path: &CStr, kind: Kind) -> Result<OwnedFd> {
    let socket = unix(kind)?;
    let (address, length) = address(path, Call::Bind)?;
    // SAFETY: the address outlives the call and its length is passed.
    let bound = unsafe { libc::bind(socket.as_raw_fd(), (&raw const address).cast(), length) };
    checked(Call::Bind, libc::c_long::from(bound))?;
    Ok(socket)
}

/// Connects to the socket at the path; one that begins with `@` is the name of an abstract socket (unix(7)).
pub fn connect(path: &CStr, kind: Kind) -> Result<OwnedFd> {
    connect_with(unix(kind)?, path)
}

/// Connects for a stream to a peer who may never get to us: ETIMEDOUT if its queue is full all that time. Whatever is
/// sent is given up after the same time (socket(7) `SO_SNDTIMEO`), which must not be zero.
pub fn connect_within(path: &CStr, patience: Duration) -> Result<OwnedFd> {
    let socket = unix(Kind::Stream)?;
    let time = libc::timeval { tv_sec: patience.as_secs() as _, tv_usec: patience.subsec_micros() as _ };
    let length = size_of_val(&time) as libc::socklen_t;
    // SAFETY: the time outlives the call and its length is passed.
    let set = unsafe {
        let (level, option) = (libc::SOL_SOCKET, libc::SO_SNDTIMEO);
        libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const time).cast(), length)
    };
    checked(Call::Setsockopt, libc::c_long::from(set))?;
    connect_with(socket, path).map_err(too_late)
}

/// What the kernel says when the time of `SO_SNDTIMEO` is over is what it says to those who do not wait at all.
fn too_late(error: Error) -> Error {
    match error.errno {
        Errno::EAGAIN => Error { errno: Errno::ETIMEDOUT, ..error },
        _ => error,
    }
}

fn connect_with(socket: OwnedFd, path: &CStr) -> Result<OwnedFd> {
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
    if bytes[0] != b'@' {
        return Ok((address, size_of_val(&address) as libc::socklen_t));
    }
    // An abstract name begins with a zero byte and ends with the address.
    address.sun_path[0] = 0;
    let length = std::mem::offset_of!(libc::sockaddr_un, sun_path) + bytes.len() - 1;
    Ok((address, length as libc::socklen_t))
}

/// The most descriptors that travel with one message: one for each hierarchy of cgroup v1, and some to spare.
pub const MOST_DESCRIPTORS: usize = 32;

/// Room for one control message with that many descriptors, aligned as the kernel wants it.
#[repr(C, align(8))]
struct Cargo([u8; 16 + 4 * MOST_DESCRIPTORS]);

/// Sends all bytes in one message, with a descriptor if there is one. EPIPE instead of a signal if nobody reads.
pub fn send(socket: impl AsFd, bytes: &[u8], descriptor: Option<BorrowedFd<'_>>) -> Result<()> {
    send_all(socket, bytes, descriptor.as_slice())
}

/// The same with several descriptors. E2BIG for more than [`MOST_DESCRIPTORS`].
pub fn send_all(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<()> {
    transmit(socket, bytes, descriptors).map(drop)
}

/// Sends bytes over a stream, in as many messages as it takes, with a descriptor in the first of them. ETIMEDOUT if
/// nobody reads, over one of [`connect_within`].
pub fn send_stream(socket: impl AsFd, bytes: &[u8], descriptor: BorrowedFd<'_>) -> Result<()> {
    let sent = transmit(&socket, bytes, &[descriptor]).map_err(too_late)?;
    send_bytes(socket, &bytes[sent..])
}

/// The same without a descriptor.
pub fn send_bytes(socket: impl AsFd, bytes: &[u8]) -> Result<()> {
    let mut sent = 0;
    while sent < bytes.len() {
        sent += transmit(&socket, &bytes[sent..], &[]).map_err(too_late)?;
    }
    Ok(())
}

/// Sends one message; answers how many bytes went, which over a stream may be fewer than all.
fn transmit(socket: impl AsFd, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> Result<usize> {
    if descriptors.len() > MOST_DESCRIPTORS {
        return Err(Error { call: Call::Send, errno: Errno::E2BIG });
    }
    let mut vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut cargo = Cargo([0; 16 + 4 * MOST_DESCRIPTORS]);
    let mut message = header(&mut vector);
    if !descriptors.is_empty() {
        load(&mut message, &mut cargo, descriptors);
    }
    loop {
        // SAFETY: the header points at vector and cargo, which outlive the call.
        let result =
            unsafe { libc::sendmsg(socket.as_fd().as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL) };
        match checked(Call::Send, result as libc::c_long) {
            Err(Error { errno: Errno::EINTR, .. }) => continue,
            result => return result.map(|count| count as usize),
        }
    }
}

/// Lets a receiver wait no longer than this for a message; then it is told EAGAIN (socket(7), `SO_RCVTIMEO`).
pub fn set_patience(socket: impl AsFd, patience: Duration) -> Result<()> {
    let time = TimeVal::milliseconds(patience.as_millis() as i64);
    nix::sys::socket::setsockopt(&socket, nix::sys::socket::sockopt::ReceiveTimeout, &time)
        .map_err(|errno| Error { call: Call::Recv, errno })
}

/// Receives one message into the buffer, with the descriptor that may come along. Length 0: the other end is gone.
pub fn receive(socket: impl AsFd, buffer: &mut [u8]) -> Result<(usize, Option<OwnedFd>)> {
    let (length, descriptors) = receive_all(socket, buffer)?;
    Ok((length, descriptors.into_iter().next()))
}

/// The same with all descriptors that come along.
pub fn receive_all(socket: impl AsFd, buffer: &mut [u8]) -> Result<(usize, Vec<OwnedFd>)> {
    let mut vector = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    let mut cargo = Cargo([0; 16 + 4 * MOST_DESCRIPTORS]);
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
            Err(Error { errno: Errno::ECONNRESET, .. }) => return Ok((0, Vec::new())),
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

fn load(message: &mut libc::msghdr, cargo: &mut Cargo, descriptors: &[BorrowedFd<'_>]) {
    let size = size_of_val(descriptors) as u32;
    message.msg_control = cargo.0.as_mut_ptr().cast();
    // SAFETY: Cargo has room for the header (16 bytes on 64-bit) and the checked number of ints, so the first
    // control message and its data lie within it. A BorrowedFd is an int (its documentation promises the layout).
    unsafe {
        message.msg_controllen = libc::CMSG_SPACE(size) as _;
        let first = libc::CMSG_FIRSTHDR(message);
        (*first).cmsg_level = libc::SOL_SOCKET;
        (*first).cmsg_type = libc::SCM_RIGHTS;
        (*first).cmsg_len = libc::CMSG_LEN(size) as _;
        let data = libc::CMSG_DATA(first);
        std::ptr::copy_nonoverlapping(descriptors.as_ptr().cast::<u8>(), data, size as usize);
    }
}

fn unload(message: &libc::msghdr) -> Vec<OwnedFd> {
    let mut descriptors = Vec::new();
    // SAFETY: the kernel wrote msg_controllen bytes of whole control messages; the rights that came with the first
    // (we send no second) are descriptors made for us alone, as many as its length has room for.
    unsafe {
        let first = libc::CMSG_FIRSTHDR(message);
        if first.is_null() || (*first).cmsg_type != libc::SCM_RIGHTS {
            return descriptors;
        }
        let bytes = (*first).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
        let data = libc::CMSG_DATA(first).cast::<libc::c_int>();
        for index in 0..bytes / size_of::<libc::c_int>() {
            descriptors.push(OwnedFd::from_raw_fd(data.add(index).read_unaligned()));
        }
    }
    descriptors
}

#[cfg(test)]
mod tests {
    use std::ffi::CString;

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
    fn many_descriptors_travel_together() {
        let (left, right) = pair().unwrap();
        let ends: Vec<_> = (0..MOST_DESCRIPTORS).map(|_| left.as_fd()).collect();
        send_all(&left, b"all", &ends).unwrap();
        assert_eq!(receive_all(&right, &mut [0; 4]).unwrap().1.len(), MOST_DESCRIPTORS);
    }

    #[test]
    fn an_abstract_socket_is_reached_by_its_name() {
        let name = CString::new(format!("@sys-test-{}", std::process::id())).unwrap();
        let bound = bind(&name, Kind::Datagrams).unwrap();
        send(connect(&name, Kind::Datagrams).unwrap(), b"here", None).unwrap();
        let mut buffer = [0; 16];
        assert_eq!(receive(&bound, &mut buffer).unwrap().0, 4);
    }

    /// A peer who has room for one to wait, and never looks.
    fn idle_peer(test: &str) -> (OwnedFd, CString) {
        let name = CString::new(format!("@sys-test-{test}-{}", std::process::id())).unwrap();
        let socket = bind(&name, Kind::Stream).unwrap();
        // SAFETY: no pointers.
        checked(Call::Listen, libc::c_long::from(unsafe { libc::listen(socket.as_raw_fd(), 0) })).unwrap();
        (socket, name)
    }

    const SHORT: Duration = Duration::from_millis(1);

    #[test]
    fn a_peer_who_never_accepts_is_given_up() {
        let (_peer, name) = idle_peer("accepts");
        let _first = connect_within(&name, SHORT).unwrap();
        let error = connect_within(&name, SHORT).unwrap_err();
        assert_eq!(error, Error { call: Call::Connect, errno: Errno::ETIMEDOUT });
    }

    #[test]
    fn a_peer_who_never_reads_is_given_up() {
        let (peer, name) = idle_peer("reads");
        let connection = connect_within(&name, SHORT).unwrap();
        let error = send_stream(connection, &vec![0; 16 << 20], peer.as_fd()).unwrap_err();
        assert_eq!(error, Error { call: Call::Send, errno: Errno::ETIMEDOUT });
    }

    #[test]
    fn a_closed_end_reads_as_length_zero() {
        let (left, right) = pair().unwrap();
        drop(left);
        assert_eq!(receive(&right, &mut [0; 4]).unwrap().0, 0);
    }
}
