//! Limits of the unified hierarchy, on a host that has nothing else.

use std::fs;

use cgroup::{BlockIo, Cgroup, Cpu, Layout, Memory, Mode, Resources, ThrottleDevice};

use crate::own::{Own, cpu, disk, memory};

fn create(name: &str, controller: &str) -> Option<Own> {
    let is_v2 = Layout::read().unwrap().mode() == Mode::V2;
    Own::create(name).filter(|own| is_v2 && own.has_v2(controller))
}

#[test]
fn every_ancestor_hands_down_every_controller() {
    let Some(own) = create("v2-controllers", "cpu") else { return };
    let offered = own.cgroup.unified().unwrap().controllers.clone();
    assert_eq!(own.value("", "cgroup.controllers"), offered);
}

#[test]
fn memory_and_swap_are_told_apart() {
    let Some(own) = create("v2-memory", "memory") else { return };
    let limits = Memory {
        limit: Some(64 << 20),
        swap: Some(96 << 20),
        reservation: Some(32 << 20),
        ..Memory::default()
    };
    own.set(&memory(limits)).unwrap();
    assert_eq!(own.value("", "memory.max"), (64 << 20).to_string());
    assert_eq!(own.value("", "memory.swap.max"), (32 << 20).to_string());
    assert_eq!(own.value("", "memory.low"), (32 << 20).to_string());
    own.set(&memory(Memory { limit: Some(-1), ..Memory::default() })).unwrap();
    assert_eq!([own.value("", "memory.max"), own.value("", "memory.swap.max")], ["max", "max"]);
}

#[test]
fn a_limit_below_the_usage_is_refused_if_asked() {
    let Some(own) = create("v2-check", "memory") else { return };
    let _sleeper = own.sleeper();
    own.run("head -c 8m /dev/zero >/tmp/ociruntime-test-v2-check");
    let limits = Memory { limit: Some(4096), check_before_update: true, ..Memory::default() };
    let words = own.set(&memory(limits)).unwrap_err().to_string();
    let _ = fs::remove_file("/tmp/ociruntime-test-v2-check");
    let expected = "linux.resources.memory.limit: the limit, 4096, is below the present usage, ";
    assert!(words.starts_with(expected), "{words}");
    assert_eq!(own.value("", "memory.max"), "max");
}

#[test]
fn bandwidth_moves_in_any_direction() {
    let Some(own) = create("v2-bandwidth", "cpu") else { return };
    let changes =
        [(50_000, 100_000, 0), (100_000, 200_000, 90_000), (5_000, 10_000, 5_000), (80_000, 20_000, 80_000)];
    for (quota, period, burst) in changes {
        own.set(&cpu(Cpu { quota: Some(quota), period: Some(period), burst: Some(burst), ..Cpu::default() }))
            .unwrap();
        assert_eq!(own.value("", "cpu.max"), format!("{quota} {period}"));
        assert_eq!(own.value("", "cpu.max.burst"), burst.to_string());
    }
}

#[test]
fn quota_and_period_can_be_changed_alone() {
    let Some(own) = create("v2-alone", "cpu") else { return };
    own.set(&cpu(Cpu { quota: Some(20_000), period: Some(50_000), ..Cpu::default() })).unwrap();
    own.set(&cpu(Cpu { period: Some(40_000), ..Cpu::default() })).unwrap();
    assert_eq!(own.value("", "cpu.max"), "20000 40000");
    own.set(&cpu(Cpu { quota: Some(-1), ..Cpu::default() })).unwrap();
    assert_eq!(own.value("", "cpu.max"), "max 40000");
}

#[test]
fn weights_and_idleness_reach_v2() {
    let Some(own) = create("v2-weight", "cpu") else { return };
    own.set(&cpu(Cpu { shares: Some(512), ..Cpu::default() })).unwrap();
    assert_eq!(own.value("", "cpu.weight"), "59");
    own.set(&cpu(Cpu { shares: Some(512), idle: Some(1), ..Cpu::default() })).unwrap();
    assert_eq!(own.value("", "cpu.idle"), "1");
    own.set(&cpu(Cpu { shares: Some(1024), idle: Some(0), ..Cpu::default() })).unwrap();
    assert_eq!(own.value("", "cpu.weight"), "100");
}

#[test]
fn a_cpuset_is_set() {
    let Some(own) = create("v2-cpuset", "cpuset") else { return };
    own.set(&cpu(Cpu { cpus: Some("0".into()), mems: Some("0".into()), ..Cpu::default() })).unwrap();
    assert_eq!([own.value("", "cpuset.cpus"), own.value("", "cpuset.mems")], ["0", "0"]);
}

#[test]
fn process_limits_reach_v2() {
    let Some(own) = create("v2-pids", "pids") else { return };
    for (limit, expected) in [(0, "0"), (7, "7"), (-1, "max")] {
        own.set(&Resources { pids: Some(limit), ..Resources::default() }).unwrap();
        assert_eq!(own.value("", "pids.max"), expected);
    }
}

