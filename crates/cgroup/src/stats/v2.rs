//! Statistics of the unified hierarchy, in the shape that v1 gave them.

use std::collections::BTreeMap;

use super::{
    BlkioStats, CpuStats, CpuUsage, CpusetStats, HugetlbStats, MemoryEntry, MemoryStats, PidsStats, Stats,
    Throttling, contents, page_sizes, parse, psi,
};
use crate::Error;
use crate::cgroup::Unified;

pub(super) fn read(unified: &Unified) -> Result<Stats, Error> {
    Ok(Stats {
        cpu: cpu(unified)?,
        cpuset: cpuset(unified)?,
        memory: memory(unified)?,
        pids: pids(unified)?,
        blkio: blkio(unified)?,
        hugetlb: hugetlb(unified)?,
        rdma: parse::rdma(&contents(&unified.file("rdma.current"))?),
    })
}

fn number(unified: &Unified, file: &str) -> Result<u64, Error> {
    contents(&unified.file(file)).map(|contents| parse::number(&contents))
}

/// Microseconds become nanoseconds.
fn cpu(unified: &Unified) -> Result<CpuStats, Error> {
    let stat = parse::flat(&contents(&unified.file("cpu.stat"))?);
    let value = |key: &str| stat.get(key).copied().unwrap_or(0);
    let usage = CpuUsage {
        total: value("usage_usec") * 1000,
        kernel: value("system_usec") * 1000,
        user: value("user_usec") * 1000,
        ..CpuUsage::default()
    };
    let throttling = Throttling {
        periods: value("nr_periods"),
        throttled_periods: value("nr_throttled"),
        throttled_time: value("throttled_usec") * 1000,
    };
    Ok(CpuStats { usage, throttling, psi: psi(unified, "cpu.pressure")? })
}

fn cpuset(unified: &Unified) -> Result<CpusetStats, Error> {
    let list = |file: &str| contents(&unified.file(file)).map(|contents| parse::list(&contents));
    Ok(CpusetStats {
        cpus: list("cpuset.cpus.effective")?,
        mems: list("cpuset.mems.effective")?,
        ..CpusetStats::default()
    })
}

fn memory(unified: &Unified) -> Result<MemoryStats, Error> {
    let raw = parse::flat(&contents(&unified.file("memory.stat"))?);
    let usage = memory_entry(unified, "memory")?;
    let swap = memory_entry(unified, "memory.swap")?;
    Ok(MemoryStats {
        cache: raw.get("file").copied().unwrap_or(0),
        swap: sum(&usage, &swap),
        usage,
        raw,
        psi: psi(unified, "memory.pressure")?,
        ..MemoryStats::default()
    })
}

fn memory_entry(unified: &Unified, prefix: &str) -> Result<MemoryEntry, Error> {
    let events = parse::flat(&contents(&unified.file(&format!("{prefix}.events")))?);
    Ok(MemoryEntry {
        limit: number(unified, &format!("{prefix}.max"))?,
        usage: number(unified, &format!("{prefix}.current"))?,
        max: number(unified, &format!("{prefix}.peak"))?,
        failcnt: events.get("max").copied().unwrap_or(0),
    })
}

/// v1 counts memory and swap together. The two peaks need not have come at the same time, so there is none of
/// the sum.
fn sum(memory: &MemoryEntry, swap: &MemoryEntry) -> MemoryEntry {
    MemoryEntry {
        limit: memory.limit.saturating_add(swap.limit),
        usage: memory.usage + swap.usage,
        max: 0,
        failcnt: swap.failcnt,
    }
}

fn pids(unified: &Unified) -> Result<PidsStats, Error> {
    let limit = number(unified, "pids.max")?;
    let limit = if limit == u64::MAX { 0 } else { limit };
    Ok(PidsStats { current: number(unified, "pids.current")?, limit })
}

fn blkio(unified: &Unified) -> Result<BlkioStats, Error> {
    let stat = contents(&unified.file("io.stat"))?;
    let table = |read: &str, write: &str, discard: &str| {
        parse::io_stat(&stat, &[(read, "Read"), (write, "Write"), (discard, "Discard")])
    };
    Ok(BlkioStats {
        io_service_bytes_recursive: table("rbytes", "wbytes", "dbytes"),
        io_serviced_recursive: table("rios", "wios", "dios"),
        psi: psi(unified, "io.pressure")?,
        ..BlkioStats::default()
    })
}

fn hugetlb(unified: &Unified) -> Result<BTreeMap<String, HugetlbStats>, Error> {
    let mut all = BTreeMap::new();
    for size in page_sizes(&unified.directory()) {
        let events = parse::flat(&contents(&unified.file(&format!("hugetlb.{size}.events")))?);
        let reserved = contents(&unified.file(&format!("hugetlb.{size}.rsvd.current")))?;
        let usage = match reserved.is_empty() {
            false => parse::number(&reserved),
            true => number(unified, &format!("hugetlb.{size}.current"))?,
        };
        all.insert(size, HugetlbStats { usage, max: 0, failcnt: events.get("max").copied().unwrap_or(0) });
    }
    Ok(all)
}
