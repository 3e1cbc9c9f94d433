//! One case in a process of its own: its mounts are its own, and every process it leaves becomes its child.

use crate::args::{Caller, Job};
use crate::case::{Outcome, Verdict};
use crate::cases;
use crate::inject;
use crate::leak;
use crate::patience;
use crate::test::Test;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::Pid;
use serde_json::json;
use std::fs;
use std::process::ExitCode;

/// The name of the file, in the case's directory, that says how it went.
pub(crate) const VERDICT: &str = "verdict.json";

/// Runs the case, clears up, and writes the verdict.
pub(crate) fn main(job: &Job) -> ExitCode {
    let Some((_, case)) = cases::all().nth(job.case) else { return ExitCode::from(2) };
    patience::set(job.way.patience);
    if job.way.every_point {
        inject::try_every_point();
    }
    isolate();
    let test = Test::new(job.runtime.clone(), job.dir.clone(), job.tag.clone(), job.way.driver);
    let verdict = match job.way.caller {
        Caller::Root => judge((case.check)(&test), &test),
        Caller::User => test.ordinary().and_then(|test| judge((case.check)(&test), &test)),
    };
    leak::end_processes(Pid::this());
    leak::remove_cgroups(&job.tag);
    let (word, reason) = match verdict {
        Ok(()) => ("ok", String::new()),
        Err(Verdict::Failed(reason)) => ("failed", reason),
        Err(Verdict::Skipped(reason)) => ("skipped", reason),
    };
    let verdict = json!({"verdict": word, "reason": reason}).to_string();
    fs::write(job.dir.join(VERDICT), verdict).expect("write the verdict");
    ExitCode::SUCCESS
}

/// A mount namespace whose mounts are shared with all namespaces made below it (as on hosts with systemd), so that a
/// container's mounts which find their way out are seen, and do not reach the host.
fn isolate() {
    unshare(CloneFlags::CLONE_NEWNS).expect("a mount namespace for the case (are you root?)");
    propagate(MsFlags::MS_PRIVATE);
    propagate(MsFlags::MS_SHARED);
    nix::sys::prctl::set_child_subreaper(true).expect("become a subreaper");
}

fn propagate(how: MsFlags) {
    mount(None::<&str>, "/", None::<&str>, how | MsFlags::MS_REC, None::<&str>)
        .expect("set the mounts' propagation");
}

/// The outcome of the case together with what it left behind.
fn judge(outcome: Outcome, test: &Test) -> Outcome {
    test.delete_all();
    let leaks = test.leaks();
    if leaks.is_empty() {
        return outcome;
    }
    let left = format!("left behind: {}", leaks.join("; "));
    Err(Verdict::Failed(match outcome {
        Err(Verdict::Failed(reason)) => format!("{reason}; {left}"),
        _ => left,
    }))
}
