//! The life of a process: session, directory, names, execve, exit.

use std::ffi::{CStr, CString, c_char};
use std::os::fd::{AsFd, AsRawFd};

use crate::{Call, Errno, Error, Named, Result, checked};

/// C strings for execve, made before the clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strings(Vec<CString>);

impl Strings {
    /// Takes the strings in order.
    pub fn new(strings: Vec<CString>) -> Strings {
        Strings(strings)
    }

    /// The strings themselves.
    pub fn iter(&self) -> impl Iterator<Item = &CStr> {
        self.0.iter().map(CString::as_c_str)
    }

    /// As the kernel wants them: pointers, a null at the end. They are good as long as `self` and `extra`.
    fn pointers(&self, extra: Option<&CStr>) -> Vec<*const c_char> {
        let end = std::iter::once(std::ptr::null());
        self.iter().chain(extra).map(CStr::as_ptr).chain(end).collect()
    }
}

/// All that execve(2) takes, made ready: what follows is one system call, as a seccomp filter may want it.
#[derive(Debug)]
pub struct Image<'i> {
    path: &'i CStr,
    arguments: Vec<*const c_char>,
    environment: Vec<*const c_char>,
}

impl<'i> Image<'i> {
    /// The program with its arguments and environment, and one more environment variable if there is one.
    pub fn new(
        path: &'i CStr,
        arguments: &'i Strings,
        environment: &'i Strings,
        extra: Option<&'i CStr>,
    ) -> Image<'i> {
        Image { path, arguments: arguments.pointers(None), environment: environment.pointers(extra) }
    }

    /// Replaces the program (execve(2)); only comes back with an error.
    pub fn execute(&self) -> Error {
        // SAFETY: path and both arrays are terminated, and the borrows of 'i keep what they point at.
        unsafe { libc::execve(self.path.as_ptr(), self.arguments.as_ptr(), self.environment.as_ptr()) };
        Error { call: Call::Execve, errno: Errno::last() }
    }
}

/// Replaces the program (execve(2)); only comes back with an error.
pub fn execute(path: &CStr, arguments: &Strings, environment: &Strings) -> Error {
    Image::new(path, arguments, environment, None).execute()
}

/// Replaces the program by the file of a descriptor (execveat(2) with `AT_EMPTY_PATH`).
pub fn execute_file(file: impl AsFd, arguments: &Strings, environment: &Strings) -> Error {
    let (arguments, environment) = (arguments.pointers(None), environment.pointers(None));
    // SAFETY: both arrays are terminated and outlive the call; the path is an empty constant.
    unsafe {
        let (file, flags) = (file.as_fd().as_raw_fd(), libc::AT_EMPTY_PATH);
        libc::syscall(libc::SYS_execveat, file, c"".as_ptr(), arguments.as_ptr(), environment.as_ptr(), flags)
    };
    Error { call: Call::Execve, errno: Errno::last() }
}

/// Ends the process at once: no destructors, no exit handlers, no flushing.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: _exit has no preconditions.
    unsafe { libc::_exit(status) }
}

/// The caller's pid in its pid namespace, from the kernel (a clone has the libc none the wiser).
pub fn pid() -> i32 {
    // SAFETY: no arguments, cannot fail.
    unsafe { libc::syscall(libc::SYS_getpid) as i32 }
}

/// The effective uid of the caller.
pub fn effective_uid() -> u32 {
    crate::creds::euid()
}

/// Starts a session of its own (setsid(2)).
pub fn new_session() -> Result<()> {
    nix::unistd::setsid().named(Call::Setsid).map(drop)
}

/// Changes the working directory to a path.
pub fn change_directory(path: &CStr) -> Result<()> {
    nix::unistd::chdir(path).named(Call::Chdir)
}

/// Changes the working directory to a descriptor (fchdir(2)).
pub fn change_directory_to(dir: impl AsFd) -> Result<()> {
    nix::unistd::fchdir(dir).named(Call::Chdir)
}

/// Changes the root directory (chroot(2)); the caller changes its working directory itself.
pub fn change_root(path: &CStr) -> Result<()> {
    nix::unistd::chroot(path).named(Call::Chroot)
}

/// Checks that the working directory lies beneath the root: the kernel answers `(unreachable)` or ENOENT for
/// one that does not (CVE-2024-21626).
pub fn verify_directory() -> Result<()> {
    let mut buffer = [0u8; libc::PATH_MAX as usize];
    // SAFETY: the buffer's own length is passed.
    let result = unsafe { libc::syscall(libc::SYS_getcwd, buffer.as_mut_ptr(), buffer.len()) };
    checked(Call::Getcwd, result)?;
    if buffer[0] == b'/' { Ok(()) } else { Err(Error { call: Call::Getcwd, errno: Errno::ENOENT }) }
}

/// Sets the file mode creation mask; answers the one before.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: cannot fail.
    unsafe { libc::umask(mask) }
}

/// Sets the host name of the caller's UTS namespace.
pub fn set_hostname(name: &CStr) -> Result<()> {
    // SAFETY: the name outlives the call and its length is passed.
    let result = unsafe { libc::sethostname(name.as_ptr(), name.count_bytes()) };
    checked(Call::SetHostname, libc::c_long::from(result)).map(drop)
}

/// Sets the NIS domain name of the caller's UTS namespace.
pub fn set_domainname(name: &CStr) -> Result<()> {
    // SAFETY: the name outlives the call and its length is passed.
    let result = unsafe { libc::setdomainname(name.as_ptr(), name.count_bytes()) };
    checked(Call::SetDomainname, libc::c_long::from(result)).map(drop)
}

/// Makes the caller the one that orphans below it are handed to (`PR_SET_CHILD_SUBREAPER`).
pub fn become_subreaper() -> Result<()> {
    // SAFETY: no pointers.
    let result = unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) };
    checked(Call::Prctl, libc::c_long::from(result)).map(drop)
}

/// Sets the execution domain (personality(2)), which execve(2) keeps.
pub fn set_personality(domain: u32) -> Result<()> {
    // SAFETY: no pointers.
    let result = unsafe { libc::personality(libc::c_ulong::from(domain)) };
    checked(Call::Personality, libc::c_long::from(result)).map(drop)
}

/// Gives the session a keyring of its own with this name (keyctl(2) `KEYCTL_JOIN_SESSION_KEYRING`).
pub fn join_session_keyring(name: &CStr) -> Result<()> {
    const JOIN_SESSION_KEYRING: libc::c_int = 1;
    // SAFETY: the name is terminated and outlives the call.
    let result = unsafe { libc::syscall(libc::SYS_keyctl, JOIN_SESSION_KEYRING, name.as_ptr()) };
    checked(Call::Keyctl, result).map(drop)
}
