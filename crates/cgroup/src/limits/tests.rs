use super::*;
use crate::resources::*;

fn v1() -> Controllers {
    Controllers::new(
        "cpu,cpuacct,cpuset,memory,devices,freezer,blkio,pids,hugetlb,net_cls,net_prio,rdma",
        None,
    )
}

fn v2() -> Controllers {
    Controllers::new("", Some("cpuset cpu io memory hugetlb pids rdma misc".to_string()))
}

fn hybrid() -> Controllers {
    Controllers::new("cpu,cpuset,memory,devices,freezer,blkio,pids", Some("hugetlb".to_string()))
}

/// One line per write: `file=value`, in order.
fn lines(resources: &Resources, controllers: &Controllers) -> Vec<String> {
    writes(resources, controllers)
        .unwrap()
        .iter()
        .map(|write| format!("{}={}", write.file, write.value))
        .collect()
}

#[track_caller]
fn check(resources: &Resources, controllers: &Controllers, expected: &[&str]) {
    assert_eq!(lines(resources, controllers), expected);
}

#[track_caller]
fn check_error(resources: &Resources, controllers: &Controllers, expected: &str) {
    assert_eq!(writes(resources, controllers).unwrap_err().to_string(), expected);
}

fn memory(memory: Memory) -> Resources {
    Resources { memory, ..Resources::default() }
}

fn cpu(cpu: Cpu) -> Resources {
    Resources { cpu, ..Resources::default() }
}

fn limit(limit: i64, swap: Option<i64>) -> Resources {
    memory(Memory { limit: Some(limit), swap, ..Memory::default() })
}

#[test]
fn nothing_asked_is_nothing_written_even_without_controllers() {
    check(&Resources::default(), &Controllers::default(), &[]);
}

// Memory.

#[test]
fn memory_and_swap_are_a_sum_on_v1() {
    check(&limit(100, Some(150)), &v1(), &["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=150"]);
}

#[test]
fn swap_is_the_difference_on_v2() {
    check(&limit(100, Some(150)), &v2(), &["memory.swap.max=50", "memory.max=100"]);
}

#[test]
fn no_swap_is_a_sum_equal_to_the_limit() {
    check(&limit(100, Some(100)), &v2(), &["memory.swap.max=0", "memory.max=100"]);
}

#[test]
fn minus_one_is_unlimited() {
    check(&limit(100, Some(-1)), &v1(), &["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=-1"]);
    check(&limit(100, Some(-1)), &v2(), &["memory.swap.max=max", "memory.max=100"]);
}

#[test]
fn unlimited_memory_takes_the_limit_off_swap_too() {
    check(&limit(-1, None), &v1(), &["memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"]);
    check(&limit(-1, None), &v2(), &["memory.swap.max=max", "memory.max=max"]);
}

#[test]
fn unlimited_memory_leaves_a_given_swap_limit_as_it_is_on_v2() {
    check(&limit(-1, Some(70)), &v2(), &["memory.swap.max=70", "memory.max=max"]);
}

#[test]
fn zero_bytes_are_no_limit_asked_for() {
    check(&limit(0, Some(0)), &v1(), &[]);
}

#[test]
fn a_sum_below_the_limit_is_refused() {
    let expected =
        "linux.resources.memory.swap: memory and swap together, 50, are less than memory alone, 100";
    check_error(&limit(100, Some(50)), &v1(), expected);
    check_error(&limit(100, Some(50)), &v2(), expected);
}

#[test]
fn swap_needs_a_memory_limit_on_v2() {
    let swap = memory(Memory { swap: Some(100), ..Memory::default() });
    check_error(&swap, &v2(), "linux.resources.memory.swap: needs a memory limit beside it");
}

#[test]
fn the_soft_limit_is_protection_on_v2() {
    let reservation = memory(Memory { reservation: Some(7), ..Memory::default() });
    check(&reservation, &v1(), &["memory.soft_limit_in_bytes=7"]);
    check(&reservation, &v2(), &["memory.low=7"]);
}

#[test]
fn hard_memory_limits_wait_for_the_rootfs() {
    for controllers in [v1(), v2()] {
        let writes = writes(&limit(100, Some(150)), &controllers).unwrap();
        assert!(writes.iter().all(|write| write.phase == Phase::Late));
    }
}

