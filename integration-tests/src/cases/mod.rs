//! The cases, by topic.

mod cgroups;
mod commands;
mod crash;
mod errors;
mod exec;
mod hooks;
mod lifecycle;
mod mounts;
mod namespaces;
mod process;
mod rootfs;
mod security;
mod terminal;

use crate::case::Case;

/// Every topic, in the order of reading.
const TOPICS: &[(&str, &[Case])] = &[
    ("lifecycle", lifecycle::CASES),
    ("commands", commands::CASES),
    ("errors", errors::CASES),
    ("process", process::CASES),
    ("exec", exec::CASES),
    ("terminal", terminal::CASES),
    ("hooks", hooks::CASES),
    ("namespaces", namespaces::CASES),
    ("rootfs", rootfs::CASES),
    ("mounts", mounts::CASES),
    ("cgroups", cgroups::CASES),
    ("security", security::CASES),
    ("crash", crash::CASES),
];

/// Every case with its topic; its place in this list is its number.
pub(crate) fn all() -> impl Iterator<Item = (&'static str, &'static Case)> {
    TOPICS.iter().flat_map(|(topic, cases)| cases.iter().map(|case| (*topic, case)))
}

/// The numbers of the cases that every word of `filter` is found in.
pub(crate) fn chosen(filter: &[String]) -> impl Iterator<Item = usize> {
    all()
        .enumerate()
        .filter(|(_, (topic, case))| {
            let text = format!("{topic}: {} {}", case.name, case.section).to_lowercase();
            filter.iter().all(|word| text.contains(&word.to_lowercase()))
        })
        .map(|(index, _)| index)
}
