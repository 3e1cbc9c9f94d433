use std::collections::BTreeMap;

use super::*;
use crate::resources::*;
use crate::{Controllers, DeviceRule, Layout, Mode, default_device_rules, with_default_devices, writes};

fn v1() -> Controllers {
    Controllers::new("cpu,cpuacct,cpuset,memory,devices,freezer,blkio,pids", None)
}

fn v2() -> Controllers {
    Controllers::new("", Some("cpuset cpu io memory hugetlb pids".to_string()))
}

#[track_caller]
fn check(resources: &Resources, controllers: &Controllers, expected: &[&str]) {
    let properties = limit_properties(&writes(resources, controllers).unwrap());
    assert_eq!(properties.iter().map(Property::to_string).collect::<Vec<_>>(), expected);
}

fn memory(limit: i64, swap: i64, reservation: i64) -> Resources {
    let memory =
        Memory { limit: Some(limit), swap: Some(swap), reservation: Some(reservation), ..Memory::default() };
    Resources { memory, ..Resources::default() }
}

fn cpu(cpu: Cpu) -> Resources {
    Resources { cpu, ..Resources::default() }
}

fn unified(file: &str, value: &str) -> Resources {
    let unified = BTreeMap::from([(file.to_string(), value.to_string())]);
    Resources { unified, ..Resources::default() }
}

#[test]
fn no_limits_are_no_properties() {
    check(&Resources::default(), &v2(), &[]);
}

#[test]
fn memory_goes_by_the_names_of_its_version() {
    check(&memory(4096, 8192, 2048), &v2(), &["MemoryLow=2048", "MemorySwapMax=4096", "MemoryMax=4096"]);
    check(&memory(4096, 8192, 2048), &v1(), &["MemoryLimit=4096"]);
}

#[test]
fn unlimited_is_infinity() {
    check(&memory(-1, -1, 0), &v2(), &["MemorySwapMax=infinity", "MemoryMax=infinity"]);
    check(&memory(-1, -1, 0), &v1(), &["MemoryLimit=infinity"]);
}

#[test]
fn a_limit_of_no_process_is_left_to_the_file() {
    check(&Resources { pids: Some(0), ..Resources::default() }, &v2(), &["TasksMax=1"]);
    check(&Resources { pids: Some(-1), ..Resources::default() }, &v1(), &["TasksMax=infinity"]);
}

#[test]
fn a_quota_is_time_per_second_rounded_up_to_a_hundredth() {
    let quota = |quota, period| cpu(Cpu { quota, period, ..Cpu::default() });
    let half = ["CPUQuotaPeriodUSec=200000", "CPUQuotaPerSecUSec=500000"];
    check(&quota(Some(100_000), Some(200_000)), &v2(), &half);
    check(&quota(Some(100_000), Some(200_000)), &v1(), &half);
    check(&quota(Some(12_345), None), &v2(), &["CPUQuotaPerSecUSec=130000"]);
    check(&quota(Some(-1), None), &v2(), &["CPUQuotaPerSecUSec=infinity"]);
    check(&quota(None, Some(50_000)), &v2(), &["CPUQuotaPeriodUSec=50000"]);
}

#[test]
fn shares_are_a_weight_on_v2() {
    let shares = cpu(Cpu { shares: Some(1024), ..Cpu::default() });
    check(&shares, &v1(), &["CPUShares=1024"]);
    check(&shares, &v2(), &["CPUWeight=100"]);
}

#[test]
fn lists_of_cpus_are_bits_where_systemd_has_a_cpuset() {
    let cpus = cpu(Cpu { cpus: Some("0-2,9".into()), mems: Some("0".into()), ..Cpu::default() });
    check(&cpus, &v2(), &["AllowedCPUs=[7, 2]", "AllowedMemoryNodes=[1]"]);
    check(&cpus, &v1(), &[]);
}

