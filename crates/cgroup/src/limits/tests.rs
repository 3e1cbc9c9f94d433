//! Limits as the files and lines that are written.

use super::*;
use crate::resources::*;

mod block_io;
mod cpu;
mod devices;
mod hugepages;
mod memory;
mod missing;
mod network;
mod processes;
mod rdma;
mod unified;

fn v1() -> Controllers {
    Controllers::new(
        "cpu,cpuacct,cpuset,memory,devices,freezer,blkio,pids,hugetlb,net_cls,net_prio,rdma",
        None,
    )
}

fn v2() -> Controllers {
    Controllers::new("", Some("cpuset cpu io memory hugetlb pids rdma misc".to_string()))
}

fn hybrid() -> Controllers {
    Controllers::new("cpu,cpuset,memory,devices,freezer,blkio,pids", Some("hugetlb".to_string()))
}

/// One line per write: `file=value`, in order.
fn lines(resources: &Resources, controllers: &Controllers) -> Vec<String> {
    writes(resources, controllers)
        .unwrap()
        .iter()
        .map(|write| format!("{}={}", write.file, write.value))
        .collect()
}

#[track_caller]
fn check(resources: &Resources, controllers: &Controllers, expected: &[&str]) {
    assert_eq!(lines(resources, controllers), expected);
}

#[track_caller]
fn check_error(resources: &Resources, controllers: &Controllers, expected: &str) {
    assert_eq!(writes(resources, controllers).unwrap_err().to_string(), expected);
}

fn memory(memory: Memory) -> Resources {
    Resources { memory, ..Resources::default() }
}

fn cpu(cpu: Cpu) -> Resources {
    Resources { cpu, ..Resources::default() }
}

fn limit(limit: i64, swap: Option<i64>) -> Resources {
    memory(Memory { limit: Some(limit), swap, ..Memory::default() })
}

#[test]
fn nothing_asked_is_nothing_written_even_without_controllers() {
    check(&Resources::default(), &Controllers::default(), &[]);
}

fn hugepages(page_size: &str) -> Resources {
    Resources {
        hugepages: vec![HugepageLimit { page_size: page_size.into(), limit: 1 << 21 }],
        ..Resources::default()
    }
}

fn block_io() -> Resources {
    let disk = |rate| vec![ThrottleDevice { major: 8, minor: 0, rate }];
    let block_io = BlockIo {
        weight: Some(500),
        weight_device: vec![WeightDevice { major: 8, minor: 16, weight: Some(10), leaf_weight: None }],
        throttle_read_bps: disk(1),
        throttle_write_bps: disk(2),
        throttle_read_iops: disk(3),
        throttle_write_iops: disk(0),
        ..BlockIo::default()
    };
    Resources { block_io, ..Resources::default() }
}
