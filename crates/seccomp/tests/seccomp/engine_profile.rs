//! The default profiles of engines, resolved for a container as the engines do it.

use seccomp::{Action, Arch, Condition, Operator, Profile, Rule};
use serde_json::Value;

/// An engine's profile: its text, see tests/profiles/README.md.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    text: &'static str,
}

pub(crate) const ENGINES: [Engine; 3] = [
    Engine { name: "docker", text: include_str!("../profiles/docker.json") },
    Engine { name: "containerd", text: include_str!("../profiles/containerd.json") },
    Engine { name: "podman", text: include_str!("../profiles/podman.json") },
];

/// The architectures that engines run on, with their names in Go.
pub(crate) const NATIVES: [(Arch, &str); 6] = [
    (Arch::X86_64, "amd64"),
    (Arch::Aarch64, "arm64"),
    (Arch::S390x, "s390x"),
    (Arch::Ppc64le, "ppc64le"),
    (Arch::Riscv64, "riscv64"),
    (Arch::Arm, "arm"),
];

/// The capabilities of Docker's containers that a profile asks for, and those of a privileged one.
pub(crate) const CAPABILITIES: [&[&str]; 2] = [
    &["CAP_SYS_CHROOT", "CAP_AUDIT_WRITE"],
    &[
        "CAP_AUDIT_WRITE",
        "CAP_BPF",
        "CAP_DAC_READ_SEARCH",
        "CAP_PERFMON",
        "CAP_SYS_ADMIN",
        "CAP_SYS_BOOT",
        "CAP_SYS_CHROOT",
        "CAP_SYS_MODULE",
        "CAP_SYS_NICE",
        "CAP_SYS_PACCT",
        "CAP_SYS_PTRACE",
        "CAP_SYS_RAWIO",
        "CAP_SYS_TIME",
        "CAP_SYS_TTY_CONFIG",
        "CAP_SYSLOG",
    ],
];

impl Engine {
    /// The profile for a container.
    pub(crate) fn profile(&self, native: Arch, go_arch: &str, capabilities: &[&str]) -> Profile {
        let json: Value = serde_json::from_str(self.text).unwrap();
        let applies = |entry: &&Value| {
            let has = |list: &Value, what: &str, known: &dyn Fn(&str) -> bool, all: bool| match list[what]
                .as_array()
            {
                None => all,
                Some(words) if all => words.iter().all(|word| known(word.as_str().unwrap())),
                Some(words) => words.iter().any(|word| known(word.as_str().unwrap())),
            };
            let (includes, excludes) = (&entry["includes"], &entry["excludes"]);
            let capable = |word: &str| capabilities.contains(&word);
            let here = |word: &str| word == go_arch;
            has(includes, "caps", &capable, true)
                && (includes["arches"].is_null() || has(includes, "arches", &here, false))
                && !has(excludes, "caps", &capable, false)
                && !has(excludes, "arches", &here, false)
        };
        Profile {
            default_action: action(&json["defaultAction"], &json["defaultErrnoRet"]),
            architectures: architectures(&json["archMap"], native),
            flags: None,
            rules: json["syscalls"].as_array().unwrap().iter().filter(applies).map(rule).collect(),
        }
    }
}

fn action(name: &Value, errno_ret: &Value) -> Action {
    Action::from_name(name.as_str().unwrap(), errno_ret.as_u64().map(|number| number as u32)).unwrap()
}

fn architectures(map: &Value, native: Arch) -> Vec<Arch> {
    let entry = map.as_array().unwrap().iter().find(|entry| entry["architecture"] == native.name());
    let Some(entry) = entry else { return vec![] };
    let others = entry["subArchitectures"].as_array().unwrap();
    let others = others.iter().map(|name| Arch::from_name(name.as_str().unwrap()).unwrap());
    [native].into_iter().chain(others).collect()
}

fn rule(entry: &Value) -> Rule {
    let names =
        entry["names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect();
    let conditions = entry["args"].as_array().map_or(vec![], |args| args.iter().map(condition).collect());
    Rule { names, action: action(&entry["action"], &entry["errnoRet"]), conditions }
}

fn condition(argument: &Value) -> Condition {
    Condition {
        index: argument["index"].as_u64().unwrap() as u32,
        operator: Operator::from_name(argument["op"].as_str().unwrap()).unwrap(),
        value: argument["value"].as_u64().unwrap(),
        value_two: argument["valueTwo"].as_u64().unwrap_or(0),
    }
}
