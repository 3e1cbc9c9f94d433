//! What a cgroup uses: one shape for v1 and v2, which serializes to the `data` of runc's `events --stats`
//! (without the network and Intel RDT, which are not of cgroups).

mod parse;
mod v1;
mod v2;

use std::collections::BTreeMap;

use serde::Serialize;
use sys::Errno;

use crate::cgroup::{Cgroup, Unified};
use crate::{Error, control};

/// What a cgroup and those below it use and have used.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Stats {
    /// Time on the processors.
    pub cpu: CpuStats,
    /// The processors and memory nodes it may use.
    pub cpuset: CpusetStats,
    /// Memory.
    pub memory: MemoryStats,
    /// Processes and threads.
    pub pids: PidsStats,
    /// Block devices.
    pub blkio: BlkioStats,
    /// Huge pages, by page size such as `2MB`.
    pub hugetlb: BTreeMap<String, HugetlbStats>,
    /// RDMA devices, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rdma: BTreeMap<String, RdmaStats>,
}

/// Time on the processors.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CpuStats {
    /// What was used.
    pub usage: CpuUsage,
    /// How the quota held it back.
    pub throttling: Throttling,
    /// Pressure stall information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi: Option<Psi>,
}

/// Nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CpuUsage {
    /// In all.
    #[serde(skip_serializing_if = "is_zero")]
    pub total: u64,
    /// By processor; v1 only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub percpu: Vec<u64>,
    /// By processor, in the kernel; v1 only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub percpu_kernel: Vec<u64>,
    /// By processor, outside the kernel; v1 only.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub percpu_user: Vec<u64>,
    /// In the kernel.
    pub kernel: u64,
    /// Outside the kernel.
    pub user: u64,
}

/// What the quota did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Throttling {
    /// Periods in which it ran.
    #[serde(skip_serializing_if = "is_zero")]
    pub periods: u64,
    /// Periods in which it used up the quota.
    #[serde(skip_serializing_if = "is_zero")]
    pub throttled_periods: u64,
    /// Nanoseconds for which it was held back.
    #[serde(skip_serializing_if = "is_zero")]
    pub throttled_time: u64,
}

/// The cpuset; the flags are those of v1 (cpuset(7)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs)]
pub struct CpusetStats {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cpus: Vec<u16>,
    pub cpu_exclusive: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mems: Vec<u16>,
    pub mem_hardwall: u64,
    pub mem_exclusive: u64,
    pub memory_migrate: u64,
    pub memory_spread_page: u64,
    pub memory_spread_slab: u64,
    pub memory_pressure: u64,
    pub sched_load_balance: u64,
    pub sched_relax_domain_level: i64,
}

/// Memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MemoryStats {
    /// The page cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cache: u64,
    /// Memory.
    pub usage: MemoryEntry,
    /// Memory and swap together, on both versions.
    pub swap: MemoryEntry,
    /// Kernel memory; v1 only.
    pub kernel: MemoryEntry,
    /// Kernel memory of TCP; v1 only.
    #[serde(rename = "kernelTCP")]
    pub kernel_tcp: MemoryEntry,
    /// memory.stat as it is.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub raw: BTreeMap<String, u64>,
    /// Pressure stall information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi: Option<Psi>,
}

/// One kind of memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct MemoryEntry {
    /// The limit; the largest number if there is none.
    pub limit: u64,
    /// At present.
    #[serde(skip_serializing_if = "is_zero")]
    pub usage: u64,
    /// The highest usage so far.
    #[serde(skip_serializing_if = "is_zero")]
    pub max: u64,
    /// How often the limit was hit.
    pub failcnt: u64,
}

/// Processes and threads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PidsStats {
    /// At present.
    #[serde(skip_serializing_if = "is_zero")]
    pub current: u64,
    /// The limit; 0 if there is none.
    #[serde(skip_serializing_if = "is_zero")]
    pub limit: u64,
}

