//! The container's cgroup: where it is, what limits it gets and when.

use cgroup::{
    Access, BlockIo, Cgroup, Cpu, DeviceKind, DeviceRule, HugepageLimit, InterfacePriority, Memory, Network,
    Phase, Rdma, Resources, ThrottleDevice, WeightDevice, Write,
};
use container::plan::Action;
use oci_spec::runtime::{
    LinuxBlockIo, LinuxCpu, LinuxDeviceCgroup, LinuxDeviceType, LinuxMemory, LinuxNetwork, LinuxResources,
    LinuxThrottleDevice, Spec,
};
use sys::namespace::NEWCGROUP;

use super::namespaces::Namespaces;
use super::{Host, Request, Steps};

/// A cgroup and the writes to its files.
#[derive(Debug)]
pub(super) struct Cgroups {
    pub(super) cgroup: Cgroup,
    writes: Vec<Write>,
}

impl Cgroups {
    pub(super) fn of(spec: &Spec, host: &Host, request: &Request<'_>) -> Result<Cgroups, cgroup::Error> {
        let linux = spec.linux().as_ref();
        let path = linux.and_then(|linux| linux.cgroups_path().as_ref()).and_then(|path| path.to_str());
        let resources = linux.and_then(|linux| linux.resources().as_ref()).map(resources).unwrap_or_default();
        // An ordinary user owns no cgroup unless one was delegated to it, which cgroupsPath would name.
        let cgroup = if request.rootless && path.is_none() && resources == Resources::default() {
            Cgroup::Unmanaged
        } else {
            Cgroup::locate(&host.cgroups, path, request.id)?
        };
        let writes = match cgroup {
            Cgroup::Unmanaged => Vec::new(),
            _ => cgroup::writes(&resources, &host.cgroups.controllers())?,
        };
        Ok(Cgroups { cgroup, writes })
    }

    /// What is written before the container's init is there.
    pub(super) fn early(&self) -> Vec<Write> {
        self.writes.iter().filter(|write| write.phase == Phase::Early).cloned().collect()
    }

    /// Enters the cgroup, then makes it the root of what the container sees.
    pub(super) fn enter(&self, steps: &mut Steps, namespaces: &Namespaces) {
        if !matches!(self.cgroup, Cgroup::Unmanaged) {
            steps.push("linux.cgroupsPath", Action::EnterCgroup);
        }
        if namespaces.makes(NEWCGROUP) {
            steps.push("linux.namespaces", Action::UnshareCgroup);
        }
    }

    /// What would hinder the set-up of the root file system: a tight memory limit, device rules.
    pub(super) fn late(&self, steps: &mut Steps) {
        let writes: Vec<Write> =
            self.writes.iter().filter(|write| write.phase == Phase::Late).cloned().collect();
        if !writes.is_empty() {
            steps.push("linux.resources", Action::Limits(writes));
        }
    }
}

/// `linux.resources` as the cgroup crate takes it.
pub(super) fn resources(from: &LinuxResources) -> Resources {
    Resources {
        memory: from.memory().as_ref().map(memory).unwrap_or_default(),
        cpu: from.cpu().as_ref().map(cpu).unwrap_or_default(),
        pids: from.pids().as_ref().map(|pids| pids.limit()),
        block_io: from.block_io().as_ref().map(block_io).unwrap_or_default(),
        hugepages: hugepages(from),
        network: from.network().as_ref().map(network).unwrap_or_default(),
        rdma: rdma(from),
        unified: from.unified().iter().flatten().map(|(file, value)| (file.clone(), value.clone())).collect(),
        devices: cgroup::with_default_devices(
            &from.devices().iter().flatten().filter_map(device_rule).collect::<Vec<_>>(),
        ),
    }
}

fn memory(from: &LinuxMemory) -> Memory {
    Memory {
        limit: from.limit(),
        reservation: from.reservation(),
        swap: from.swap(),
        kernel: from.kernel(),
        kernel_tcp: from.kernel_tcp(),
        swappiness: from.swappiness(),
        disable_oom_killer: from.disable_oom_killer(),
        use_hierarchy: from.use_hierarchy(),
        check_before_update: from.check_before_update().unwrap_or(false),
    }
}

fn cpu(from: &LinuxCpu) -> Cpu {
    Cpu {
        shares: from.shares(),
        quota: from.quota(),
        burst: from.burst(),
        period: from.period(),
        realtime_runtime: from.realtime_runtime(),
        realtime_period: from.realtime_period(),
        cpus: from.cpus().clone(),
        mems: from.mems().clone(),
        idle: from.idle(),
    }
}

fn block_io(from: &LinuxBlockIo) -> BlockIo {
    let weights = from.weight_device().iter().flatten().map(|device| WeightDevice {
        major: device.major(),
        minor: device.minor(),
        weight: device.weight(),
        leaf_weight: device.leaf_weight(),
    });
    BlockIo {
        weight: from.weight(),
        leaf_weight: from.leaf_weight(),
        weight_device: weights.collect(),
        throttle_read_bps: throttles(from.throttle_read_bps_device()),
        throttle_write_bps: throttles(from.throttle_write_bps_device()),
        throttle_read_iops: throttles(from.throttle_read_iops_device()),
        throttle_write_iops: throttles(from.throttle_write_iops_device()),
    }
}

fn throttles(from: &Option<Vec<LinuxThrottleDevice>>) -> Vec<ThrottleDevice> {
    let device = |device: &LinuxThrottleDevice| ThrottleDevice {
        major: device.major(),
        minor: device.minor(),
        rate: device.rate(),
    };
    from.iter().flatten().map(device).collect()
}

fn hugepages(from: &LinuxResources) -> Vec<HugepageLimit> {
    let limits = from.hugepage_limits().iter().flatten();
    limits
        .map(|limit| HugepageLimit { page_size: limit.page_size().clone(), limit: limit.limit() as u64 })
        .collect()
}

fn network(from: &LinuxNetwork) -> Network {
    let priorities = from
        .priorities()
        .iter()
        .flatten()
        .map(|priority| InterfacePriority { name: priority.name().clone(), priority: priority.priority() });
    Network { class_id: from.class_id(), priorities: priorities.collect() }
}

fn rdma(from: &LinuxResources) -> std::collections::BTreeMap<String, Rdma> {
    let limits = from.rdma().iter().flatten();
    limits
        .map(|(device, limit)| {
            let limit = Rdma { hca_handles: limit.hca_handles(), hca_objects: limit.hca_objects() };
            (device.clone(), limit)
        })
        .collect()
}

/// One rule. What the check lets through is representable: a type, `-1` or none for "all", letters of access.
fn device_rule(from: &LinuxDeviceCgroup) -> Option<DeviceRule> {
    let kind = match from.typ().unwrap_or_default() {
        LinuxDeviceType::B => DeviceKind::Block,
        LinuxDeviceType::C | LinuxDeviceType::U => DeviceKind::Char,
        LinuxDeviceType::A | LinuxDeviceType::P => DeviceKind::All,
    };
    let number = |number: Option<i64>| number.and_then(|number| u32::try_from(number).ok());
    Some(DeviceRule {
        allow: from.allow(),
        kind,
        major: number(from.major()),
        minor: number(from.minor()),
        access: from.access().as_deref().map_or(Some(Access::ALL), Access::parse)?,
    })
}