#[test]
fn memory_and_swap_are_tried_in_turn_on_v1() {
    let writes = writes(&limit(100, Some(150)), &v1()).unwrap();
    assert!(writes[0].is_bound_to(&writes[1]));
}

#[test]
fn swap_that_is_not_wanted_needs_no_file() {
    let absent = |swap| writes(&limit(100, Some(swap)), &v2()).unwrap()[0].absent.clone();
    assert_eq!((absent(100), absent(150)), (Absent::IsFine, Absent::Fails));
}

#[test]
fn check_before_update_looks_at_the_usage_on_v2() {
    let checked = memory(Memory { limit: Some(100), check_before_update: true, ..Memory::default() });
    assert_eq!(writes(&checked, &v2()).unwrap()[0].rule, Rule::UnlessUsageAbove);
}

#[test]
fn swappiness_is_a_file_of_v1() {
    let swappiness = |value| memory(Memory { swappiness: Some(value), ..Memory::default() });
    check(&swappiness(0), &v1(), &["memory.swappiness=0"]);
    check_error(
        &swappiness(10),
        &v2(),
        "linux.resources.memory.swappiness: cgroup v2 has nothing that corresponds to it",
    );
    check_error(&swappiness(101), &v1(), "linux.resources.memory.swappiness: 101 is not between 0 and 100");
}

#[test]
fn a_swappiness_of_minus_one_in_disguise_is_not_set() {
    check(&memory(Memory { swappiness: Some(u64::MAX), ..Memory::default() }), &v2(), &[]);
}

#[test]
fn the_oom_killer_can_be_disabled_on_v1_alone() {
    let disable = |value| memory(Memory { disable_oom_killer: Some(value), ..Memory::default() });
    check_error(
        &disable(true),
        &v2(),
        "linux.resources.memory.disableOOMKiller: cgroup v2 has nothing that corresponds to it",
    );
    let limited = |value| memory(Memory { limit: Some(9), ..disable(value).memory });
    check(&limited(true), &v1(), &["memory.oom_control=1", "memory.limit_in_bytes=9"]);
    check(&limited(false), &v1(), &["memory.oom_control=0", "memory.limit_in_bytes=9"]);
    check(&disable(false), &v2(), &[]);
}

#[test]
fn hierarchical_accounting_is_what_v2_does() {
    let hierarchy =
        |value| memory(Memory { limit: Some(9), use_hierarchy: Some(value), ..Memory::default() });
    check(&hierarchy(true), &v2(), &["memory.max=9"]);
    check(&hierarchy(true), &v1(), &["memory.use_hierarchy=1", "memory.limit_in_bytes=9"]);
    assert!(writes(&hierarchy(false), &v2()).is_err());
}

#[test]
fn kernel_memory_is_accepted_and_noted() {
    let kernel = memory(Memory { kernel: Some(-1), kernel_tcp: Some(5), ..Memory::default() });
    check(&kernel, &v1(), &[]);
    assert_eq!(notes(&kernel).len(), 2);
    assert!(notes(&limit(5, None)).is_empty());
}

// CPU.

#[test]
fn the_defaults_and_the_ends_of_shares_and_weight_meet() {
    for (shares, weight) in [(1, 1), (2, 1), (1024, 100), (262_144, 10_000), (1 << 40, 10_000)] {
        assert_eq!(cpu::weight_of(shares), weight);
    }
}

#[test]
fn more_shares_are_never_less_weight() {
    let weights: Vec<u64> = (2..5000).map(cpu::weight_of).collect();
    assert!(weights.is_sorted());
}

#[test]
fn shares_become_a_weight_on_v2() {
    let shares = |shares| cpu(Cpu { shares: Some(shares), ..Cpu::default() });
    check(&shares(512), &v1(), &["cpu.shares=512"]);
    check(&shares(512), &v2(), &["cpu.weight=59"]);
    check(&shares(0), &v2(), &[]);
}

#[test]
fn quota_and_period_are_one_file_on_v2() {
    let both = cpu(Cpu { quota: Some(20_000), period: Some(50_000), ..Cpu::default() });
    check(&both, &v1(), &["cpu.cfs_period_us=50000", "cpu.cfs_quota_us=20000"]);
    check(&both, &v2(), &["cpu.max=20000 50000"]);
}

#[test]
fn a_negative_quota_is_unlimited() {
    let quota = cpu(Cpu { quota: Some(-5), ..Cpu::default() });
    check(&quota, &v1(), &["cpu.cfs_quota_us=-1"]);
    check(&quota, &v2(), &["cpu.max=max"]);
}