#[test]
fn throttling_shares_a_line() {
    let Some(own) = create("v2-io", "io") else { return };
    let Some((major, minor)) = disk() else { return };
    let rate = |rate| vec![ThrottleDevice { major, minor, rate }];
    let block_io =
        BlockIo { throttle_read_bps: rate(1 << 20), throttle_write_iops: rate(100), ..BlockIo::default() };
    let set = Resources { block_io, ..Resources::default() };
    let before = own.cgroup.snapshot(&own.plan(&set)).unwrap();
    own.set(&set).unwrap();
    assert_eq!(own.value("", "io.max"), format!("{major}:{minor} rbps=1048576 wbps=max riops=max wiops=100"));
    own.cgroup.apply(&before).unwrap();
    assert_eq!(own.value("", "io.max"), "");
}

#[test]
fn a_block_weight_reaches_the_file_that_the_kernel_has() {
    let Some(own) = create("v2-io-weight", "io") else { return };
    let weight = BlockIo { weight: Some(500), ..BlockIo::default() };
    match own.set(&Resources { block_io: weight, ..Resources::default() }) {
        Ok(()) => {
            let bfq = std::path::Path::new(&format!("{}/io.bfq.weight", own.directories()[0])).exists();
            let (file, expected) =
                if bfq { ("io.bfq.weight", "default 500") } else { ("io.weight", "default 4950") };
            assert_eq!(own.value("", file), expected);
        }
        Err(error) => {
            let expected =
                "linux.resources.blockIO.weight: this host has neither io.bfq.weight nor io.weight";
            assert_eq!(error.to_string(), expected);
        }
    }
}

#[test]
fn huge_pages_are_limited_when_used_and_when_reserved() {
    let Some(own) = create("v2-hugetlb", "hugetlb") else { return };
    let limit = cgroup::HugepageLimit { page_size: "2MB".into(), limit: 4 << 20 };
    own.set(&Resources { hugepages: vec![limit], ..Resources::default() }).unwrap();
    assert_eq!(own.value("", "hugetlb.2MB.max"), (4 << 20).to_string());
    assert_eq!(own.value("", "hugetlb.2MB.rsvd.max"), (4 << 20).to_string());
}

#[test]
fn a_page_size_that_the_kernel_lacks_is_an_error() {
    let Some(own) = create("v2-page-size", "hugetlb") else { return };
    let limit = cgroup::HugepageLimit { page_size: "3MB".into(), limit: 0 };
    let error = own.set(&Resources { hugepages: vec![limit], ..Resources::default() }).unwrap_err();
    let expected =
        "linux.resources.hugepageLimits: write 0 to hugetlb.3MB.max: no such file or directory (ENOENT)";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn unified_files_are_written() {
    let Some(own) = create("v2-unified", "memory") else { return };
    let unified = [("memory.high", "1048576"), ("cgroup.max.depth", "3")];
    let unified = unified.map(|(file, value)| (file.to_string(), value.to_string())).into();
    own.set(&Resources { unified, ..Resources::default() }).unwrap();
    assert_eq!([own.value("", "memory.high"), own.value("", "cgroup.max.depth")], ["1048576", "3"]);
}

#[test]
fn a_snapshot_takes_an_update_back() {
    let Some(own) = create("v2-snapshot", "memory").filter(|own| own.has_v2("cpu")) else { return };
    let update = own.plan(&Resources {
        cpu: Cpu { quota: Some(200_000), period: Some(300_000), burst: Some(5), ..Cpu::default() },
        ..memory(Memory { limit: Some(256 << 20), swap: Some(512 << 20), ..Memory::default() })
    });
    let snapshot = own.cgroup.snapshot(&update).unwrap();
    own.cgroup.apply(&update).unwrap();
    own.cgroup.apply(&snapshot).unwrap();
    assert_eq!([own.value("", "cpu.max"), own.value("", "memory.swap.max")], ["max 100000", "max"]);
}

#[test]
fn a_cgroup_below_a_threaded_one_becomes_threaded() {
    let Some(own) = create("v2-threaded", "cpu") else { return };
    // By hand: what hands down domain controllers cannot have threaded children.
    let threaded = format!("{}/threaded", own.directories()[0]);
    fs::create_dir(&threaded).unwrap();
    fs::write(format!("{threaded}/cgroup.type"), "threaded").unwrap();
    let sibling = own.create_below("sibling");
    assert_eq!(fs::read_to_string(format!("{}/cgroup.type", sibling.paths()[0].1)).unwrap(), "threaded\n");
}

#[test]
fn a_domain_controller_below_processes_is_an_error_that_names_the_field() {
    let Some(own) = create("v2-internal", "memory") else { return };
    let _sleeper = own.sleeper();
    let child: Cgroup = own.create_below("child");
    let limit = memory(Memory { limit: Some(1 << 20), ..Memory::default() });
    let planned = cgroup::writes(&limit, &child.controllers()).unwrap();
    let words = child.apply(&planned).unwrap_err().to_string();
    let expected = "linux.resources.memory.limit: the memory controller is not available in cgroup /";
    assert!(words.starts_with(expected), "{words}");
}
