//! The formats of statistics files. What does not parse is left out: a new kernel may add lines.

use std::collections::BTreeMap;

use super::{BlkioEntry, Psi, PsiData, RdmaStats};

/// A file with one number; `max` is the largest.
pub(super) fn number(contents: &str) -> u64 {
    match contents.trim() {
        "max" => u64::MAX,
        digits => digits.parse().unwrap_or(0),
    }
}

/// Numbers with blanks between.
pub(super) fn numbers(contents: &str) -> Vec<u64> {
    contents.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// `key value` lines.
pub(super) fn flat(contents: &str) -> BTreeMap<String, u64> {
    let pair = |line: &str| {
        let (key, value) = line.split_once(' ')?;
        Some((key.to_string(), value.trim().parse().ok()?))
    };
    contents.lines().filter_map(pair).collect()
}

/// The numbers of a list such as `0-3,7`.
pub(super) fn list(contents: &str) -> Vec<u16> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse().ok()?..=last.parse().ok()?)
    };
    contents.trim().split(',').filter_map(range).flatten().collect()
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=0` and the same with `full`; nothing if there is neither.
pub(super) fn psi(contents: &str) -> Option<Psi> {
    let line = |kind: &str| contents.lines().find_map(|line| line.strip_prefix(kind)).map(psi_data);
    let (some, full) = (line("some "), line("full "));
    match (&some, &full) {
        (None, None) => None,
        _ => Some(Psi { some: some.unwrap_or_default(), full: full.unwrap_or_default() }),
    }
}

fn psi_data(line: &str) -> PsiData {
    let word = |key: &str| line.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let average = |key| word(key).and_then(|value| value.parse().ok()).unwrap_or(0.0);
    PsiData {
        avg10: average("avg10"),
        avg60: average("avg60"),
        avg300: average("avg300"),
        total: word("total").map_or(0, number),
    }
}

/// `8:0 Read 4096` lines of v1, and `8:0 4096` where operations are not told apart. The sum over all devices
/// at the end has no device and is left out.
pub(super) fn blkio(contents: &str) -> Vec<BlkioEntry> {
    let entry = |line: &str| {
        let mut words = line.split_whitespace();
        let (major, minor) = device(words.next()?)?;
        let second = words.next()?;
        let (op, value) = match words.next() {
            Some(value) => (second, value),
            None => ("", second),
        };
        Some(BlkioEntry { major, minor, op: op.to_string(), value: value.parse().ok()? })
    };
    contents.lines().filter_map(entry).collect()
}

/// The value of a key of each device in io.stat, as the operation `op` of a table of v1.
pub(super) fn io_stat(contents: &str, keys: &[(&str, &str)]) -> Vec<BlkioEntry> {
    let mut entries = Vec::new();
    for line in contents.lines() {
        let mut words = line.split_whitespace();
        let Some((major, minor)) = words.next().and_then(device) else { continue };
        for (key, value) in words.filter_map(|word| word.split_once('=')) {
            let op = keys.iter().find(|(known, _)| *known == key);
            let value = value.parse().ok();
            entries.extend(op.zip(value).map(|((_, op), value)| BlkioEntry {
                major,
                minor,
                op: (*op).to_string(),
                value,
            }));
        }
    }
    entries
}

fn device(name: &str) -> Option<(u64, u64)> {
    let (major, minor) = name.split_once(':')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// `mlx5_0 hca_handle=2 hca_object=2000` lines.
pub(super) fn rdma(contents: &str) -> BTreeMap<String, RdmaStats> {
    let line = |line: &str| {
        let (device, rest) = line.split_once(' ')?;
        let value = |key: &str| rest.split(' ').find_map(|word| word.strip_prefix(key)).map_or(0, number);
        let stats = RdmaStats { hca_handles: value("hca_handle="), hca_objects: value("hca_object=") };
        Some((device.to_string(), stats))
    };
    contents.lines().filter_map(line).collect()
}
