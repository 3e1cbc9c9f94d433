//! What stands alone in `linux`: paths, memory policy, resctrl, personality, seccomp, annotations.

use super::*;

fn linux(fields: &str) -> String {
    format!(r#"{{"linux": {{{fields}}}}}"#)
}

#[test]
fn masked_paths_are_absolute() {
    check(
        &linux(r#""maskedPaths": ["/a", "b"]"#),
        r#"/linux/maskedPaths/1: found "b", allowed: an absolute path"#,
    );
}

#[test]
fn read_only_paths_are_absolute() {
    check(
        &linux(r#""readonlyPaths": [""]"#),
        r#"/linux/readonlyPaths/0: found "", allowed: an absolute path"#,
    );
}

#[test]
fn propagation_is_known() {
    check(
        &linux(r#""rootfsPropagation": "public""#),
        r#"/linux/rootfsPropagation: found "public", allowed: shared, slave, private, unbindable, rshared, rslave, rprivate, runbindable"#,
    );
}

#[test]
fn propagation_may_be_recursive() {
    right(&linux(r#""rootfsPropagation": "rslave""#));
}

#[test]
fn a_cgroup_path_does_not_lead_upwards() {
    check(
        &linux(r#""cgroupsPath": "/a/../../b""#),
        r#"/linux/cgroupsPath: found "/a/../../b", allowed: a path without ".." and line breaks"#,
    );
}

#[test]
fn a_cgroup_path_is_one_line() {
    check(
        &linux(r#""cgroupsPath": "a\nb""#),
        r#"/linux/cgroupsPath: found "a\nb", allowed: a path without ".." and line breaks"#,
    );
}

#[test]
fn a_cgroup_path_may_name_a_scope() {
    right(&linux(r#""cgroupsPath": "machine.slice:libpod:0123""#));
}

#[test]
fn binding_memory_needs_nodes() {
    check(
        &linux(r#""memoryPolicy": {"mode": "MPOL_BIND"}"#),
        "/linux/memoryPolicy/nodes: found nothing, allowed: at least one node with this mode",
    );
}

#[test]
fn local_memory_has_no_nodes() {
    check(
        &linux(r#""memoryPolicy": {"mode": "MPOL_LOCAL", "nodes": "0"}"#),
        r#"/linux/memoryPolicy/nodes: found "0", allowed: no nodes with this mode"#,
    );
}

#[test]
fn nodes_are_fixed_or_relative() {
    check(
        &linux(
            r#""memoryPolicy": {"mode": "MPOL_BIND", "nodes": "0", "flags": ["MPOL_F_STATIC_NODES", "MPOL_F_RELATIVE_NODES"]}"#,
        ),
        "/linux/memoryPolicy/flags: found an array, allowed: one of MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES",
    );
}

#[test]
fn balancing_is_for_bound_memory() {
    check(
        &linux(
            r#""memoryPolicy": {"mode": "MPOL_INTERLEAVE", "nodes": "0", "flags": ["MPOL_F_NUMA_BALANCING"]}"#,
        ),
        "/linux/memoryPolicy/flags: found an array, allowed: MPOL_F_NUMA_BALANCING only with MPOL_BIND and MPOL_PREFERRED_MANY",
    );
}

#[test]
fn a_preferred_node_may_be_left_out() {
    right(&linux(r#""memoryPolicy": {"mode": "MPOL_PREFERRED"}"#));
}

#[test]
fn a_class_of_service_is_a_directory() {
    for class in ["a/b", ".", ".."] {
        check(
            &linux(&format!(r#""intelRdt": {{"closID": "{class}"}}"#)),
            &format!(r#"/linux/intelRdt/closID: found "{class}", allowed: a directory name, or "/""#),
        );
    }
}

#[test]
fn the_root_class_is_allowed() {
    right(&linux(
        r#""intelRdt": {"closID": "/", "memBwSchema": "MB:0=20", "schemata": ["L3:0=f"], "enableMonitoring": true}"#,
    ));
}

#[test]
fn a_bandwidth_schema_has_its_prefix() {
    check(
        &linux(r#""intelRdt": {"memBwSchema": "0=20"}"#),
        r#"/linux/intelRdt/memBwSchema: found "0=20", allowed: one line that starts with MB:"#,
    );
}

#[test]
fn a_schema_is_one_line() {
    check(
        &linux(r#""intelRdt": {"schemata": ["L3:0=f\nL3:1=f"]}"#),
        r#"/linux/intelRdt/schemata/0: found "L3:0=f\nL3:1=f", allowed: one line"#,
    );
}

#[test]
fn a_personality_is_known() {
    check(
        &linux(r#""personality": {"domain": "PER_SVR4"}"#),
        r#"/linux/personality/domain: found "PER_SVR4", allowed: LINUX, LINUX32"#,
    );
}

#[test]
fn a_personality_has_no_flags() {
    check(
        &linux(r#""personality": {"domain": "LINUX32", "flags": ["ADDR_NO_RANDOMIZE"]}"#),
        "/linux/personality/flags: found an array, allowed: no flags",
    );
}

#[test]
fn a_seccomp_profile_has_a_default() {
    check(
        &linux(r#""seccomp": {"syscalls": []}"#),
        "/linux/seccomp/defaultAction: found nothing, allowed: SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, SCMP_ACT_NOTIFY",
    );
}

#[test]
fn a_rule_names_a_call() {
    check(
        &linux(
            r#""seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": [], "action": "SCMP_ACT_LOG"}]}"#,
        ),
        "/linux/seccomp/syscalls/0/names: found an array, allowed: at least one system call",
    );
}

#[test]
fn a_call_has_six_arguments() {
    check(
        &linux(
            r#""seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_LOG",
            "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}"#,
        ),
        "/linux/seccomp/syscalls/0/args/0/index: found 6, allowed: a whole number from 0 to 5",
    );
}

#[test]
fn metadata_is_for_a_listener() {
    check(
        &linux(r#""seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "listenerMetadata": "x"}"#),
        r#"/linux/seccomp/listenerMetadata: found "x", allowed: only with a listenerPath"#,
    );
}

#[test]
fn every_architecture_of_the_spec_is_known() {
    right(&linux(
        r#""seccomp": {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32",
        "SCMP_ARCH_ARM", "SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32", "SCMP_ARCH_MIPSEL",
        "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC", "SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390",
        "SCMP_ARCH_S390X", "SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64", "SCMP_ARCH_M68K",
        "SCMP_ARCH_SH", "SCMP_ARCH_SHEB"]}"#,
    ));
}
