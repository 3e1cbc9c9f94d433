//! The cases, by topic.

mod annotations;
mod cgroup_places;
mod cgroups;
mod checkpoint;
mod chroot;
mod commands;
mod crash;
mod documents;
mod errors;
mod events;
mod exec;
mod explain;
mod extras;
mod failures;
mod fields;
mod hooks;
mod interference;
mod labels;
mod leaks;
mod lifecycle;
mod limits;
mod mounts;
mod mounts_more;
mod namespaces;
mod net_devices;
mod notify;
mod pause;
mod process;
mod rootfs;
mod rootless;
mod seccomp;
mod security;
mod systemd;
mod terminal;
mod update;
mod user_slice;
mod values;

use crate::case::Case;

/// Every topic, in the order of reading.
const TOPICS: &[(&str, &[Case])] = &[
    ("lifecycle", lifecycle::CASES),
    ("commands", commands::CASES),
    ("documents", documents::CASES),
    ("errors", errors::CASES),
    ("failures", failures::CASES),
    ("values", values::EACH),
    ("values", values::TOGETHER),
    ("process", process::CASES),
    ("exec", exec::CASES),
    ("extras", extras::CASES),
    ("fields", fields::CASES),
    ("terminal", terminal::CASES),
    ("hooks", hooks::CASES),
    ("annotations", annotations::CASES),
    ("namespaces", namespaces::CASES),
    ("network devices", net_devices::CASES),
    ("notify", notify::CASES),
    ("rootfs", rootfs::CASES),
    ("rootless", rootless::CASES),
    ("mounts", mounts::CASES),
    ("mounts", mounts_more::CASES),
    ("cgroups", cgroups::CASES),
    ("cgroups", cgroup_places::CASES),
    ("limits", limits::CASES),
    ("user slice", user_slice::CASES),
    ("labels", labels::CASES),
    ("pause", pause::CASES),
    ("update", update::CASES),
    ("checkpoint", checkpoint::CASES),
    ("systemd", systemd::CASES),
    ("events", events::CASES),
    ("explain", explain::CASES),
    ("leaks", leaks::CASES),
    ("chroot", chroot::CASES),
    ("seccomp", seccomp::CASES),
    ("security", security::CASES),
    ("crash", crash::CASES),
    ("interference", interference::CASES),
];

/// Topics that are of no use with an ordinary user, and why.
const ROOTS: &[(&str, &str)] = &[
    ("cgroups", "cgroups belong to root unless it gives some away"),
    ("pause", "the freezer is a cgroup"),
    ("update", "limits are the cgroup's"),
    ("checkpoint", "criu is root's to use"),
    ("events", "usage is the cgroup's"),
    ("network devices", "the host's devices are root's"),
    ("notify", "the service manager is root's"),
    ("leaks", "the descriptors are root's"),
    ("values", "they are refused before anything is done, whoever calls"),
    ("rootless", "its cases make their user themselves"),
    ("limits", "an ordinary user has no cgroup to limit"),
    ("user slice", "it calls the runtime as an ordinary user itself"),
    ("labels", "profiles and policies are root's to load"),
];

/// Why an ordinary user cannot have this case.
pub(crate) fn needs_root(topic: &str, case: &Case) -> Option<&'static str> {
    case.needs_root.or_else(|| ROOTS.iter().find(|(name, _)| *name == topic).map(|(_, why)| *why))
}

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
