//! The one thing that a new network namespace needs: its loopback device up.

use std::os::fd::AsRawFd;

use crate::{Call, Result, checked};

/// Brings `lo` up in the caller's network namespace (netdevice(7)).
pub fn loopback_up() -> Result<()> {
    let socket = crate::socket::datagram()?;
    // SAFETY: ifreq is plain data, for which all zeroes is valid.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = *from as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: SIOCSIFFLAGS reads an ifreq, which outlives the call.
    let result =
        unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as libc::Ioctl, &raw const request) };
    checked(Call::LoopbackUp, libc::c_long::from(result)).map(drop)
}
