//! What is fuzzed: one function per target. `fuzz/` feeds them what libFuzzer makes up, `tests/corpus.rs` what was kept of that.
//!
//! Each of them panics on what must not be, and does nothing else: planning changes nothing on the machine.

mod dice;
mod edits;
mod hosts;
mod plans;
mod sense;

use std::str;

use bundle::config::{Config, LoadError, ProcessFile};
use bundle::plan::Host;
use cgroup::{Cgroup, Layout};
use serde_json::{Value, json};

pub use dice::Dice;
pub use edits::bases;

/// What is called with each input.
pub type Target = fn(&[u8]);

/// The functions by the names of their targets.
pub const TARGETS: &[(&str, Target)] = &[
    ("cgroups", cgroups),
    ("config", config),
    ("edits", edits),
    ("mount_options", mount_options),
    ("process", process),
    ("seccomp", seccomp),
];

/// The bytes of a config.json, through to the plans of it.
pub fn config(bytes: &[u8]) {
    if let Some(config) = loaded(Config::parse(bytes.to_vec())) {
        assert_eq!(config.text, bytes, "the snapshot is what was read");
        plans::everywhere(&config.spec);
    }
}

/// A whole config with the faults that the bytes ask for: deeper than bytes that have to be JSON first.
pub fn edits(bytes: &[u8]) {
    let faulty = edits::faulty(bytes);
    let text = faulty.to_string();
    config(text.as_bytes());
    if let Err(error) = Config::parse(text.into_bytes()) {
        sense::examine(&error, &faulty);
    }
}

/// The option words of a mount, between commas; the first byte says what kind of mount it is.
pub fn mount_options(bytes: &[u8]) {
    let Some((kind, words)) = bytes.split_first() else { return };
    let Ok(words) = str::from_utf8(words) else { return };
    let kind = ["bind", "tmpfs", "none", "cgroup", "overlay"][usize::from(*kind) % 5];
    let mount = json!({
        "destination": "/data",
        "type": kind,
        "source": "/source",
        "options": words.split(',').collect::<Vec<_>>(),
    });
    planned(|config| config["mounts"] = json!([mount]));
}

/// A seccomp profile, as it stands in the config.
pub fn seccomp(bytes: &[u8]) {
    let Ok(profile) = serde_json::from_slice::<Value>(bytes) else { return };
    planned(|config| config["linux"]["seccomp"] = profile);
}

/// The file of `exec --process`.
pub fn process(bytes: &[u8]) {
    if let Some(file) = loaded(ProcessFile::parse("process.json", bytes)) {
        plans::entry(&file.process);
    }
}

/// A line with a cgroupsPath, then lines of /proc/self/mountinfo, and after an empty line those of /proc/self/cgroup.
pub fn cgroups(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (path, tables) = text.split_once('\n').unwrap_or((text, ""));
    let (mounts, membership) = tables.split_once("\n\n").unwrap_or((tables, ""));
    // No kernel writes such tables: that they are read without a panic is all that can be asked.
    located(&Layout::from_tables(membership, mounts, "cpu io memory pids"), path);
    for host in [hosts::v1(), hosts::v2()] {
        located(&host.cgroups, path).iter().for_each(|path| stays_inside(path));
    }
}

/// The directories that a container with this cgroupsPath would get.
fn located(layout: &Layout, path: &str) -> Vec<String> {
    match Cgroup::locate(layout, Some(path), "box") {
        Ok(cgroup) => cgroup.paths().into_iter().map(|(_, path)| path).collect(),
        Err(error) => {
            is_a_sentence(&error.to_string());
            Vec::new()
        }
    }
}

/// A cgroup is below the mount point, whatever the config says (CVE-2022-0811 began with such a string).
fn stays_inside(path: &str) {
    assert!(path.starts_with('/') && path.split('/').all(|part| part != ".."), "{path:?}");
}

/// Plans the default config with one change, on every kind of machine.
fn planned(change: impl FnOnce(&mut Value)) {
    let mut config = edits::base();
    change(&mut config);
    self::config(config.to_string().as_bytes());
}

/// What was loaded, or nothing when it was refused in words.
fn loaded<T>(result: Result<T, LoadError>) -> Option<T> {
    result.map_err(|error| is_a_sentence(&error.to_string())).ok()
}

fn is_a_sentence(text: &str) {
    assert!(!text.is_empty() && !text.contains('\0'), "{text:?}");
}

/// The machines that a plan is made for.
fn machines() -> [Host; 4] {
    [hosts::v1(), hosts::v2(), hosts::rootless(), hosts::nested()]
}
