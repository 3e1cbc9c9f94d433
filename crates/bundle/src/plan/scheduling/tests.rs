use serde_json::{Value, json};

use super::*;
use oci_spec::runtime::LinuxMemoryPolicyBuilder;

use crate::config::{Config, ProcessFile};

/// The steps that fields of `linux` and `process` become, in words.
fn steps(linux: Value, process: Value) -> Result<Vec<String>, String> {
    let mut config = json!({
        "ociVersion": "1.3.0",
        "root": {"path": "rootfs"},
        "process": {"cwd": "/", "args": ["x"], "user": {"uid": 0, "gid": 0}},
        "linux": linux,
    });
    config["process"].as_object_mut().unwrap().extend(process.as_object().unwrap().clone());
    let spec = Config::parse(config.to_string().into_bytes()).map_err(|error| error.to_string())?.spec;
    let mut steps = Steps::default();
    plan(&mut steps, spec.process().as_ref().unwrap(), spec.linux().as_ref()).map_err(|e| e.to_string())?;
    Ok(steps.0.iter().map(container::plan::Step::label).collect())
}

#[track_caller]
fn linux(linux: Value, expected: &str) {
    assert_eq!(steps(linux, json!({})).unwrap(), [expected]);
}

#[track_caller]
fn scheduler(scheduler: Value, expected: Scheduling) {
    let text = json!({"cwd": "/", "args": ["x"], "scheduler": scheduler}).to_string();
    let process = ProcessFile::parse("process", text.as_bytes()).unwrap().process;
    assert_eq!(scheduling(process.scheduler().as_ref().unwrap()), expected);
}

#[test]
fn nothing_is_set_unless_the_config_asks() {
    assert_eq!(steps(json!({}), json!({})).unwrap(), [""; 0]);
}

#[test]
fn a_personality_is_a_domain() {
    linux(json!({"personality": {"domain": "LINUX32"}}), "linux.personality: set the personality to 0x8");
}

#[test]
fn a_memory_policy_has_its_nodes() {
    linux(
        json!({"memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "2-3", "flags": ["MPOL_F_STATIC_NODES"]}}),
        "linux.memoryPolicy: set the memory policy to MPOL_INTERLEAVE on the nodes 2-3",
    );
}

#[test]
fn the_flags_of_a_memory_policy_are_bits_of_its_mode() {
    let policy = LinuxMemoryPolicyBuilder::default()
        .mode(MemoryPolicyModeType::MpolBind)
        .nodes("0")
        .flags([MemoryPolicyFlagType::MpolFStaticNodes, MemoryPolicyFlagType::MpolFNumaBalancing])
        .build()
        .unwrap();
    assert_eq!(memory_policy(&policy).unwrap().mode, 0xa002);
}

#[test]
fn an_io_priority_has_class_and_level() {
    let wanted = json!({"ioPriority": {"class": "IOPRIO_CLASS_RT", "priority": 3}});
    let expected = "process.ioPriority: set the I/O priority to 3 of class IOPRIO_CLASS_RT";
    assert_eq!(steps(json!({}), wanted).unwrap(), [expected]);
}

#[test]
fn a_batch_process_may_be_nice() {
    let expected = Scheduling { policy: 3, nice: 5, ..Scheduling::default() };
    scheduler(json!({"policy": "SCHED_BATCH", "nice": 5}), expected);
}

#[test]
fn a_real_time_process_has_a_priority() {
    let expected = Scheduling { policy: 1, priority: 99, flags: 1, ..Scheduling::default() };
    let flags = ["SCHED_FLAG_RESET_ON_FORK"];
    scheduler(json!({"policy": "SCHED_FIFO", "priority": 99, "flags": flags}), expected);
}

#[test]
fn a_deadline_process_has_its_times() {
    let expected =
        Scheduling { policy: 6, runtime: 2000, deadline: 3000, period: 4000, ..Scheduling::default() };
    let times = json!({"policy": "SCHED_DEADLINE", "runtime": 2000, "deadline": 3000, "period": 4000});
    scheduler(times, expected);
}

#[test]
fn every_scheduler_flag_has_its_bit() {
    let flags = [
        "SCHED_FLAG_RESET_ON_FORK",
        "SCHED_FLAG_RECLAIM",
        "SCHED_FLAG_DL_OVERRUN",
        "SCHED_FLAG_KEEP_POLICY",
        "SCHED_FLAG_KEEP_PARAMS",
        "SCHED_FLAG_UTIL_CLAMP_MIN",
        "SCHED_FLAG_UTIL_CLAMP_MAX",
    ];
    let expected = Scheduling { flags: 0x7f, ..Scheduling::default() };
    scheduler(json!({"policy": "SCHED_OTHER", "flags": flags}), expected);
}

#[test]
fn a_node_that_no_kernel_has_is_refused() {
    let wanted = json!({"memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0-4294967295"}});
    let error = steps(wanted, json!({})).unwrap_err();
    assert!(error.contains("/linux/memoryPolicy/nodes"), "{error}");
}

/// The steps of an exec with these CPUs, before and after it enters the cgroup.
#[track_caller]
fn affinity(affinity: Value, expected: &[&str]) {
    let text = json!({"cwd": "/", "args": ["x"], "execCPUAffinity": affinity}).to_string();
    let process = ProcessFile::parse("process", text.as_bytes()).unwrap().process;
    let affinity = Affinity::of(&process).unwrap();
    let mut steps = Steps::default();
    affinity.begin(&mut steps);
    affinity.settle(&mut steps, true);
    let steps: Vec<String> = steps.0.iter().map(|step| step.action.to_string()).collect();
    assert_eq!(steps, expected);
}

#[test]
fn exec_starts_on_the_initial_cpus_and_ends_on_the_final_ones() {
    affinity(json!({"initial": "7", "final": "0-3,7"}), &["start on the CPUs 7", "run on the CPUs 0-3,7"]);
}

#[test]
fn exec_without_final_cpus_gets_those_of_the_cgroup() {
    affinity(json!({"initial": "0"}), &["start on the CPUs 0", "run on every CPU of the cgroup"]);
    affinity(json!({"final": ""}), &["run on every CPU of the cgroup"]);
}

#[test]
fn without_a_cgroup_the_cpus_stay_what_they_are() {
    let mut steps = Steps::default();
    Affinity::default().settle(&mut steps, false);
    assert!(steps.0.is_empty());
}
