//! The limits of `linux.resources`, as the user wrote them and for whatever cgroup version the host has.
//!
//! An absent field is `None` (or empty) and is left alone, as the specification says
//! (config-linux, "Control groups"); it never means zero.

use std::collections::BTreeMap;

use crate::devices::DeviceRule;

/// `linux.resources`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resources {
    /// `memory`.
    pub memory: Memory,
    /// `cpu`, with the cpuset fields.
    pub cpu: Cpu,
    /// `pids.limit`; -1 is unlimited, 0 is a limit of zero.
    pub pids: Option<i64>,
    /// `blockIO`.
    pub block_io: BlockIo,
    /// `hugepageLimits`.
    pub hugepages: Vec<HugepageLimit>,
    /// `network`.
    pub network: Network,
    /// `rdma`, by device name.
    pub rdma: BTreeMap<String, Rdma>,
    /// `unified`: files of cgroup v2, by name.
    pub unified: BTreeMap<String, String>,
    /// `devices`, in the listed order. An empty list writes nothing; see
    /// [`with_default_devices`](crate::with_default_devices) for what a new container gets.
    pub devices: Vec<DeviceRule>,
}

/// `linux.resources.memory`; bytes, -1 is unlimited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// `limit`.
    pub limit: Option<i64>,
    /// `reservation`: the soft limit.
    pub reservation: Option<i64>,
    /// `swap`: memory and swap together.
    pub swap: Option<i64>,
    /// `kernel`: accepted, without effect on today's kernels.
    pub kernel: Option<i64>,
    /// `kernelTCP`: accepted, without effect as in the other runtimes.
    pub kernel_tcp: Option<i64>,
    /// `swappiness`, 0 to 100.
    pub swappiness: Option<u64>,
    /// `disableOOMKiller`.
    pub disable_oom_killer: Option<bool>,
    /// `useHierarchy`.
    pub use_hierarchy: Option<bool>,
    /// `checkBeforeUpdate`: a limit below the present usage is refused.
    pub check_before_update: bool,
}

/// `linux.resources.cpu`; times in microseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cpu {
    /// `shares`, 2 to 262144 (the scale of v1); 0 is the same as absent.
    pub shares: Option<u64>,
    /// `quota`; zero or less is unlimited.
    pub quota: Option<i64>,
    /// `burst`.
    pub burst: Option<u64>,
    /// `period`.
    pub period: Option<u64>,
    /// `realtimeRuntime`.
    pub realtime_runtime: Option<i64>,
    /// `realtimePeriod`.
    pub realtime_period: Option<u64>,
    /// `cpus`: a list such as `0-3,7`.
    pub cpus: Option<String>,
    /// `mems`: a list of memory nodes.
    pub mems: Option<String>,
    /// `idle`: 1 is SCHED_IDLE for the whole cgroup.
    pub idle: Option<i64>,
}

/// `linux.resources.blockIO`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockIo {
    /// `weight`, 10 to 1000.
    pub weight: Option<u16>,
    /// `leafWeight`, 10 to 1000.
    pub leaf_weight: Option<u16>,
    /// `weightDevice`.
    pub weight_device: Vec<WeightDevice>,
    /// `throttleReadBpsDevice`, bytes per second.
    pub throttle_read_bps: Vec<ThrottleDevice>,
    /// `throttleWriteBpsDevice`, bytes per second.
    pub throttle_write_bps: Vec<ThrottleDevice>,
    /// `throttleReadIOPSDevice`, operations per second.
    pub throttle_read_iops: Vec<ThrottleDevice>,
    /// `throttleWriteIOPSDevice`, operations per second.
    pub throttle_write_iops: Vec<ThrottleDevice>,
}

/// One entry of `weightDevice`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WeightDevice {
    /// `major` of the block device.
    pub major: i64,
    /// `minor` of the block device.
    pub minor: i64,
    /// `weight`.
    pub weight: Option<u16>,
    /// `leafWeight`.
    pub leaf_weight: Option<u16>,
}

/// One entry of a `throttle…Device` list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ThrottleDevice {
    /// `major` of the block device.
    pub major: i64,
    /// `minor` of the block device.
    pub minor: i64,
    /// `rate`, per second; 0 lifts the limit.
    pub rate: u64,
}

/// One entry of `hugepageLimits`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HugepageLimit {
    /// `pageSize`, such as `2MB`.
    pub page_size: String,
    /// `limit` in bytes.
    pub limit: u64,
}

/// `linux.resources.network`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// `classID`.
    pub class_id: Option<u32>,
    /// `priorities`.
    pub priorities: Vec<InterfacePriority>,
}

/// One entry of `network.priorities`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InterfacePriority {
    /// `name` of the interface in the runtime's network namespace.
    pub name: String,
    /// `priority`.
    pub priority: u32,
}

/// One entry of `rdma`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rdma {
    /// `hcaHandles`.
    pub hca_handles: Option<u32>,
    /// `hcaObjects`.
    pub hca_objects: Option<u32>,
}
