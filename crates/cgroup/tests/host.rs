//! The real thing, on whatever cgroups the machine has: needs root, works below `/ociruntime-test-PID`, cleans up.
//! Without root, or without cgroups, each test says so and passes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use cgroup::{
    Cgroup, Cpu, DeviceRule, Layout, Memory, Mode, Resources, Unified, Version, Write, with_default_devices,
    writes,
};

/// A cgroup of a test's own, gone with all its processes at the end.
struct Own {
    cgroup: Cgroup,
}

impl Own {
    /// Names a cgroup without making it; `None` where these tests cannot run.
    fn locate(name: &str) -> Option<Own> {
        let layout = usable_host()?;
        let path = format!("/ociruntime-test-{}/{name}", std::process::id());
        Some(Own { cgroup: Cgroup::locate(&layout, Some(&path), name).unwrap() })
    }

    fn create(name: &str) -> Option<Own> {
        let own = Own::locate(name)?;
        own.cgroup.create().unwrap();
        Some(own)
    }

    /// A cgroup in the unified hierarchy alone, as it is on a host with v2; a hybrid host has the core of it too.
    fn create_unified(name: &str) -> Option<Own> {
        let unified = Unified { controllers: String::new(), ..Own::locate(name)?.cgroup.unified()?.clone() };
        let own = Own { cgroup: Cgroup::V2(unified) };
        own.cgroup.create().unwrap();
        Some(own)
    }

    fn directories(&self) -> Vec<String> {
        self.cgroup.paths().into_iter().map(|(_, path)| path).collect()
    }

    /// A cgroup below, removed with this one.
    fn create_below(&self, name: &str) -> Cgroup {
        let below = |path: &mut String| path.extend(["/", name]);
        let mut cgroup = self.cgroup.clone();
        match &mut cgroup {
            Cgroup::V1 { hierarchies, unified } => {
                hierarchies.iter_mut().for_each(|hierarchy| below(&mut hierarchy.path));
                unified.iter_mut().for_each(|unified| below(&mut unified.path));
            }
            Cgroup::V2(unified) => below(&mut unified.path),
            Cgroup::Unmanaged => {}
        }
        cgroup.create().unwrap();
        cgroup
    }

    fn sleeper(&self) -> Sleeper {
        let child = Command::new("sleep").arg("1000").spawn().unwrap();
        self.cgroup.place(child.id() as i32).unwrap();
        Sleeper(child)
    }

    fn set(&self, resources: &Resources) -> Result<(), cgroup::Error> {
        self.cgroup.apply(&self.plan(resources))
    }

    fn plan(&self, resources: &Resources) -> Vec<Write> {
        writes(resources, &self.cgroup.controllers()).unwrap()
    }

    /// What a control file of a v1 or v2 controller holds now.
    fn value(&self, controller: &str, file: &str) -> String {
        let paths = self.cgroup.paths();
        let has = |names: &str| names.split(',').any(|name| name == controller);
        let (_, directory) = paths.iter().find(|(names, _)| has(names)).or(paths.last()).unwrap();
        fs::read_to_string(format!("{directory}/{file}")).unwrap().trim().to_string()
    }

    fn has_v1(&self, controller: &str) -> bool {
        self.cgroup.controllers().has(Version::V1, controller)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        self.cgroup.kill().unwrap();
        self.cgroup.remove().unwrap();
        for directory in self.directories() {
            // Other tests may still be in the common parent; the last one removes it.
            let _ = fs::remove_dir(Path::new(&directory).parent().unwrap());
        }
    }
}

/// A process that does nothing until it is killed, and is reaped then.
struct Sleeper(Child);

