//! One rule, one line: a change to a config that is right, and what is then said.

mod base;
mod capabilities;
mod devices;
mod hooks;
mod linux;
mod mappings;
mod mounts;
mod namespaces;
mod net_devices;
mod process;
mod resources;
mod scheduler;
mod shape;
mod sysctl;

use serde_json::Value;

use crate::config::{Config, LoadError};

/// Right, and with every namespace but a user namespace.
const RIGHT: &str = r#"{
    "ociVersion": "1.3.0",
    "root": {"path": "rootfs"},
    "process": {"args": ["sh"], "cwd": "/", "user": {"uid": 0, "gid": 0}},
    "linux": {"namespaces": [
        {"type": "mount"}, {"type": "pid"}, {"type": "ipc"}, {"type": "uts"},
        {"type": "network"}, {"type": "cgroup"}, {"type": "time"}
    ]}
}"#;

/// Applies a merge patch (RFC 7396) to the config that is right, and parses the result.
fn parse(patch: &str) -> Result<Config, LoadError> {
    let mut config = serde_json::from_str(RIGHT).expect("JSON");
    merge(&mut config, serde_json::from_str(patch).expect("a JSON patch"));
    Config::parse(config.to_string().into_bytes())
}

fn merge(target: &mut Value, patch: Value) {
    let Value::Object(patch) = patch else {
        *target = patch;
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    for (key, value) in patch {
        match value {
            Value::Null => drop(target.as_object_mut().and_then(|object| object.remove(&key))),
            value => merge(&mut target[key], value),
        }
    }
}

fn problems(patch: &str) -> Vec<String> {
    match parse(patch) {
        Ok(_) => Vec::new(),
        Err(LoadError::Problems { problems, .. }) => problems.iter().map(ToString::to_string).collect(),
        Err(other) => panic!("{other}"),
    }
}

/// The patched config has this one problem.
#[track_caller]
fn check(patch: &str, problem: &str) {
    assert_eq!(problems(patch), [problem], "{patch}");
}

/// The patched config is right, without a warning.
#[track_caller]
fn right(patch: &str) {
    let config = parse(patch).unwrap_or_else(|error| panic!("{patch}: {error}"));
    assert_eq!(config.warnings, [""; 0], "{patch}");
}

/// The patched config is right, with this one warning.
#[track_caller]
fn warns(patch: &str, warning: &str) {
    let config = parse(patch).unwrap_or_else(|error| panic!("{patch}: {error}"));
    assert_eq!(config.warnings, [warning], "{patch}");
}
