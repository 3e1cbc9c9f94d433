//! Limits of v1, and of the unified hierarchy beside it.

use std::fs;
use std::io::{Read, Write as _};
use std::process::{Command, Stdio};

use cgroup::{
    BlockIo, Cgroup, Cpu, DeviceRule, InterfacePriority, Layout, Memory, Network, Resources, ThrottleDevice,
    with_default_devices,
};

use crate::own::{Own, cpu, disk, memory};

#[test]
fn a_new_cpuset_can_be_joined() {
    let Some(own) = Own::create("cpuset").filter(|own| own.has_v1("cpuset")) else { return };
    assert_ne!(own.value("cpuset", "cpuset.cpus"), "");
    assert_ne!(own.value("cpuset", "cpuset.mems"), "");
}

#[test]
fn a_cpuset_that_was_left_empty_is_filled() {
    let Some(own) = Own::locate("cpuset-empty").filter(|own| own.has_v1("cpuset")) else { return };
    own.directories().iter().for_each(|directory| fs::create_dir_all(directory).unwrap());
    own.cgroup.create().unwrap();
    assert_ne!(own.value("cpuset", "cpuset.cpus"), "");
}

#[test]
fn memory_and_swap_move_in_any_direction() {
    let Some(own) = Own::create("memory").filter(|own| own.has_v1("memory")) else { return };
    let mib = |limit: i64, swap: i64| {
        memory(Memory { limit: Some(limit << 20), swap: Some(swap << 20), ..Memory::default() })
    };
    for (limit, swap) in [(64, 64), (128, 256), (16, 32), (32, 32), (512, 512), (8, 1024)] {
        own.set(&mib(limit, swap)).unwrap();
        assert_eq!(own.value("memory", "memory.limit_in_bytes"), (limit << 20).to_string());
        assert_eq!(own.value("memory", "memory.memsw.limit_in_bytes"), (swap << 20).to_string());
    }
    own.set(&memory(Memory { limit: Some(-1), ..Memory::default() })).unwrap();
    assert!(own.value("memory", "memory.limit_in_bytes").len() > 18, "not unlimited");
}

#[test]
fn every_memory_field_reaches_v1() {
    let Some(own) = Own::create("memory-fields").filter(|own| own.has_v1("memory")) else { return };
    let fields = Memory {
        limit: Some(64 << 20),
        reservation: Some(32 << 20),
        kernel: Some(-1),
        swappiness: Some(7),
        disable_oom_killer: Some(true),
        use_hierarchy: Some(true),
        check_before_update: true,
        ..Memory::default()
    };
    own.set(&memory(fields)).unwrap();
    assert_eq!(own.value("memory", "memory.soft_limit_in_bytes"), (32 << 20).to_string());
    assert_eq!(own.value("memory", "memory.swappiness"), "7");
    assert!(own.value("memory", "memory.oom_control").starts_with("oom_kill_disable 1"));
}

#[test]
fn bandwidth_moves_in_any_direction() {
    let Some(own) = Own::create("bandwidth").filter(|own| own.has_v1("cpu")) else { return };
    let changes =
        [(50_000, 100_000, 0), (100_000, 200_000, 90_000), (5_000, 10_000, 5_000), (80_000, 20_000, 80_000)];
    for (quota, period, burst) in changes {
        own.set(&cpu(Cpu { quota: Some(quota), period: Some(period), burst: Some(burst), ..Cpu::default() }))
            .unwrap();
        assert_eq!(own.value("cpu", "cpu.cfs_quota_us"), quota.to_string());
        assert_eq!(own.value("cpu", "cpu.cfs_period_us"), period.to_string());
        assert_eq!(own.value("cpu", "cpu.cfs_burst_us"), burst.to_string());
    }
}

#[test]
fn shares_and_idleness_reach_v1() {
    let Some(own) = Own::create("shares").filter(|own| own.has_v1("cpu")) else { return };
    own.set(&cpu(Cpu { shares: Some(512), ..Cpu::default() })).unwrap();
    assert_eq!(own.value("cpu", "cpu.shares"), "512");
    own.set(&cpu(Cpu { shares: Some(512), idle: Some(1), ..Cpu::default() })).unwrap();
    assert_eq!(own.value("cpu", "cpu.idle"), "1");
    own.set(&cpu(Cpu { shares: Some(256), idle: Some(0), ..Cpu::default() })).unwrap();
    assert_eq!(own.value("cpu", "cpu.shares"), "256");
}