impl Sleeper {
    fn pid(&self) -> i32 {
        self.0.id() as i32
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

fn usable_host() -> Option<Layout> {
    let layout = Layout::read().unwrap();
    let probe = Cgroup::locate(
        &layout,
        Some(&format!("/ociruntime-test-probe-{:?}", std::thread::current().id())),
        "x",
    );
    let made = probe.and_then(|probe| probe.create());
    let usable = layout.mode() != Mode::None && made.as_ref().is_ok_and(|made| !made.directories.is_empty());
    made.iter().for_each(|made| made.undo());
    if !usable {
        println!("skipped: needs root and cgroups");
    }
    usable.then_some(layout)
}

fn memory(memory: Memory) -> Resources {
    Resources { memory, ..Resources::default() }
}

fn cpu(cpu: Cpu) -> Resources {
    Resources { cpu, ..Resources::default() }
}

// Making and removing.

#[test]
fn a_created_cgroup_is_in_every_hierarchy_and_gone_from_all_when_removed() {
    let Some(own) = Own::create("everywhere") else { return };
    assert!(own.directories().iter().all(|directory| Path::new(directory).is_dir()));
    own.cgroup.remove().unwrap();
    assert!(own.directories().iter().all(|directory| !Path::new(directory).exists()));
}

#[test]
fn removing_what_is_not_there_is_success() {
    let Some(own) = Own::locate("never-made") else { return };
    assert_eq!(own.cgroup.remove(), Ok(()));
    assert_eq!(own.cgroup.kill(), Ok(()));
    assert_eq!(own.cgroup.processes(), Ok(Vec::new()));
}

#[test]
fn an_empty_cgroup_that_was_there_is_taken_and_not_undone() {
    let Some(own) = Own::create("taken") else { return };
    let created = own.cgroup.create().unwrap();
    assert!(created.directories.is_empty());
    created.undo();
    assert!(own.directories().iter().all(|directory| Path::new(directory).is_dir()));
}

#[test]
fn undo_removes_the_parents_that_were_made() {
    let Some(layout) = usable_host() else { return };
    let path = format!("/ociruntime-test-deep-{}/a/b", std::process::id());
    let cgroup = Cgroup::locate(&layout, Some(&path), "x").unwrap();
    cgroup.create().unwrap().undo();
    let top = |(_, path): (&str, String)| path[..path.len() - "/a/b".len()].to_string();
    assert!(cgroup.paths().into_iter().map(top).all(|top| !Path::new(&top).exists()));
}

#[test]
fn cgroups_below_are_removed_first() {
    let Some(own) = Own::create("nested") else { return };
    for directory in own.directories() {
        fs::create_dir_all(format!("{directory}/a/b")).unwrap();
        fs::create_dir(format!("{directory}/c")).unwrap();
    }
    own.cgroup.remove().unwrap();
    assert!(own.directories().iter().all(|directory| !Path::new(directory).exists()));
}

#[test]
fn a_cgroup_with_processes_is_refused() {
    let Some(own) = Own::create("populated") else { return };
    let _sleeper = own.sleeper();
    let error = own.cgroup.create().unwrap_err();
    assert_eq!(error.to_string(), "container's cgroup is not empty: 1 process(es) found");
}

#[test]
fn a_cgroup_with_processes_is_not_removed() {
    let Some(own) = Own::create("inhabited") else { return };
    let _sleeper = own.sleeper();
    let error = own.cgroup.remove().unwrap_err();
    assert_eq!(error.to_string(), "container's cgroup is not empty: 1 process(es) found");
}

#[test]
fn a_frozen_cgroup_is_refused() {
    let Some(own) = Own::create("frozen") else { return };
    own.cgroup.freeze().unwrap();
    assert_eq!(own.cgroup.create().unwrap_err().to_string(), "container's cgroup unexpectedly frozen");
}

#[test]
fn a_cgroup_below_a_frozen_one_is_refused_and_not_left() {
    let Some(own) = Own::create("frozen-above") else { return };
    own.cgroup.freeze().unwrap();
    let path = format!("/ociruntime-test-{}/frozen-above/child", std::process::id());
    let child = Cgroup::locate(&Layout::read().unwrap(), Some(&path), "x").unwrap();
    assert_eq!(child.create().unwrap_err().to_string(), "container's cgroup unexpectedly frozen");
    assert!(child.paths().iter().all(|(_, path)| !Path::new(path).exists()));
}

// Processes.

#[test]
fn processes_are_found_in_the_whole_subtree() {
    let Some(own) = Own::create("census") else { return };
    let sleepers = [own.sleeper(), own.sleeper()];
    own.create_below("below").place(sleepers[0].pid()).unwrap();
    let mut expected = sleepers.each_ref().map(Sleeper::pid);
    expected.sort_unstable();
    assert_eq!(own.cgroup.processes().unwrap(), expected);
}

#[test]
fn a_process_enters_each_v1_hierarchy_by_its_door() {
    let Some(own) = Own::create("doors") else { return };
    let doors = own.cgroup.doors().unwrap();
    for (door, (names, _)) in doors.tasks.into_iter().zip(own.cgroup.paths()) {
        let script = "printf 0; cat /proc/self/cgroup >&2";
        let output = Command::new("sh").args(["-c", script]).stdout(door).output().unwrap();
        let inside = format!(":{names}:/ociruntime-test-{}/doors\n", std::process::id());
        assert!(String::from_utf8_lossy(&output.stderr).contains(&inside), "{names}");
    }
}

#[test]
fn the_unified_hierarchy_has_a_door_of_its_own() {
    let Some(own) = Own::create_unified("unified-door") else { return };
    let doors = own.cgroup.doors().unwrap();
    assert!(doors.tasks.is_empty() && doors.into.is_some());
}

#[test]
fn killing_ends_the_whole_subtree() {
    let Some(own) = Own::create("killed") else { return };
    let (_here, _there) = (own.sleeper(), own.sleeper());
    own.cgroup.kill().unwrap();
    assert_eq!(own.cgroup.remove(), Ok(()));
}

#[test]
fn killing_ends_frozen_processes() {
    let Some(own) = Own::create("killed-frozen") else { return };
    let _sleeper = own.sleeper();
    own.cgroup.freeze().unwrap();
    own.cgroup.kill().unwrap();
    assert_eq!(own.cgroup.remove(), Ok(()));
}

#[test]
fn killing_ends_what_only_v1_knows() {
    let Some(own) = Own::create("killed-v1") else { return };
    let Cgroup::V1 { hierarchies, .. } = &own.cgroup else { return };
    let sleeper = Sleeper(Command::new("sleep").arg("1000").spawn().unwrap());
    let v1 = Cgroup::V1 { hierarchies: hierarchies.clone(), unified: None };
    v1.place(sleeper.pid()).unwrap();
    own.cgroup.kill().unwrap();
    assert_eq!(own.cgroup.remove(), Ok(()));
}

#[test]
fn killing_works_in_the_unified_hierarchy_alone() {
    let Some(own) = Own::create_unified("killed-unified") else { return };
    let _sleeper = own.sleeper();
    own.cgroup.freeze().unwrap();
    own.cgroup.kill().unwrap();
    assert_eq!(own.cgroup.remove(), Ok(()));
}

// Freezing.

/// User time in clock ticks, field 14 of proc_pid_stat(5).
fn user_time(pid: i32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let after_name = stat.rsplit(") ").next().unwrap();
    after_name.split(' ').nth(11).unwrap().parse().unwrap()
}

fn check_freezing(own: &Own) {
    let busy = Command::new("sh").args(["-c", "while :; do :; done"]).spawn().unwrap();
    let busy = Sleeper(busy);
    own.cgroup.place(busy.pid()).unwrap();
    assert!(!own.cgroup.is_frozen().unwrap());
    own.cgroup.freeze().unwrap();
    assert!(own.cgroup.is_frozen().unwrap());
    let before = user_time(busy.pid());
    std::thread::sleep(std::time::Duration::from_millis(100));
    assert_eq!(user_time(busy.pid()), before, "it ran while frozen");
    own.cgroup.thaw().unwrap();
    assert!(!own.cgroup.is_frozen().unwrap());
}

#[test]
fn a_busy_process_is_frozen_and_thawed() {
    let Some(own) = Own::create("freeze") else { return };
    check_freezing(&own);
}

#[test]
fn a_busy_process_is_frozen_and_thawed_by_the_unified_hierarchy() {
    let Some(own) = Own::create_unified("freeze-unified") else { return };
    check_freezing(&own);
}

// Limits.

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
    let block_io = cgroup::BlockIo { leaf_weight: Some(500), ..Default::default() };
    let error = own.set(&Resources { block_io, ..Resources::default() }).unwrap_err();
    let expected = "linux.resources.blockIO.leafWeight: write 500 to blkio.leaf_weight: ";
    assert!(error.to_string().starts_with(expected), "{error}");
}

#[test]
fn denied_devices_cannot_be_opened_and_allowed_ones_can() {
    let Some(own) = Own::create("devices").filter(|own| own.has_v1("devices")) else { return };
    let deny = DeviceRule::parse(false, None, None, None, Some("rwm")).unwrap();
    own.set(&Resources { devices: with_default_devices(&[deny]), ..Resources::default() }).unwrap();
    let door = own.cgroup.doors().unwrap().tasks.remove(position(&own, "devices"));
    let script = "printf 0; : </dev/null && : </dev/zero && ! (: </dev/kmsg) && ! (: <>/dev/net/tun)";
    let status = Command::new("sh").args(["-c", script]).stdout(door).stderr(Stdio::null()).status().unwrap();
    assert!(status.success());
}

fn position(own: &Own, controller: &str) -> usize {
    own.cgroup.hierarchies().iter().position(|hierarchy| hierarchy.has(controller)).unwrap()
}

#[test]
fn the_oom_killer_leaves_word() {
    let Some(own) = Own::create("oom").filter(|own| own.has_v1("memory")) else { return };
    own.set(&memory(Memory { limit: Some(8 << 20), swap: Some(8 << 20), ..Memory::default() })).unwrap();
    assert!(!own.cgroup.was_oom_killed());
    let door = own.cgroup.doors().unwrap().tasks.remove(position(&own, "memory"));
    let script = "printf 0; head -c 64m /dev/zero | tail -c 64m >/dev/null";
    let status = Command::new("sh").args(["-c", script]).stdout(door).stderr(Stdio::null()).status().unwrap();
    assert!(!status.success());
    assert!(own.cgroup.was_oom_killed());
}
