//! How and where the process runs: CPUs, memory nodes, scheduler, I/O priority, execution domain.

use container::plan::Action;
use oci_spec::runtime::{
    IOPriorityClass, Linux, LinuxIOPriority, LinuxMemoryPolicy, LinuxPersonalityDomain, LinuxSchedulerFlag,
    LinuxSchedulerPolicy, MemoryPolicyFlagType, MemoryPolicyModeType, Process, Scheduler,
};
use sys::resource::{IoPriority, MemoryPolicy, NumberSet, Scheduling};

use super::{Error, Steps, numbers};

/// `process.execCPUAffinity` as sets.
#[derive(Debug, Default)]
pub(super) struct Affinity {
    /// Until the cgroup is entered.
    initial: Option<NumberSet>,
    /// After that.
    settled: Option<NumberSet>,
}

impl Affinity {
    pub(super) fn of(process: &Process) -> Result<Affinity, Error> {
        let Some(affinity) = process.exec_cpu_affinity() else { return Ok(Affinity::default()) };
        Ok(Affinity {
            initial: cpus(affinity.initial(), "initial")?,
            settled: cpus(affinity.cpu_affinity_final(), "final")?,
        })
    }

    /// Before the clone: the child starts where its parent runs.
    pub(super) fn begin(&self, steps: &mut Steps) {
        if let Some(cpus) = &self.initial {
            steps.push("process.execCPUAffinity.initial", Action::InitialAffinity(cpus.clone()));
        }
    }

    /// Right after the cgroup was entered, if there is one.
    pub(super) fn settle(&self, steps: &mut Steps, has_cgroup: bool) {
        match &self.settled {
            Some(cpus) => steps.push("process.execCPUAffinity.final", Action::Affinity(cpus.clone())),
            None if has_cgroup => all_cpus(steps),
            None => {}
        }
    }
}

/// "The final affinity is determined by the Linux kernel" (config.md, "Linux Process"): it is every CPU of the cgroup,
/// to which before Linux 6.2 the move into the cgroup led by itself.
pub(super) fn all_cpus(steps: &mut Steps) {
    steps.push("", Action::AllCpus);
}

fn cpus(list: &Option<String>, name: &str) -> Result<Option<NumberSet>, Error> {
    match list.as_deref() {
        None | Some("") => Ok(None),
        Some(list) => numbers::parse(list, &format!("/process/execCPUAffinity/{name}")).map(Some),
    }
}

/// What must be set before the filter and the change of identity, since both can forbid it. A policy comes after the
/// cgroup was entered, whose CPUs, nodes and real-time budget limit it.
pub(super) fn plan(steps: &mut Steps, process: &Process, linux: Option<&Linux>) -> Result<(), Error> {
    if let Some(personality) = linux.and_then(|linux| linux.personality().as_ref()) {
        steps.push("linux.personality", Action::Personality(domain(personality.domain())));
    }
    if let Some(policy) = linux.and_then(|linux| linux.memory_policy().as_ref()) {
        steps.push("linux.memoryPolicy", Action::MemoryPolicy(memory_policy(policy)?));
    }
    if let Some(priority) = process.io_priority() {
        steps.push("process.ioPriority", Action::IoPriority(io_priority(priority)));
    }
    if let Some(scheduler) = process.scheduler() {
        steps.push("process.scheduler", Action::Scheduling(scheduling(scheduler)));
    }
    Ok(())
}

/// `PER_*` of personality(2).
fn domain(domain: LinuxPersonalityDomain) -> u32 {
    match domain {
        LinuxPersonalityDomain::PerLinux => 0,
        LinuxPersonalityDomain::PerLinux32 => 8,
    }
}

fn memory_policy(policy: &LinuxMemoryPolicy) -> Result<MemoryPolicy, Error> {
    let nodes = match policy.nodes().as_deref() {
        None | Some("") => NumberSet::default(),
        Some(nodes) => numbers::parse(nodes, "/linux/memoryPolicy/nodes")?,
    };
    let flags = policy.flags().iter().flatten().fold(0, |flags, flag| flags | memory_flag(*flag));
    Ok(MemoryPolicy { mode: memory_mode(policy.mode()) | flags, nodes })
}

/// `MPOL_*` of set_mempolicy(2).
fn memory_mode(mode: MemoryPolicyModeType) -> i32 {
    match mode {
        MemoryPolicyModeType::MpolDefault => 0,
        MemoryPolicyModeType::MpolPreferred => 1,
        MemoryPolicyModeType::MpolBind => 2,
        MemoryPolicyModeType::MpolInterleave => 3,
        MemoryPolicyModeType::MpolLocal => 4,
        MemoryPolicyModeType::MpolPreferredMany => 5,
        MemoryPolicyModeType::MpolWeightedInterleave => 6,
    }
}

/// `MPOL_F_*` of set_mempolicy(2).
fn memory_flag(flag: MemoryPolicyFlagType) -> i32 {
    match flag {
        MemoryPolicyFlagType::MpolFStaticNodes => 1 << 15,
        MemoryPolicyFlagType::MpolFRelativeNodes => 1 << 14,
        MemoryPolicyFlagType::MpolFNumaBalancing => 1 << 13,
    }
}

fn io_priority(priority: &LinuxIOPriority) -> IoPriority {
    let class = match priority.class() {
        IOPriorityClass::IoprioClassRt => 1,
        IOPriorityClass::IoprioClassBe => 2,
        IOPriorityClass::IoprioClassIdle => 3,
    };
    // The check has seen that it is a number from 0 to 7.
    IoPriority { class, level: u8::try_from(priority.priority()).unwrap_or(0) }
}

fn scheduling(scheduler: &Scheduler) -> Scheduling {
    Scheduling {
        policy: policy(*scheduler.policy()),
        flags: scheduler.flags().iter().flatten().fold(0, |flags, flag| flags | scheduler_flag(*flag)),
        nice: scheduler.nice().unwrap_or(0),
        priority: scheduler.priority().and_then(|priority| u32::try_from(priority).ok()).unwrap_or(0),
        runtime: scheduler.runtime().unwrap_or(0),
        deadline: scheduler.deadline().unwrap_or(0),
        period: scheduler.period().unwrap_or(0),
    }
}

/// `SCHED_*` of sched(7). The check lets `SCHED_ISO` not through: its number was never given a meaning.
fn policy(policy: LinuxSchedulerPolicy) -> u32 {
    match policy {
        LinuxSchedulerPolicy::SchedOther => 0,
        LinuxSchedulerPolicy::SchedFifo => 1,
        LinuxSchedulerPolicy::SchedRr => 2,
        LinuxSchedulerPolicy::SchedBatch => 3,
        LinuxSchedulerPolicy::SchedIso => 4,
        LinuxSchedulerPolicy::SchedIdle => 5,
        LinuxSchedulerPolicy::SchedDeadline => 6,
    }
}

/// `SCHED_FLAG_*` of sched_setattr(2).
fn scheduler_flag(flag: LinuxSchedulerFlag) -> u64 {
    match flag {
        LinuxSchedulerFlag::SchedResetOnFork => 0x01,
        LinuxSchedulerFlag::SchedFlagReclaim => 0x02,
        LinuxSchedulerFlag::SchedFlagDLOverrun => 0x04,
        LinuxSchedulerFlag::SchedFlagKeepPolicy => 0x08,
        LinuxSchedulerFlag::SchedFlagKeepParams => 0x10,
        LinuxSchedulerFlag::SchedFlagUtilClampMin => 0x20,
        LinuxSchedulerFlag::SchedFlagUtilClampMax => 0x40,
    }
}

#[cfg(test)]
mod tests;
