//! The way from libc's start to the command line, without that of Rust's own: it reads /proc/self/maps to find the end of
//! the stack and installs handlers to tell of an overflow, which costs fifteen system calls per command.

use std::os::fd::IntoRawFd;

use crate::{fd, poll, signal};

/// Makes `$main`, a `fn() -> u8`, what a `#![no_main]` executable runs; its answer is the exit status.
#[macro_export]
macro_rules! main {
    ($main:path) => {
        const _: () = {
            // SAFETY: libc calls it once, and the executable has no other function of this name.
            #[unsafe(no_mangle)]
            extern "C" fn main() -> std::ffi::c_int {
                $crate::start::prepare();
                $main().into()
            }
        };
    };
}

/// What Rust's own start would have done that matters: signals as a runtime needs them, and something at the standard
/// descriptors, or the next file that is opened would be taken for one of them; by the program of a container, too.
pub fn prepare() {
    signal::prepare();
    for number in poll::closed_standard_descriptors() {
        // It takes the lowest free number, which is this one; without /dev/null there is nothing to put there.
        let null = fd::open(fd::cwd(), c"/dev/null", libc::O_RDWR, 0).map(IntoRawFd::into_raw_fd);
        let _ = null.and_then(|_| fd::keep_on_exec(number));
    }
}
