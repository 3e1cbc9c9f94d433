//! The clock that spans and time-outs are measured with.

use std::time::Duration;

/// Time since an unspecified start that never goes back (`CLOCK_MONOTONIC`); comparable between processes.
pub fn monotonic() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: now outlives the call, which cannot fail for this clock.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
