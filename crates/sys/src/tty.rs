//! Terminals: the pseudoterminal of a container and the one that `run` was called on.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use nix::sys::termios;

use crate::{Call, Named, Result, checked};

/// Rows and columns, in characters.
pub type Size = libc::winsize;

/// A size in characters.
pub fn size(rows: u16, columns: u16) -> Size {
    Size { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Makes the slave of a fresh master usable (`TIOCSPTLCK`, ioctl_tty(2)).
pub fn unlock(master: impl AsFd) -> Result<()> {
    let unlocked: libc::c_int = 0;
    // SAFETY: TIOCSPTLCK reads an int, which outlives the call.
    let result = unsafe { libc::ioctl(master.as_fd().as_raw_fd(), libc::TIOCSPTLCK, &raw const unlocked) };
    checked(Call::TtyUnlock, libc::c_long::from(result)).map(drop)
}

/// Opens the slave of a master without any path, so that no file can be slipped in its place (CVE-2025-52565).
pub fn peer(master: impl AsFd) -> Result<OwnedFd> {
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: TIOCGPTPEER takes open flags by value.
    let result = unsafe { libc::ioctl(master.as_fd().as_raw_fd(), libc::TIOCGPTPEER, flags) };
    let fd = checked(Call::TtyPeer, libc::c_long::from(result))?;
    // SAFETY: the kernel has just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// The number of a master's slave: N of /dev/pts/N (`TIOCGPTN`).
pub fn number(master: impl AsFd) -> Result<u32> {
    let mut number: libc::c_uint = 0;
    // SAFETY: TIOCGPTN writes an unsigned int, which outlives the call.
    let result = unsafe { libc::ioctl(master.as_fd().as_raw_fd(), libc::TIOCGPTN, &raw mut number) };
    checked(Call::TtyPeer, libc::c_long::from(result)).map(|_| number)
}

/// Makes the terminal the controlling one of the calling session leader.
pub fn control(tty: impl AsFd) -> Result<()> {
    // SAFETY: TIOCSCTTY takes an int by value.
    let result = unsafe { libc::ioctl(tty.as_fd().as_raw_fd(), libc::TIOCSCTTY, 0) };
    checked(Call::TtyControl, libc::c_long::from(result)).map(drop)
}

/// The window size of a terminal; ENOTTY if the descriptor is none.
pub fn get_size(tty: impl AsFd) -> Result<Size> {
    let mut found = size(0, 0);
    // SAFETY: TIOCGWINSZ writes a winsize, which outlives the call.
    let result = unsafe { libc::ioctl(tty.as_fd().as_raw_fd(), libc::TIOCGWINSZ, &raw mut found) };
    checked(Call::TtySize, libc::c_long::from(result)).map(|_| found)
}

/// Sets the window size; the kernel sends SIGWINCH to the foreground group.
pub fn set_size(tty: impl AsFd, size: &Size) -> Result<()> {
    // SAFETY: TIOCSWINSZ reads a winsize, which outlives the call.
    let result = unsafe { libc::ioctl(tty.as_fd().as_raw_fd(), libc::TIOCSWINSZ, std::ptr::from_ref(size)) };
    checked(Call::TtySize, libc::c_long::from(result)).map(drop)
}

/// A terminal in raw mode; dropping it puts the old mode back.
#[derive(Debug)]
pub struct Raw<F: AsFd> {
    tty: F,
    before: termios::Termios,
}

impl<F: AsFd> Raw<F> {
    /// Switches the terminal to raw mode, keeping output processing as it is.
    pub fn enter(tty: F) -> Result<Raw<F>> {
        let before = termios::tcgetattr(&tty).named(Call::Tcsetattr)?;
        let mut raw = before.clone();
        termios::cfmakeraw(&mut raw);
        raw.output_flags |= before.output_flags & termios::OutputFlags::OPOST;
        termios::tcsetattr(&tty, termios::SetArg::TCSANOW, &raw).named(Call::Tcsetattr)?;
        Ok(Raw { tty, before })
    }
}

impl<F: AsFd> Drop for Raw<F> {
    fn drop(&mut self) {
        // The terminal may be gone by now, and then there is nothing to put back.
        let _ = termios::tcsetattr(&self.tty, termios::SetArg::TCSADRAIN, &self.before);
    }
}

/// Turns off the terminal's own newline translation, as consoles handed to an engine expect (`ONLCR` off).
pub fn without_newline_translation(master: impl AsFd) -> Result<()> {
    let mut mode = termios::tcgetattr(&master).named(Call::Tcsetattr)?;
    mode.output_flags.remove(termios::OutputFlags::ONLCR);
    termios::tcsetattr(&master, termios::SetArg::TCSANOW, &mode).named(Call::Tcsetattr)
}
