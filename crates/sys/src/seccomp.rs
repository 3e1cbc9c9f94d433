//! Loads a seccomp filter: seccomp(2) with `SECCOMP_SET_MODE_FILTER`.

use std::os::fd::{FromRawFd, OwnedFd};

use crate::{Call, Result, checked};

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
