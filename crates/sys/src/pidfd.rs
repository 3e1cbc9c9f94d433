//! Processes by descriptor: a pid may be reused, a pidfd never names another process.

use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use crate::{Call, Errno, Error, Named, Result, checked};

/// Opens a pidfd for a live or zombie process (pidfd_open(2)). ESRCH if there is none.
pub fn open(pid: i32) -> Result<OwnedFd> {
    // SAFETY: no pointers.
    let fd = checked(Call::PidfdOpen, unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) })?;
    // SAFETY: the kernel has just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Sends a signal to the process (pidfd_send_signal(2)); 0 only asks whether it may be signalled.
/// ESRCH once the process has been reaped or is a zombie that cannot be signalled any more.
pub fn send_signal(pidfd: impl AsFd, signal: i32) -> Result<()> {
    let fd = pidfd.as_fd().as_raw_fd();
    let no_info = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: a null siginfo asks the kernel to fill it in as kill(2) does.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_send_signal, fd, signal, no_info, 0) };
    checked(Call::PidfdSendSignal, result).map(drop)
}

/// SIGKILL.
pub const KILL: i32 = libc::SIGKILL;

/// Sends SIGKILL, as [`send_signal`].
pub fn kill(pidfd: impl AsFd) -> Result<()> {
    send_signal(pidfd, KILL)
}

/// Waits until the process has ended, at most `timeout` (`None` = for ever); false means that time ran out.
pub fn wait(pidfd: impl AsFd, timeout: Option<Duration>) -> Result<bool> {
    crate::poll::readable([pidfd.as_fd()], timeout).map(|[ended]| ended)
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It called exit with this status (0..=255).
    Status(i32),
    /// This signal ended it.
    Signal(i32),
}

impl Exit {
    /// The status as a shell reports it: 128 + signal if a signal ended the process.
    pub fn code(self) -> i32 {
        match self {
            Exit::Status(status) => status,
            Exit::Signal(signal) => 128 + signal,
        }
    }
}

/// Reaps our own child, waiting for its end (waitid(2) with `P_PIDFD`).
pub fn reap(pidfd: impl AsFd) -> Result<Exit> {
    let fd = pidfd.as_fd().as_raw_fd() as libc::id_t;
    loop {
        match wait_for(libc::P_PIDFD, fd, libc::WEXITED) {
            Ok(Some((_, exit))) => return Ok(exit),
            Ok(None) => continue,
            Err(error) if error.errno == Errno::EINTR => continue,
            Err(error) => return Err(error),
        }
    }
}

/// Waits for the end of our own child without reaping it.
pub fn peek(pidfd: impl AsFd) -> Result<Exit> {
    let fd = pidfd.as_fd().as_raw_fd() as libc::id_t;
    let ended = wait_for(libc::P_PIDFD, fd, libc::WEXITED | libc::WNOWAIT)?;
    ended.map(|(_, exit)| exit).ok_or(Error { call: Call::Wait, errno: Errno::ECHILD })
}

/// The pid of the process in our pid namespace (`Pid:` of /proc/self/fdinfo/N, proc_pid_fdinfo(5)). ESRCH if it has none.
pub fn pid(pidfd: impl AsFd) -> Result<i32> {
    let path = format!("/proc/self/fdinfo/{}", pidfd.as_fd().as_raw_fd());
    let text = std::fs::read_to_string(path).named(Call::PidfdOpen)?;
    let pid = text.lines().find_map(|line| line.strip_prefix("Pid:")?.trim().parse().ok());
    pid.filter(|pid| *pid > 0).ok_or(Error { call: Call::PidfdOpen, errno: Errno::ESRCH })
}

/// The pid of any one child that has ended, without reaping it; `None` if none has, ECHILD if there is no child.
pub fn peek_any() -> Result<Option<i32>> {
    let ended = wait_for(libc::P_ALL, 0, libc::WEXITED | libc::WNOHANG | libc::WNOWAIT)?;
    Ok(ended.map(|(pid, _)| pid))
}

/// Reaps a child that has ended.
pub fn reap_pid(pid: i32) -> Result<()> {
    wait_for(libc::P_PID, pid as libc::id_t, libc::WEXITED | libc::WNOHANG).map(drop)
}

fn wait_for(kind: libc::idtype_t, id: libc::id_t, options: i32) -> Result<Option<(i32, Exit)>> {
    // SAFETY: siginfo_t is plain data; zeroes say "no child" if WNOHANG finds none.
    let mut info: libc::siginfo_t = unsafe { std::mem::zeroed() };
    // SAFETY: info outlives the call. __WALL also waits for children without an exit signal.
    let result = unsafe { libc::waitid(kind, id, &raw mut info, options | libc::__WALL) };
    checked(Call::Wait, libc::c_long::from(result))?;
    // SAFETY: waitid filled the SIGCHLD fields (or left zeroes).
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    Ok(match (pid, info.si_code) {
        (0, _) => None,
        (pid, libc::CLD_EXITED) => Some((pid, Exit::Status(status))),
        (pid, _) => Some((pid, Exit::Signal(status))),
    })
}
