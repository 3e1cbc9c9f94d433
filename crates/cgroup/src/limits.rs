//! Limits as writes to control files: what would be written, decided without looking at the machine.

mod block_io;
mod cpu;
mod hugetlb;
mod memory;
mod network;
mod pids;
mod rdma;
mod unified;

use std::borrow::Cow;
use std::fmt;

use crate::controllers::{Controllers, Version};
use crate::resources::Resources;
use crate::{Error, devices};

pub use memory::notes;

/// One write to a control file of the container's cgroup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The version that serves the controller.
    pub version: Version,
    /// The controller, by its name in that version.
    pub controller: Cow<'static, str>,
    /// The file in the cgroup's directory.
    pub file: Cow<'static, str>,
    /// What is written.
    pub value: String,
    /// The field of config.json: `linux.resources.memory.limit`.
    pub field: Cow<'static, str>,
    /// When.
    pub phase: Phase,
    /// How, where it is more than to write.
    pub rule: Rule,
    /// What it means if the file does not exist.
    pub absent: Absent,
}

/// For plans and traces: `write 4096 to memory.max`.
impl fmt::Display for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "write {} to {}", self.value, self.file)
    }
}

/// When a limit may be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Before the process is in the cgroup, or while the container is set up.
    Early,
    /// After the rootfs is up: what the set-up itself must not run into (memory and process limits, device
    /// rules).
    Late,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// As it is.
    Plain,
    /// Together with its neighbours that say the same: the kernel checks each against the others, so a
    /// refused one is tried again after them.
    Bound,
    /// After the present quota, which stays: cpu.max takes a period only behind a quota.
    BehindQuota,
    /// Unless the cgroup uses more at present (`checkBeforeUpdate`).
    UnlessUsageAbove,
    /// Unless it is the present value: the kernel refuses to be told what it does already.
    UnlessSo,
}

/// What it means that a control file does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The limit cannot be set.
    Fails,
    /// Nothing is to do: what the value asks for is so.
    IsFine,
    /// Another kernel calls it otherwise.
    Instead {
        /// The other file.
        file: Cow<'static, str>,
        /// What is written there.
        value: String,
    },
}

impl Write {
    pub(crate) fn new(
        version: Version,
        controller: &'static str,
        file: impl Into<Cow<'static, str>>,
        value: impl ToString,
        field: impl Into<Cow<'static, str>>,
    ) -> Write {
        Write {
            version,
            controller: controller.into(),
            file: file.into(),
            value: value.to_string(),
            field: field.into(),
            phase: Phase::Early,
            rule: Rule::Plain,
            absent: Absent::Fails,
        }
    }

    /// Whether the two must be tried in turn until neither is refused.
    pub(crate) fn is_bound_to(&self, other: &Write) -> bool {
        self.rule == Rule::Bound && other.rule == Rule::Bound && self.controller == other.controller
    }
}

/// The writes that set `resources`, the early ones first. Pure.
///
/// A device list becomes writes where v1 serves it; on v2 it is a [program](crate::DeviceProgram).
///
/// # Errors
/// Names the field whose controller the host lacks, which cannot be converted to what the host has, or whose
/// value is not legal.
pub fn writes(resources: &Resources, controllers: &Controllers) -> Result<Vec<Write>, Error> {
    let mut all = Vec::new();
    all.extend(cpu::writes(&resources.cpu, controllers)?);
    all.extend(memory::writes(&resources.memory, controllers)?);
    all.extend(block_io::writes(&resources.block_io, controllers)?);
    all.extend(hugetlb::writes(&resources.hugepages, controllers)?);
    all.extend(network::writes(&resources.network, controllers)?);
    all.extend(rdma::writes(&resources.rdma, controllers)?);
    all.extend(unified::writes(&resources.unified, controllers)?);
    all.extend(pids::writes(resources.pids, controllers)?);
    all.extend(device_writes(resources, controllers)?);
    all.sort_by_key(|write| write.phase);
    Ok(all)
}

fn device_writes(resources: &Resources, controllers: &Controllers) -> Result<Vec<Write>, Error> {
    match (resources.devices.is_empty(), controllers.devices()) {
        (true, _) | (false, Some(Version::V2)) => Ok(Vec::new()),
        (false, Some(Version::V1)) => devices::writes(&resources.devices),
        (false, None) => Err(crate::controllers::absent("devices").of("linux.resources.devices")),
    }
}

/// `max` for the negative numbers that mean unlimited.
fn or_max(value: i64) -> String {
    if value < 0 { "max".to_string() } else { value.to_string() }
}

/// The error for a field of v1 that has no counterpart on v2: the specification demands one (config-linux,
/// "Unified").
fn only_v1(field: &'static str) -> Error {
    Error::rule("cgroup v2 has nothing that corresponds to it").of(field)
}

#[cfg(test)]
mod tests;
