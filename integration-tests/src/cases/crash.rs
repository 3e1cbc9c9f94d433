//! A runtime that is killed at any point leaves something that `delete --force` removes without a trace.

use crate::case::{Case, Doing, Outcome, case, fail};
use crate::console::arg;
use crate::expect::same;
use crate::runtime::Call;
use crate::test::Test;
use nix::sys::signal::Signal;
use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(crate) const CASES: &[Case] = &[
    case("create may be killed at any point", "delete --force", |t| {
        rounds(t, 100, |t, id| t.command(&["create", "--bundle", arg(&t.path("bundle-1")), id]))
    })
    .minutes(3)
    .wavers("runc", "it makes cgroups before it writes its state"),
    case("run may be killed at any point", "delete --force", |t| {
        rounds(t, 60, |t, id| t.command(&["run", "--bundle", arg(&t.path("bundle-1")), id]))
    })
    .minutes(3)
    .wavers("runc", "it makes cgroups before it writes its state"),
    case("start may be killed at any point", "delete --force", |t| {
        rounds(t, 30, |t, id| {
            t.call(&["create", "--bundle", arg(&t.path("bundle-1")), id])?.ok()?;
            t.command(&["start", id])
        })
    })
    .minutes(3),
    case("exec may be killed at any point", "delete --force", |t| {
        rounds(t, 40, |t, id| {
            t.call(&["run", "--detach", "--bundle", arg(&t.path("bundle-2")), id])?.ok()?;
            t.command(&["exec", id, "true"])
        })
    })
    .minutes(3),
    case("delete may be killed at any point", "delete --force", |t| {
        rounds(t, 40, |t, id| {
            t.call(&["create", "--bundle", arg(&t.path("bundle-1")), id])?.ok()?;
            t.command(&["delete", "--force", id])
        })
    })
    .minutes(3)
    .wavers("runc", "it forgets the container before its cgroups are removed"),
    case("a killed exec leaves the container as it was", "runc exec", |t| {
        let container = t.idle()?;
        for round in 0..20 {
            let running = t.command(&["exec", &container.id, "true"])?.spawn()?;
            sleep(Duration::from_millis(round));
            running.signal(Signal::SIGKILL)?;
            running.wait()?;
        }
        same("status", container.status()?, "running".to_owned())?;
        container.exec(&["true"])?.ok().map(drop)
    }),
    case("a container whose state.json is damaged can be deleted by force", "delete --force", |t| {
        let container = t.idle()?;
        fs::write(t.root.join(&container.id).join("state.json"), "").doing("damage state.json")?;
        container.call("state")?.refused(1, "state.json")?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        t.nothing_left()
    })
    .needs_root("the cgroup is what tells whose the processes are")
    .differs("runc", "it gives up"),
    case("the id of a killed create may be used after delete --force", "delete --force", |t| {
        prepare(t)?;
        let id = t.id();
        for round in 0..20 {
            let running = t.command(&["create", "--bundle", arg(&t.path("bundle-1")), &id])?.spawn()?;
            sleep(Duration::from_millis(round * 2));
            running.signal(Signal::SIGKILL)?;
            running.wait()?;
            t.call(&["delete", "--force", &id])?.ok()?;
        }
        t.call(&["run", "--bundle", arg(&t.path("bundle-1")), &id])?.ok().map(drop)
    })
    .minutes(2),
];

/// Two bundles: one whose program ends at once, one whose program stays.
fn prepare(t: &Test) -> Outcome {
    t.bundle()?.write()?;
    t.bundle()?.args(&["/bin/sleep", "1000"]).write()
}

/// Kills the call that `next` prepares at points evenly spread over the time it takes, and deletes the container.
fn rounds(t: &Test, count: u32, next: fn(&Test, &str) -> Outcome<Call>) -> Outcome {
    prepare(t)?;
    let whole = duration(t, next)?;
    for round in 0..count {
        let id = t.id();
        let running = next(t, &id)?.spawn()?;
        // Up to the whole duration and a little beyond.
        sleep(whole * round * 6 / (count * 5));
        running.signal(Signal::SIGKILL)?;
        running.wait()?;
        t.call(&["delete", "--force", &id])?.ok()?;
        let leaks = t.leaks();
        if !leaks.is_empty() {
            return fail(format!("round {round} of {count}: left behind: {}", leaks.join("; ")));
        }
    }
    Ok(())
}

/// How long the call takes when it is left alone.
fn duration(t: &Test, next: fn(&Test, &str) -> Outcome<Call>) -> Outcome<Duration> {
    let id = t.id();
    let call = next(t, &id)?;
    let begin = Instant::now();
    call.output()?;
    let whole = begin.elapsed();
    t.call(&["delete", "--force", &id])?;
    Ok(whole)
}
