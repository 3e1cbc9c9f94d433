//! events: what a container uses in the shape that engines decode, and word of the kernel's out-of-memory killer.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, skip};
use crate::cgroup::{Version, version_of};
use crate::container::Container;
use crate::expect::{contains, hold, json, same, until};
use crate::runtime::Running;
use crate::test::Test;
use nix::fcntl::OFlag;
use nix::sys::signal::Signal;
use serde_json::{Value, json as value};
use std::fs;

pub(crate) const CASES: &[Case] = &[
    case("events --stats prints one line and ends", "runc events --stats", |t| {
        let container = t.idle()?;
        let text = t.call(&["events", "--stats", &container.id])?.ok()?.stdout;
        same("lines", text.lines().count(), 1)?;
        let event = json(&text)?;
        same("type", &event["type"], &value!("stats"))?;
        same("id", &event["id"], &value!(container.id))
    }),
    case("stats have the types that go-runc decodes", "go-runc: events.go", |t| {
        let data = stats(t, &t.idle()?)?;
        let unsigned = |pointer: &str| {
            hold(data.pointer(pointer).is_some_and(Value::is_u64), format!("{pointer}: {data}"))
        };
        for pointer in [
            "/cpu/usage/kernel",
            "/cpu/usage/user",
            "/memory/usage/limit",
            "/memory/usage/failcnt",
            "/memory/swap/limit",
            "/memory/kernel/limit",
            "/memory/kernelTCP/limit",
        ] {
            unsigned(pointer)?;
        }
        for pointer in ["/cpu/throttling", "/cpuset", "/pids", "/blkio", "/hugetlb", "/intel_rdt"] {
            hold(data.pointer(pointer).is_some_and(Value::is_object), format!("{pointer}: {data}"))?;
        }
        let raw = data.pointer("/memory/raw").and_then(Value::as_object);
        hold(raw.is_none_or(|raw| raw.values().all(Value::is_u64)), format!("/memory/raw: {data}"))
    }),
    case("stats tell the memory and its limit", "runc events --stats", |t| {
        version_of("memory")?;
        let data = stats(t, &idle_with(t, value!({"memory": {"limit": 67_108_864}}))?)?;
        same("limit", data["memory"]["usage"]["limit"].as_u64(), Some(67_108_864))?;
        let usage = data["memory"]["usage"]["usage"].as_u64().unwrap_or(0);
        hold(usage > 0 && usage < 67_108_864, format!("usage: {usage}"))?;
        hold(data["memory"]["raw"].as_object().is_some_and(|raw| raw.len() > 10), "no raw statistics")
    }),
    case("stats tell the processes and their limit", "runc events --stats", |t| {
        version_of("pids")?;
        let data = stats(t, &idle_with(t, value!({"pids": {"limit": 17}}))?)?;
        same("pids", &data["pids"], &value!({"current": 1, "limit": 17}))
    }),
    case("without a limit of processes stats tell none", "runc events --stats", |t| {
        t.by_cgroupfs("systemd has a limit of tasks for every unit")?;
        version_of("pids")?;
        let data = stats(t, &idle_with(t, value!({}))?)?;
        same("pids", &data["pids"], &value!({"current": 1}))
    }),
    case("stats tell the CPU time in nanoseconds", "runc events --stats", |t| {
        let script = "i=0; while [ $i -lt 20000 ]; do i=$((i + 1)); done; echo ready; sleep 1000";
        let container = t.start(&t.bundle()?.sh(script))?;
        container.says("ready")?;
        let total = stats(t, &container)?["cpu"]["usage"]["total"].as_u64().unwrap_or(0);
        hold((1_000_000..60_000_000_000).contains(&total), format!("{total} ns"))
    }),
    case("stats tell how the quota held the container back", "runc events --stats", |t| {
        version_of("cpu")?;
        let bundle = t.bundle()?.set("/linux/resources", value!({"cpu": {"quota": 2000, "period": 20_000}}));
        let container = t.start(&bundle.sh("while :; do :; done"))?;
        until("it is held back", || {
            let data = stats(t, &container).ok()?;
            let throttling = &data["cpu"]["throttling"];
            let all = ["periods", "throttledPeriods", "throttledTime"];
            all.iter().all(|name| throttling[name].as_u64().is_some_and(|n| n > 0)).then_some(())
        })
    }),
    case("stats tell the cpuset", "runc events --stats", |t| {
        version_of("cpuset")?;
        let data = stats(t, &idle_with(t, value!({"cpu": {"cpus": "0"}}))?)?;
        same("cpus", &data["cpuset"]["cpus"], &value!([0]))
    })
    .wavers("runc", "1.1 tells none on v2"),
    case("stats tell the limits of an update", "runc events --stats", |t| {
        version_of("pids")?;
        let container = idle_with(t, value!({}))?;
        t.call(&["update", "--pids-limit", "21", &container.id])?.ok()?;
        same("limit", stats(t, &container)?["pids"]["limit"].as_u64(), Some(21))
    }),
    case(
        "stats count what goes over the container's interfaces",
        "runc types/events.go: NetworkInterface",
        |t| {
            let caps = value!(["CAP_NET_ADMIN"]);
            let caps = value!({"bounding": caps, "effective": caps, "permitted": caps});
            let bundle = t.bundle()?.set("/process/capabilities", caps);
            let script = "ip link add eth7 type veth && ip link set eth7 up; echo ready; sleep 1000";
            let container = t.start(&bundle.sh(script))?;
            container.says("ready")?;
            if !container.sh("cat /proc/net/dev")?.contains("eth7") {
                return skip("no virtual interfaces here");
            }
            let data = stats(t, &container)?;
            let list = data["network_interfaces"].as_array();
            let found =
                list.and_then(|list| list.iter().find(|one| one["Name"] == "eth7")).unwrap_or(&Value::Null);
            hold(list.is_some_and(|list| list.iter().all(|one| one["Name"] != "lo")), data.to_string())?;
            for name in [
                "RxBytes",
                "RxPackets",
                "RxErrors",
                "RxDropped",
                "TxBytes",
                "TxPackets",
                "TxErrors",
                "TxDropped",
            ] {
                hold(found[name].is_u64(), format!("{name}: {found}"))?;
            }
            Ok(())
        },
    )
    .differs("runc", "it knows the interfaces of configurations from before OCI alone"),
    case("the host's interfaces are not the container's", "runc types/events.go: NetworkInterface", |t| {
        let container = t.start(&t.bundle()?.without_namespace("network").args(&["/bin/sleep", "1000"]))?;
        let data = stats(t, &container)?;
        hold(data["network_interfaces"].as_array().is_none_or(Vec::is_empty), data.to_string())
    }),
    case("events --stats works on a paused container", "runc events --stats", |t| {
        version_of("freezer")?;
        let container = t.idle()?;
        container.call("pause")?.ok()?;
        stats(t, &container)?;
        same("status", container.status()?, "paused")
    }),
    case("events --stats works on a container that has not been started", "runc events --stats", |t| {
        stats(t, &t.create(&t.bundle()?)?).map(drop)
    }),
    case("events of a stopped container are an error", "runc events", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        let text = format!("container with id {} is not running", container.id);
        container.call("events")?.refused(1, &text)?;
        t.call(&["events", "--stats", &container.id])?.refused(1, &text).map(drop)
    }),
    case("events of an unknown container are an error", "runc events", |t| {
        t.call(&["events", "--stats", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case("events prints stats at each interval", "runc events --interval", |t| {
        let container = t.idle()?;
        let events = follow(t, &container, "20ms")?;
        until("three events", || (events.stdout().lines().count() >= 3).then_some(()))?;
        container.stop()?;
        container.delete()?;
        let text = events.wait()?.ok()?.stdout;
        for line in text.lines() {
            same("type", &json(line)?["type"], &value!("stats"))?;
        }
        Ok(())
    })
    .wavers("runc", "it may read statistics of a cgroup that is gone"),
    case("events ends when the container does", "runc events", |t| {
        version_of("memory")?;
        let container = t.idle()?;
        let events = follow(t, &container, "1h")?;
        watches(&events)?;
        container.stop()?;
        container.delete()?;
        events.wait()?.ok().map(drop)
    }),
    case("events ends with the container although nobody deletes it", "runc events", |t| {
        version_of("memory")?;
        let container = t.idle()?;
        let events = follow(t, &container, "1h")?;
        watches(&events)?;
        container.stop()?;
        events.wait()?.ok().map(drop)
    })
    .wavers("runc", "on v1 it waits for the end of the cgroup"),
    case("events ends when nobody reads any more", "pipe(7)", |t| {
        let container = t.idle()?;
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC).doing("make a pipe")?;
        let call = t.command(&["events", "--interval", "1h", &container.id])?.stdout(writer);
        let events = call.spawn()?;
        drop(reader);
        events.wait()?.ok().map(drop)
    })
    .differs("runc", "it notices when it prints"),
    case("an interval must be above zero", "runc events --interval", |t| {
        let container = t.idle()?;
        for interval in ["0", "0s", "-1s"] {
            let call = t.call(&["events", &format!("--interval={interval}"), &container.id])?;
            call.refused(1, "duration interval must be greater than 0")?;
        }
        Ok(())
    }),
    case("an interval without a unit is refused", "runc events --interval", |t| {
        let container = t.idle()?;
        t.call(&["events", "--interval=5", &container.id])?.refused(1, "interval").map(drop)
    }),
    case("an interval may have several parts", "time.ParseDuration of Go", |t| {
        let container = t.idle()?;
        let events = follow(t, &container, "0h0m0.01s10ms")?;
        until("an event", || (!events.stdout().is_empty()).then_some(()))?;
        events.signal(Signal::SIGTERM)
    }),
    case("running out of memory is an event", "runc events", |t| {
        version_of("memory")?;
        let container = greedy(t, "sleep 1000")?;
        let events = follow(t, &container, "1h")?;
        watches(&events)?;
        let greed = ["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"];
        container.exec(&greed)?.exits(137)?;
        until("an event", || events.stdout().contains("oom").then_some(()))?;
        let line = events.stdout();
        let event = json(line.lines().next().unwrap_or_default())?;
        same("event", event, value!({"type": "oom", "id": container.id}))?;
        events.signal(Signal::SIGTERM)
    }),
    case("an init that dies past its memory limit is an event, the last one", "runc events", |t| {
        version_of("memory")?;
        let script =
            "while [ ! -e /go ]; do usleep 1000; done; exec dd if=/dev/zero of=/dev/null bs=100M count=1";
        let container = greedy(t, script)?;
        let events = follow(t, &container, "1h")?;
        watches(&events)?;
        fs::write(t.path("bundle-1/rootfs/go"), "").doing("let it go")?;
        same("exit status", container.wait()?, 137)?;
        container.delete()?;
        contains("events", &events.wait()?.ok()?.stdout, "{\"type\":\"oom\"")
    }),
    case("an init that runs out of memory during create is told of as that", "runc create", |t| {
        if version_of("memory")? == Version::V1 {
            return skip("cgroup v1 refuses a limit below what is used");
        }
        let bundle = t.bundle()?.set("/linux/resources", value!({"memory": {"limit": 4096}}));
        t.rejects(&bundle, "container init was OOM-killed (memory limit too low?)")
    }),
    case("without a shortage there is no oom event", "runc events", |t| {
        version_of("memory")?;
        let container = greedy(t, "sleep 1000")?;
        let events = follow(t, &container, "20ms")?;
        until("two events", || (events.stdout().lines().count() >= 2).then_some(()))?;
        container.exec(&["true"])?.ok()?;
        hold(!events.stdout().contains("oom"), events.stdout())?;
        events.signal(Signal::SIGTERM)
    }),
    case("events makes no threads", "docs/ARCHITECTURE.md: Invariants", |t| {
        let container = t.idle()?;
        let events = follow(t, &container, "10ms")?;
        until("an event", || (!events.stdout().is_empty()).then_some(()))?;
        let threads = fs::read_dir(format!("/proc/{}/task", events.pid)).doing("count threads")?.count();
        events.signal(Signal::SIGTERM)?;
        same("threads", threads, 1)
    })
    .differs("runc", "it is written in Go"),
];

fn with(bundle: Bundle, resources: Value) -> Bundle {
    bundle.set("/linux/resources", resources)
}

fn idle_with(t: &Test, resources: Value) -> Outcome<Container<'_>> {
    let container = t.start(&with(t.bundle()?, resources).args(&["/bin/sleep", "1000"]))?;
    until("the program is executed", || {
        crate::procfs::Process::read(container.pid).filter(|process| process.name == "sleep")
    })?;
    Ok(container)
}

/// A container with 20 MiB of memory.
fn greedy<'t>(t: &'t Test, script: &str) -> Outcome<Container<'t>> {
    let limit = value!({"memory": {"limit": 20_971_520, "swap": 20_971_520}});
    t.start(&with(t.bundle()?, limit).sh(script))
}

/// The data of `events --stats`.
fn stats(t: &Test, container: &Container<'_>) -> Outcome<Value> {
    Ok(json(&t.call(&["events", "--stats", &container.id])?.ok()?.stdout)?["data"].take())
}

fn follow(t: &Test, container: &Container<'_>, interval: &str) -> Outcome<Running> {
    t.command(&["events", "--interval", interval, &container.id])?.spawn()
}

/// Waits until the runtime is told of out-of-memory events: it has an eventfd or an inotify descriptor for them.
fn watches(events: &Running) -> Outcome {
    let dir = format!("/proc/{}/fd", events.pid);
    until("it watches", || {
        let links = fs::read_dir(&dir).ok()?.flatten().filter_map(|fd| fs::read_link(fd.path()).ok());
        let names: Vec<String> = links.map(|link| link.to_string_lossy().into_owned()).collect();
        names.iter().any(|name| name.contains("[eventfd]") || name.contains("inotify")).then_some(())
    })
}
