//! `linux.resources.cpu`: bandwidth, weight, and the cpuset. Zero is not set, as in the other runtimes.

use crate::Error;
use crate::controllers::{Controllers, Version};
use crate::limits::{Absent, Rule, Write, only_v1};
use crate::resources::Cpu;

const SHARES: &str = "linux.resources.cpu.shares";
const QUOTA: &str = "linux.resources.cpu.quota";
const PERIOD: &str = "linux.resources.cpu.period";
const BURST: &str = "linux.resources.cpu.burst";
const IDLE: &str = "linux.resources.cpu.idle";
const REALTIME_RUNTIME: &str = "linux.resources.cpu.realtimeRuntime";
const REALTIME_PERIOD: &str = "linux.resources.cpu.realtimePeriod";
const CPUS: &str = "linux.resources.cpu.cpus";
const MEMS: &str = "linux.resources.cpu.mems";

pub(super) fn writes(cpu: &Cpu, controllers: &Controllers) -> Result<Vec<Write>, Error> {
    let mut writes = cpuset(cpu, controllers)?;
    let cpu = &without_zeros(cpu);
    check(cpu)?;
    if let Some(field) = first_field(cpu) {
        match controllers.find("cpu", "cpu", field)? {
            Version::V1 => writes.extend(v1(cpu)),
            Version::V2 => writes.extend(v2(cpu)?),
        }
    }
    Ok(writes)
}

fn without_zeros(cpu: &Cpu) -> Cpu {
    Cpu {
        shares: cpu.shares.filter(|&shares| shares != 0),
        quota: cpu.quota.filter(|&quota| quota != 0),
        period: cpu.period.filter(|&period| period != 0),
        realtime_period: cpu.realtime_period.filter(|&period| period != 0),
        ..cpu.clone()
    }
}

fn first_field(cpu: &Cpu) -> Option<&'static str> {
    [
        (cpu.shares.is_some(), SHARES),
        (cpu.quota.is_some(), QUOTA),
        (cpu.period.is_some(), PERIOD),
        (cpu.burst.is_some(), BURST),
        (cpu.idle.is_some(), IDLE),
        (cpu.realtime_runtime.is_some(), REALTIME_RUNTIME),
        (cpu.realtime_period.is_some(), REALTIME_PERIOD),
    ]
    .iter()
    .find_map(|(is_set, field)| is_set.then_some(*field))
}

fn check(cpu: &Cpu) -> Result<(), Error> {
    match (cpu.quota, cpu.burst) {
        (Some(quota @ 1..), Some(burst)) if burst > quota.unsigned_abs() => {
            Err(Error::rule(format!("{burst} is more than the quota, {quota}")).of(BURST))
        }
        _ => Ok(()),
    }
}

/// Early: v1 lets nobody into an empty cpuset, and a move later would have to move the memory too.
fn cpuset(cpu: &Cpu, controllers: &Controllers) -> Result<Vec<Write>, Error> {
    let lists = [(&cpu.cpus, "cpuset.cpus", CPUS), (&cpu.mems, "cpuset.mems", MEMS)];
    let set = lists.into_iter().filter_map(|(list, file, field)| Some((list.as_deref()?, file, field)));
    let set = set.filter(|(list, ..)| !list.is_empty());
    set.map(|(list, file, field)| {
        let version = controllers.find("cpuset", "cpuset", field)?;
        Ok(Write::new(version, "cpuset", file, list, field))
    })
    .collect()
}

fn v1(cpu: &Cpu) -> Vec<Write> {
    let write = |file: &'static str, value: String, field| Write::new(Version::V1, "cpu", file, value, field);
    let bound = |file, value, field| Write { rule: Rule::Bound, ..write(file, value, field) };
    let mut writes = Vec::new();
    writes.extend(cpu.idle.map(|value| idle(Version::V1, value)));
    writes.extend(shares_beside_idle(cpu).map(|value| write("cpu.shares", value.to_string(), SHARES)));
    writes.extend(cpu.realtime_period.map(|v| bound("cpu.rt_period_us", v.to_string(), REALTIME_PERIOD)));
    writes.extend(cpu.realtime_runtime.map(|v| bound("cpu.rt_runtime_us", v.to_string(), REALTIME_RUNTIME)));
    writes.extend(cpu.period.map(|value| bound("cpu.cfs_period_us", value.to_string(), PERIOD)));
    writes.extend(cpu.quota.map(|value| bound("cpu.cfs_quota_us", value.max(-1).to_string(), QUOTA)));
    writes.extend(cpu.burst.map(|value| burst(Version::V1, "cpu.cfs_burst_us", value)));
    writes
}

fn v2(cpu: &Cpu) -> Result<Vec<Write>, Error> {
    if cpu.realtime_runtime.is_some_and(|runtime| runtime != 0) {
        return Err(only_v1(REALTIME_RUNTIME));
    }
    if cpu.realtime_period.is_some() {
        return Err(only_v1(REALTIME_PERIOD));
    }
    let weight = |shares| Write::new(Version::V2, "cpu", "cpu.weight", weight_of(shares), SHARES);
    let mut writes = Vec::new();
    writes.extend(cpu.idle.map(|value| idle(Version::V2, value)));
    writes.extend(shares_beside_idle(cpu).map(weight));
    writes.extend(cpu_max(cpu));
    writes.extend(cpu.burst.map(|value| burst(Version::V2, "cpu.max.burst", value)));
    Ok(writes)
}

/// A quota alone leaves the period, and a period alone the quota.
fn cpu_max(cpu: &Cpu) -> Option<Write> {
    let write =
        |value, rule, field| Write { rule, ..Write::new(Version::V2, "cpu", "cpu.max", value, field) };
    let quota = cpu.quota.map(super::or_max);
    match (quota, cpu.period) {
        (Some(quota), Some(period)) => Some(write(format!("{quota} {period}"), Rule::Bound, QUOTA)),
        (Some(quota), None) => Some(write(quota, Rule::Bound, QUOTA)),
        (None, Some(period)) => Some(write(period.to_string(), Rule::BehindQuota, PERIOD)),
        (None, None) => None,
    }
}

/// Before the weight, since an idle cgroup takes none. Kernels before 5.15 have no idle cgroups.
fn idle(version: Version, value: i64) -> Write {
    let absent = if value == 0 { Absent::IsFine } else { Absent::Fails };
    Write { absent, ..Write::new(version, "cpu", "cpu.idle", value, IDLE) }
}

/// Being idle is a weight of its own: the kernel refuses another beside it, and forgets it afterwards.
fn shares_beside_idle(cpu: &Cpu) -> Option<u64> {
    cpu.shares.filter(|_| cpu.idle.unwrap_or(0) == 0)
}

/// Kernels before 5.14 know no bursts, which is a burst of zero.
fn burst(version: Version, file: &'static str, value: u64) -> Write {
    let absent = if value == 0 { Absent::IsFine } else { Absent::Fails };
    Write { rule: Rule::Bound, absent, ..Write::new(version, "cpu", file, value, BURST) }
}

/// The weight of v2 (1 to 10000) for shares of v1 (2 to 262144): the curve through 2 and 1, 1024 and 100,
/// 262144 and 10000 that runc and crun use, so that the defaults of both scales meet.
pub(crate) fn weight_of(shares: u64) -> u64 {
    match shares {
        ..=2 => 1,
        262_144.. => 10_000,
        _ => {
            let log = (shares as f64).log2();
            let exponent = (log * log + 125.0 * log) / 612.0 - 7.0 / 34.0;
            10f64.powf(exponent).ceil() as u64
        }
    }
}
