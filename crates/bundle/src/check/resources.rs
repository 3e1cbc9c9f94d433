//! `linux.resources`: values that no kernel takes (config-linux.md, "Control groups"). What depends on the
//! cgroup version is left to the cgroup crate.

use oci_spec::runtime::{
    LinuxBlockIo, LinuxCpu, LinuxDeviceCgroup, LinuxHugepageLimit, LinuxMemory, LinuxNetwork, LinuxResources,
};

use super::text::{is_file_name, is_interface_name};
use super::{Findings, each};
use crate::problem::At;

/// Microseconds of a scheduling period: `min_cfs_quota_period` to `max_cfs_quota_period` of the kernel.
const PERIODS: std::ops::RangeInclusive<u64> = 1_000..=1_000_000;
/// The smallest quota, in microseconds.
const MIN_QUOTA: i64 = 1_000;
/// blkio.weight (cgroup v1), from which the weights of v2 are scaled.
const WEIGHTS: std::ops::RangeInclusive<u16> = 10..=1000;

pub(crate) fn check(resources: &LinuxResources, at: &At<'_>, findings: &mut Findings) {
    for (index, rule) in each(resources.devices()) {
        device_rule(rule, &at.key("devices").index(index), findings);
    }
    for (index, limit) in each(resources.hugepage_limits()) {
        hugepages(limit, &at.key("hugepageLimits").index(index), findings);
    }
    resources.memory().iter().for_each(|memory| swap(memory, &at.key("memory"), findings));
    resources.cpu().iter().for_each(|cpu| time(cpu, &at.key("cpu"), findings));
    resources.block_io().iter().for_each(|block| block_io(block, &at.key("blockIO"), findings));
    resources.network().iter().for_each(|network| priorities(network, &at.key("network"), findings));
    rdma(resources, &at.key("rdma"), findings);
    unified(resources, &at.key("unified"), findings);
}

fn device_rule(rule: &LinuxDeviceCgroup, at: &At<'_>, findings: &mut Findings) {
    let access = rule.access().as_deref().unwrap_or_default();
    findings.must(
        access.bytes().all(|b| b"rwm".contains(&b)),
        &at.key("access"),
        access,
        "letters of \"rwm\"",
    );
}

/// `swap` is memory and swap together.
fn swap(memory: &LinuxMemory, at: &At<'_>, findings: &mut Findings) {
    let (limit, swap) = (memory.limit().unwrap_or(0), memory.swap().unwrap_or(0));
    if swap > 0 && swap < limit {
        findings.must(false, &at.key("swap"), &swap, &format!("at least the memory limit, {limit}"));
    }
}

/// 0 is as absent: engines in Go write it so.
fn time(cpu: &LinuxCpu, at: &At<'_>, findings: &mut Findings) {
    let period = cpu.period().unwrap_or(0);
    let quota = cpu.quota().unwrap_or(0);
    let fits = period == 0 || PERIODS.contains(&period);
    findings.must(fits, &at.key("period"), &period, "1000 to 1000000 microseconds");
    findings.must(
        quota <= 0 || quota >= MIN_QUOTA,
        &at.key("quota"),
        &quota,
        "1000 microseconds or more, or -1",
    );
    let burst = cpu.burst().unwrap_or(0);
    if quota > 0 && burst > quota.unsigned_abs() {
        findings.must(false, &at.key("burst"), &burst, &format!("at most the quota, {quota}"));
    }
    realtime(cpu, at, findings);
}

fn realtime(cpu: &LinuxCpu, at: &At<'_>, findings: &mut Findings) {
    let (runtime, period) = (cpu.realtime_runtime().unwrap_or(0), cpu.realtime_period().unwrap_or(0));
    if period > 0 && runtime > 0 && runtime.unsigned_abs() > period {
        findings.must(
            false,
            &at.key("realtimeRuntime"),
            &runtime,
            &format!("at most the realtimePeriod, {period}"),
        );
    }
}

fn block_io(block: &LinuxBlockIo, at: &At<'_>, findings: &mut Findings) {
    weight(block.weight(), &at.key("weight"), findings);
    weight(block.leaf_weight(), &at.key("leafWeight"), findings);
    for (index, device) in each(block.weight_device()) {
        let list = at.key("weightDevice");
        let at = list.index(index);
        weight(device.weight(), &at.key("weight"), findings);
        weight(device.leaf_weight(), &at.key("leafWeight"), findings);
        if device.weight().or(device.leaf_weight()).is_none() && findings.is_sound(&at) {
            findings.missing(&at.key("weight"), "a weight or a leafWeight");
        }
    }
}

fn weight(weight: Option<u16>, at: &At<'_>, findings: &mut Findings) {
    let weight = weight.unwrap_or(0);
    findings.must(weight == 0 || WEIGHTS.contains(&weight), at, &weight, "a whole number from 10 to 1000");
}

/// `<size><unit-prefix>B`, as the kernel names its control files: 64KB, 2MB, 1GB.
fn hugepages(limit: &LinuxHugepageLimit, at: &At<'_>, findings: &mut Findings) {
    let size = limit.page_size();
    let digits = ["KB", "MB", "GB"].iter().find_map(|unit| size.strip_suffix(unit));
    let right = digits.is_some_and(|digits| {
        digits.bytes().all(|b| b.is_ascii_digit()) && !digits.is_empty() && !digits.starts_with('0')
    });
    findings.must(right, &at.key("pageSize"), size, "a page size such as 64KB, 2MB or 1GB");
}

fn priorities(network: &LinuxNetwork, at: &At<'_>, findings: &mut Findings) {
    let at = at.key("priorities");
    for (index, priority) in each(network.priorities()) {
        let right = is_interface_name(priority.name());
        findings.must(
            right,
            &at.index(index).key("name"),
            priority.name(),
            "the name of a network interface",
        );
    }
}

fn rdma(resources: &LinuxResources, at: &At<'_>, findings: &mut Findings) {
    for (device, limits) in resources.rdma().iter().flatten() {
        let at = at.key(device);
        let named = !device.is_empty() && !device.contains(|c: char| c.is_ascii_whitespace());
        findings.must(named, &at, limits, "the name of a device");
        if limits.hca_handles().or(limits.hca_objects()).is_none() && findings.is_sound(&at) {
            findings.must(false, &at, limits, "hcaHandles, hcaObjects or both");
        }
    }
}

fn unified(resources: &LinuxResources, at: &At<'_>, findings: &mut Findings) {
    for (file, value) in resources.unified().iter().flatten() {
        findings.must(is_file_name(file), &at.key(file), value, "the name of a file in the cgroup");
    }
}
