//! `linux.resources.blockIO`. A weight of zero is not set.

use crate::Error;
use crate::controllers::{Controllers, Version};
use crate::limits::{Absent, Write, only_v1};
use crate::resources::{BlockIo, ThrottleDevice, WeightDevice};

const WEIGHT: &str = "linux.resources.blockIO.weight";
const LEAF_WEIGHT: &str = "linux.resources.blockIO.leafWeight";
const WEIGHT_DEVICE: &str = "linux.resources.blockIO.weightDevice";

/// A throttle list: its field, its file on v1, its key in io.max on v2.
const THROTTLES: [(&str, &str, &str); 4] = [
    ("linux.resources.blockIO.throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"),
    ("linux.resources.blockIO.throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"),
    ("linux.resources.blockIO.throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"),
    ("linux.resources.blockIO.throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"),
];

pub(super) fn writes(block_io: &BlockIo, controllers: &Controllers) -> Result<Vec<Write>, Error> {
    let Some(field) = first_field(block_io) else { return Ok(Vec::new()) };
    match controllers.find("blkio", "io", field)? {
        Version::V1 => Ok(v1(block_io)),
        Version::V2 => v2(block_io),
    }
}

fn set(weight: Option<u16>) -> Option<u16> {
    weight.filter(|&weight| weight != 0)
}

fn throttles(block_io: &BlockIo) -> [&[ThrottleDevice]; 4] {
    [
        &block_io.throttle_read_bps,
        &block_io.throttle_write_bps,
        &block_io.throttle_read_iops,
        &block_io.throttle_write_iops,
    ]
}

fn first_field(block_io: &BlockIo) -> Option<&'static str> {
    let weights = [
        (set(block_io.weight).is_some(), WEIGHT),
        (set(block_io.leaf_weight).is_some(), LEAF_WEIGHT),
        (!block_io.weight_device.is_empty(), WEIGHT_DEVICE),
    ];
    let lists =
        THROTTLES.iter().zip(throttles(block_io)).map(|((field, ..), list)| (!list.is_empty(), *field));
    weights.into_iter().chain(lists).find_map(|(is_set, field)| is_set.then_some(field))
}

/// The scheduler CFQ (until Linux 5.0) and its successor BFQ name their files differently.
fn v1(block_io: &BlockIo) -> Vec<Write> {
    let write =
        |file: &'static str, value: String, field| Write::new(Version::V1, "blkio", file, value, field);
    let or_bfq = |write: Write, file: &'static str| Write {
        absent: Absent::Instead { file: file.into(), value: write.value.clone() },
        ..write
    };
    let mut writes = Vec::new();
    writes.extend(
        set(block_io.weight)
            .map(|w| or_bfq(write("blkio.weight", w.to_string(), WEIGHT), "blkio.bfq.weight")),
    );
    writes.extend(set(block_io.leaf_weight).map(|w| write("blkio.leaf_weight", w.to_string(), LEAF_WEIGHT)));
    for device in &block_io.weight_device {
        let line = |weight: u16| format!("{} {weight}", name(device));
        let own = set(device.weight).map(|w| write("blkio.weight_device", line(w), WEIGHT_DEVICE));
        writes.extend(own.map(|write| or_bfq(write, "blkio.bfq.weight_device")));
        writes.extend(
            set(device.leaf_weight).map(|w| write("blkio.leaf_weight_device", line(w), WEIGHT_DEVICE)),
        );
    }
    for ((field, file, _), list) in THROTTLES.into_iter().zip(throttles(block_io)) {
        writes.extend(list.iter().map(|d| write(file, format!("{}:{} {}", d.major, d.minor, d.rate), field)));
    }
    writes
}

/// BFQ takes the scale of the specification; the other cost model its own.
fn v2(block_io: &BlockIo) -> Result<Vec<Write>, Error> {
    if set(block_io.leaf_weight).is_some() {
        return Err(only_v1(LEAF_WEIGHT));
    }
    if block_io.weight_device.iter().any(|device| set(device.leaf_weight).is_some()) {
        return Err(only_v1(WEIGHT_DEVICE));
    }
    let mut writes = Vec::new();
    writes.extend(set(block_io.weight).map(|weight| weight_v2("default", weight, WEIGHT)));
    for device in &block_io.weight_device {
        writes.extend(set(device.weight).map(|weight| weight_v2(&name(device), weight, WEIGHT_DEVICE)));
    }
    for ((field, _, key), list) in THROTTLES.into_iter().zip(throttles(block_io)) {
        writes.extend(
            list.iter().map(|device| Write::new(Version::V2, "io", "io.max", io_max(device, key), field)),
        );
    }
    Ok(writes)
}

fn weight_v2(what: &str, weight: u16, field: &'static str) -> Write {
    let other =
        Absent::Instead { file: "io.weight".into(), value: format!("{what} {}", io_weight_of(weight)) };
    Write {
        absent: other,
        ..Write::new(Version::V2, "io", "io.bfq.weight", format!("{what} {weight}"), field)
    }
}

/// v1 lifts a limit by a zero, v2 by a word.
fn io_max(device: &ThrottleDevice, key: &str) -> String {
    let rate = if device.rate == 0 { "max".to_string() } else { device.rate.to_string() };
    format!("{}:{} {key}={rate}", device.major, device.minor)
}

fn name(device: &WeightDevice) -> String {
    format!("{}:{}", device.major, device.minor)
}

/// The line from 10 and 1 to 1000 and 10000 that the other runtimes use.
fn io_weight_of(weight: u16) -> u64 {
    1 + (u64::from(weight).max(10) - 10) * 9999 / 990
}