#[test]
fn a_weight_of_block_devices_has_the_scale_of_its_version() {
    let weight =
        Resources { block_io: BlockIo { weight: Some(500), ..BlockIo::default() }, ..Resources::default() };
    check(&weight, &v1(), &["BlockIOWeight=500"]);
    check(&weight, &v2(), &["IOWeight=4950"]);
}

#[test]
fn files_of_v2_that_systemd_knows_become_properties() {
    check(&unified("memory.high", "1048576"), &v2(), &["MemoryHigh=1048576"]);
    check(&unified("memory.max", "max"), &v2(), &["MemoryMax=infinity"]);
    check(
        &unified("cpu.max", "50000 100000"),
        &v2(),
        &["CPUQuotaPeriodUSec=100000", "CPUQuotaPerSecUSec=500000"],
    );
    check(&unified("io.weight", "default 250"), &v2(), &["IOWeight=250"]);
    check(&unified("hugetlb.2MB.max", "0"), &v2(), &[]);
}

#[test]
fn a_file_wins_over_the_field_of_the_same_property() {
    let both = Resources { memory: memory(4096, 0, 0).memory, ..unified("memory.max", "8192") };
    let properties = limit_properties(&writes(&both, &v2()).unwrap());
    assert_eq!(properties.len(), 1);
}

#[test]
fn nonsense_is_left_to_the_kernel() {
    check(&unified("memory.max", "lots"), &v2(), &[]);
    check(&unified("cpuset.cpus", "3-"), &v2(), &[]);
}

// Devices.

fn device(allow: bool, kind: &str, major: i64, minor: i64, access: &str) -> DeviceRule {
    DeviceRule::parse(allow, Some(kind), Some(major), Some(minor), Some(access)).unwrap()
}

#[track_caller]
fn check_devices(rules: &[DeviceRule], expected: &[&str]) {
    let groups = DeviceGroups::parse("Character devices:\n136 pts\n195 nvidia\n\nBlock devices:\n  8 sd\n");
    let properties = device_properties(rules, &groups);
    assert_eq!(properties.iter().map(Property::to_string).collect::<Vec<_>>(), expected);
}

#[test]
fn no_rules_are_no_policy() {
    check_devices(&[], &[]);
}

#[test]
fn nodes_go_by_number_and_drivers_by_name() {
    let rules = [
        device(false, "a", -1, -1, "rwm"),
        device(true, "c", 195, -1, "rw"),
        device(true, "b", 8, 0, "r"),
        device(true, "c", 77, -1, "rw"),
    ];
    let allowed = "DeviceAllow=[(char-nvidia, rw), (/dev/block/8:0, r), (char-*, rw)]";
    check_devices(&rules, &["DevicePolicy=strict", allowed]);
}

#[test]
fn the_devices_of_every_container_are_among_them() {
    let allowed = "DeviceAllow=[(char-*, m), (block-*, m), (/dev/char/1:3, rwm), (/dev/char/1:5, rwm), \
        (/dev/char/1:7, rwm), (/dev/char/1:8, rwm), (/dev/char/1:9, rwm), (/dev/char/5:0, rwm), \
        (/dev/char/5:2, rwm), (char-pts, rwm)]";
    check_devices(&default_device_rules(), &["DevicePolicy=strict", allowed]);
}

#[test]
fn to_allow_all_but_some_is_to_allow_all() {
    let rules = with_default_devices(&[device(true, "a", -1, -1, "rwm"), device(false, "c", 195, 0, "rw")]);
    check_devices(&rules, &["DevicePolicy=auto", "DeviceAllow=[]"]);
}

// The place.

const MEMBERSHIP: &str = "5:pids:/\n4:freezer:/\n3:cpuset:/\n2:cpu,cpuacct:/\n1:name=systemd:/\n";
const MOUNTS: &str = "\
32 31 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
33 31 0:30 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer
36 31 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
";

