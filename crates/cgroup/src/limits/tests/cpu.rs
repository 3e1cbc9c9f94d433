//! CPU.

use super::*;

#[test]
fn the_defaults_and_the_ends_of_shares_and_weight_meet() {
    for (shares, weight) in [(1, 1), (2, 1), (1024, 100), (262_144, 10_000), (1 << 40, 10_000)] {
        assert_eq!(crate::limits::cpu::weight_of(shares), weight);
    }
}

#[test]
fn more_shares_are_never_less_weight() {
    let weights: Vec<u64> = (2..5000).map(crate::limits::cpu::weight_of).collect();
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
