//! Collects ended children, as an engine's shim does: an exec'd process that nobody reaps would keep its pid namespace,
//! and so the container's init, from ending.

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

thread_local! {
    static ENDED: RefCell<HashMap<i32, i32>> = RefCell::default();
    static PICKY: Cell<bool> = const { Cell::new(false) };
}

/// From now on only collects the children that are asked for, so that a container's init stays a zombie.
pub(crate) fn keep_zombies() {
    PICKY.set(true);
}

/// The exit status of the child `pid`, or minus the signal that ended it; `None` while it runs.
pub(crate) fn status(pid: i32) -> Option<i32> {
    collect(PICKY.get().then_some(Pid::from_raw(pid)));
    ENDED.with_borrow(|ended| ended.get(&pid).copied())
}

/// Forgets how an earlier process of this number ended; call it for a new child.
pub(crate) fn begun(pid: i32) {
    ENDED.with_borrow_mut(|ended| ended.remove(&pid));
}

/// Collects every child that has ended.
pub(crate) fn all() {
    collect(None);
}

fn collect(pid: Option<Pid>) {
    while let Ok(status) = waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
        let code = match status {
            WaitStatus::Exited(_, code) => code,
            WaitStatus::Signaled(_, signal, _) => -(signal as i32),
            _ => return,
        };
        let pid = status.pid().expect("an ended child has a pid").as_raw();
        ENDED.with_borrow_mut(|ended| ended.insert(pid, code));
    }
}
