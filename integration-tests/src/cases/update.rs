//! update: limits that change under a running container, by flags and by JSON, all of them or none.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, fail, skip};
use crate::cgroup::{Control, Version, version_of};
use crate::console::arg;
use crate::container::Container;
use crate::expect::{contains, hold, lacks, same, until};
use crate::runtime::Output;
use crate::test::Test;
use serde_json::{Value, json};
use std::fs::{self, File};

pub(crate) const CASES: &[Case] = &[
    case("update sets the memory limit", "runc update --memory", |t| {
        sets(t, &["--memory", "67108864"], MEMORY, &["67108864"])
    }),
    case("an amount of memory may have a unit", "runc update --memory", |t| {
        sets(t, &["--memory", "64m"], MEMORY, &["67108864"])
    }),
    case("an amount of memory may have a fraction", "runc update --memory", |t| {
        sets(t, &["--memory", "0.5g"], MEMORY, &["536870912"])
    }),
    case("update lifts the memory limit", "runc update --memory", |t| {
        let container = limited(t, json!({"memory": {"limit": 67_108_864}}))?;
        update(t, &container, &["--memory", "-1"])?;
        let value = MEMORY.read(&container)?;
        hold(value == "max" || value.len() > 18, value)
    }),
    case("update sets the memory reservation", "runc update --memory-reservation", |t| {
        sets(t, &["--memory-reservation", "32m"], RESERVATION, &["33554432"])
    }),
    case("memory and swap are raised and lowered together", "runc update --memory-swap", |t| {
        let container = limited(t, json!({"memory": {"limit": 33_554_432, "swap": 33_554_432}}))?;
        for (memory, swap) in [(64, 96), (256, 512), (16, 16), (128, 128)] {
            update(
                t,
                &container,
                &["--memory", &format!("{memory}m"), "--memory-swap", &format!("{swap}m")],
            )?;
            same("memory", MEMORY.read(&container)?, (memory << 20).to_string())?;
            same("swap", SWAP.read(&container)?, swap_of(memory << 20, swap << 20)?)?;
        }
        Ok(())
    }),
    case("swap alone is reckoned with the memory of an update before", "runc update --memory-swap", |t| {
        let container = limited(t, json!({"memory": {"limit": 33_554_432, "swap": 33_554_432}}))?;
        update(t, &container, &["--memory", "64m", "--memory-swap", "64m"])?;
        update(t, &container, &["--memory-swap", "96m"])?;
        same("swap", SWAP.read(&container)?, swap_of(64 << 20, 96 << 20)?)?;
        same("memory", MEMORY.read(&container)?, "67108864")
    })
    .wavers("runc", "1.1 has no memory limit on record, which it needs on v2"),
    case("update sets the cpu shares", "runc update --cpu-share", |t| {
        sets(t, &["--cpu-share", "512"], Control("cpu", "cpu.shares", "cpu.weight"), &["512", "59", "20"])
    }),
    case("update sets the cpu quota and leaves the period", "runc update --cpu-quota", |t| {
        let container = limited(t, json!({"cpu": {"quota": 50_000, "period": 200_000}}))?;
        update(t, &container, &["--cpu-quota", "70000"])?;
        same("quota and period", quota(&container)?, (70_000, 200_000))
    }),
    case("update sets the cpu period and leaves the quota", "runc update --cpu-period", |t| {
        let container = limited(t, json!({"cpu": {"quota": 50_000, "period": 200_000}}))?;
        update(t, &container, &["--cpu-period", "100000"])?;
        same("quota and period", quota(&container)?, (50_000, 100_000))
    }),
    case("quota and period move together in any direction", "runc update --cpu-quota", |t| {
        let container = limited(t, json!({"cpu": {"quota": 50_000, "period": 100_000}}))?;
        for (quota_us, period) in [(900_000, 1_000_000), (1000, 1000), (400_000, 100_000)] {
            let flags = ["--cpu-quota", &quota_us.to_string(), "--cpu-period", &period.to_string()];
            update(t, &container, &flags)?;
            same("quota and period", quota(&container)?, (quota_us, period))?;
        }
        Ok(())
    }),
    case("a burst is set with its quota and lowered with it", "runc update --cpu-burst", |t| {
        let container = limited(t, json!({"cpu": {"quota": 50_000, "period": 100_000}}))?;
        update(t, &container, &["--cpu-burst", "50000"])?;
        same("burst", BURST.read(&container)?, "50000")?;
        update(t, &container, &["--cpu-quota", "20000", "--cpu-burst", "10000"])?;
        same("burst", BURST.read(&container)?, "10000")
    })
    .differs("runc", "new in 1.2"),
    case("update makes a container idle", "runc update --cpu-idle", |t| {
        sets(t, &["--cpu-idle", "1"], Control("cpu", "cpu.idle", "cpu.idle"), &["1"])
    })
    .differs("runc", "new in 1.2"),
    case("update sets the cpuset", "runc update --cpuset-cpus", |t| {
        let flags = ["--cpuset-cpus", "0", "--cpuset-mems", "0"];
        sets(t, &flags, Control("cpuset", "cpuset.cpus", "cpuset.cpus"), &["0"])
    }),
    case("update sets the limit of processes", "runc update --pids-limit", |t| {
        sets(t, &["--pids-limit", "17"], PIDS, &["17"])
    }),
    case("update lifts the limit of processes", "runc update --pids-limit", |t| {
        let container = limited(t, json!({"pids": {"limit": 17}}))?;
        update(t, &container, &["--pids-limit", "-1"])?;
        same("pids.max", PIDS.read(&container)?, "max")
    }),
    case("update sets the weight of block devices", "runc update --blkio-weight", |t| {
        let container = limited(t, json!({}))?;
        let weight = Control("blkio", "blkio.bfq.weight", "io.bfq.weight").of(&container)?;
        if !weight.exists() {
            return skip("no scheduler with weights here");
        }
        update(t, &container, &["--blkio-weight", "300"])?;
        contains("weight", &t.read(&weight)?, "300")
    }),
    case("update without flags changes nothing", "runc update", |t| {
        let container = limited(t, json!({"pids": {"limit": 17}}))?;
        update(t, &container, &[])?;
        same("pids.max", PIDS.read(&container)?, "17")
    }),
    case("limits that are not given stay", "runc update", |t| {
        let container = limited(t, json!({"memory": {"limit": 67_108_864}, "pids": {"limit": 17}}))?;
        update(t, &container, &["--cpu-share", "512"])?;
        same("memory", MEMORY.read(&container)?, "67108864")?;
        same("pids.max", PIDS.read(&container)?, "17")
    }),
    case("limits are read from a file", "runc update --resources", |t| {
        let container = limited(t, json!({}))?;
        let file = t.file("limits", &json!({"memory": {"limit": 67_108_864}}).to_string())?;
        update(t, &container, &["--resources", arg(&file)])?;
        same("memory", MEMORY.read(&container)?, "67108864")
    }),
    case("limits are read from standard input", "go-runc: Update", |t| {
        let container = limited(t, json!({}))?;
        by_stdin(t, &container, json!({"memory": {"limit": 67_108_864}, "pids": {"limit": 9}}))?.ok()?;
        same("memory", MEMORY.read(&container)?, "67108864")?;
        same("pids.max", PIDS.read(&container)?, "9")
    }),
    case("with --resources the other flags do not count", "runc update --resources", |t| {
        let container = limited(t, json!({"memory": {"limit": 33_554_432}}))?;
        let file = t.file("limits", &json!({"pids": {"limit": 9}}).to_string())?;
        update(t, &container, &["-r", arg(&file), "--memory", "64m"])?;
        same("memory", MEMORY.read(&container)?, "33554432")?;
        same("pids.max", PIDS.read(&container)?, "9")
    }),
    case("zeros of --resources say nothing", "runc update --resources", |t| {
        let container = limited(t, json!({"memory": {"limit": 67_108_864}}))?;
        let zeros = json!({"memory": {"limit": 0, "swap": 0}, "cpu": {"shares": 0, "quota": 0, "cpus": ""}});
        by_stdin(t, &container, zeros)?.ok()?;
        same("memory", MEMORY.read(&container)?, "67108864")
    }),
    case("device rules are left alone", "runc update", |t| {
        let container = limited(t, json!({"devices": [{"allow": false, "access": "rwm"}]}))?;
        by_stdin(t, &container, json!({"devices": [{"allow": true, "access": "rwm"}]}))?.ok()?;
        let device = fs::read_to_string("/dev/kmsg").is_ok();
        hold(!device || container.exec(&["sh", "-c", ": </dev/kmsg"])?.code != 0, "a device can be opened")
    }),
    case("a change that fails half-way is taken back", "runc update", |t| {
        let container = limited(t, json!({"memory": {"limit": 67_108_864}, "cpu": {"shares": 512}}))?;
        let shares = Control("cpu", "cpu.shares", "cpu.weight");
        let before = (MEMORY.read(&container)?, shares.read(&container)?);
        // More processes than any kernel can count.
        let flags = ["--memory", "128m", "--cpu-share", "100", "--pids-limit", "999999999"];
        try_update(t, &container, &flags)?.refused(1, "pids.max")?;
        same("limits", (MEMORY.read(&container)?, shares.read(&container)?), before)
    })
    .wavers("runc", "1.1 goes back to the limits it has on record, on v1 to none"),
    case("what a refused change has not touched is not set back", "runc update", |t| {
        let container = limited(t, json!({}))?;
        update(t, &container, &["--cpu-idle", "1"])?;
        // The kernel takes no shares for a cgroup that is idle, not even those that it has.
        let call = t.call(&["update", "--cpu-share", "512", &container.id])?;
        lacks("the error", &call.refused(1, "--cpu-share")?.stderr, "setting back")
    })
    .differs("runc", "1.1 has no --cpu-idle"),
    case("after a change that failed the next one works", "runc update", |t| {
        let container = limited(t, json!({"memory": {"limit": 67_108_864, "swap": 67_108_864}}))?;
        try_update(t, &container, &["--memory-swap", "128m", "--pids-limit", "999999999"])?.exits(1)?;
        update(t, &container, &["--memory", "32m"])?;
        same("memory", MEMORY.read(&container)?, "33554432")?;
        same("swap", SWAP.read(&container)?, swap_of(32 << 20, 64 << 20)?)
    })
    .differs("runc", "1.1 does not set back what worked"),
    case("a limit below what is used is refused", "config-linux.md: Memory, checkBeforeUpdate", |t| {
        let bundle = resources(t.bundle()?, json!({"memory": {"limit": 134_217_728, "swap": 134_217_728}}));
        // What is in a tmpfs cannot be reclaimed without swap.
        let script = "dd if=/dev/zero of=/dev/shm/x bs=1M count=16 2>/dev/null; echo ready; exec sleep 1000";
        let container = t.start(&bundle.sh(script))?;
        container.says("ready")?;
        let given = json!({"memory": {"limit": 4_194_304, "swap": 4_194_304, "checkBeforeUpdate": true}});
        let output = by_stdin(t, &container, given)?.exits(1)?;
        hold(output.stderr.contains("usage") || output.stderr.contains("in use"), output.stderr)?;
        same("memory", MEMORY.read(&container)?, "134217728")?;
        same("status", container.status()?, "running")
    })
    .wavers("runc", "1.1 does not look at checkBeforeUpdate on v2"),
    case("a paused container can be updated", "runc update", |t| {
        let container = limited(t, json!({"pids": {"limit": 17}}))?;
        container.call("pause")?.ok()?;
        update(t, &container, &["--pids-limit", "18"])?;
        same("pids.max", PIDS.read(&container)?, "18")?;
        same("status", container.status()?, "paused")
    }),
    case("a container that has not been started can be updated", "runc update", |t| {
        let container = t.create(&resources(t.bundle()?, json!({"pids": {"limit": 17}})))?;
        update(t, &container, &["--pids-limit", "18"])?;
        same("pids.max", PIDS.read(&container)?, "18")
    }),
    case("a stopped container cannot be updated", "runc update", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        try_update(t, &container, &["--pids-limit", "18"])?.refused(1, "container not running").map(drop)
    }),
    case("update of an unknown container is an error", "runc update", |t| {
        t.call(&["update", "--pids-limit", "1", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case("a wrong value names its flag", "runc update", |t| {
        let container = limited(t, json!({}))?;
        for (flag, value) in [("memory", "x"), ("memory", "1z"), ("cpu-quota", "x"), ("pids-limit", "1.5")] {
            let flag_given = format!("--{flag}={value}");
            let output = try_update(t, &container, &[&flag_given])?.refused(1, flag)?;
            contains("the error", &output.stderr, value)?;
        }
        Ok(())
    }),
    case("everything wrong with --resources is told at once", "runc update --resources", |t| {
        let container = limited(t, json!({}))?;
        let wrong = json!({"memory": {"limit": "x"}, "cpu": {"period": 7}, "pids": {"limit": -7}});
        let error = by_stdin(t, &container, wrong)?.exits(1)?.stderr;
        for pointer in ["/memory/limit", "/cpu/period", "/pids/limit"] {
            contains("the error", &error, pointer)?;
        }
        Ok(())
    })
    .differs("runc", "it stops at the first"),
    case("a file of limits that is not there is named", "runc update --resources", |t| {
        let container = limited(t, json!({}))?;
        try_update(t, &container, &["-r", "/nowhere/limits"])?.refused(1, "/nowhere/limits").map(drop)
    }),
    case("limits that contradict those from before are refused", "runc update --memory", |t| {
        let container = limited(t, json!({"memory": {"limit": 33_554_432, "swap": 67_108_864}}))?;
        SWAP.read(&container)?;
        try_update(t, &container, &["--memory", "128m"])?.exits(1)?;
        same("memory", MEMORY.read(&container)?, "33554432")
    })
    .wavers("runc", "on v2 it limits swap alone"),
    case("Intel RDT is refused where the host has none", "runc update --l3-cache-schema", |t| {
        if fs::exists("/sys/fs/resctrl/schemata").unwrap_or(false) {
            return skip("this host has it");
        }
        let container = limited(t, json!({}))?;
        try_update(t, &container, &["--l3-cache-schema", "L3:0=f"])?
            .refused(1, "l3 cache schema is not enabled")?;
        try_update(t, &container, &["--mem-bw-schema", "MB:0=70"])?
            .refused(1, "memory bandwidth schema is not enabled")
            .map(drop)
    }),
    case("a program past its new limit is killed", "runc update --memory", |t| {
        version_of("memory")?;
        let container = limited(t, json!({}))?;
        let greedy = ["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"];
        container.exec(&greedy)?.ok()?;
        update(t, &container, &["--memory", "20m", "--memory-swap", "20m"])?;
        container.exec(&greedy)?.exits(137).map(drop)
    }),
    case("forks past a new limit fail", "runc update --pids-limit", |t| {
        version_of("pids")?;
        let script = "exec 2>&1; while [ ! -e /go ]; do usleep 1000; done; for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done";
        let container = t.start(&resources(t.bundle()?, json!({})).sh(script))?;
        update(t, &container, &["--pids-limit", "6"])?;
        fs::write(t.path("bundle-1/rootfs/go"), "").doing("let it go")?;
        container.says("can't fork")
    }),
    case("a fork bomb stops at the limit of processes", "config-linux.md: PIDs", |t| {
        version_of("pids")?;
        let bundle = resources(t.bundle()?, json!({"pids": {"limit": 32}}));
        let container = t.start(&bundle.sh("b() { b & b & wait; }; echo ready; b 2>/dev/null"))?;
        container.says("ready")?;
        let events = Control("pids", "pids.events", "pids.events").of(&container)?;
        until("a fork is refused", || {
            fs::read_to_string(&events).is_ok_and(|text| !text.starts_with("max 0")).then_some(())
        })?;
        let count = Control("pids", "pids.current", "pids.current").read(&container)?;
        hold(count.parse().is_ok_and(|count: u32| count <= 32), format!("{count} processes"))?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        container.wait()?;
        t.nothing_left()
    }),
    case("two updates at once do not mix", "runc update", |t| {
        let container = limited(t, json!({"memory": {"limit": 33_554_432, "swap": 33_554_432}}))?;
        let mut calls = Vec::new();
        for megabytes in [40, 50, 60, 70, 80, 90] {
            let limit = format!("{megabytes}m");
            calls.push(
                t.command(&["update", "--memory", &limit, "--memory-swap", &limit, &container.id])?
                    .spawn()?,
            );
        }
        for call in calls {
            call.wait()?.ok()?;
        }
        let memory: u64 = MEMORY.read(&container)?.parse().doing("parse the limit")?;
        same("swap", SWAP.read(&container)?, swap_of(memory, memory)?)
    }),
    case("a hook may update the container", "config.md: Poststart", |t| {
        let update = format!("{} --root {} update --pids-limit 21 ", arg(&t.runtime), arg(&t.root));
        let script =
            t.script("hook", &format!("{update} $(sed 's/.*\\\"id\\\":\\\"\\([^\\\"]*\\)\\\".*/\\1/')"))?;
        let hooks = json!({"poststart": [{"path": arg(&script)}]});
        let bundle = resources(t.bundle()?, json!({"pids": {"limit": 17}})).set("/hooks", hooks);
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        same("pids.max", PIDS.read(&container)?, "21")
    }),
];

const MEMORY: Control = Control("memory", "memory.limit_in_bytes", "memory.max");
const RESERVATION: Control = Control("memory", "memory.soft_limit_in_bytes", "memory.low");
const SWAP: Control = Control("memory", "memory.memsw.limit_in_bytes", "memory.swap.max");
const PIDS: Control = Control("pids", "pids.max", "pids.max");
const BURST: Control = Control("cpu", "cpu.cfs_burst_us", "cpu.max.burst");

fn resources(bundle: Bundle, resources: Value) -> Bundle {
    bundle.set("/linux/resources", resources)
}

/// An idle container with these limits.
fn limited(t: &Test, limits: Value) -> Outcome<Container<'_>> {
    t.start(&resources(t.bundle()?, limits).args(&["/bin/sleep", "1000"]))
}

fn try_update(t: &Test, container: &Container<'_>, flags: &[&str]) -> Outcome<Output> {
    t.call(&[&["update"], flags, &[&container.id]].concat())
}

fn update(t: &Test, container: &Container<'_>, flags: &[&str]) -> Outcome {
    try_update(t, container, flags)?.ok().map(drop)
}

fn by_stdin(t: &Test, container: &Container<'_>, limits: Value) -> Outcome<Output> {
    let file = t.file("limits", &limits.to_string())?;
    let call = t.command(&["update", "--resources=-", &container.id])?;
    call.stdin(File::open(file).doing("open the limits")?).output()
}

/// After the update the file reads as one of the values, which depend on the version of cgroup and of the kernel.
fn sets(t: &Test, flags: &[&str], control: Control, values: &[&str]) -> Outcome {
    let container = limited(t, json!({}))?;
    control.read(&container)?;
    update(t, &container, flags)?;
    let value = control.read(&container)?;
    if values.contains(&value.as_str()) {
        Ok(())
    } else {
        fail(format!("it is {value} instead of {values:?}"))
    }
}

/// What limits swap: the sum of both on v1, swap alone on v2.
fn swap_of(memory: u64, sum: u64) -> Outcome<String> {
    Ok(if version_of("memory")? == Version::V1 { sum } else { sum - memory }.to_string())
}

/// Quota and period, in microseconds.
fn quota(container: &Container<'_>) -> Outcome<(u64, u64)> {
    let number = |text: &str| text.parse().doing(format!("parse {text:?}"));
    if version_of("cpu")? == Version::V1 {
        let quota = Control("cpu", "cpu.cfs_quota_us", "").read(container)?;
        return Ok((number(&quota)?, number(&Control("cpu", "cpu.cfs_period_us", "").read(container)?)?));
    }
    let both = Control("cpu", "", "cpu.max").read(container)?;
    let (quota, period) = both.split_once(' ').unwrap_or_default();
    Ok((number(quota)?, number(period)?))
}
