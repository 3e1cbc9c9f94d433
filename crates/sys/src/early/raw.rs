//! System calls without libc.

use std::ffi::{CStr, c_long};
use std::mem::MaybeUninit;

/// What a call may be given: a number, or the address of something that outlives the call.
#[derive(Clone, Copy)]
pub(super) struct Argument(usize);

impl From<usize> for Argument {
    fn from(number: usize) -> Argument {
        Argument(number)
    }
}

impl<T> From<*const T> for Argument {
    fn from(pointer: *const T) -> Argument {
        Argument(pointer.expose_provenance())
    }
}

impl From<&CStr> for Argument {
    fn from(text: &CStr) -> Argument {
        text.as_ptr().into()
    }
}

/// Makes a system call; `None` is an error, whichever. Arguments that are left out are zero.
///
/// # Safety
///
/// What the call reads or writes by its arguments must be there.
pub(super) unsafe fn call<const COUNT: usize>(number: c_long, arguments: [Argument; COUNT]) -> Option<usize> {
    const { assert!(COUNT <= 6) };
    let at = |index: usize| arguments.get(index).map_or(0, |Argument(argument)| *argument);
    let (a, b, c, d, e, f) = (at(0), at(1), at(2), at(3), at(4), at(5));
    let result: isize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the kernel's calling convention (syscall(2)): it changes rax, rcx and r11 and keeps the stack.
    unsafe {
        std::arch::asm!("syscall", inlateout("rax") number as isize => result, in("rdi") a, in("rsi") b, in("rdx") c,
            in("r10") d, in("r8") e, in("r9") f, lateout("rcx") _, lateout("r11") _, options(nostack));
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: the kernel's calling convention (syscall(2)): it changes x0 alone and keeps the stack.
    unsafe {
        std::arch::asm!("svc 0", in("x8") number, inlateout("x0") a as isize => result, in("x1") b, in("x2") c,
            in("x3") d, in("x4") e, in("x5") f, options(nostack));
    }
    usize::try_from(result).ok()
}

/// A descriptor, closed when it is dropped.
pub(super) struct Descriptor(usize);

impl Descriptor {
    /// The descriptor as an argument.
    pub(super) fn number(&self) -> Argument {
        self.0.into()
    }

    /// The descriptor as a field of what the kernel is given.
    pub(super) fn field(&self) -> u32 {
        self.0 as u32
    }

    /// Leaves it open, for somebody else to close, if its number is above this one.
    pub(super) fn into_number_above(self, number: i32) -> Option<i32> {
        let ours = self.0 as i32;
        (ours > number).then(|| {
            std::mem::forget(self);
            ours
        })
    }

    /// What the descriptor is open on.
    pub(super) fn file(&self) -> Option<File> {
        file_at(self.number(), c"", libc::AT_EMPTY_PATH)
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: close takes no pointers, and nobody else knows the number.
        unsafe { call(libc::SYS_close, [self.number()]) };
    }
}

/// A call that answers a new descriptor.
///
/// # Safety
///
/// As for [`call`].
pub(super) unsafe fn open<const COUNT: usize>(
    number: c_long,
    arguments: [Argument; COUNT],
) -> Option<Descriptor> {
    // SAFETY: the caller's promise.
    unsafe { call(number, arguments) }.map(Descriptor)
}

/// Which file this is, and how long. Small enough to be handed on without a call of `memcpy`.
#[derive(Clone, Copy)]
pub(super) struct File {
    pub(super) device: u64,
    pub(super) inode: u64,
    pub(super) size: i64,
}

/// What a path leads to.
pub(super) fn file(path: &CStr) -> Option<File> {
    file_at((libc::AT_FDCWD as usize).into(), path, 0)
}

fn file_at(directory: Argument, path: &CStr, flags: i32) -> Option<File> {
    let mut stat = MaybeUninit::<libc::stat>::uninit();
    let into = stat.as_mut_ptr().cast_const().into();
    // SAFETY: the path is terminated, and the buffer is what the kernel fills on a 64-bit machine.
    unsafe { call(libc::SYS_newfstatat, [directory, path.into(), into, (flags as usize).into()]) }?;
    // SAFETY: the call succeeded, so it is filled.
    let stat = unsafe { stat.assume_init_ref() };
    Some(File { device: stat.st_dev, inode: stat.st_ino, size: stat.st_size })
}

/// Reads a link into a buffer; answers the length (readlink(2)).
pub(super) fn read_link(path: &CStr, buffer: &mut [MaybeUninit<u8>]) -> Option<usize> {
    let into = buffer.as_mut_ptr().cast_const().into();
    let arguments = [(libc::AT_FDCWD as usize).into(), path.into(), into, buffer.len().into()];
    // SAFETY: the path is terminated, and the buffer's own length is passed.
    unsafe { call(libc::SYS_readlinkat, arguments) }
}
