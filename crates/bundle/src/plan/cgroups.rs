//! The container's cgroup: where it is, what limits it gets and when.

mod devices;
mod owner;
mod properties;

use cgroup::{
    BlockIo, Cgroup, Controllers, Cpu, DeviceProgram, DeviceRule, HugepageLimit, InterfacePriority, Memory,
    Network, Phase, Property, Rdma, Resources, ThrottleDevice, Version, WeightDevice, Write,
};
use container::plan::Action;
use oci_spec::runtime::{
    LinuxBlockIo, LinuxCpu, LinuxMemory, LinuxNetwork, LinuxResources, LinuxThrottleDevice, Spec,
};
use sys::namespace::NEWCGROUP;

use super::namespaces::Namespaces;
use super::{Error, Host, Request, Steps};
use crate::annotations;
use crate::problem::{At, Problem};

/// A cgroup, the writes to its files, and on v2 the program that decides about devices; with systemd what that is told.
#[derive(Debug)]
pub(super) struct Cgroups {
    pub(super) cgroup: Cgroup,
    pub(super) properties: Vec<Property>,
    writes: Vec<Write>,
    devices: Option<DeviceProgram>,
    owner: Option<u32>,
    /// The cgroup below that is the program's to divide, with its owner.
    delegated: Option<(String, Option<u32>)>,
}

impl Cgroups {
    pub(super) fn of(spec: &Spec, host: &Host, request: &Request<'_>) -> Result<Cgroups, Error> {
        let linux = spec.linux().as_ref();
        let path = linux.and_then(|linux| linux.cgroups_path().as_ref()).and_then(|path| path.to_str());
        let listed = linux.and_then(|linux| linux.resources().as_ref());
        let limits = listed.map(resources).unwrap_or_default();
        let rules = devices::rules(listed, host)?;
        // An ordinary user owns no cgroup unless one was delegated to it, which cgroupsPath would name.
        let denied = request.rootless && host.is_rootless();
        let cgroup = match request.systemd {
            Some(manager) => Cgroup::locate_unit(&host.cgroups, manager, path, request.id)?
                .in_subgroup(annotations::subgroup(spec)),
            None if denied && path.is_none() && limits == Resources::default() => Cgroup::Unmanaged,
            None => Cgroup::locate(&host.cgroups, path, request.id)?,
        };
        let controllers = host.cgroups.controllers();
        let devices = device_program(&rules, &controllers)?;
        let resources = Resources { devices: rules, ..limits };
        let writes = cgroup::writes(&resources, &controllers)?;
        let properties = match cgroup.unit() {
            Some(unit) => properties::of(unit, spec, host, request.id, &writes, &resources.devices)?,
            None => Vec::new(),
        };
        let delegated = delegated(spec, host, &cgroup)?;
        let owner = owner::of(spec, host).filter(|_| delegated.is_none());
        Ok(Cgroups { cgroup, properties, writes, devices, owner, delegated })
    }

    /// Whether making it takes so long that it is worth doing beside something else: a directory in each of the
    /// hierarchies of v1, or a job of systemd's.
    pub(super) fn is_slow(&self) -> bool {
        !self.cgroup.hierarchies().is_empty() || self.cgroup.unit().is_some()
    }

    /// What is written before the container's init is there.
    pub(super) fn early(&self) -> Vec<Write> {
        self.writes.iter().filter(|write| write.phase == Phase::Early).cloned().collect()
    }

    /// Enters the cgroup, then makes it the root of what the container sees, even if the program is to be below it.
    pub(super) fn enter(&self, steps: &mut Steps, namespaces: &Namespaces) {
        if !matches!(self.cgroup, Cgroup::Unmanaged) {
            steps.push("linux.cgroupsPath", Action::EnterCgroup);
        }
        if namespaces.makes(NEWCGROUP) {
            steps.push("linux.namespaces", Action::UnshareCgroup);
        }
        if let Some((name, uid)) = &self.delegated {
            let enter = Action::EnterBelow { name: name.clone(), uid: *uid };
            steps.push("annotations[run.oci.delegate-cgroup]", enter);
        }
    }

    /// What would hinder the set-up of the root file system: a tight memory limit, device rules.
    pub(super) fn late(&self, steps: &mut Steps) {
        if let Some(program) = &self.devices {
            steps.push("linux.resources.devices", Action::DeviceRules(program.clone()));
        }
        let writes: Vec<Write> =
            self.writes.iter().filter(|write| write.phase == Phase::Late).cloned().collect();
        if !writes.is_empty() {
            steps.push("linux.resources", Action::Limits(writes));
        }
        if let Some(uid) = self.owner {
            steps.push("process.user.uid", Action::Delegate { uid });
        }
    }
}

/// The cgroup below the container's that an annotation names. Only v2 is safe to delegate (cgroups(7), "Delegation").
fn delegated(spec: &Spec, host: &Host, cgroup: &Cgroup) -> Result<Option<(String, Option<u32>)>, Error> {
    let Some(name) = annotations::delegated(spec) else { return Ok(None) };
    if cgroup.unified().is_none() || !cgroup.hierarchies().is_empty() {
        return Err(Error::Problems(vec![Problem {
            pointer: At::Root.key("annotations").key(annotations::DELEGATED).to_string(),
            found: format!("{name:?}"),
            allowed: "nothing: the container has no cgroup of v2 alone".into(),
        }]));
    }
    Ok(Some((name.into(), owner::user(spec, host))))
}

/// The program that enforces the rules where no controller of v1 does.
fn device_program(
    rules: &[DeviceRule],
    controllers: &Controllers,
) -> Result<Option<DeviceProgram>, cgroup::Error> {
    match controllers.devices() {
        Some(Version::V2) if !rules.is_empty() => DeviceProgram::of(rules.to_vec()).map(Some),
        _ => Ok(None),
    }
}

/// What is accepted and has no effect.
pub(super) fn notes(spec: &Spec) -> Vec<String> {
    let listed = spec.linux().as_ref().and_then(|linux| linux.resources().as_ref());
    listed.map(|listed| cgroup::notes(&resources(listed))).unwrap_or_default()
}

/// `linux.resources` as the cgroup crate takes it, but for the device rules.
pub(crate) fn resources(from: &LinuxResources) -> Resources {
    Resources {
        memory: from.memory().as_ref().map(memory).unwrap_or_default(),
        cpu: from.cpu().as_ref().map(cpu).unwrap_or_default(),
        pids: from.pids().as_ref().map(|pids| pids.limit()),
        block_io: from.block_io().as_ref().map(block_io).unwrap_or_default(),
        hugepages: hugepages(from),
        network: from.network().as_ref().map(network).unwrap_or_default(),
        rdma: rdma(from),
        unified: from.unified().iter().flatten().map(|(file, value)| (file.clone(), value.clone())).collect(),
        devices: Vec::new(),
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
