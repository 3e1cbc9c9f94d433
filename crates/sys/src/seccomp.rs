//! Loads a seccomp filter, and asks what the kernel knows of them: seccomp(2).

use std::os::fd::{FromRawFd, OwnedFd};

use crate::{Call, Errno, Error, Result, checked};

/// One classic BPF instruction as the kernel reads it.
pub use libc::sock_filter as Instruction;

/// `SECCOMP_FILTER_FLAG_NEW_LISTENER`: the call answers with a notify descriptor.
pub const NEW_LISTENER: u64 = 1 << 3;

/// Loads the program for the calling thread. Needs no_new_privs or CAP_SYS_ADMIN in the user namespace.
/// Answers with the notify descriptor if `flags` has [`NEW_LISTENER`].
pub fn load(program: &[Instruction], flags: u64) -> Result<Option<OwnedFd>> {
    let program =
        libc::sock_fprog { len: program.len() as libc::c_ushort, filter: program.as_ptr().cast_mut() };
    // SAFETY: the program outlives the call and its length is passed; the kernel only reads it.
    let result =
        unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
    let fd = checked(Call::Seccomp, result)?;
    // SAFETY: with NEW_LISTENER the result is a descriptor made for us alone.
    Ok((flags & NEW_LISTENER != 0).then(|| unsafe { OwnedFd::from_raw_fd(fd as i32) }))
}

/// Whether the kernel knows a flag. A program at address 0 fails with EFAULT, which the kernel comes to when the flags
/// have passed.
pub fn knows_flag(flag: u64) -> bool {
    // Some flags are refused without a listener, and TSYNC is refused with one.
    [flag, flag | NEW_LISTENER].into_iter().any(|flags| {
        let none = std::ptr::null::<libc::sock_fprog>();
        // SAFETY: the kernel checks the address of the program and reads nothing at 0.
        let result = unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, none) };
        // Whatever else an outer filter answers, it will say again when the filter is loaded.
        !matches!(checked(Call::Seccomp, result), Err(Error { errno: Errno::EINVAL, .. }))
    })
}

/// Whether the kernel knows the action of this return value (`SECCOMP_GET_ACTION_AVAIL`): one that it does not know
/// kills the process.
pub fn knows_action(return_value: u32) -> bool {
    // SAFETY: the value outlives the call, which only reads it.
    let result = unsafe {
        libc::syscall(libc::SYS_seccomp, libc::SECCOMP_GET_ACTION_AVAIL, 0, &raw const return_value)
    };
    !matches!(checked(Call::Seccomp, result), Err(Error { errno: Errno::EOPNOTSUPP, .. }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_that_goes_with_no_listener_is_known() {
        assert!(knows_flag(1));
    }

    #[test]
    fn the_flag_that_asks_for_a_listener_is_known() {
        assert!(knows_flag(NEW_LISTENER));
    }

    #[test]
    fn a_flag_of_no_kernel_is_unknown() {
        assert!(!knows_flag(1 << 30));
    }

    #[test]
    fn allow_is_known() {
        assert!(knows_action(libc::SECCOMP_RET_ALLOW));
    }

    #[test]
    fn an_action_of_no_kernel_is_unknown() {
        assert!(!knows_action(0x0123_0000));
    }
}
