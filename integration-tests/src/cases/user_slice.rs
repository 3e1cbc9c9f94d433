//! Containers of an ordinary user in the part of the cgroup tree that systemd has delegated to it.

use crate::case::{Case, Outcome, case, skip};
use crate::cases::namespaces::rootless_bundle;
use crate::console::arg;
use crate::expect::{contains, same};
use crate::test::Test;
use serde_json::{Value, json};
use std::path::Path;

/// Where a user's own systemd listens.
const RUNTIME_DIR: &str = "/run/user/1000";

/// The cgroup of a user's own systemd.
const SERVICE: &str = "/user.slice/user-1000.slice/user@1000.service/";

pub(crate) const CASES: &[Case] = &[
    case("a user's container is below the user's own systemd", "systemd: delegation", |t| {
        contains("its cgroup", &in_slice(t, "cat /proc/self/cgroup")?, &format!("0::{SERVICE}"))
    }),
    case("a user's container has its memory limit", "config-linux.md: Memory", |t| {
        reads(t, "memory.max", "33554432\n")
    }),
    case("a user's container has its pids limit", "config-linux.md: PIDs", |t| reads(t, "pids.max", "17\n")),
    case("a user's container has its cpu quota", "config-linux.md: CPU", |t| {
        reads(t, "cpu.max", "50000 100000\n")
    }),
    case("nothing of a user's container stays", "runtime.md: Delete", |t| {
        in_slice(t, ":")?;
        t.nothing_left()
    }),
];

/// The file of the container's cgroup reads so, in the host's hierarchy, which the configuration of `spec --rootless`
/// shows with the rest of /sys.
fn reads(t: &Test, file: &str, value: &str) -> Outcome {
    let script = format!("cat /sys/fs/cgroup$(cut -d: -f3 /proc/self/cgroup)/{file}");
    same(file, in_slice(t, &script)?.as_str(), value)
}

/// What a script prints in a container with limits, run by the user 1000 below its own systemd.
fn in_slice(t: &Test, script: &str) -> Outcome<String> {
    if !Path::new(RUNTIME_DIR).join("bus").exists() {
        return skip("no systemd of the user 1000 runs here (loginctl enable-linger)");
    }
    let (bundle, _) = rootless_bundle(t, script)?;
    let bundle = bundle.set("/linux/resources", limits());
    bundle.write()?;
    let id = t.id();
    let run = ["run", "--bundle", arg(&bundle.dir), &id];
    let unit = ["--user", "--wait", "--pipe", "--quiet", "--collect", "--property=Delegate=yes"];
    let call = t.through(&[&["/usr/bin/systemd-run"], &unit[..]].concat(), &run)?.user(1000);
    let bus = format!("unix:path={RUNTIME_DIR}/bus");
    let call = call.env("XDG_RUNTIME_DIR", RUNTIME_DIR).env("DBUS_SESSION_BUS_ADDRESS", &bus);
    Ok(call.output()?.ok()?.stdout)
}

fn limits() -> Value {
    json!({
        "memory": {"limit": 33_554_432},
        "pids": {"limit": 17},
        "cpu": {"quota": 50_000, "period": 100_000}
    })
}
