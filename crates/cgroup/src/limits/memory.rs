//! `linux.resources.memory`. Zero is no limit that was asked for, as in the other runtimes.

use crate::Error;
use crate::controllers::{Controllers, Version};
use crate::limits::{Absent, Phase, Rule, Write, only_v1, or_max};
use crate::resources::{Memory, Resources};

const LIMIT: &str = "linux.resources.memory.limit";
const RESERVATION: &str = "linux.resources.memory.reservation";
const SWAP: &str = "linux.resources.memory.swap";
const SWAPPINESS: &str = "linux.resources.memory.swappiness";
const DISABLE_OOM_KILLER: &str = "linux.resources.memory.disableOOMKiller";
const USE_HIERARCHY: &str = "linux.resources.memory.useHierarchy";

pub(super) fn writes(memory: &Memory, controllers: &Controllers) -> Result<Vec<Write>, Error> {
    let Some(field) = first_field(memory) else { return Ok(Vec::new()) };
    check(memory)?;
    match controllers.find("memory", "memory", field)? {
        Version::V1 => Ok(v1(memory)),
        Version::V2 => v2(memory),
    }
}

/// Fields that are accepted and do nothing, in words for the log.
pub fn notes(resources: &Resources) -> Vec<String> {
    let ignored = [("kernel", resources.memory.kernel), ("kernelTCP", resources.memory.kernel_tcp)];
    let set = ignored.iter().filter(|(_, value)| value.is_some());
    set.map(|(name, _)| format!("linux.resources.memory.{name}: the kernel no longer limits this; ignored"))
        .collect()
}

fn set(value: Option<i64>) -> Option<i64> {
    value.filter(|&value| value != 0)
}

/// Docker writes its "not set", -1, as an unsigned number.
fn swappiness(memory: &Memory) -> Option<u64> {
    memory.swappiness.filter(|&value| value != u64::MAX)
}

/// The first field that needs the controller.
fn first_field(memory: &Memory) -> Option<&'static str> {
    [
        (set(memory.limit).is_some(), LIMIT),
        (set(memory.swap).is_some(), SWAP),
        (set(memory.reservation).is_some(), RESERVATION),
        (swappiness(memory).is_some(), SWAPPINESS),
        // What every kernel does unless told otherwise needs no controller.
        (memory.disable_oom_killer == Some(true), DISABLE_OOM_KILLER),
        (memory.use_hierarchy == Some(false), USE_HIERARCHY),
    ]
    .iter()
    .find_map(|(is_set, field)| is_set.then_some(*field))
}

fn check(memory: &Memory) -> Result<(), Error> {
    if let Some(value) = swappiness(memory).filter(|&value| value > 100) {
        return Err(Error::rule(format!("{value} is not between 0 and 100")).of(SWAPPINESS));
    }
    match (set(memory.limit), set(memory.swap)) {
        (Some(limit), Some(swap)) if swap > 0 && limit > swap => {
            Err(Error::rule(format!("memory and swap together, {swap}, are less than memory alone, {limit}"))
                .of(SWAP))
        }
        _ => Ok(()),
    }
}

/// -1 is the kernel's own word for unlimited here.
fn v1(memory: &Memory) -> Vec<Write> {
    let bytes =
        |file: &'static str, value: i64, field| Write::new(Version::V1, "memory", file, value.max(-1), field);
    let mut writes = Vec::new();
    writes.extend(memory.use_hierarchy.map(use_hierarchy));
    writes
        .extend(set(memory.reservation).map(|value| bytes("memory.soft_limit_in_bytes", value, RESERVATION)));
    writes
        .extend(swappiness(memory).map(|value| plain_v1("memory.swappiness", value.to_string(), SWAPPINESS)));
    let oom = memory.disable_oom_killer.map(|disable| u8::from(disable).to_string());
    writes.extend(oom.map(|value| plain_v1("memory.oom_control", value, DISABLE_OOM_KILLER)));
    let bound = |write| Write { phase: Phase::Late, rule: Rule::Bound, ..write };
    writes.extend(set(memory.limit).map(|value| bound(bytes("memory.limit_in_bytes", value, LIMIT))));
    writes.extend(swap_v1(memory).map(|value| Write {
        // A kernel that does not count swap does not limit it either.
        absent: if value < 0 { Absent::IsFine } else { Absent::Fails },
        ..bound(bytes("memory.memsw.limit_in_bytes", value, SWAP))
    }));
    writes
}

/// An unlimited memory needs an unlimited sum, whatever it was before.
fn swap_v1(memory: &Memory) -> Option<i64> {
    set(memory.swap).or(set(memory.limit).filter(|&limit| limit < 0))
}

fn plain_v1(file: &'static str, value: String, field: &'static str) -> Write {
    Write::new(Version::V1, "memory", file, value, field)
}

/// Since Linux 5.11 memory is always counted hierarchically.
fn use_hierarchy(enable: bool) -> Write {
    let write = plain_v1("memory.use_hierarchy", u8::from(enable).to_string(), USE_HIERARCHY);
    let absent = if enable { Absent::IsFine } else { Absent::Fails };
    Write { rule: Rule::UnlessSo, absent, ..write }
}

fn v2(memory: &Memory) -> Result<Vec<Write>, Error> {
    let bytes =
        |file: &'static str, value, field| Write::new(Version::V2, "memory", file, or_max(value), field);
    if swappiness(memory).is_some() {
        return Err(only_v1(SWAPPINESS));
    }
    if memory.disable_oom_killer == Some(true) {
        return Err(only_v1(DISABLE_OOM_KILLER));
    }
    if memory.use_hierarchy == Some(false) {
        return Err(only_v1(USE_HIERARCHY));
    }
    let mut writes = Vec::new();
    writes.extend(set(memory.reservation).map(|value| bytes("memory.low", value, RESERVATION)));
    writes.extend(swap_v2(memory)?.map(|value| Write {
        phase: Phase::Late,
        // A kernel without swap neither grants nor limits it.
        absent: if value <= 0 { Absent::IsFine } else { Absent::Fails },
        ..bytes("memory.swap.max", value, SWAP)
    }));
    writes.extend(set(memory.limit).map(|value| Write {
        phase: Phase::Late,
        rule: if memory.check_before_update { Rule::UnlessUsageAbove } else { Rule::Plain },
        ..bytes("memory.max", value, LIMIT)
    }));
    Ok(writes)
}

/// v2 limits swap alone, the specification the sum of memory and swap.
fn swap_v2(memory: &Memory) -> Result<Option<i64>, Error> {
    match (set(memory.limit), set(memory.swap)) {
        (_, Some(swap)) if swap < 0 => Ok(Some(-1)),
        (Some(limit), None) if limit < 0 => Ok(Some(-1)),
        (_, None) => Ok(None),
        (Some(limit), Some(swap)) if limit < 0 => Ok(Some(swap)),
        (Some(limit), Some(swap)) => Ok(Some(swap - limit)),
        (None, Some(_)) => Err(Error::rule("needs a memory limit beside it").of(SWAP)),
    }
}
