//! Every field of linux.resources: what the kernel's files hold of it, on whichever version of cgroup the host has.

use crate::bundle::Bundle;
use crate::case::{Case, Outcome, case, fail, skip};
use crate::cgroup::{Control, Version, version_of};
use crate::expect::{contains, hold, same};
use crate::test::Test;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

const LIMIT: Control = Control("memory", "memory.limit_in_bytes", "memory.max");
const RESERVATION: Control = Control("memory", "memory.soft_limit_in_bytes", "memory.low");
const SWAP: Control = Control("memory", "memory.memsw.limit_in_bytes", "memory.swap.max");
const SHARES: Control = Control("cpu", "cpu.shares", "");
const WEIGHT: Control = Control("cpu", "", "cpu.weight");
const QUOTA: Control = Control("cpu", "cpu.cfs_quota_us", "cpu.max");
const PERIOD: Control = Control("cpu", "cpu.cfs_period_us", "cpu.max");
const BURST: Control = Control("cpu", "cpu.cfs_burst_us", "cpu.max.burst");
const IDLE: Control = Control("cpu", "cpu.idle", "cpu.idle");
const CPUS: Control = Control("cpuset", "cpuset.cpus", "cpuset.cpus");
const MEMS: Control = Control("cpuset", "cpuset.mems", "cpuset.mems");
const PIDS: Control = Control("pids", "pids.max", "pids.max");
const PAGES: Control = Control("hugetlb", "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max");
const RESERVED_PAGES: Control = Control("hugetlb", "hugetlb.2MB.rsvd.limit_in_bytes", "hugetlb.2MB.rsvd.max");

/// runc 1.1 looks for hugetlb in the hierarchies of v1 alone where there are any.
const HYBRID: &str = "it does not find hugetlb in the unified hierarchy of a hybrid host";

