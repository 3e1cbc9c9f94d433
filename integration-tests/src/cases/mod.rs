//! The cases, by topic.

mod cgroups;
mod commands;
mod crash;
mod documents;
mod errors;
mod events;
mod exec;
mod explain;
mod extras;
mod hooks;
mod leaks;
mod lifecycle;
mod mounts;
mod mounts_more;
mod namespaces;
mod net_devices;
mod pause;
mod process;
mod rootfs;
mod seccomp;
mod security;
mod terminal;
mod update;

use crate::case::Case;

/// Every topic, in the order of reading.
const TOPICS: &[(&str, &[Case])] = &[
    ("lifecycle", lifecycle::CASES),
    ("commands", commands::CASES),
    ("documents", documents::CASES),
    ("errors", errors::CASES),
    ("process", process::CASES),
    ("exec", exec::CASES),
    ("extras", extras::CASES),
    ("terminal", terminal::CASES),
    ("hooks", hooks::CASES),
    ("namespaces", namespaces::CASES),
    ("network devices", net_devices::CASES),
    ("rootfs", rootfs::CASES),
    ("mounts", mounts::CASES),
    ("mounts", mounts_more::CASES),
    ("cgroups", cgroups::CASES),
    ("pause", pause::CASES),
    ("update", update::CASES),
    ("events", events::CASES),
    ("explain", explain::CASES),
    ("leaks", leaks::CASES),
    ("seccomp", seccomp::CASES),
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

#[cfg(test)]
mod tests {
    use super::{all, chosen};
    use std::collections::BTreeSet;

    #[test]
    fn no_two_cases_of_a_topic_have_one_name() {
        let names: BTreeSet<(&str, &str)> = all().map(|(topic, case)| (topic, case.name)).collect();
        assert_eq!(names.len(), all().count());
    }

    #[test]
    fn every_case_says_where_its_rule_is_written() {
        assert!(all().all(|(_, case)| !case.section.is_empty()));
    }

    #[test]
    fn every_word_of_a_filter_must_be_found() {
        let both = chosen(&["hooks".into(), "poststop".into()]).count();
        assert!(both > 0 && both < chosen(&["hooks".into()]).count());
    }
}
