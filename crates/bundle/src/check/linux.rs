//! The parts of `linux` that stand alone: paths, memory policy, resctrl, personality and seccomp.

use std::path::Path;

use oci_spec::runtime::{
    Linux, LinuxIntelRdt, LinuxMemoryPolicy, LinuxPersonality, LinuxSeccomp, MemoryPolicyFlagType as Flag,
    MemoryPolicyModeType as Mode,
};

use super::text::{has_parent_steps, is_file_name};
use super::{Findings, each};
use crate::problem::At;

pub(super) fn check(linux: &Linux, at: &At<'_>, findings: &mut Findings) {
    paths(linux.masked_paths(), &at.key("maskedPaths"), findings);
    paths(linux.readonly_paths(), &at.key("readonlyPaths"), findings);
    linux.cgroups_path().iter().for_each(|path| cgroups_path(path, &at.key("cgroupsPath"), findings));
    linux.memory_policy().iter().for_each(|policy| memory_policy(policy, &at.key("memoryPolicy"), findings));
    linux.intel_rdt().iter().for_each(|rdt| intel_rdt(rdt, &at.key("intelRdt"), findings));
    linux.personality().iter().for_each(|who| personality(who, &at.key("personality"), findings));
    linux.seccomp().iter().for_each(|profile| seccomp(profile, &at.key("seccomp"), findings));
}

fn paths(paths: &Option<Vec<String>>, at: &At<'_>, findings: &mut Findings) {
    for (index, path) in each(paths) {
        findings.must(path.starts_with('/'), &at.index(index), path, "an absolute path");
    }
}

/// Nothing in a cgroup path may lead out of the container's place in the hierarchy or break a line of a
/// cgroup file.
fn cgroups_path(path: &Path, at: &At<'_>, findings: &mut Findings) {
    let right = !has_parent_steps(path) && !path.to_string_lossy().contains('\n');
    findings.must(right, at, path, "a path without \"..\" and line breaks");
}

/// set_mempolicy(2).
fn memory_policy(policy: &LinuxMemoryPolicy, at: &At<'_>, findings: &mut Findings) {
    if !findings.is_sound(at) {
        return;
    }
    let (mode, nodes) = (policy.mode(), policy.nodes().as_deref().unwrap_or_default());
    match mode {
        Mode::MpolDefault | Mode::MpolLocal => {
            findings.must(nodes.is_empty(), &at.key("nodes"), nodes, "no nodes with this mode");
        }
        Mode::MpolPreferred => {}
        _ if nodes.is_empty() => findings.missing(&at.key("nodes"), "at least one node with this mode"),
        _ => {}
    }
    memory_flags(policy, &at.key("flags"), findings);
}

fn memory_flags(policy: &LinuxMemoryPolicy, at: &At<'_>, findings: &mut Findings) {
    let flags = policy.flags().as_deref().unwrap_or_default();
    let [balancing, fixed, relative] =
        [Flag::MpolFNumaBalancing, Flag::MpolFStaticNodes, Flag::MpolFRelativeNodes]
            .map(|flag| flags.contains(&flag));
    let binds = matches!(policy.mode(), Mode::MpolBind | Mode::MpolPreferredMany);
    let has_nodes = policy.mode() != Mode::MpolLocal;
    findings.must(!(fixed && relative), at, flags, "one of MPOL_F_STATIC_NODES and MPOL_F_RELATIVE_NODES");
    findings.must(has_nodes || !(fixed || relative), at, flags, "no flags about nodes with MPOL_LOCAL");
    let allowed = "MPOL_F_NUMA_BALANCING only with MPOL_BIND and MPOL_PREFERRED_MANY";
    findings.must(binds || !balancing, at, flags, allowed);
}

/// The class becomes a directory of resctrl, "/" being its root; each schema one line of a file there.
fn intel_rdt(rdt: &LinuxIntelRdt, at: &At<'_>, findings: &mut Findings) {
    let class = rdt.clos_id().as_deref().unwrap_or("/");
    let right = matches!(class, "" | "/") || is_file_name(class) && !class.contains('\n');
    findings.must(right, &at.key("closID"), class, "a directory name, or \"/\"");
    let bandwidth = rdt.mem_bw_schema().as_deref().unwrap_or_default();
    let right = bandwidth.is_empty() || bandwidth.starts_with("MB:") && !bandwidth.contains('\n');
    findings.must(right, &at.key("memBwSchema"), bandwidth, "one line that starts with MB:");
    for (index, schema) in each(rdt.schemata()) {
        findings.must(!schema.contains('\n'), &at.key("schemata").index(index), schema, "one line");
    }
}

/// "Currently no flag values are supported."
fn personality(personality: &LinuxPersonality, at: &At<'_>, findings: &mut Findings) {
    let flags = personality.flags().as_deref().unwrap_or_default();
    findings.must(flags.is_empty(), &at.key("flags"), flags, "no flags");
}

fn seccomp(profile: &LinuxSeccomp, at: &At<'_>, findings: &mut Findings) {
    let metadata = profile.listener_metadata().as_deref().unwrap_or_default();
    let heard = profile.listener_path().as_ref().is_some_and(|path| !path.as_os_str().is_empty());
    findings.must(
        metadata.is_empty() || heard,
        &at.key("listenerMetadata"),
        metadata,
        "only with a listenerPath",
    );
    for (index, rule) in each(profile.syscalls()) {
        let rules = at.key("syscalls");
        names(rule.names(), &rules.index(index).key("names"), findings);
    }
}

fn names(names: &[String], at: &At<'_>, findings: &mut Findings) {
    findings.must(!names.is_empty(), at, names, "at least one system call");
    for (index, name) in names.iter().enumerate() {
        findings.must(!name.is_empty(), &at.index(index), name, "the name of a system call");
    }
}