fn unit(layout: &Layout, manager: &Manager, path: &str) -> Unit {
    match Cgroup::locate_unit(layout, manager, Some(path), "web") {
        Ok(Cgroup::Systemd(unit)) => unit,
        other => panic!("{other:?}"),
    }
}

fn system() -> Manager {
    Manager { who: Who::System, bus: "/bus".into(), root: String::new() }
}

fn on_v2() -> Layout {
    Layout::from_tables("0::/caller\n", "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "memory")
}

#[test]
fn a_scope_is_below_its_slice() {
    let unit = unit(&on_v2(), &system(), "a-b.slice:docker:web");
    assert_eq!(unit.tree.paths()[0].1, "/sys/fs/cgroup/a.slice/a-b.slice/docker-web.scope");
}

#[test]
fn a_users_scope_is_below_the_users_systemd() {
    let root = "/user.slice/user-1000.slice/user@1000.service";
    let manager = Manager { who: Who::User, bus: "/bus".into(), root: root.into() };
    let path = unit(&on_v2(), &manager, "").tree.paths()[0].1.clone();
    assert_eq!(path, format!("/sys/fs/cgroup{root}/user.slice/ociruntime-web.scope"));
}

#[test]
fn on_v1_the_other_controllers_follow_at_the_same_path() {
    let layout = Layout::from_tables(MEMBERSHIP, MOUNTS, "");
    assert_eq!(layout.mode(), Mode::V1);
    let unit = unit(&layout, &system(), "");
    let beside: Vec<String> = unit.beside().paths().into_iter().map(|(_, path)| path).collect();
    let expected = ["freezer", "cpuset"];
    assert_eq!(
        beside,
        expected.map(|name| format!("/sys/fs/cgroup/{name}/system.slice/ociruntime-web.scope"))
    );
}

#[test]
fn a_subgroup_is_below_the_unit_in_every_hierarchy_and_all_ours() {
    let layout = Layout::from_tables(MEMBERSHIP, MOUNTS, "");
    let cgroup = Cgroup::Systemd(unit(&layout, &system(), "")).in_subgroup(Some("box"));
    let unit = cgroup.unit().unwrap();
    let directories = |cgroup: &Cgroup| cgroup.paths().into_iter().map(|(_, path)| path).collect::<Vec<_>>();
    assert!(directories(&unit.tree).iter().all(|path| path.ends_with("/ociruntime-web.scope/box")));
    assert_eq!(directories(&unit.beside()), directories(&unit.tree));
}

#[test]
fn without_systemd_there_is_no_subgroup() {
    let cgroup = Cgroup::locate(&on_v2(), Some("/web"), "web").unwrap();
    assert_eq!(cgroup.clone().in_subgroup(Some("box")), cgroup);
}

#[test]
fn without_cgroups_there_is_no_unit() {
    let error = Cgroup::locate_unit(&Layout::default(), &system(), None, "web").unwrap_err();
    assert_eq!(error.to_string(), "--systemd-cgroup: no cgroup file system is mounted here");
}

#[test]
fn a_unit_survives_the_state_file() {
    let cgroup = Cgroup::locate_unit(&on_v2(), &system(), Some("::x.slice"), "web").unwrap();
    let json = serde_json::to_string(&cgroup).unwrap();
    assert_eq!(serde_json::from_str::<Cgroup>(&json).unwrap(), cgroup);
}

#[test]
fn a_scope_is_delegated_and_a_slice_is_not() {
    let names = |unit: Unit| unit.properties("web").iter().map(|p| p.name.to_string()).collect::<Vec<_>>();
    let scope = names(unit(&on_v2(), &system(), ""));
    assert!(scope.contains(&"Delegate".to_string()) && scope.contains(&"Slice".to_string()));
    let slice = names(unit(&on_v2(), &system(), "::x.slice"));
    assert!(!slice.contains(&"Delegate".to_string()) && !slice.contains(&"Slice".to_string()));
}
