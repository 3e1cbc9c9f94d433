//! pause and resume: nothing of the container runs in between, and what the other commands make of that.

use crate::case::{Case, Doing, Outcome, case};
use crate::cgroup::{Control, Version, version_of};
use crate::container::Container;
use crate::expect::{hold, json, same, until};
use crate::procfs;
use crate::test::Test;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use std::fs;
use std::thread::sleep;
use std::time::Duration;

pub(crate) const CASES: &[Case] = &[
    case("an exec that pause catches half-way ends with an answer", "runc exec", |t| {
        let container = t.idle()?;
        for round in 0..20 {
            let exec = t.command(&["exec", "--detach", &container.id, "true"])?.spawn()?;
            // To catch it at a different place each time.
            sleep(Duration::from_micros(300 * round));
            container.call("pause")?.ok()?;
            let output = exec.wait()?;
            hold(matches!(output.code, 0 | 255), format!("{output:?}"))?;
            hold(output.code == 0 || output.stderr.contains("paused"), output.stderr)?;
            container.call("resume")?.ok()?;
        }
        Ok(())
    })
    .wavers("runc", "waits until the container is resumed, and an engine's shim with it"),
    case("a paused container is paused", "runc pause", |t| {
        let container = paused(t)?;
        same("status", container.status()?, "paused")
    }),
    case("a paused container is paused in the list", "runc list", |t| {
        let container = paused(t)?;
        let list = json(&t.call(&["list", "--format", "json"])?.ok()?.stdout)?;
        same("id", list[0]["id"].as_str(), Some(container.id.as_str()))?;
        same("status", list[0]["status"].as_str(), Some("paused"))
    }),
    case("a paused container keeps its pid in state", "runc state", |t| {
        let container = paused(t)?;
        same("pid", container.state()?["pid"].as_i64(), Some(container.pid.into()))
    }),
    case("when pause returns, every process has stopped", "runc pause", |t| {
        let container = t.start(&t.bundle()?.sh("yes >/dev/null & yes >/dev/null & yes >/dev/null"))?;
        container.call("pause")?.ok()?;
        hold(is_frozen(&container)?, "the cgroup is not frozen")?;
        let before = ticks(&container)?;
        container.call("state")?.ok()?;
        same("CPU time", ticks(&container)?, before)
    }),
    case("a resumed container is running", "runc resume", |t| {
        let container = paused(t)?;
        container.call("resume")?.ok()?;
        same("status", container.status()?, "running")
    }),
    case("a program that is resumed does what it was about to do", "runc resume", |t| {
        let container =
            t.start(&t.bundle()?.sh("trap 'echo heard; exit 7' TERM; echo ready; while :; do :; done"))?;
        container.says("ready")?;
        container.call("pause")?.ok()?;
        container.kill("TERM")?;
        same("output while paused", container.stdout(), "ready\n")?;
        container.call("resume")?.ok()?;
        same("exit status", container.wait()?, 7)?;
        same("output", container.stdout(), "ready\nheard\n")
    }),
    case("a program that was exec'd is paused too", "runc pause", |t| {
        let container = t.idle()?;
        let exec = t.command(&["exec", &container.id, "sh", "-c", "yes >/dev/null"])?.spawn()?;
        until("it runs", || {
            procfs::descendants(Pid::from_raw(exec.pid)).into_iter().find(|p| p.name == "yes")
        })?;
        container.call("pause")?.ok()?;
        let before = ticks(&container)?;
        container.call("state")?.ok()?;
        same("CPU time", ticks(&container)?, before)
    }),
    case("a process in a cgroup below the container's is paused too", "runc pause", |t| {
        let container = t.start(&t.bundle()?.sh("yes >/dev/null & echo ready; wait"))?;
        container.says("ready")?;
        let below = FREEZER.of(&container)?.with_file_name("below");
        fs::create_dir(&below).doing("make a cgroup below")?;
        let yes = until("it runs", || {
            procfs::descendants(Pid::from_raw(container.pid))
                .into_iter()
                .find(|process| process.name == "yes")
        })?;
        fs::write(below.join("cgroup.procs"), yes.pid.to_string()).doing("move a process")?;
        container.call("pause")?.ok()?;
        let file =
            below.join(if version_of("freezer")? == Version::V1 { "freezer.state" } else { "cgroup.events" });
        let text = t.read(&file)?;
        hold(text.contains("FROZEN") || text.contains("frozen 1"), text)?;
        container.call("resume")?.ok()?;
        container.stop()?;
        container.delete()
    }),
    case("a container that has not been started can be paused", "runc pause", |t| {
        version_of("freezer")?;
        let container = t.create(&t.bundle()?)?;
        container.call("pause")?.ok()?;
        same("status", container.status()?, "paused")?;
        container.call("start")?.refused(1, "cannot start a container in the paused state")?;
        container.call("resume")?.ok()?;
        same("status after resume", container.status()?, "created")?;
        container.start()?;
        same("exit status", container.wait()?, 0)
    }),
    case("pause of a paused container is an error", "runc pause", |t| {
        paused(t)?.call("pause")?.refused(1, "container not running").map(drop)
    }),
    case("pause of a stopped container is an error", "runc pause", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        container.call("pause")?.refused(1, "container not running").map(drop)
    }),
    case("pause of an unknown container is an error", "runc pause", |t| {
        t.call(&["pause", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case("resume of a running container is an error", "runc resume", |t| {
        t.idle()?.call("resume")?.refused(1, "container not paused").map(drop)
    }),
    case("resume of a container that has not been started is an error", "runc resume", |t| {
        t.create(&t.bundle()?)?.call("resume")?.refused(1, "container not paused").map(drop)
    }),
    case("resume of a stopped container is an error", "runc resume", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        container.call("resume")?.refused(1, "container not paused").map(drop)
    }),
    case("resume of an unknown container is an error", "runc resume", |t| {
        t.call(&["resume", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case(
        "resume says when a cgroup above keeps the container paused",
        "cgroup-v1/freezer-subsystem.rst",
        |t| {
            t.by_cgroupfs("for systemd a cgroupsPath is SLICE:PREFIX:NAME")?;
            let pod = t.v1("freezer")?.join(format!("{}-pod", t.tag));
            let path = format!("/{0}-pod/{0}-inner", t.tag);
            let bundle = t.bundle()?.set("/linux/cgroupsPath", serde_json::json!(path));
            let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
            fs::write(pod.join("freezer.state"), "FROZEN").doing("freeze the cgroup above")?;
            let output = container.call("resume");
            fs::write(pod.join("freezer.state"), "THAWED").doing("thaw the cgroup above")?;
            output?.refused(1, "a cgroup above its own is frozen").map(drop)
        },
    )
    .differs("runc", "it says nothing"),
    case("exec in a paused container is refused", "runc exec", |t| {
        paused(t)?
            .exec(&["true"])?
            .refused(255, "cannot exec in a paused container (use --ignore-paused to override)")
            .map(drop)
    }),
    case("exec --ignore-paused runs once the container is resumed", "runc exec --ignore-paused", |t| {
        let container = paused(t)?;
        let args = ["exec", "--ignore-paused", &container.id, "echo", "hello"];
        let exec = t.command(&args)?.spawn()?;
        until("a process is there", || (members(&container).ok()? > 1).then_some(()))?;
        same("output while paused", exec.stdout(), "")?;
        container.call("resume")?.ok()?;
        same("output", exec.wait()?.ok()?.stdout, "hello\n")
    }),
    case("exec --ignore-paused that is killed runs nothing", "runc exec --ignore-paused", |t| {
        let container = paused(t)?;
        let exec = t.command(&["exec", "--ignore-paused", &container.id, "touch", "/ran"])?.spawn()?;
        until("a process is there", || (members(&container).ok()? > 1).then_some(()))?;
        exec.signal(Signal::SIGKILL)?;
        exec.wait()?.exits(-9)?;
        container.call("resume")?.ok()?;
        until("it is gone", || (members(&container).ok()? == 1).then_some(()))?;
        hold(!t.path("bundle-1/rootfs/ran").exists(), "it has run")
    })
    .wavers("runc", "it runs all the same, unless it is killed before it has told its child what to run"),
    case("SIGKILL ends a paused container", "runc kill", |t| {
        let container = paused(t)?;
        container.stop()?;
        same("status", container.status()?, "stopped")?;
        container.delete()
    }),
    case("SIGKILL ends a paused container that shares the host's processes", "runc kill", |t| {
        version_of("freezer")?;
        let bundle = t.bundle()?.without_namespace("pid").sh("sleep 1000 & echo ready; wait");
        let container = t.start(&bundle)?;
        container.says("ready")?;
        container.call("pause")?.ok()?;
        container.stop()?;
        container.delete()?;
        t.nothing_left()
    })
    .wavers("runc", "1.1 leaves the cgroup where it is one of v2"),
    case("delete of a paused container is refused", "runc delete", |t| {
        let container = paused(t)?;
        let text = format!("cannot delete container {} that is not stopped: paused", container.id);
        container.call("delete")?.refused(1, &text)?;
        same("status", container.status()?, "paused")
    }),
    case("delete --force ends a paused container", "runc delete", |t| {
        let container = paused(t)?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        container.wait()?;
        t.nothing_left()
    }),
    case("delete --force ends a paused container that was not started", "runc delete", |t| {
        version_of("freezer")?;
        let container = t.create(&t.bundle()?)?;
        container.call("pause")?.ok()?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        container.wait()?;
        t.nothing_left()
    }),
    case("ps lists the processes of a paused container", "runc ps", |t| {
        let container = paused(t)?;
        let output = t.call(&["ps", "--format", "json", &container.id])?.ok()?.stdout;
        same("pids", output.trim(), format!("[{}]", container.pid).as_str())
    }),
];

const FREEZER: Control = Control("freezer", "freezer.state", "cgroup.events");

/// An idle container that has been paused.
fn paused(t: &Test) -> Outcome<Container<'_>> {
    version_of("freezer")?;
    let container = t.idle()?;
    container.call("pause")?.ok()?;
    Ok(container)
}

fn is_frozen(container: &Container<'_>) -> Outcome<bool> {
    let text = FREEZER.read(container)?;
    Ok(text == "FROZEN" || text.contains("frozen 1"))
}

/// How many processes are in the container's cgroup.
fn members(container: &Container<'_>) -> Outcome<usize> {
    Ok(Control("freezer", "cgroup.procs", "cgroup.procs").read(container)?.lines().count())
}

/// The CPU time of all processes of the cgroup, in clock ticks: fields 14 and 15 of /proc/PID/stat.
fn ticks(container: &Container<'_>) -> Outcome<u64> {
    let pids = Control("freezer", "cgroup.procs", "cgroup.procs").read(container)?;
    let used = |pid: &str| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
    };
    Ok(pids.lines().filter_map(used).sum())
}
