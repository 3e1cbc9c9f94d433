//! Limits as unit properties (systemd.resource-control(5)), made from the writes that set the same limits: what
//! systemd knows it must know, or it would write its own defaults over them one day. What it does not know stays a
//! write.

use std::borrow::Cow;
use std::fmt;

use dbus::Value;

use crate::controllers::Version;
use crate::limits::{Absent, Rule, Write};

/// A property of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// Such as `MemoryMax`.
    pub name: Cow<'static, str>,
    /// Of the type that systemd gives it.
    pub value: Value,
    /// The field of config.json that asked for it; empty if none did.
    pub field: Cow<'static, str>,
}

impl Property {
    pub(super) fn new(name: &'static str, value: Value) -> Property {
        Property { name: name.into(), value, field: "".into() }
    }

    /// `a(sv)`, as systemd takes them.
    pub(super) fn list(properties: &[Property]) -> Value {
        let pair = |property: &Property| {
            let name = Value::str(property.name.as_ref());
            Value::Struct(vec![name, Value::variant(property.value.clone())])
        };
        Value::Array("(sv)".into(), properties.iter().map(pair).collect())
    }
}

/// For plans: `MemoryMax=4096`.
impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

/// Puts a property among others, in place of one of the same name.
pub fn put(properties: &mut Vec<Property>, property: Property) {
    match properties.iter_mut().find(|known| known.name == property.name) {
        Some(known) => *known = property,
        None => properties.push(property),
    }
}

/// systemd's word for no limit.
const INFINITY: u64 = u64::MAX;

/// How the value of a file is read.
type Read = fn(&str) -> Option<Value>;

/// Files whose value is that of a property.
const TABLE: &[(Version, &str, &str, Read)] = &[
    (Version::V1, "blkio.weight", "BlockIOWeight", number),
    (Version::V1, "cpu.shares", "CPUShares", number),
    (Version::V1, "memory.limit_in_bytes", "MemoryLimit", limit),
    (Version::V1, "pids.max", "TasksMax", limit),
    (Version::V2, "cpu.weight", "CPUWeight", number),
    (Version::V2, "cpuset.cpus", "AllowedCPUs", bits),
    (Version::V2, "cpuset.mems", "AllowedMemoryNodes", bits),
    (Version::V2, "io.weight", "IOWeight", default_weight),
    (Version::V2, "memory.high", "MemoryHigh", limit),
    (Version::V2, "memory.low", "MemoryLow", protection),
    (Version::V2, "memory.max", "MemoryMax", limit),
    (Version::V2, "memory.min", "MemoryMin", protection),
    (Version::V2, "memory.swap.max", "MemorySwapMax", protection),
    (Version::V2, "pids.max", "TasksMax", limit),
];

/// The properties that say what the writes do, as far as systemd has them. Pure. A value that systemd would not take is
/// left to the kernel, which says what is wrong with it.
pub fn limit_properties(writes: &[Write]) -> Vec<Property> {
    let mut properties = Vec::new();
    let mut bandwidth = Bandwidth::default();
    for write in writes {
        bandwidth.note(write);
        let (file, value) = known_as(write);
        let entry = TABLE.iter().find(|(version, known, ..)| *version == write.version && *known == file);
        let Some((name, value)) = entry.and_then(|(.., name, read)| Some((name, read(value)?))) else {
            continue;
        };
        put(&mut properties, Property { name: (*name).into(), value, field: write.field.clone() });
    }
    bandwidth.properties().into_iter().for_each(|property| put(&mut properties, property));
    properties
}

/// The weight of BFQ has a scale of its own, of which systemd makes one from that of the other cost model.
fn known_as(write: &Write) -> (&str, &str) {
    match &write.absent {
        Absent::Instead { file, value } if write.file == "io.bfq.weight" => (file, value),
        _ => (&write.file, &write.value),
    }
}

fn number(value: &str) -> Option<Value> {
    value.parse().ok().map(Value::U64)
}

/// systemd refuses a limit of nothing; the kernel gets it all the same, by the file.
fn limit(value: &str) -> Option<Value> {
    amount(value).map(|amount| Value::U64(amount.max(1)))
}

fn protection(value: &str) -> Option<Value> {
    amount(value).map(Value::U64)
}

fn amount(value: &str) -> Option<u64> {
    match value.trim() {
        "max" | "-1" => Some(INFINITY),
        number => number.parse().ok(),
    }
}

/// `default 200`, or the number alone; the weights of single devices are left to the file.
fn default_weight(value: &str) -> Option<Value> {
    number(value.strip_prefix("default ").unwrap_or(value))
}

/// A list such as `0-2,7` as bits, the first in the lowest bit of the first byte. None at all is no restriction.
fn bits(list: &str) -> Option<Value> {
    /// More CPUs than any kernel can be built for.
    const MOST: usize = 1 << 16;
    let mut mask = Vec::new();
    for range in list.trim().split(',').filter(|range| !range.is_empty()) {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if last >= MOST {
            return None;
        }
        mask.resize(mask.len().max(last / 8 + 1), 0);
        (first..=last).for_each(|number| mask[number / 8] |= 1 << (number % 8));
    }
    Some(Value::bytes(&mask))
}

/// The share of CPU time, which systemd takes as time per second.
#[derive(Default)]
struct Bandwidth {
    quota: Option<(i64, Cow<'static, str>)>,
    period: Option<(u64, Cow<'static, str>)>,
}

/// The kernel's period where none is set, in microseconds.
const DEFAULT_PERIOD: u64 = 100_000;

impl Bandwidth {
    fn note(&mut self, write: &Write) {
        let field = || write.field.clone();
        let (mut quota, mut period) = (None, None);
        match (&*write.file, write.rule) {
            ("cpu.cfs_quota_us", _) => quota = Some(&*write.value),
            ("cpu.cfs_period_us", _) | ("cpu.max", Rule::BehindQuota) => period = Some(&*write.value),
            ("cpu.max", _) => {
                let mut words = write.value.split_whitespace();
                (quota, period) = (words.next(), words.next());
            }
            _ => {}
        }
        let quota = quota.and_then(|quota| if quota == "max" { Some(-1) } else { quota.parse().ok() });
        self.quota = quota.map(|quota| (quota, field())).or(self.quota.take());
        self.period = period
            .and_then(|period| period.parse().ok())
            .map(|period| (period, field()))
            .or(self.period.take());
    }

    fn properties(self) -> Vec<Property> {
        let period = self.period.as_ref().map_or(DEFAULT_PERIOD, |(period, _)| *period);
        let time = self.quota.map(|(quota, field)| (per_second(quota, period), field));
        let time = time.map(|(time, field)| Property {
            name: "CPUQuotaPerSecUSec".into(),
            value: Value::U64(time),
            field,
        });
        let period = self.period.map(|(period, field)| Property {
            name: "CPUQuotaPeriodUSec".into(),
            value: Value::U64(period),
            field,
        });
        period.into_iter().chain(time).collect()
    }
}

/// systemd counts in hundredths of a CPU; rounded up, so that what it writes never takes away what the file has granted.
fn per_second(quota: i64, period: u64) -> u64 {
    const HUNDREDTH: u64 = 10_000;
    match u64::try_from(quota) {
        Ok(quota) if quota > 0 && period > 0 => {
            let time = u128::from(quota) * 1_000_000 / u128::from(period);
            u64::try_from(time).map_or(INFINITY, |time| time.div_ceil(HUNDREDTH).saturating_mul(HUNDREDTH))
        }
        _ => INFINITY,
    }
}
