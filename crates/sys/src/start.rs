//! The way from libc's start to the command line, without that of Rust's own: it reads /proc/self/maps to find the end of
//! the stack and installs handlers to tell of an overflow, which costs fifteen system calls per command.

use std::ffi::{CStr, OsStr, OsString, c_char, c_int};
use std::os::fd::IntoRawFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;

use crate::{fd, poll, signal};

/// Makes `$main`, a `fn() -> u8`, what a `#![no_main]` executable runs; its answer is the exit status.
#[macro_export]
macro_rules! main {
    ($main:path) => {
        const _: () = {
            // SAFETY: libc calls it once, and the executable has no other function of this name.
            #[unsafe(no_mangle)]
            extern "C" fn main(
                count: std::ffi::c_int,
                words: *const *const std::ffi::c_char,
            ) -> std::ffi::c_int {
                // SAFETY: they are what libc has of the kernel.
                unsafe { $crate::start::prepare(count, words) };
                $main().into()
            }
        };
    };
}

/// The command line, the program's name first.
static ARGUMENTS: OnceLock<Vec<OsString>> = OnceLock::new();

/// The words of the command line, the program's name first: std knows them with some libcs only, without its own start.
pub fn arguments() -> &'static [OsString] {
    ARGUMENTS.get().map_or(&[], Vec::as_slice)
}

/// What Rust's own start would have done that matters: the command line, signals as a runtime needs them, and something
/// at the standard descriptors, or the next file that is opened would be taken for one of them; by the program of a
/// container, too.
///
/// # Safety
///
/// `words` must be the process's arguments, and `count` their number.
pub unsafe fn prepare(count: c_int, words: *const *const c_char) {
    // SAFETY: the caller's promise.
    let words = unsafe { std::slice::from_raw_parts(words, count as usize) };
    // SAFETY: each of them is a terminated string.
    let owned =
        |word: &*const c_char| OsStr::from_bytes(unsafe { CStr::from_ptr(*word) }.to_bytes()).to_owned();
    ARGUMENTS.get_or_init(|| words.iter().map(owned).collect());
    signal::prepare();
    for number in poll::closed_standard_descriptors() {
        // It takes the lowest free number, which is this one; without /dev/null there is nothing to put there.
        let null = fd::open(fd::cwd(), c"/dev/null", libc::O_RDWR, 0).map(IntoRawFd::into_raw_fd);
        let _ = null.and_then(|_| fd::keep_on_exec(number));
    }
}