pub(crate) const CASES: &[Case] = &[
    case("the memory limit is set", "config-linux.md: Memory", |t| {
        sets(t, json!({"memory": {"limit": 33_554_432}}), LIMIT, "33554432", "33554432")
    }),
    case("a memory limit of -1 is none", "config-linux.md: Memory", |t| {
        let value = value(t, json!({"memory": {"limit": -1}}), LIMIT)?;
        hold(value == "max" || value.parse::<u64>().is_ok_and(|bytes| bytes > 1 << 60), value)
    }),
    case("the memory reservation is set", "config-linux.md: Memory", |t| {
        sets(t, json!({"memory": {"reservation": 16_777_216}}), RESERVATION, "16777216", "16777216")
    }),
    case(
        "the limit of memory and swap is set, which is of swap alone on v2",
        "config-linux.md: Memory",
        |t| {
            there(t, SWAP)?;
            let limits = json!({"memory": {"limit": 33_554_432, "swap": 67_108_864}});
            sets(t, limits, SWAP, "67108864", "33554432")
        },
    ),
    case("a swap limit of -1 is none", "config-linux.md: Memory", |t| {
        there(t, SWAP)?;
        let value = value(t, json!({"memory": {"limit": 33_554_432, "swap": -1}}), SWAP)?;
        hold(value == "max" || value.parse::<u64>().is_ok_and(|bytes| bytes > 1 << 60), value)
    }),
    case("a swap limit below the memory limit is refused", "config-linux.md: Memory", |t| {
        version_of("memory")?;
        let limits = json!({"memory": {"limit": 67_108_864, "swap": 33_554_432}});
        t.rejects(&resources(t.bundle()?, limits), "memory")
    }),
    case("swappiness is set", "config-linux.md: Memory", |t| {
        let control = Control("memory", "memory.swappiness", "");
        sets(t, json!({"memory": {"swappiness": 10}}), control, "10", "")
    }),
    case("a swappiness above 100 is refused", "config-linux.md: Memory", |t| {
        version_of("memory")?;
        t.rejects(&resources(t.bundle()?, json!({"memory": {"swappiness": 101}})), "swappiness")
    })
    .wavers("runc", "1.1 knows no swappiness on v2"),
    case("the OOM killer is turned off", "config-linux.md: Memory", |t| {
        let control = Control("memory", "memory.oom_control", "");
        let text = value(t, json!({"memory": {"disableOOMKiller": true}}), control)?;
        contains("memory.oom_control", &text, "oom_kill_disable 1")
    }),
    case("limits of kernel memory are accepted", "config-linux.md: Memory", |t| {
        version_of("memory")?;
        let limits = json!({"memory": {"kernel": 33_554_432, "kernelTCP": 33_554_432}});
        t.run(&resources(t.bundle()?, limits))?.ok().map(drop)
    }),
    case("a hierarchical account of memory is accepted", "config-linux.md: Memory", |t| {
        version_of("memory")?;
        t.run(&resources(t.bundle()?, json!({"memory": {"useHierarchy": true}})))?.ok().map(drop)
    }),
    case("cpu shares are set", "config-linux.md: CPU", |t| {
        sets(t, json!({"cpu": {"shares": 512}}), SHARES, "512", "")
    }),
    case("the default of cpu shares becomes the default weight", "config-linux.md: CPU", |t| {
        sets(t, json!({"cpu": {"shares": 1024}}), WEIGHT, "", "100")
    })
    .differs("runc", "before 1.3 it has a straight line from shares to weights, which makes 39 of 1024"),
    case(
        "the least and the most cpu shares become the least and the most weight",
        "config-linux.md: CPU",
        |t| {
            sets(t, json!({"cpu": {"shares": 2}}), WEIGHT, "", "1")?;
            sets(t, json!({"cpu": {"shares": 262_144}}), WEIGHT, "", "10000")
        },
    ),
    case("the cpu quota is set", "config-linux.md: CPU", |t| {
        let limits = json!({"cpu": {"quota": 50_000, "period": 100_000}});
        sets(t, limits, QUOTA, "50000", "50000 100000")
    }),
    case("the cpu period is set", "config-linux.md: CPU", |t| {
        let limits = json!({"cpu": {"quota": 20_000, "period": 40_000}});
        sets(t, limits, PERIOD, "40000", "20000 40000")
    }),
    case("a cpu period is set without a quota", "config-linux.md: CPU", |t| {
        sets(t, json!({"cpu": {"period": 50_000}}), PERIOD, "50000", "max 50000")
    }),
    case("a cpu quota of -1 is none", "config-linux.md: CPU", |t| {
        sets(t, json!({"cpu": {"quota": -1, "period": 100_000}}), QUOTA, "-1", "max 100000")
    }),
    case("a cpu burst is set", "config-linux.md: CPU", |t| {
        there(t, BURST)?;
        let limits = json!({"cpu": {"quota": 50_000, "period": 100_000, "burst": 10_000}});
        sets(t, limits, BURST, "10000", "10000")
    })
    .differs("runc", "1.1 ignores the field"),
    case("an idle cgroup is one", "config-linux.md: CPU", |t| {
        there(t, IDLE)?;
        sets(t, json!({"cpu": {"idle": 1}}), IDLE, "1", "1")
    })
    .differs("runc", "1.1 ignores the field"),
    case("a realtime budget is set", "config-linux.md: CPU", |t| {
        let control = Control("cpu", "cpu.rt_runtime_us", "");
        there(t, control)?;
        let limits = json!({"cpu": {"realtimeRuntime": 5000, "realtimePeriod": 500_000}});
        sets(t, limits, control, "5000", "")
    }),
    case("the cpus are set", "config-linux.md: CPU", |t| {
        sets(t, json!({"cpu": {"cpus": "0"}}), CPUS, "0", "0")
    }),
    case("the memory nodes are set", "config-linux.md: CPU", |t| {
        sets(t, json!({"cpu": {"mems": "0"}}), MEMS, "0", "0")
    }),
    case("the cpus are the process's", "cpuset(7)", |t| {
        version_of("cpuset")?;
        let bundle = resources(t.bundle()?, json!({"cpu": {"cpus": "0"}}));
        t.prints(&bundle.args(&["grep", "Cpus_allowed_list", "/proc/self/status"]), "Cpus_allowed_list:\t0\n")
    }),
    case("the pids limit is set", "config-linux.md: PIDs", |t| {
        sets(t, json!({"pids": {"limit": 17}}), PIDS, "17", "17")
    }),
    case("a pids limit of -1 is none", "config-linux.md: PIDs", |t| {
        sets(t, json!({"pids": {"limit": -1}}), PIDS, "max", "max")
    }),
    case("the weight of block devices is set", "config-linux.md: Block IO", |t| {
        let control = weight_file(t)?;
        // BFQ takes the number as it is; the cost model of v2 has a scale of its own.
        let own_scale = if control.2 == "io.weight" { "default 910" } else { "default 100" };
        sets(t, json!({"blockIO": {"weight": 100}}), control, "100", own_scale)
    }),
    case("reading from a device is limited in bytes", "config-linux.md: Block IO", |t| {
        throttles(t, "throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps")
    }),
    case("writing to a device is limited in bytes", "config-linux.md: Block IO", |t| {
        throttles(t, "throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps")
    }),
    case("reading from a device is limited in operations", "config-linux.md: Block IO", |t| {
        throttles(t, "throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops")
    }),
    case("writing to a device is limited in operations", "config-linux.md: Block IO", |t| {
        throttles(t, "throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops")
    }),
    case("huge pages are limited", "config-linux.md: Huge page limits", |t| {
        large_pages()?;
        let limits = json!({"hugepageLimits": [{"pageSize": "2MB", "limit": 4_194_304}]});
        sets(t, limits, PAGES, "4194304", "4194304")
    })
    .wavers("runc", HYBRID),
    case("reservations of huge pages are limited", "config-linux.md: Huge page limits", |t| {
        large_pages()?;
        let limits = json!({"hugepageLimits": [{"pageSize": "2MB", "limit": 4_194_304}]});
        sets(t, limits, RESERVED_PAGES, "4194304", "4194304")
    })
    .wavers("runc", HYBRID),
    case("a size of huge pages that is none is refused", "config-linux.md: Huge page limits", |t| {
        version_of("hugetlb")?;
        let limits = json!({"hugepageLimits": [{"pageSize": "3MB", "limit": 4_194_304}]});
        t.rejects(&resources(t.bundle()?, limits), "3MB")
    })
    .wavers("runc", HYBRID),
    case("the network class is set", "config-linux.md: Network", |t| {
        let control = Control("net_cls", "net_cls.classid", "");
        sets(t, json!({"network": {"classID": 1_048_577}}), control, "1048577", "")
    }),
    case("priorities of network interfaces are set", "config-linux.md: Network", |t| {
        let control = Control("net_prio", "net_prio.ifpriomap", "");
        let limits = json!({"network": {"priorities": [{"name": "lo", "priority": 3}]}});
        contains("net_prio.ifpriomap", &value(t, limits, control)?, "lo 3")
    }),
    case("an RDMA device that is not there is an error", "config-linux.md: RDMA", |t| {
        t.rejects(&resources(t.bundle()?, json!({"rdma": {"mlx5_1": {"hcaHandles": 3}}})), "rdma")
    })
    .wavers("runc", "without the controller it ignores the field"),
    case("a file of cgroup v2 is set by its name", "config-linux.md: Unified", |t| {
        let control = Control("memory", "", "memory.high");
        sets(t, json!({"unified": {"memory.high": "52428800"}}), control, "", "52428800")
    }),
    case(
        "a file of cgroup v2 that is not there is an error that names it",
        "config-linux.md: Unified",
        |t| t.rejects(&resources(t.bundle()?, json!({"unified": {"memory.nonsense": "1"}})), "unified"),
    )
    .wavers("runc", "its error for v2 names the file alone"),
    case("files of cgroup v2 may not have a path", "config-linux.md: Unified", |t| {
        t.rejects(&resources(t.bundle()?, json!({"unified": {"../pids.max": "1"}})), "unified")
    }),
    case("limits are those of the container alone", "config-linux.md: Control groups", |t| {
        let limited = |limit: u32| Ok(resources(t.bundle()?, json!({"pids": {"limit": limit}})));
        let first = t.start(&limited(11)?.args(&["/bin/sleep", "1000"]))?;
        let second = t.start(&limited(22)?.args(&["/bin/sleep", "1000"]))?;
        same("limits", (PIDS.read(&first)?.as_str(), PIDS.read(&second)?.as_str()), ("11", "22"))
    }),
    case("a quota of a fifth of a cpu is a fifth of the time", "config-linux.md: CPU", fifth).minutes(2),
    case(
        "a limit whose controller the host lacks is an error that names it",
        "config-linux.md: Control groups",
        |t| {
            let lacking = [
                ("net_cls", "network", json!({"network": {"classID": 1}})),
                (
                    "hugetlb",
                    "hugepageLimits",
                    json!({"hugepageLimits": [{"pageSize": "2MB", "limit": 2_097_152}]}),
                ),
                ("rdma", "rdma", json!({"rdma": {"mlx5_1": {"hcaHandles": 3}}})),
            ];
            match lacking.into_iter().find(|(name, ..)| version_of(name).is_err()) {
                Some((_, field, limits)) => t.rejects(&resources(t.bundle()?, limits), field),
                None => skip("this host has every controller"),
            }
        },
    )
    .wavers("runc", "it ignores some, and says nothing of the controller for others"),
];

