use serde_json::json;

use super::*;

fn v1() -> Controllers {
    Controllers::new("cpu,cpuset,memory,pids,blkio", None)
}

fn v2() -> Controllers {
    Controllers::new("", Some("cpu cpuset memory pids io".into()))
}

fn plan(given: Value, present: Value, host: &Controllers) -> Result<Update, UpdateError> {
    Change::of("given", given)?.plan("given", &present, host)
}

/// The writes of a change, as `file=value`.
#[track_caller]
fn check(given: Value, present: Value, host: &Controllers, expected: &[&str]) {
    let update = plan(given, present, host).unwrap();
    let writes: Vec<String> = update.writes.iter().map(|w| format!("{}={}", w.file, w.value)).collect();
    assert_eq!(writes, expected);
}

/// What the limits are after a change.
#[track_caller]
fn leaves(given: Value, present: Value, expected: Value) {
    assert_eq!(plan(given, present, &v2()).unwrap().limits, expected);
}

#[track_caller]
fn refuse(given: Value, present: Value, expected: &str) {
    assert_eq!(plan(given, present, &v2()).unwrap_err().to_string(), expected);
}

#[test]
fn what_is_left_out_is_not_written() {
    check(json!({"pids": {"limit": 7}}), json!({"memory": {"limit": 4096}}), &v2(), &["pids.max=7"]);
    check(json!({}), json!({"memory": {"limit": 4096}}), &v2(), &[]);
}

#[test]
fn a_zero_of_go_is_left_out() {
    let zeros = json!({"memory": {"limit": 0, "swap": 0}, "cpu": {"shares": 0, "quota": 0, "cpus": ""}});
    check(zeros, json!({"memory": {"limit": 4096}}), &v1(), &[]);
}

#[test]
fn memory_alone_keeps_the_sum_with_swap() {
    let present = json!({"memory": {"limit": 4096, "swap": 16384}});
    check(
        json!({"memory": {"limit": 8192}}),
        present.clone(),
        &v2(),
        &["memory.swap.max=8192", "memory.max=8192"],
    );
    check(json!({"memory": {"limit": 8192}}), present, &v1(), &["memory.limit_in_bytes=8192"]);
}

#[test]
fn swap_alone_is_reckoned_with_the_present_memory() {
    let present = json!({"memory": {"limit": 4096}});
    check(json!({"memory": {"swap": 12288}}), present.clone(), &v2(), &["memory.swap.max=8192"]);
    check(json!({"memory": {"swap": 12288}}), present, &v1(), &["memory.memsw.limit_in_bytes=12288"]);
}

#[test]
fn no_limit_of_memory_is_none_of_swap_either() {
    let (given, present) = (json!({"memory": {"limit": -1}}), json!({"memory": {"limit": 1, "swap": 2}}));
    check(given.clone(), present.clone(), &v2(), &["memory.swap.max=max", "memory.max=max"]);
    check(
        given.clone(),
        present.clone(),
        &v1(),
        &["memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1"],
    );
    leaves(given, present, json!({"memory": {"limit": -1, "swap": -1}}));
}

#[test]
fn a_reservation_moves_alone() {
    let present = json!({"memory": {"limit": 8192, "swap": 8192}});
    check(json!({"memory": {"reservation": 4096}}), present, &v2(), &["memory.low=4096"]);
}

#[test]
fn memory_beyond_the_sum_with_swap_is_a_contradiction() {
    refuse(
        json!({"memory": {"limit": 8192}}),
        json!({"memory": {"limit": 4096, "swap": 4096}}),
        "given: /memory/swap: found 4096 from before, allowed: at least the memory limit, 8192",
    );
}

#[test]
fn a_burst_beyond_the_present_quota_is_a_contradiction() {
    refuse(
        json!({"cpu": {"burst": 8192}}),
        json!({"cpu": {"quota": 4096}}),
        "given: /cpu/burst: found 8192, allowed: at most the quota, 4096",
    );
}

#[test]
fn what_is_wrong_is_told_all_at_once() {
    refuse(
        json!({"memory": {"limit": "x"}, "cpu": {"period": 7}}),
        json!({}),
        "given: 2 problems:\n  /cpu/period: found 7, allowed: 1000 to 1000000 microseconds\n  \
         /memory/limit: found \"x\", allowed: a whole number, -1 or more",
    );
}

#[test]
fn a_missing_controller_is_named() {
    let update = plan(json!({"pids": {"limit": 1}}), json!({}), &Controllers::new("cpu", None));
    let expected = "linux.resources.pids.limit: this host has no pids cgroup controller";
    assert_eq!(update.unwrap_err().to_string(), expected);
}

#[test]
fn checking_before_is_remembered() {
    let present = json!({"memory": {"checkBeforeUpdate": true}});
    let update = plan(json!({"memory": {"limit": 4096}}), present, &v2()).unwrap();
    assert_eq!(update.writes[0].rule, cgroup::Rule::UnlessUsageAbove);
}

#[test]
fn device_rules_are_left_out() {
    let given = json!({"devices": [{"allow": true, "access": "x"}]});
    assert_eq!(Change::of("given", given).unwrap().resources, Resources::default());
}

#[test]
fn entries_of_lists_are_replaced_by_those_for_the_same_device() {
    let rate = |minor: u32, rate: u32| json!({"major": 8, "minor": minor, "rate": rate});
    let list = |entries: Value| json!({"blockIO": {"throttleReadBpsDevice": entries}});
    leaves(
        list(json!([rate(0, 7)])),
        list(json!([rate(0, 1), rate(16, 2)])),
        list(json!([rate(16, 2), rate(0, 7)])),
    );
}

#[test]
fn kernel_memory_is_noted() {
    let update = plan(json!({"memory": {"kernel": 1}}), json!({}), &v2()).unwrap();
    assert_eq!(update.notes.len(), 1);
}

#[test]
fn broken_json_is_told_by_line_and_column() {
    let error = Change::parse("limits", b"{\"memory\":").unwrap_err().to_string();
    assert!(error.starts_with("limits: line 1, column "), "{error}");
}

#[test]
fn what_is_not_an_object_is_refused() {
    let error = Change::parse("limits", b"[]").unwrap_err().to_string();
    assert_eq!(error, "limits: found an array, allowed: an object");
}
