//! A failed system call: which one, and the kernel's answer.
//!
//! Small and `Copy`, because the child of a clone sends it to its parent in a fixed-size packet
//! and must not format text.

use std::fmt;

pub use nix::errno::Errno;

/// The result of one system call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failed system call. Prints as `openat2: no such file or directory (ENOENT)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// The call that failed.
    pub call: Call,
    /// What the kernel answered.
    pub errno: Errno,
}

impl Error {
    /// Whether nobody is at the other end of a socket any more.
    pub fn is_of_a_gone_peer(&self) -> bool {
        matches!(self.errno, Errno::EPIPE | Errno::ECONNRESET)
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.call.name(), Described(self.errno))
    }
}

/// An errno in the words a person acts on: `permission denied (EACCES)`.
#[derive(Clone, Copy, Debug)]
pub struct Described(pub Errno);

impl fmt::Display for Described {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.0.desc();
        // An abbreviation, as in "I/O error", keeps its case.
        let is_word = words.chars().nth(1).is_some_and(|letter| letter.is_lowercase());
        let (first, rest) = words.split_at_checked(1).unwrap_or(("", words));
        let first = if is_word { first.to_lowercase() } else { first.into() };
        write!(f, "{first}{rest} ({:?})", self.0)
    }
}

/// Turns the result of a nix or std call into ours by naming the call.
pub trait Named<T> {
    /// Names the call that produced this result.
    fn named(self, call: Call) -> Result<T>;
}

impl<T> Named<T> for nix::Result<T> {
    fn named(self, call: Call) -> Result<T> {
        self.map_err(|errno| Error { call, errno })
    }
}

impl<T> Named<T> for std::io::Result<T> {
    fn named(self, call: Call) -> Result<T> {
        self.map_err(|error| Error { call, errno: errno_of(&error) })
    }
}

/// The errno inside a std error; EIO for the few that std makes up itself.
pub fn errno_of(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

/// Declares [`Call`] with the name of each variant as its text.
macro_rules! calls {
    ($($variant:ident = $name:literal),* $(,)?) => {
        /// A system call (or an ioctl or procfs operation with one meaning) that can fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        #[allow(missing_docs)]
        pub enum Call { $($variant),* }

        impl Call {
            const ALL: &'static [(Call, &'static str)] = &[$((Call::$variant, $name)),*];

            /// The name as in section 2 of the manual.
            pub fn name(self) -> &'static str {
                Self::ALL[self as usize].1
            }

            /// The inverse of `call as u16`, for a call that crossed a process boundary.
            pub fn from_raw(raw: u16) -> Option<Call> {
                Self::ALL.get(usize::from(raw)).map(|(call, _)| *call)
            }
        }
    };
}

calls! {
    Accept = "accept",
    Bind = "bind",
    Bpf = "bpf",
    Capset = "capset",
    Chdir = "chdir",
    Chmod = "chmod",
    Chown = "chown",
    Chroot = "chroot",
    Clone3 = "clone3",
    CloseRange = "close_range",
    Connect = "connect",
    CopyFile = "sendfile",
    Dup = "dup3",
    Execve = "execve",
    Faccess = "faccessat",
    Fadd = "fcntl",
    Flock = "flock",
    Fsconfig = "fsconfig",
    Fsmount = "fsmount",
    Fsopen = "fsopen",
    Fspick = "fspick",
    Fstatfs = "fstatfs",
    Getcwd = "getcwd",
    Ioprio = "ioprio_set",
    Keyctl = "keyctl",
    Listen = "listen",
    LoopbackUp = "bring loopback up",
    MemfdCreate = "memfd_create",
    Mkdir = "mkdirat",
    Mknod = "mknodat",
    Mount = "mount",
    MountSetattr = "mount_setattr",
    MoveMount = "move_mount",
    NetlinkGetAddr = "netlink RTM_GETADDR",
    NetlinkGetLink = "netlink RTM_GETLINK",
    NetlinkNewAddr = "netlink RTM_NEWADDR",
    NetlinkSetLink = "netlink RTM_SETLINK",
    NoNewPrivs = "prctl PR_SET_NO_NEW_PRIVS",
    Open = "openat2",
    OpenTree = "open_tree",
    Personality = "personality",
    PidfdOpen = "pidfd_open",
    PidfdSendSignal = "pidfd_send_signal",
    Pipe = "pipe2",
    PivotRoot = "pivot_root",
    Poll = "poll",
    Prctl = "prctl",
    Prlimit = "prlimit",
    Read = "read",
    ReadDir = "getdents64",
    ReadLink = "readlinkat",
    Recv = "recvmsg",
    Rename = "renameat2",
    Rmdir = "rmdir",
    SchedSetaffinity = "sched_setaffinity",
    SchedSetattr = "sched_setattr",
    Seccomp = "seccomp",
    Send = "sendmsg",
    SetDomainname = "setdomainname",
    SetHostname = "sethostname",
    SetMempolicy = "set_mempolicy",
    Setgroups = "setgroups",
    Setns = "setns",
    Setresgid = "setresgid",
    Setresuid = "setresuid",
    Setsid = "setsid",
    Setsockopt = "setsockopt",
    Signalfd = "signalfd",
    Sigprocmask = "rt_sigprocmask",
    Socket = "socket",
    Stat = "statx",
    Symlink = "symlinkat",
    Tcsetattr = "tcsetattr",
    TtyControl = "ioctl TIOCSCTTY",
    TtyPeer = "ioctl TIOCGPTPEER",
    TtySize = "ioctl TIOCSWINSZ",
    TtyUnlock = "ioctl TIOCSPTLCK",
    Umount = "umount2",
    Unlink = "unlinkat",
    Unshare = "unshare",
    Wait = "waitid",
    Write = "write",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_survives_the_way_through_its_number() {
        for (index, (call, _)) in Call::ALL.iter().enumerate() {
            assert_eq!(Call::from_raw(index as u16), Some(*call));
        }
    }

    #[test]
    fn an_error_reads_as_call_reason_and_name() {
        let error = Error { call: Call::Mount, errno: Errno::EBUSY };
        assert_eq!(error.to_string(), "mount: device or resource busy (EBUSY)");
    }
    #[test]
    fn an_abbreviation_keeps_its_case() {
        assert_eq!(Described(Errno::EIO).to_string(), "I/O error (EIO)");
    }
}