fn resources(bundle: Bundle, resources: Value) -> Bundle {
    bundle.set("/linux/resources", resources)
}

/// What a file holds in a container with these resources; skips the case where the host's version has no such file.
fn value(t: &Test, wanted: Value, control: Control) -> Outcome<String> {
    let name = file(control)?;
    if name.is_empty() {
        return skip(format!("the host's version of cgroup has no such limit ({})", control.0));
    }
    let container = t.start(&resources(t.bundle()?, wanted).args(&["/bin/sleep", "1000"]))?;
    control.read(&container)
}

/// The file holds the value that is right for the host's version, in one of its lines.
fn sets(t: &Test, wanted: Value, control: Control, v1: &str, v2: &str) -> Outcome {
    let text = value(t, wanted, control)?;
    let right = if version_of(control.0)? == Version::V1 { v1 } else { v2 };
    if text.lines().any(|line| line == right) {
        return Ok(());
    }
    fail(format!("{} is {text:?} instead of {right:?}", file(control)?))
}

fn file(control: Control) -> Outcome<&'static str> {
    Ok(if version_of(control.0)? == Version::V1 { control.1 } else { control.2 })
}

/// Skips the case where this kernel lacks the file that the host's version of cgroup may have.
fn there(t: &Test, control: Control) -> Outcome {
    if file(control)?.is_empty() {
        return skip(format!("the host's version of cgroup has no such limit ({})", control.0));
    }
    let path = control.of(&t.idle()?)?;
    if path.exists() { Ok(()) } else { skip(format!("this kernel has no {}", file(control)?)) }
}

