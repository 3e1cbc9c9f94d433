//! Limits.

use oci_spec::runtime::LinuxResources;

use super::*;

fn resources(fields: &str) -> String {
    format!(r#"{{"linux": {{"resources": {{{fields}}}}}}}"#)
}

#[test]
fn a_device_rule_says_whether_it_allows() {
    check(
        &resources(r#""devices": [{"access": "r"}]"#),
        "/linux/resources/devices/0/allow: found nothing, allowed: true or false",
    );
}

#[test]
fn access_has_three_letters() {
    check(
        &resources(r#""devices": [{"allow": true, "access": "rx"}]"#),
        r#"/linux/resources/devices/0/access: found "rx", allowed: letters of "rwm""#,
    );
}

#[test]
fn a_device_rule_is_not_about_fifos() {
    check(
        &resources(r#""devices": [{"allow": true, "type": "p"}]"#),
        r#"/linux/resources/devices/0/type: found "p", allowed: a, c, b"#,
    );
}

#[test]
fn a_device_rule_may_leave_out_the_type() {
    right(&resources(r#""devices": [{"allow": true, "type": "", "major": -1, "minor": -1}]"#));
}

#[test]
fn memory_may_be_unlimited() {
    right(&resources(r#""memory": {"limit": -1, "swap": -1}"#));
}

#[test]
fn a_memory_limit_is_not_below_minus_one() {
    check(
        &resources(r#""memory": {"limit": -2}"#),
        "/linux/resources/memory/limit: found -2, allowed: a whole number, -1 or more",
    );
}

#[test]
fn swap_includes_memory() {
    check(
        &resources(r#""memory": {"limit": 200, "swap": 100}"#),
        "/linux/resources/memory/swap: found 100, allowed: at least the memory limit, 200",
    );
}

#[test]
fn swappiness_is_a_percentage() {
    check(
        &resources(r#""memory": {"swappiness": 101}"#),
        "/linux/resources/memory/swappiness: found 101, allowed: a whole number from 0 to 100",
    );
}

#[test]
fn a_period_is_at_least_a_millisecond() {
    check(
        &resources(r#""cpu": {"period": 999}"#),
        "/linux/resources/cpu/period: found 999, allowed: 1000 to 1000000 microseconds",
    );
}

#[test]
fn a_quota_is_at_least_a_millisecond() {
    check(
        &resources(r#""cpu": {"quota": 999}"#),
        "/linux/resources/cpu/quota: found 999, allowed: 1000 microseconds or more, or -1",
    );
}

#[test]
fn zero_is_as_absent() {
    right(&resources(
        r#""cpu": {"period": 0, "quota": 0, "shares": 0, "realtimePeriod": 0}, "blockIO": {"weight": 0}"#,
    ));
}

#[test]
fn a_burst_is_at_most_the_quota() {
    check(
        &resources(r#""cpu": {"quota": 5000, "burst": 5001}"#),
        "/linux/resources/cpu/burst: found 5001, allowed: at most the quota, 5000",
    );
}

#[test]
fn a_real_time_runtime_is_at_most_its_period() {
    check(
        &resources(r#""cpu": {"realtimeRuntime": 5001, "realtimePeriod": 5000}"#),
        "/linux/resources/cpu/realtimeRuntime: found 5001, allowed: at most the realtimePeriod, 5000",
    );
}

#[test]
fn cpus_are_a_list() {
    check(
        &resources(r#""cpu": {"cpus": "all"}"#),
        r#"/linux/resources/cpu/cpus: found "all", allowed: a list of numbers and ranges such as "0-3,7""#,
    );
}

#[test]
fn idle_is_zero_or_one() {
    check(
        &resources(r#""cpu": {"idle": 2}"#),
        "/linux/resources/cpu/idle: found 2, allowed: a whole number from 0 to 1",
    );
}

#[test]
fn a_weight_is_at_least_ten() {
    check(
        &resources(r#""blockIO": {"weight": 9}"#),
        "/linux/resources/blockIO/weight: found 9, allowed: a whole number from 10 to 1000",
    );
}

#[test]
fn a_weighted_device_has_a_weight() {
    check(
        &resources(r#""blockIO": {"weightDevice": [{"major": 8, "minor": 0}]}"#),
        "/linux/resources/blockIO/weightDevice/0/weight: found nothing, allowed: a weight or a leafWeight",
    );
}

#[test]
fn a_throttled_device_has_a_rate() {
    check(
        &resources(r#""blockIO": {"throttleReadIOPSDevice": [{"major": 8, "minor": 0}]}"#),
        "/linux/resources/blockIO/throttleReadIOPSDevice/0/rate: found nothing, allowed: a whole number from 0 to 18446744073709551615",
    );
}

#[test]
fn a_page_size_has_a_unit() {
    check(
        &resources(r#""hugepageLimits": [{"pageSize": "2M", "limit": 1}]"#),
        r#"/linux/resources/hugepageLimits/0/pageSize: found "2M", allowed: a page size such as 64KB, 2MB or 1GB"#,
    );
}

/// The limits of a config that is right.
fn loaded(fields: &str) -> LinuxResources {
    let config = parse(&resources(fields)).expect("right");
    let resources = config.spec.linux().as_ref().and_then(|linux| linux.resources().clone());
    resources.expect("the limits")
}

#[test]
fn a_page_limit_may_have_64_bits() {
    let limits = loaded(r#""hugepageLimits": [{"pageSize": "2MB", "limit": 18446744073709551615}]"#);
    let limits = limits.hugepage_limits().clone().unwrap_or_default();
    assert_eq!(limits.first().map(|limit| limit.limit()), Some(i64::MAX));
}

#[test]
fn pids_without_a_limit_limit_nothing() {
    assert_eq!(*loaded(r#""pids": {}"#).pids(), None);
}

#[test]
fn no_pids_at_all_are_a_limit() {
    assert_eq!(loaded(r#""pids": {"limit": 0}"#).pids().map(|pids| pids.limit()), Some(0));
}

#[test]
fn an_interface_priority_has_a_name() {
    check(
        &resources(r#""network": {"priorities": [{"name": "", "priority": 1}]}"#),
        r#"/linux/resources/network/priorities/0/name: found "", allowed: the name of a network interface"#,
    );
}

#[test]
fn rdma_limits_something() {
    check(
        &resources(r#""rdma": {"mlx5_1": {}}"#),
        "/linux/resources/rdma/mlx5_1: found an object, allowed: hcaHandles, hcaObjects or both",
    );
}

#[test]
fn unified_names_files_of_the_cgroup() {
    check(
        &resources(r#""unified": {"../cgroup.procs": "1"}"#),
        r#"/linux/resources/unified/..~1cgroup.procs: found "1", allowed: the name of a file in the cgroup"#,
    );
}