#[test]
fn process_limits_reach_the_cgroup() {
    let Some(own) = Own::create("pids").filter(|own| own.has_v1("pids")) else { return };
    let pids = |limit| Resources { pids: Some(limit), ..Resources::default() };
    for (limit, expected) in [(0, "0"), (7, "7"), (-1, "max")] {
        own.set(&pids(limit)).unwrap();
        assert_eq!(own.value("pids", "pids.max"), expected);
    }
}

#[test]
fn a_refused_value_names_its_field() {
    let Some(own) = Own::create("refused").filter(|own| own.has_v1("cpuset")) else { return };
    let error = own.set(&cpu(Cpu { cpus: Some("7777".into()), ..Cpu::default() })).unwrap_err();
    let words = error.to_string();
    assert!(words.starts_with("linux.resources.cpu.cpus: write 7777 to cpuset.cpus: "), "{words}");
}

#[test]
fn a_weight_without_a_scheduler_for_it_is_an_error_that_names_both_files() {
    let Some(own) = Own::create("weight").filter(|own| own.has_v1("blkio")) else { return };
    let block_io = BlockIo { leaf_weight: Some(500), ..Default::default() };
    let error = own.set(&Resources { block_io, ..Resources::default() }).unwrap_err();
    let expected = "linux.resources.blockIO.leafWeight: write 500 to blkio.leaf_weight: ";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn network_classes_and_priorities_reach_v1() {
    let Some(own) = Own::create("network").filter(|own| own.has_v1("net_cls") && own.has_v1("net_prio"))
    else {
        return;
    };
    let priorities = vec![InterfacePriority { name: "lo".into(), priority: 7 }];
    let network = Network { class_id: Some(0x10_0001), priorities };
    own.set(&Resources { network, ..Resources::default() }).unwrap();
    assert_eq!(own.value("net_cls", "net_cls.classid"), "1048577");
    assert!(own.value("net_prio", "net_prio.ifpriomap").contains("lo 7"));
}

#[test]
fn throttling_reaches_v1() {
    let Some(own) = Own::create("throttling").filter(|own| own.has_v1("blkio")) else { return };
    let Some((major, minor)) = disk() else { return };
    let throttle_read_bps = vec![ThrottleDevice { major, minor, rate: 1 << 20 }];
    let block_io = BlockIo { throttle_read_bps, ..BlockIo::default() };
    own.set(&Resources { block_io, ..Resources::default() }).unwrap();
    assert_eq!(own.value("blkio", "blkio.throttle.read_bps_device"), format!("{major}:{minor} 1048576"));
}

#[test]
fn denied_devices_cannot_be_opened_and_allowed_ones_can() {
    let Some(own) = Own::create("devices").filter(|own| own.has_v1("devices")) else { return };
    let deny = DeviceRule::parse(false, None, None, None, Some("rwm")).unwrap();
    own.set(&Resources { devices: with_default_devices(&[deny]), ..Resources::default() }).unwrap();
    let allowed = ": </dev/null && : </dev/zero";
    let denied = "! (: </dev/kmsg) 2>/dev/null && ! (: <>/dev/net/tun) 2>/dev/null";
    assert!(own.run(&format!("{allowed} && {denied}")));
}

#[test]
fn a_limit_below_the_usage_tells_the_usage() {
    let Some(own) = Own::create("usage").filter(|own| own.has_v1("memory")) else { return };
    // The shell keeps these megabytes in a variable and waits for the end of its input, so they cannot be
    // reclaimed.
    let script = "read _; x=$(head -c 16m /dev/zero | tr '\\0' x); echo ready; read _; : \"$x\"";
    let mut shell = Command::new("sh");
    let mut shell = shell.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    own.cgroup.place(shell.id() as i32).unwrap();
    shell.stdin.as_mut().unwrap().write_all(b"go\n").unwrap();
    shell.stdout.as_mut().unwrap().read_exact(&mut [0; 5]).unwrap();
    let limited = own.set(&memory(Memory { limit: Some(1 << 20), swap: Some(1 << 20), ..Memory::default() }));
    drop(shell.stdin.take());
    shell.wait().unwrap();
    let words = limited.unwrap_err().to_string();
    let expected = "linux.resources.memory.limit: write 1048576 to memory.limit_in_bytes (in use: ";
    assert!(words.starts_with(expected), "{words}");
}

#[test]
fn a_snapshot_takes_an_update_back() {
    let Some(own) = Own::create("snapshot").filter(|own| own.has_v1("memory") && own.has_v1("cpu")) else {
        return;
    };
    let before = Resources {
        cpu: Cpu { quota: Some(50_000), period: Some(100_000), ..Cpu::default() },
        ..memory(Memory { limit: Some(64 << 20), swap: Some(64 << 20), ..Memory::default() })
    };
    own.set(&before).unwrap();
    let update = own.plan(&Resources {
        cpu: Cpu { quota: Some(200_000), period: Some(300_000), ..Cpu::default() },
        ..memory(Memory { limit: Some(256 << 20), swap: Some(512 << 20), ..Memory::default() })
    });
    let snapshot = own.cgroup.snapshot(&update).unwrap();
    own.cgroup.apply(&update).unwrap();
    own.cgroup.apply(&snapshot).unwrap();
    assert_eq!(own.value("cpu", "cpu.cfs_quota_us"), "50000");
    assert_eq!(own.value("cpu", "cpu.cfs_period_us"), "100000");
    assert_eq!(own.value("memory", "memory.memsw.limit_in_bytes"), (64 << 20).to_string());
}

/// Takes a controller back from the children of the root if it was not theirs before.
struct HandedDown {
    file: String,
    before: String,
}

impl Drop for HandedDown {
    fn drop(&mut self) {
        if !self.before.contains("hugetlb") {
            fs::write(&self.file, "-hugetlb").unwrap();
        }
    }
}

#[test]
fn a_hybrid_host_hands_down_a_controller_when_a_limit_needs_it() {
    let Some(unified) = Own::locate("hybrid").and_then(|own| own.cgroup.unified().cloned()) else { return };
    if !unified.controllers.contains("hugetlb") {
        return;
    }
    let file = format!("{}/cgroup.subtree_control", unified.mount);
    let _handed_down = HandedDown { before: fs::read_to_string(&file).unwrap(), file };
    // Of another parent than the other tests have: it must be gone before the controller is taken back.
    let layout = Layout::read().unwrap();
    let path = format!("/ociruntime-test-hugetlb-{}", std::process::id());
    let own = Own { cgroup: Cgroup::locate(&layout, Some(&path), "x").unwrap() };
    own.cgroup.create().unwrap();
    let limit = cgroup::HugepageLimit { page_size: "2MB".into(), limit: 4 << 20 };
    own.set(&Resources { hugepages: vec![limit], ..Resources::default() }).unwrap();
    assert_eq!(own.value("", "hugetlb.2MB.max"), (4 << 20).to_string());
}

/// More than any kernel counts.
const TOO_MANY: i64 = 999_999_999;

#[test]
fn an_update_that_fails_changes_nothing() {
    let Some(own) = Own::create("update").filter(|own| own.has_v1("memory") && own.has_v1("pids")) else {
        return;
    };
    let mib = |limit: i64, swap: i64| Memory {
        limit: Some(limit << 20),
        swap: Some(swap << 20),
        ..Memory::default()
    };
    own.set(&memory(mib(64, 64))).unwrap();
    for (limit, swap) in [(128, 256), (16, 32)] {
        let wanted = Resources { pids: Some(TOO_MANY), ..memory(mib(limit, swap)) };
        let error = own.cgroup.update(&own.plan(&wanted)).unwrap_err();
        assert!(error.to_string().starts_with("linux.resources.pids.limit: write 999999999 to pids.max"));
        assert_eq!(own.value("memory", "memory.limit_in_bytes"), (64 << 20).to_string());
        assert_eq!(own.value("memory", "memory.memsw.limit_in_bytes"), (64 << 20).to_string());
    }
}

#[test]
fn an_update_can_be_taken_back() {
    let Some(own) = Own::create("update-back").filter(|own| own.has_v1("cpu")) else { return };
    let bandwidth = |quota, period| cpu(Cpu { quota: Some(quota), period: Some(period), ..Cpu::default() });
    own.set(&bandwidth(20_000, 50_000)).unwrap();
    let undo = own.cgroup.update(&own.plan(&bandwidth(900_000, 1_000_000))).unwrap();
    own.cgroup.set_back(&undo).unwrap();
    assert_eq!(own.value("cpu", "cpu.cfs_quota_us"), "20000");
    assert_eq!(own.value("cpu", "cpu.cfs_period_us"), "50000");
}