/// Where the weight is: it depends on the scheduler that is loaded.
fn weight_file(t: &Test) -> Outcome<Control> {
    let files = [("io", "", "io.bfq.weight"), ("io", "", "io.weight"), ("blkio", "blkio.bfq.weight", "")];
    let container = t.idle()?;
    let mut controls = files.into_iter().map(|(controller, v1, v2)| Control(controller, v1, v2));
    let found = controls.find(|control| {
        file(*control).is_ok_and(|name| !name.is_empty())
            && control.of(&container).is_ok_and(|path| path.exists())
    });
    found.map_or_else(|| skip("no scheduler here weighs the use of block devices"), Ok)
}

/// A throttle is at the first disk of the host.
fn throttles(t: &Test, field: &str, v1: &'static str, key: &str) -> Outcome {
    let (major, minor) = disk()?;
    let limits = json!({"blockIO": {field: [{"major": major, "minor": minor, "rate": 1_048_576}]}});
    let controller = if version_of("blkio").is_ok() { "blkio" } else { "io" };
    let text = value(t, limits, Control(controller, v1, "io.max"))?;
    match version_of(controller)? {
        Version::V1 => contains(v1, &text, &format!("{major}:{minor} 1048576")),
        Version::V2 => contains("io.max", &text, &format!("{key}=1048576")),
    }
}

fn disk() -> Outcome<(u32, u32)> {
    let disks = fs::read_dir("/sys/block").into_iter().flatten().flatten();
    // Those without a device behind them, such as loop and ram, are no disks.
    let mut disks = disks.filter(|disk| disk.path().join("device").exists());
    let number = disks.find_map(|disk| {
        let text = fs::read_to_string(disk.path().join("dev")).ok()?;
        let (major, minor) = text.trim().split_once(':')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    number.map_or_else(|| skip("no disk here"), Ok)
}

fn large_pages() -> Outcome {
    let pages = Path::new("/sys/kernel/mm/hugepages/hugepages-2048kB");
    if pages.exists() { Ok(()) } else { skip("no huge pages of 2 MiB here") }
}

/// Counted against the wall clock over two seconds. A host that is busy otherwise gives less, so the best of a few counts.
fn fifth(t: &Test) -> Outcome {
    let usage = Control("cpu", "cpuacct.usage", "cpu.stat");
    let limits = json!({"cpu": {"quota": 20_000, "period": 100_000}});
    let container = t.start(&resources(t.bundle()?, limits).sh("while :; do :; done"))?;
    let mut shares = Vec::new();
    for _ in 0..5 {
        let share = share_of_two_seconds(|| microseconds(&container_usage(usage, &container)?))?;
        if (0.15..=0.25).contains(&share) {
            return Ok(());
        }
        shares.push(share);
    }
    fail(format!("the shares of the time are {shares:?}"))
}

fn container_usage(usage: Control, container: &crate::container::Container<'_>) -> Outcome<String> {
    match version_of("cpu")? {
        Version::V1 => Control("cpuacct", usage.1, "").read(container),
        Version::V2 => usage.read(container),
    }
}

fn share_of_two_seconds(used: impl Fn() -> Outcome<f64>) -> Outcome<f64> {
    let (start, before) = (std::time::Instant::now(), used()?);
    std::thread::sleep(std::time::Duration::from_secs(2));
    Ok((used()? - before) / start.elapsed().as_micros() as f64)
}

/// `cpuacct.usage` is in nanoseconds, `usage_usec` in the first line of cpu.stat says its unit.
fn microseconds(text: &str) -> Outcome<f64> {
    let number = |text: &str| text.trim().parse::<f64>().ok();
    let found = match text.lines().next().and_then(|line| line.strip_prefix("usage_usec ")) {
        Some(micros) => number(micros),
        None => number(text).map(|nanos| nanos / 1000.0),
    };
    found.map_or_else(|| fail(format!("no time in {text:?}")), Ok)
}
