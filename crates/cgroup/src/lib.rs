//! One [`Cgroup`] over cgroup v1, hybrid and v2, by the cgroup file system or by systemd.
//!
//! The way through: [`Layout::read`] looks at the host once; [`Cgroup::locate`] and [`writes`] decide without
//! touching anything; [`Cgroup::create`], [`Cgroup::apply`] and [`Cgroup::doors`] do it. A [`Cgroup`] is a
//! small value that the container's state keeps, and all that later commands need.

mod apply;
mod below;
mod cgroup;
mod control;
mod controllers;
mod create;
mod delegate;
mod devices;
mod doors;
mod error;
mod events;
mod freeze;
mod kill;
mod layout;
mod limits;
mod locate;
mod oom;
mod processes;
mod remove;
mod resources;
mod snapshot;
mod stats;
mod systemd;
mod tree;
mod update;

pub use cgroup::{Cgroup, Hierarchy, Unified};
pub use controllers::{Controllers, Version};
pub use create::Created;
pub use devices::{
    Access, DeviceKind, DeviceProgram, DeviceRule, InvalidRule, default_device_rules, with_default_devices,
};
pub use doors::Doors;
pub use error::Error;
pub use layout::{Layout, Mode};
pub use limits::{Absent, Phase, Rule, Write, notes, writes};
pub use oom::{OomEvents, OomMark};
pub use resources::{
    BlockIo, Cpu, HugepageLimit, InterfacePriority, Memory, Network, Rdma, Resources, ThrottleDevice,
    WeightDevice,
};
pub use stats::{
    BlkioEntry, BlkioStats, CpuStats, CpuUsage, CpusetStats, HugetlbStats, MemoryEntry, MemoryStats,
    PidsStats, Psi, PsiData, RdmaStats, Stats, Throttling,
};
pub use systemd::{
    DeviceGroups, InvalidProperty, Manager, Order, PROPERTY_PREFIX, Property, Starting, Unit, Who,
    device_properties, limit_properties, put,
};
