//! What a step that failed is told as.

use std::os::fd::OwnedFd;

use sys::Errno;

use crate::error::Error;
use crate::hooks;
use crate::packet::Reason;
use crate::plan::{Action, Plan, Step};

pub(super) fn label(plan: &Plan, step: u32) -> String {
    plan.steps.get(step as usize).map_or_else(|| "container init".into(), Step::label)
}

pub(super) fn failed(plan: &Plan, step: u32, reason: Reason, output: Option<OwnedFd>) -> Error {
    if plan.steps.get(step as usize).is_some_and(|step| is_gone(step, reason)) {
        return Error::Plain("container not running".into());
    }
    Error::Step { label: label(plan, step), reason, output: hooks::last_words(output) }
}

/// For `map_err`: the step that failed in the parent's hands.
pub(super) fn at(step: &Step) -> impl FnOnce(Reason) -> Error {
    |reason| match is_gone(step, reason) {
        true => Error::Plain("container not running".into()),
        false => Error::Step { label: step.label(), reason, output: String::new() },
    }
}

/// Whether the step was to join an init that has ended in the meantime.
fn is_gone(step: &Step, reason: Reason) -> bool {
    match (&step.action, reason) {
        (Action::JoinInit { .. }, Reason::Call(error)) => error.errno == Errno::ESRCH,
        // clone into a pid namespace whose init has died (pid_namespaces(7)).
        (Action::Fork { .. }, Reason::Call(error)) => error.errno == Errno::ENOMEM,
        _ => false,
    }
}
