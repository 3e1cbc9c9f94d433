//! `process`: what is executed, as whom and with which limits (config.md, "Process").

use oci_spec::runtime::{Capabilities, LinuxCapabilities, PosixRlimit, Process, User};

use super::{Findings, each, scheduler};
use crate::problem::At;

/// NGROUPS_MAX of Linux (setgroups(2)).
const GROUPS: usize = 65536;

pub(super) fn check(process: &Process, at: &At<'_>, findings: &mut Findings) {
    args(process, &at.key("args"), findings);
    let cwd = process.cwd();
    findings.must(cwd.is_absolute(), &at.key("cwd"), cwd, "an absolute path");
    env(process, &at.key("env"), findings);
    groups(process.user(), &at.key("user").key("additionalGids"), findings);
    console_size(process, &at.key("consoleSize"), findings);
    rlimits(process, &at.key("rlimits"), findings);
    if let Some(sets) = process.capabilities() {
        capabilities(sets, &at.key("capabilities"), findings);
    }
    if let Some(scheduler) = process.scheduler() {
        scheduler::check(scheduler, &at.key("scheduler"), findings);
    }
}

fn args(process: &Process, at: &At<'_>, findings: &mut Findings) {
    match process.args().as_deref() {
        None | Some([]) => findings.missing(at, "at least the program to execute"),
        Some([program, ..]) => {
            findings.must(!program.is_empty(), &at.index(0), program, "the program to execute")
        }
    }
}

/// environ(7): an entry without a name would not be found by getenv(3), and runc refuses it too.
fn env(process: &Process, at: &At<'_>, findings: &mut Findings) {
    for (index, entry) in each(process.env()) {
        let named = entry.find('=').is_some_and(|length| length > 0);
        findings.must(named, &at.index(index), entry, "NAME=VALUE");
    }
}

fn groups(user: &User, at: &At<'_>, findings: &mut Findings) {
    let count = user.additional_gids().as_ref().map_or(0, Vec::len);
    if count > GROUPS {
        findings.problem(at, format!("{count} groups"), &format!("at most {GROUPS}"));
    }
}

/// `struct winsize` holds 16 bits each; without a terminal the field must be ignored.
fn console_size(process: &Process, at: &At<'_>, findings: &mut Findings) {
    let Some(size) = process.console_size().filter(|_| process.terminal() == Some(true)) else { return };
    for (name, value) in [("height", size.height()), ("width", size.width())] {
        findings.must(value <= u64::from(u16::MAX), &at.key(name), &value, "a whole number from 0 to 65535");
    }
}

fn rlimits(process: &Process, at: &At<'_>, findings: &mut Findings) {
    let mut seen = Vec::new();
    for (index, limit) in each(process.rlimits()) {
        rlimit(limit, &at.index(index), findings);
        let once = !seen.contains(&limit.typ());
        findings.must(once, &at.index(index).key("type"), &limit.typ(), "each type once");
        seen.push(limit.typ());
    }
}

fn rlimit(limit: &PosixRlimit, at: &At<'_>, findings: &mut Findings) {
    if findings.is_sound(at) && limit.soft() > limit.hard() {
        let allowed = format!("at most the hard limit, {}", limit.hard());
        findings.must(false, &at.key("soft"), &limit.soft(), &allowed);
    }
}

/// What capset(2) and prctl(2) can never grant is left away with a warning, as the spec wants.
fn capabilities(sets: &LinuxCapabilities, at: &At<'_>, findings: &mut Findings) {
    let permitted = set(sets.permitted());
    let inheritable = set(sets.inheritable());
    let ambient = permitted.intersection(&inheritable).copied().collect();
    beyond(sets.effective(), &permitted, &at.key("effective"), "in permitted", findings);
    beyond(sets.ambient(), &ambient, &at.key("ambient"), "in both permitted and inheritable", findings);
}

fn set(capabilities: &Option<Capabilities>) -> Capabilities {
    capabilities.clone().unwrap_or_default()
}

fn beyond(
    wanted: &Option<Capabilities>,
    possible: &Capabilities,
    at: &At<'_>,
    place: &str,
    findings: &mut Findings,
) {
    let mut names: Vec<_> =
        set(wanted).difference(possible).map(|capability| format!("CAP_{capability}")).collect();
    names.sort_unstable();
    if !names.is_empty() {
        findings.warn(at, &format!("{} cannot be granted: not {place}", names.join(", ")));
    }
}
