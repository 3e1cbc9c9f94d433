//! Statistics of a v1 hierarchy.

use super::{
    BlkioEntry, BlkioStats, CpuUsage, CpusetStats, HugetlbStats, MemoryEntry, MemoryStats, PidsStats, Stats,
    Throttling, contents, page_sizes, parse,
};
use crate::Error;
use crate::cgroup::Hierarchy;

/// cpuacct.stat counts in the clock ticks of user space, a hundredth of a second on every architecture we
/// build for.
const NANOSECONDS_PER_TICK: u64 = 10_000_000;

/// The schedulers with statistics of their own, and what counts without one (throttling). The first with
/// files wins.
const BLKIO_PREFIXES: [&str; 3] = ["blkio.bfq", "blkio", "blkio.throttle"];

/// Fills in what the controllers of one hierarchy know.
pub(super) fn read(hierarchy: &Hierarchy, stats: &mut Stats) -> Result<(), Error> {
    for controller in hierarchy.controllers.split(',') {
        match controller {
            "cpu" => stats.cpu.throttling = throttling(hierarchy)?,
            "cpuacct" => stats.cpu.usage = cpu_usage(hierarchy)?,
            "cpuset" => stats.cpuset = cpuset(hierarchy)?,
            "memory" => stats.memory = MemoryStats { psi: stats.memory.psi.take(), ..memory(hierarchy)? },
            "pids" => stats.pids = pids(hierarchy)?,
            "blkio" => stats.blkio = BlkioStats { psi: stats.blkio.psi.take(), ..blkio(hierarchy)? },
            "hugetlb" => stats.hugetlb = hugetlb(hierarchy)?.into_iter().collect(),
            "rdma" => stats.rdma = parse::rdma(&contents(&hierarchy.file("rdma.current"))?),
            _ => {}
        }
    }
    Ok(())
}

fn number(hierarchy: &Hierarchy, file: &str) -> Result<u64, Error> {
    contents(&hierarchy.file(file)).map(|contents| parse::number(&contents))
}

fn throttling(hierarchy: &Hierarchy) -> Result<Throttling, Error> {
    let stat = parse::flat(&contents(&hierarchy.file("cpu.stat"))?);
    let value = |key: &str| stat.get(key).copied().unwrap_or(0);
    Ok(Throttling {
        periods: value("nr_periods"),
        throttled_periods: value("nr_throttled"),
        throttled_time: value("throttled_time"),
    })
}

fn cpu_usage(hierarchy: &Hierarchy) -> Result<CpuUsage, Error> {
    let stat = parse::flat(&contents(&hierarchy.file("cpuacct.stat"))?);
    let ticks = |key: &str| stat.get(key).copied().unwrap_or(0) * NANOSECONDS_PER_TICK;
    let per_cpu = |file: &str| contents(&hierarchy.file(file)).map(|contents| parse::numbers(&contents));
    Ok(CpuUsage {
        total: number(hierarchy, "cpuacct.usage")?,
        percpu: per_cpu("cpuacct.usage_percpu")?,
        percpu_kernel: per_cpu("cpuacct.usage_percpu_sys")?,
        percpu_user: per_cpu("cpuacct.usage_percpu_user")?,
        kernel: ticks("system"),
        user: ticks("user"),
    })
}

fn cpuset(hierarchy: &Hierarchy) -> Result<CpusetStats, Error> {
    let flag = |name: &str| number(hierarchy, &format!("cpuset.{name}"));
    let list = |file: &str| contents(&hierarchy.file(file)).map(|contents| parse::list(&contents));
    let level = contents(&hierarchy.file("cpuset.sched_relax_domain_level"))?;
    Ok(CpusetStats {
        cpus: list("cpuset.cpus")?,
        cpu_exclusive: flag("cpu_exclusive")?,
        mems: list("cpuset.mems")?,
        mem_hardwall: flag("mem_hardwall")?,
        mem_exclusive: flag("mem_exclusive")?,
        memory_migrate: flag("memory_migrate")?,
        memory_spread_page: flag("memory_spread_page")?,
        memory_spread_slab: flag("memory_spread_slab")?,
        memory_pressure: flag("memory_pressure")?,
        sched_load_balance: flag("sched_load_balance")?,
        sched_relax_domain_level: level.trim().parse().unwrap_or(0),
    })
}

fn memory(hierarchy: &Hierarchy) -> Result<MemoryStats, Error> {
    let raw = parse::flat(&contents(&hierarchy.file("memory.stat"))?);
    Ok(MemoryStats {
        cache: raw.get("cache").copied().unwrap_or(0),
        usage: memory_entry(hierarchy, "memory")?,
        swap: memory_entry(hierarchy, "memory.memsw")?,
        kernel: memory_entry(hierarchy, "memory.kmem")?,
        kernel_tcp: memory_entry(hierarchy, "memory.kmem.tcp")?,
        raw,
        psi: None,
    })
}

fn memory_entry(hierarchy: &Hierarchy, prefix: &str) -> Result<MemoryEntry, Error> {
    let value = |suffix: &str| number(hierarchy, &format!("{prefix}.{suffix}"));
    Ok(MemoryEntry {
        limit: value("limit_in_bytes")?,
        usage: value("usage_in_bytes")?,
        max: value("max_usage_in_bytes")?,
        failcnt: value("failcnt")?,
    })
}

fn pids(hierarchy: &Hierarchy) -> Result<PidsStats, Error> {
    let limit = number(hierarchy, "pids.max")?;
    let limit = if limit == u64::MAX { 0 } else { limit };
    Ok(PidsStats { current: number(hierarchy, "pids.current")?, limit })
}

fn blkio(hierarchy: &Hierarchy) -> Result<BlkioStats, Error> {
    for prefix in BLKIO_PREFIXES {
        let table = |name: &str| -> Result<Vec<BlkioEntry>, Error> {
            contents(&hierarchy.file(&format!("{prefix}.{name}_recursive")))
                .map(|contents| parse::blkio(&contents))
        };
        let serviced = table("io_serviced")?;
        if !serviced.is_empty() {
            return Ok(BlkioStats {
                io_service_bytes_recursive: table("io_service_bytes")?,
                io_serviced_recursive: serviced,
                io_queued_recursive: table("io_queued")?,
                io_service_time_recursive: table("io_service_time")?,
                io_wait_time_recursive: table("io_wait_time")?,
                io_merged_recursive: table("io_merged")?,
                io_time_recursive: table("time")?,
                sectors_recursive: table("sectors")?,
                psi: None,
            });
        }
    }
    Ok(BlkioStats::default())
}

fn hugetlb(hierarchy: &Hierarchy) -> Result<Vec<(String, HugetlbStats)>, Error> {
    let mut all = Vec::new();
    for size in page_sizes(&hierarchy.directory()) {
        let reserved = format!("hugetlb.{size}.rsvd.");
        let counted = !contents(&hierarchy.file(&format!("{reserved}usage_in_bytes")))?.is_empty();
        let prefix = if counted { reserved } else { format!("hugetlb.{size}.") };
        let value = |suffix: &str| number(hierarchy, &format!("{prefix}{suffix}"));
        let stats = HugetlbStats {
            usage: value("usage_in_bytes")?,
            max: value("max_usage_in_bytes")?,
            failcnt: value("failcnt")?,
        };
        all.push((size, stats));
    }
    Ok(all)
}
