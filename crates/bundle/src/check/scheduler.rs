//! `process.scheduler`: only what sched_setattr(2) takes together.

use oci_spec::runtime::{LinuxSchedulerPolicy as Policy, Scheduler};

use super::Findings;
use crate::problem::At;

/// The kernel's smallest runtime of a deadline task, in nanoseconds (`__checkparam_dl`).
const MIN_RUNTIME: u64 = 1024;

pub(super) fn check(scheduler: &Scheduler, at: &At<'_>, findings: &mut Findings) {
    if !findings.is_sound(at) {
        return;
    }
    priority(scheduler, &at.key("priority"), findings);
    match scheduler.policy() {
        Policy::SchedDeadline => deadline(scheduler, at, findings),
        _ => no_deadline(scheduler, at, findings),
    }
}

fn priority(scheduler: &Scheduler, at: &At<'_>, findings: &mut Findings) {
    let priority = scheduler.priority().unwrap_or(0);
    match scheduler.policy() {
        Policy::SchedFifo | Policy::SchedRr => {
            findings.must(priority > 0, at, &priority, "1 to 99 with this policy");
        }
        _ => findings.must(priority == 0, at, &priority, "0, except with SCHED_FIFO and SCHED_RR"),
    }
}

/// 0 < runtime <= deadline <= period; a period of 0 is as long as the deadline.
fn deadline(scheduler: &Scheduler, at: &At<'_>, findings: &mut Findings) {
    let [runtime, deadline, period] = times(scheduler);
    let end = if period == 0 { i64::MAX as u64 } else { period };
    findings.must(
        (MIN_RUNTIME..=deadline.max(MIN_RUNTIME)).contains(&runtime),
        &at.key("runtime"),
        &runtime,
        "1024 ns or more, and at most the deadline",
    );
    findings.must(
        (1..=end).contains(&deadline),
        &at.key("deadline"),
        &deadline,
        "more than 0, and at most the period",
    );
}

fn no_deadline(scheduler: &Scheduler, at: &At<'_>, findings: &mut Findings) {
    for (name, time) in ["runtime", "deadline", "period"].into_iter().zip(times(scheduler)) {
        findings.must(time == 0, &at.key(name), &time, "0, except with SCHED_DEADLINE");
    }
}

fn times(scheduler: &Scheduler) -> [u64; 3] {
    [scheduler.runtime(), scheduler.deadline(), scheduler.period()].map(|time| time.unwrap_or(0))
}
