//! Anonymous files in memory: for the sealed copy of the runtime's own binary.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};

use crate::{Call, Errno, Error, Result, checked};

/// `MFD_EXEC` (Linux 6.3): the file may be executed whatever vm.memfd_noexec defaults to.
const MFD_EXEC: libc::c_uint = 0x10;

/// Makes an executable memfd that can be sealed. Under vm.memfd_noexec=2 this is EACCES.
pub fn executable(name: &CStr) -> Result<OwnedFd> {
    match create(name, libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING | MFD_EXEC) {
        // Kernels before 6.3 do not know the flag, and make every memfd executable.
        Err(Error { errno: Errno::EINVAL, .. }) => create(name, libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING),
        result => result,
    }
}

fn create(name: &CStr, flags: libc::c_uint) -> Result<OwnedFd> {
    // SAFETY: the name is terminated and outlives the call.
    let fd =
        checked(Call::MemfdCreate, libc::c_long::from(unsafe { libc::memfd_create(name.as_ptr(), flags) }))?;
    // SAFETY: the kernel has just made this descriptor for us alone.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// Forbids every further change to the file, sealing included (`F_ADD_SEALS`, fcntl(2)).
pub fn seal(fd: impl AsFd) -> Result<()> {
    let seals = libc::F_SEAL_SEAL | libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_WRITE;
    // SAFETY: no pointers.
    let result = unsafe { libc::fcntl(fd.as_fd().as_raw_fd(), libc::F_ADD_SEALS, seals) };
    checked(Call::Fadd, libc::c_long::from(result)).map(drop)
}

/// Copies `length` bytes from the start of `from` inside the kernel (sendfile(2)).
pub fn copy(from: impl AsFd, to: impl AsFd, length: u64) -> Result<()> {
    let mut left = length as usize;
    while left > 0 {
        // SAFETY: a null offset means that the position of `from` is used and moved.
        let result = unsafe {
            libc::sendfile(to.as_fd().as_raw_fd(), from.as_fd().as_raw_fd(), std::ptr::null_mut(), left)
        };
        match checked(Call::CopyFile, result as libc::c_long)? {
            0 => return Err(Error { call: Call::CopyFile, errno: Errno::EIO }),
            copied => left -= copied as usize,
        }
    }
    Ok(())
}

/// Makes a memfd that is only data: not executable where the kernel knows the difference (Linux 6.3). Writes append.
pub fn plain(name: &CStr) -> Result<OwnedFd> {
    const MFD_NOEXEC_SEAL: libc::c_uint = 0x8;
    let fd = match create(name, libc::MFD_CLOEXEC | MFD_NOEXEC_SEAL) {
        Err(Error { errno: Errno::EINVAL, .. }) => create(name, libc::MFD_CLOEXEC),
        result => result,
    }?;
    Ok(fd)
}

/// Goes back to the start of a file.
pub fn rewind(fd: impl AsFd) -> Result<()> {
    // SAFETY: no pointers.
    let result = unsafe { libc::lseek(fd.as_fd().as_raw_fd(), 0, libc::SEEK_SET) };
    checked(Call::Read, result as libc::c_long).map(drop)
}