#[test]
fn a_period_alone_leaves_the_quota() {
    let period = cpu(Cpu { period: Some(50_000), ..Cpu::default() });
    assert_eq!(writes(&period, &v2()).unwrap()[0].rule, Rule::BehindQuota);
}

#[test]
fn quota_period_and_burst_are_tried_in_turn() {
    let all = cpu(Cpu { quota: Some(50_000), period: Some(50_000), burst: Some(9), ..Cpu::default() });
    for controllers in [v1(), v2()] {
        let writes = writes(&all, &controllers).unwrap();
        assert!(writes.iter().all(|write| writes[0].is_bound_to(write)));
    }
}

#[test]
fn a_burst_above_the_quota_is_refused() {
    let burst = cpu(Cpu { quota: Some(5_000), burst: Some(6_000), ..Cpu::default() });
    check_error(&burst, &v1(), "linux.resources.cpu.burst: 6000 is more than the quota, 5000");
}

#[test]
fn no_burst_needs_no_file() {
    let burst = |burst| cpu(Cpu { burst: Some(burst), ..Cpu::default() });
    check(&burst(5), &v2(), &["cpu.max.burst=5"]);
    assert_eq!(writes(&burst(0), &v1()).unwrap()[0].absent, Absent::IsFine);
}

#[test]
fn idle_comes_before_the_weight_and_instead_of_it() {
    let idle = |idle| cpu(Cpu { idle: Some(idle), shares: Some(1024), ..Cpu::default() });
    check(&idle(0), &v2(), &["cpu.idle=0", "cpu.weight=100"]);
    check(&idle(1), &v2(), &["cpu.idle=1"]);
    check(&idle(1), &v1(), &["cpu.idle=1"]);
}

#[test]
fn realtime_limits_are_of_v1() {
    let realtime = cpu(Cpu { realtime_runtime: Some(1), realtime_period: Some(2), ..Cpu::default() });
    check(&realtime, &v1(), &["cpu.rt_period_us=2", "cpu.rt_runtime_us=1"]);
    check_error(
        &realtime,
        &v2(),
        "linux.resources.cpu.realtimeRuntime: cgroup v2 has nothing that corresponds to it",
    );
}

#[test]
fn a_cpuset_is_set_before_anyone_is_in_it() {
    let sets = cpu(Cpu { cpus: Some("0-1".into()), mems: Some("0".into()), ..Cpu::default() });
    for controllers in [v1(), v2()] {
        check(&sets, &controllers, &["cpuset.cpus=0-1", "cpuset.mems=0"]);
        assert!(writes(&sets, &controllers).unwrap().iter().all(|write| write.phase == Phase::Early));
    }
}

#[test]
fn an_empty_cpuset_is_not_set() {
    check(&cpu(Cpu { cpus: Some(String::new()), ..Cpu::default() }), &Controllers::default(), &[]);
}

// Processes.

#[test]
fn zero_processes_are_a_limit() {
    let pids = |limit| Resources { pids: Some(limit), ..Resources::default() };
    check(&pids(0), &v1(), &["pids.max=0"]);
    check(&pids(0), &v2(), &["pids.max=0"]);
    check(&pids(-1), &v2(), &["pids.max=max"]);
}

#[test]
fn the_process_limit_does_not_count_the_set_up() {
    let pids = Resources { pids: Some(1), ..Resources::default() };
    assert_eq!(writes(&pids, &v2()).unwrap()[0].phase, Phase::Late);
}

// Block devices.

fn block_io() -> Resources {
    let disk = |rate| vec![ThrottleDevice { major: 8, minor: 0, rate }];
    let block_io = BlockIo {
        weight: Some(500),
        weight_device: vec![WeightDevice { major: 8, minor: 16, weight: Some(10), leaf_weight: None }],
        throttle_read_bps: disk(1),
        throttle_write_bps: disk(2),
        throttle_read_iops: disk(3),
        throttle_write_iops: disk(0),
        ..BlockIo::default()
    };
    Resources { block_io, ..Resources::default() }
}

#[test]
fn block_limits_are_a_file_each_on_v1() {
    let expected = [
        "blkio.weight=500",
        "blkio.weight_device=8:16 10",
        "blkio.throttle.read_bps_device=8:0 1",
        "blkio.throttle.write_bps_device=8:0 2",
        "blkio.throttle.read_iops_device=8:0 3",
        "blkio.throttle.write_iops_device=8:0 0",
    ];
    check(&block_io(), &v1(), &expected);
}