/// Block devices, in the tables of v1.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BlkioStats {
    /// Bytes.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_service_bytes_recursive: Vec<BlkioEntry>,
    /// Operations.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_serviced_recursive: Vec<BlkioEntry>,
    /// Operations that wait.
    #[serde(rename = "ioQueueRecursive", skip_serializing_if = "Vec::is_empty")]
    pub io_queued_recursive: Vec<BlkioEntry>,
    /// Nanoseconds from dispatch to completion.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_service_time_recursive: Vec<BlkioEntry>,
    /// Nanoseconds in the scheduler's queues.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_wait_time_recursive: Vec<BlkioEntry>,
    /// Merged requests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_merged_recursive: Vec<BlkioEntry>,
    /// Milliseconds of disk time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub io_time_recursive: Vec<BlkioEntry>,
    /// Sectors.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sectors_recursive: Vec<BlkioEntry>,
    /// Pressure stall information.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub psi: Option<Psi>,
}

/// A count for one device and operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BlkioEntry {
    /// The device's major number.
    #[serde(skip_serializing_if = "is_zero")]
    pub major: u64,
    /// The device's minor number.
    #[serde(skip_serializing_if = "is_zero")]
    pub minor: u64,
    /// `Read`, `Write`…; empty where the kernel does not tell them apart.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub op: String,
    /// The count.
    #[serde(skip_serializing_if = "is_zero")]
    pub value: u64,
}

/// Huge pages of one size, in bytes: reserved ones where the kernel counts them, else used ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct HugetlbStats {
    /// At present.
    #[serde(skip_serializing_if = "is_zero")]
    pub usage: u64,
    /// The highest so far; v1 only.
    #[serde(skip_serializing_if = "is_zero")]
    pub max: u64,
    /// How often the limit was hit.
    pub failcnt: u64,
}

/// One RDMA device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RdmaStats {
    /// Handles in use.
    pub hca_handles: u64,
    /// Objects in use.
    pub hca_objects: u64,
}

/// Pressure stall information (Documentation/accounting/psi.rst).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Psi {
    /// Some tasks were stalled.
    pub some: PsiData,
    /// All tasks were stalled.
    pub full: PsiData,
}

/// Averages in percent, and the total in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs)]
pub struct PsiData {
    pub avg10: f64,
    pub avg60: f64,
    pub avg300: f64,
    pub total: u64,
}

impl Cgroup {
    /// Reads what the cgroup uses. What the host does not count is zero or empty.
    ///
    /// # Errors
    /// If a file is there and cannot be read.
    pub fn stats(&self) -> Result<Stats, Error> {
        let mut stats = match self.unified() {
            Some(unified) => v2::read(unified)?,
            None => Stats::default(),
        };
        for hierarchy in self.hierarchies() {
            v1::read(hierarchy, &mut stats)?;
        }
        Ok(stats)
    }
}

/// A file of the cgroup, empty if this host or this cgroup does not have it.
fn contents(path: &str) -> Result<String, Error> {
    match control::read_all(path) {
        Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
        // EOPNOTSUPP: the file is there and what it shows is switched off, as PSI can be at boot.
        Err(Errno::ENOENT | Errno::EOPNOTSUPP | Errno::ENODEV) => Ok(String::new()),
        Err(errno) => Err(Error::kernel(format!("read {path}"), errno)),
    }
}

/// The huge page sizes that have files in a cgroup, as they stand in the files' names.
fn page_sizes(directory: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut sizes: Vec<String> = names.filter_map(|name| page_size(&name)).collect();
    sizes.sort_unstable();
    sizes.dedup();
    sizes
}

/// `2MB` of `hugetlb.2MB.max`.
fn page_size(file: &str) -> Option<String> {
    Some(file.strip_prefix("hugetlb.")?.split_once('.')?.0.to_string())
}

fn psi(unified: &Unified, file: &str) -> Result<Option<Psi>, Error> {
    contents(&unified.file(file)).map(|contents| parse::psi(&contents))
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

#[cfg(test)]
mod tests;
