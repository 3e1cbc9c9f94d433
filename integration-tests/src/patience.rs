//! How long the harness waits for anything: an emulated machine needs more time for all of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

static FACTOR: AtomicU32 = AtomicU32::new(1);

/// From now on waits `factor` times as long.
pub(crate) fn set(factor: u32) {
    FACTOR.store(factor, Ordering::Relaxed);
}

/// The factor.
pub(crate) fn factor() -> u32 {
    FACTOR.load(Ordering::Relaxed)
}

/// What a deadline is on this machine.
pub(crate) fn of(deadline: Duration) -> Duration {
    deadline * factor()
}
