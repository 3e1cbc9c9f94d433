//! Containers of an ordinary user in the part of the cgroup tree that systemd has delegated to it.

use crate::bundle::Bundle;
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
        let text = in_slice(t, |bundle| bundle.without_namespace("cgroup").sh("cat /proc/self/cgroup"))?;
        contains("its cgroup", &text, &format!("0::{SERVICE}"))
    }),
    case("a user's container has its memory limit", "config-linux.md: Memory", |t| {
        reads(t, "memory.max", "33554432\n")
    }),
    case("a user's container has its pids limit", "config-linux.md: PIDs", |t| reads(t, "pids.max", "17\n")),
    case("a user's container has its cpu quota", "config-linux.md: CPU", |t| {
        reads(t, "cpu.max", "50000 100000\n")
    }),
    case("nothing of a user's container stays", "runtime.md: Delete", |t| {
        in_slice(t, |bundle| bundle)?;
        t.nothing_left()
    }),
];

/// The file of the container's cgroup reads so; in its cgroup namespace that is the root of the hierarchy.
fn reads(t: &Test, file: &str, value: &str) -> Outcome {
    let text = in_slice(t, |bundle| bundle.args(&["cat", &format!("/sys/fs/cgroup/{file}")]))?;
    same(file, text.as_str(), value)
}

/// What a container with limits prints, run by the user 1000 below its own systemd.
fn in_slice(t: &Test, edit: impl FnOnce(Bundle) -> Bundle) -> Outcome<String> {
    if !Path::new(RUNTIME_DIR).join("bus").exists() {
        return skip("no systemd of the user 1000 runs here (loginctl enable-linger)");
    }
    let (bundle, _) = rootless_bundle(t, ":")?;
    let bundle = edit(bundle.set("/linux/resources", limits()));
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