#[test]
fn block_limits_share_io_max_on_v2() {
    let expected = [
        "io.bfq.weight=default 500",
        "io.bfq.weight=8:16 10",
        "io.max=8:0 rbps=1",
        "io.max=8:0 wbps=2",
        "io.max=8:0 riops=3",
        "io.max=8:0 wiops=max",
    ];
    check(&block_io(), &v2(), &expected);
}

#[test]
fn without_bfq_the_weight_is_converted_on_v2() {
    let absent = writes(&block_io(), &v2()).unwrap()[0].absent.clone();
    assert_eq!(absent, Absent::Instead { file: "io.weight".into(), value: "default 4950".into() });
}

#[test]
fn with_bfq_the_files_of_v1_have_other_names() {
    let absent = writes(&block_io(), &v1()).unwrap()[1].absent.clone();
    assert_eq!(absent, Absent::Instead { file: "blkio.bfq.weight_device".into(), value: "8:16 10".into() });
}

#[test]
fn leaf_weights_are_of_v1() {
    let leaf = BlockIo { leaf_weight: Some(10), ..BlockIo::default() };
    let leaf = Resources { block_io: leaf, ..Resources::default() };
    check(&leaf, &v1(), &["blkio.leaf_weight=10"]);
    check_error(
        &leaf,
        &v2(),
        "linux.resources.blockIO.leafWeight: cgroup v2 has nothing that corresponds to it",
    );
}

// Huge pages.

fn hugepages(page_size: &str) -> Resources {
    Resources {
        hugepages: vec![HugepageLimit { page_size: page_size.into(), limit: 1 << 21 }],
        ..Resources::default()
    }
}

#[test]
fn huge_pages_are_limited_when_used_and_when_reserved() {
    let expected = ["hugetlb.2MB.limit_in_bytes=2097152", "hugetlb.2MB.rsvd.limit_in_bytes=2097152"];
    check(&hugepages("2MB"), &v1(), &expected);
    check(&hugepages("2MB"), &v2(), &["hugetlb.2MB.max=2097152", "hugetlb.2MB.rsvd.max=2097152"]);
}

#[test]
fn a_kernel_without_reservations_limits_the_use() {
    let writes = writes(&hugepages("2MB"), &v1()).unwrap();
    assert_eq!((&writes[0].absent, &writes[1].absent), (&Absent::Fails, &Absent::IsFine));
}

#[test]
fn a_hybrid_host_limits_by_the_version_that_has_the_controller() {
    let resources = Resources { pids: Some(5), ..hugepages("1GB") };
    let versions: Vec<_> = writes(&resources, &hybrid()).unwrap().iter().map(|write| write.version).collect();
    assert_eq!(versions, [Version::V2, Version::V2, Version::V1]);
}

#[test]
fn a_page_size_cannot_lead_elsewhere() {
    for size in ["", "MB", "2 MB", "../2MB", "2mb", "2MiB"] {
        assert!(writes(&hugepages(size), &v1()).is_err(), "{size}");
    }
}

// Network.

#[test]
fn network_classes_and_priorities_are_of_v1() {
    let network = Network {
        class_id: Some(0x10_0001),
        priorities: vec![InterfacePriority { name: "eth0".into(), priority: 500 }],
    };
    let network = Resources { network, ..Resources::default() };
    check(&network, &v1(), &["net_cls.classid=1048577", "net_prio.ifpriomap=eth0 500"]);
    check_error(
        &network,
        &v2(),
        "linux.resources.network.classID: cgroup v2 has nothing that corresponds to it",
    );
    check_error(
        &network,
        &hybrid(),
        "linux.resources.network.classID: this host has no net_cls cgroup controller",
    );
}

// RDMA.

fn rdma(hca_handles: Option<u32>, hca_objects: Option<u32>) -> Resources {
    Resources {
        rdma: [("mlx5_1".to_string(), Rdma { hca_handles, hca_objects })].into(),
        ..Resources::default()
    }
}

#[test]
fn rdma_limits_are_one_line_for_each_device() {
    check(&rdma(Some(3), Some(10_000)), &v2(), &["rdma.max=mlx5_1 hca_handle=3 hca_object=10000"]);
    check(&rdma(None, Some(7)), &v1(), &["rdma.max=mlx5_1 hca_object=7"]);
}

#[test]
fn an_rdma_entry_needs_a_limit() {
    check_error(
        &rdma(None, None),
        &v2(),
        "linux.resources.rdma.mlx5_1: at least one of hcaHandles and hcaObjects must be set",
    );
}

// Unified.

fn unified(file: &str, value: &str) -> Resources {
    Resources { unified: [(file.to_string(), value.to_string())].into(), ..Resources::default() }
}

#[test]
fn unified_values_are_written_line_by_line() {
    let value = "259:0 rbps=2097152 wiops=120\n253:0 rbps=2097152 wiops=120";
    let expected = ["io.max=259:0 rbps=2097152 wiops=120", "io.max=253:0 rbps=2097152 wiops=120"];
    check(&unified("io.max", value), &v2(), &expected);
}

#[test]
fn unified_files_that_nobody_knows_are_written() {
    check(&unified("misc.new_thing", "1"), &v2(), &["misc.new_thing=1"]);
    check(&unified("cgroup.max.depth", "1"), &v2(), &["cgroup.max.depth=1"]);
    check(&unified("cpu.pressure", "some 1 2"), &hybrid(), &["cpu.pressure=some 1 2"]);
}

#[test]
fn unified_files_of_missing_controllers_are_an_error() {
    let expected = "linux.resources.unified.memory.high: this host has no memory controller in cgroup v2";
    check_error(&unified("memory.high", "1"), &hybrid(), expected);
    check_error(
        &unified("memory.high", "1"),
        &v1(),
        "linux.resources.unified.memory.high: this host has no cgroup v2",
    );
}

#[test]
fn unified_names_stay_in_the_cgroup() {
    for name in ["../memory.max", "memory", ".max", "memory.", "a/b.c"] {
        assert!(writes(&unified(name, "1"), &v2()).is_err(), "{name}");
    }
}

#[test]
fn unified_memory_limits_wait_for_the_rootfs() {
    assert_eq!(writes(&unified("memory.max", "1"), &v2()).unwrap()[0].phase, Phase::Late);
    assert_eq!(writes(&unified("cpu.weight", "1"), &v2()).unwrap()[0].phase, Phase::Early);
}

// Devices.

fn devices() -> Resources {
    Resources { devices: crate::with_default_devices(&[]), ..Resources::default() }
}

#[test]
fn device_rules_are_writes_on_v1_and_hybrid_hosts_only() {
    assert_eq!(lines(&devices(), &v1())[0], "devices.deny=a");
    assert_eq!(lines(&devices(), &hybrid())[0], "devices.deny=a");
    check(&devices(), &v2(), &[]);
}

#[test]
fn device_rules_without_cgroups_are_an_error() {
    let expected = "linux.resources.devices: this host has no devices cgroup controller";
    check_error(&devices(), &Controllers::default(), expected);
}

// Missing controllers.

#[test]
fn a_missing_controller_is_named_with_the_first_field_that_needs_it() {
    let none = Controllers::default();
    let absent =
        |field: &str, controller: &str| format!("{field}: this host has no {controller} cgroup controller");
    check_error(&limit(5, None), &none, &absent("linux.resources.memory.limit", "memory"));
    let quota = cpu(Cpu { quota: Some(5), ..Cpu::default() });
    check_error(&quota, &none, &absent("linux.resources.cpu.quota", "cpu"));
    let cpus = cpu(Cpu { cpus: Some("0".into()), ..Cpu::default() });
    check_error(&cpus, &none, &absent("linux.resources.cpu.cpus", "cpuset"));
    check_error(&hugepages("2MB"), &none, &absent("linux.resources.hugepageLimits", "hugetlb"));
    check_error(&block_io(), &none, &absent("linux.resources.blockIO.weight", "blkio"));
}

#[test]
fn early_writes_come_before_late_ones() {
    let resources = Resources { cpu: Cpu { shares: Some(9), ..Cpu::default() }, ..limit(100, None) };
    let all = Resources { pids: Some(1), ..resources };
    check(&all, &v1(), &["cpu.shares=9", "memory.limit_in_bytes=100", "pids.max=1"]);
}

#[test]
fn a_write_reads_as_a_sentence() {
    assert_eq!(writes(&limit(4096, None), &v2()).unwrap()[0].to_string(), "write 4096 to memory.max");
}
