//! Namespaces: new, shared with the host, joined; user and time namespaces; names of the machine.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, skip};
use crate::console::arg;
use crate::container::Container;
use crate::expect::{contains, differ, hold, json, same};
use crate::procfs::{namespace, status_field};
use crate::test::Test;
use serde_json::json;
use std::path::Path;

pub(crate) const CASES: &[Case] = &[
    case("a pid namespace is new", "config-linux.md: Namespaces", |t| is_new(t, "pid", "pid")),
    case("a network namespace is new", "config-linux.md: Namespaces", |t| is_new(t, "network", "net")),
    case("a mount namespace is new", "config-linux.md: Namespaces", |t| is_new(t, "mount", "mnt")),
    case("an ipc namespace is new", "config-linux.md: Namespaces", |t| is_new(t, "ipc", "ipc")),
    case("a uts namespace is new", "config-linux.md: Namespaces", |t| is_new(t, "uts", "uts")),
    case("a cgroup namespace is new", "config-linux.md: Namespaces", |t| is_new(t, "cgroup", "cgroup")),
    case("a user namespace is new", "config-linux.md: Namespaces", |t| {
        let bundle = t.bundle()?.user_namespace()?;
        differ("the namespace", inside(t, bundle, "user")?, host("user")?)
    }),
    case("a time namespace is new", "config-linux.md: Namespaces", |t| {
        time(t)?;
        is_new(t, "time", "time")
    })
    .differs("runc", "new in 1.2"),
    case("without a pid namespace the container has the host's", "config-linux.md: Namespaces", |t| is_hosts(t, "pid", "pid")),
    case("without a network namespace the container has the host's", "config-linux.md: Namespaces", |t| {
        is_hosts(t, "network", "net")
    }),
    case("without an ipc namespace the container has the host's", "config-linux.md: Namespaces", |t| is_hosts(t, "ipc", "ipc")).needs_root("no message queues can be mounted then"),
    case("without a uts namespace the container has the host's", "config-linux.md: Namespaces", |t| {
        same("the namespace", inside(t, t.bundle()?.without_namespace("uts").without("/hostname"), "uts")?, host("uts")?)
    }),
    case("without a user namespace the container has the host's", "config-linux.md: Namespaces", |t| is_hosts(t, "user", "user")).needs_root("a user has no rights there"),
    case("without a cgroup namespace the container has the host's", "config-linux.md: Namespaces", |t| {
        is_hosts(t, "cgroup", "cgroup")
    }),
    case("without a time namespace the container has the host's", "config-linux.md: Namespaces", |t| is_hosts(t, "time", "time")),
    case("a network namespace is joined by its path", "config-linux.md: Namespaces", |t| is_joined(t, "network", "net")).needs_root("another container's namespaces belong to its user namespace"),
    case("an ipc namespace is joined by its path", "config-linux.md: Namespaces", |t| is_joined(t, "ipc", "ipc")).needs_root("another container's namespaces belong to its user namespace"),
    case("a uts namespace is joined by its path", "config-linux.md: Namespaces", |t| is_joined(t, "uts", "uts")).needs_root("another container's namespaces belong to its user namespace"),
    case("a pid namespace is joined by its path", "config-linux.md: Namespaces", |t| is_joined(t, "pid", "pid")).needs_root("another container's namespaces belong to its user namespace"),
    case("a cgroup namespace is joined by its path", "config-linux.md: Namespaces", |t| {
        let first = t.start(&t.bundle()?.namespace("cgroup").args(&["/bin/sleep", "1000"]))?;
        same("the namespace", joiner(t, &first, "cgroup", "cgroup")?, hosts(&first, "cgroup")?)
    }).needs_root("another container's namespaces belong to its user namespace"),
    case("a user namespace is joined by its path", "config-linux.md: Namespaces", |t| {
        let first = t.start(&t.bundle()?.user_namespace()?.args(&["/bin/sleep", "1000"]))?;
        let path = format!("/proc/{}/ns/user", first.pid);
        let bundle = t.bundle()?.join("user", &path);
        bundle.own(100_000)?;
        same("the namespace", inside(t, bundle, "user")?, hosts(&first, "user")?)
    })
    .differs("runc", "1.1 wants mappings too"),
    case("a joined pid namespace shows the other container's processes", "pid_namespaces(7)", |t| {
        let first = t.idle()?;
        let bundle = t.bundle()?.join("pid", &format!("/proc/{}/ns/pid", first.pid));
        contains("ps", &t.output(&bundle.args(&["ps"]))?, "sleep 1000")
    }).needs_root("another container's namespaces belong to its user namespace"),
    case("a container in a joined pid namespace can be stopped and deleted", "pid_namespaces(7)", |t| {
        let first = t.idle()?;
        let bundle = t.bundle()?.join("pid", &format!("/proc/{}/ns/pid", first.pid));
        let second = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        second.stop()?;
        second.delete()?;
        same("status of the first", first.status()?, "running")
    }).needs_root("another container's namespaces belong to its user namespace"),
    case("a namespace of another type at the path is an error", "config-linux.md: Namespaces", |t| {
        t.rejects(&t.bundle()?.join("network", "/proc/self/ns/uts"), "")
    })
    .differs("runc", "1.1 adds lines of its C part's log"),
    case("a path that is no namespace is an error", "config-linux.md: Namespaces", |t| {
        t.rejects(&t.bundle()?.join("network", "/etc/passwd"), "")
    })
    .differs("runc", "1.1 adds lines of its C part's log"),
    case("a namespace path that is not there is an error", "config-linux.md: Namespaces", |t| {
        t.rejects(&t.bundle()?.join("network", "/nowhere/netns"), "/nowhere/netns")
    }),
    case("lo is up in a new network namespace", "network_namespaces(7)", |t| {
        t.prints(&t.bundle()?.args(&["cat", "/sys/class/net/lo/flags"]), "0x9\n")
    }),
    case("a new network namespace has lo alone", "network_namespaces(7)", |t| {
        t.prints(&t.bundle()?.args(&["ls", "/sys/class/net"]), "lo\n")
    }),
    case("a new pid namespace shows the container's processes alone", "pid_namespaces(7)", |t| {
        t.prints(&t.bundle()?.sh("echo /proc/[0-9]*"), "/proc/1\n")
    }),
    case("hostname is set", "config.md: Hostname", |t| {
        t.prints(&t.bundle()?.set("/hostname", json!("web.example")).args(&["hostname"]), "web.example\n")
    }),
    case("the host keeps its name", "config.md: Hostname", |t| {
        let before = t.host_sh("uname -n")?.ok()?.stdout;
        t.output(&t.bundle()?.set("/hostname", json!("other")))?;
        same("name", t.host_sh("uname -n")?.ok()?.stdout, before)
    }),
    case("without hostname the container starts with the host's name", "config.md: Hostname", |t| {
        let before = t.host_sh("uname -n")?.ok()?.stdout;
        t.prints(&t.bundle()?.without("/hostname").args(&["hostname"]), &before)
    }),
    case("domainname is set", "config.md: Domainname", |t| {
        let bundle = t.bundle()?.set("/domainname", json!("example.test"));
        t.prints(&bundle.args(&["cat", "/proc/sys/kernel/domainname"]), "example.test\n")
    })
    .differs("runc", "new in 1.2"),
    case("a hostname without a uts namespace is an error", "config.md: Hostname", |t| {
        t.rejects(&t.bundle()?.without_namespace("uts"), "hostname")
    }),
    case("a hostname goes into a joined uts namespace", "config.md: Hostname", |t| {
        let first = t.start(&t.bundle()?.set("/hostname", json!("first")).args(&["/bin/sleep", "1000"]))?;
        let bundle = t.bundle()?.join("uts", &format!("/proc/{}/ns/uts", first.pid));
        t.prints(&bundle.set("/hostname", json!("second")).args(&["hostname"]), "second\n")?;
        same("name of the first", first.sh("hostname")?, "second\n")
    }).needs_root("another container's namespaces belong to its user namespace"),
    case("the user mapping is the configured one", "config-linux.md: User namespace mappings", |t| {
        let script = "cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '";
        t.prints(&t.bundle()?.user_namespace()?.sh(script), " 0 100000 65536\n 0 100000 65536\n")
    }),
    case("several mappings are written", "config-linux.md: User namespace mappings", |t| {
        let map = json!([{"containerID": 0, "hostID": 100_000, "size": 10}, {"containerID": 10, "hostID": 300_000, "size": 5}]);
        let bundle = t.bundle()?.user_namespace()?.set("/linux/uidMappings", map);
        t.prints(&bundle.sh("tr -s ' ' </proc/self/uid_map"), " 0 100000 10\n 10 300000 5\n")
    }),
    case("root inside is the mapped user outside", "config-linux.md: User namespace mappings", |t| {
        let container = t.start(&t.bundle()?.user_namespace()?.args(&["/bin/sleep", "1000"]))?;
        let uids = status_field(container.pid, "Uid");
        same("uids on the host", uids.as_deref(), Some("100000\t100000\t100000\t100000"))
    }),
    case("an ordinary user inside is mapped too", "config-linux.md: User namespace mappings", |t| {
        let user = json!({"uid": 1000, "gid": 1001});
        let bundle = t.bundle()?.user_namespace()?.set("/process/user", user);
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        same("uids", status_field(container.pid, "Uid").as_deref(), Some("101000\t101000\t101000\t101000"))?;
        same("gids", status_field(container.pid, "Gid").as_deref(), Some("101001\t101001\t101001\t101001"))
    }),
    case("additional groups are mapped too", "config-linux.md: User namespace mappings", |t| {
        let user = json!({"uid": 0, "gid": 0, "additionalGids": [5]});
        let bundle = t.bundle()?.user_namespace()?.set("/process/user", user);
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        same("groups", status_field(container.pid, "Groups").as_deref(), Some("100005"))
    }),
    case("root in a user namespace has its capabilities", "user_namespaces(7)", |t| {
        let list = ["CAP_CHOWN", "CAP_SYS_ADMIN"];
        let sets = json!({"bounding": list, "effective": list, "permitted": list});
        let bundle = t.bundle()?.user_namespace()?.set("/process/capabilities", sets);
        t.prints(&bundle.args(&["grep", "CapEff", "/proc/self/status"]), "CapEff:\t0000000000200001\n")
    }),
    case("files made in a user namespace belong to the mapped user", "user_namespaces(7)", |t| {
        let bundle = t.bundle()?.user_namespace()?.sh("touch /tmp/made");
        t.run(&bundle)?.ok()?;
        let meta = std::fs::metadata(bundle.path("tmp/made")).doing("look at the file")?;
        same("owner", std::os::unix::fs::MetadataExt::uid(&meta), 100_000)
    }),
    case("the ipc namespace belongs to the user namespace", "user_namespaces(7)", |t| {
        t.prints(&t.bundle()?.user_namespace()?.args(&["stat", "-c", "%u", "/dev/mqueue"]), "0\n")
    }),
    case("the network namespace belongs to the user namespace", "user_namespaces(7)", |t| {
        t.prints(&t.bundle()?.user_namespace()?.args(&["stat", "-L", "-c", "%u", "/sys/class/net/lo"]), "0\n")
    }),
    case("a user namespace has the default devices", "config-linux.md: Default Devices", |t| {
        let bundle = t.bundle()?.user_namespace()?.sh("echo x >/dev/null && head -c 1 /dev/zero | wc -c");
        t.prints(&bundle, "1\n")
    }),
    case("a uid that is not mapped is an error", "user_namespaces(7)", |t| {
        let bundle = t.bundle()?.user_namespace()?.set("/process/user", json!({"uid": 100_000, "gid": 0}));
        t.run(&bundle)?.exits(1)?;
        t.nothing_left()
    }),
    case("an empty mapping of a new user namespace is an error", "config-linux.md: User namespace mappings", |t| {
        let bundle = t.bundle()?.user_namespace()?;
        t.rejects(&bundle.set("/linux/uidMappings", json!([])), "")
    }),
    case("overlapping mappings are an error", "user_namespaces(7)", |t| {
        let map = json!([{"containerID": 0, "hostID": 100_000, "size": 10}, {"containerID": 5, "hostID": 200_000, "size": 10}]);
        t.rejects(&t.bundle()?.user_namespace()?.set("/linux/uidMappings", map), "")
    })
    .differs("runc", "1.1 adds lines of its C part's log"),
    case("a time namespace has its offsets", "config-linux.md: Offset for Time Namespace", |t| {
        time(t)?;
        let offsets = json!({"monotonic": {"secs": 1000, "nanosecs": 5}, "boottime": {"secs": 2000}});
        let bundle = t.bundle()?.namespace("time").set("/linux/timeOffsets", offsets);
        let text = t.output(&bundle.args(&["cat", "/proc/self/timens_offsets"]))?;
        let words: Vec<&str> = text.split_whitespace().collect();
        same("offsets", words, vec!["monotonic", "1000", "5", "boottime", "2000", "0"])
    })
    .differs("runc", "new in 1.2"),
    case("the program itself lives by the offsets", "time_namespaces(7)", |t| {
        time(t)?;
        let bundle = t.bundle()?.namespace("time").set("/linux/timeOffsets", json!({"boottime": {"secs": 100_000_000}}));
        let text = t.output(&bundle.args(&["cut", "-d.", "-f1", "/proc/uptime"]))?;
        let seconds: u64 = text.trim().parse().doing("read the uptime")?;
        hold(seconds > 100_000_000, format!("uptime {seconds}"))
    })
    .differs("runc", "new in 1.2"),
    case("time offsets without a time namespace are an error", "config-linux.md: Offset for Time Namespace", |t| {
        t.rejects(&t.bundle()?.set("/linux/timeOffsets", json!({"boottime": {"secs": 1}})), "time")
    })
    .differs("runc", "1.1 ignores the field"),
    case("a cgroup namespace hides the path of the cgroup", "cgroup_namespaces(7)", |t| {
        let text = t.output(&t.bundle()?.namespace("cgroup").args(&["cat", "/proc/self/cgroup"]))?;
        hold(text.lines().all(|line| line.ends_with(":/")), text)
    }),
    case("an ordinary user runs the rootless configuration of spec", "runc spec --rootless", rootless),
    case("an ordinary user maps the range of /etc/subuid", "newuidmap(1)", |t| {
        let (bundle, user) = rootless_bundle(t, "tr -s ' ' </proc/self/uid_map")?;
        let name = t.host(&["/usr/bin/id", "-un", "1000"])?.output()?.stdout;
        let owner = if name.trim().is_empty() { "1000" } else { name.trim() };
        if !Path::new("/usr/bin/newuidmap").exists() {
            return skip("no newuidmap on this host (Debian: uidmap)");
        }
        let range = t.file("subid", &format!("{owner}:200000:65536\n"))?;
        let _guards = [t.over("/etc/subuid", &range)?, t.over("/etc/subgid", &range)?];
        let map = json!([{"containerID": 0, "hostID": 1000, "size": 1}, {"containerID": 1, "hostID": 200_000, "size": 65_536}]);
        let bundle = bundle.set("/linux/uidMappings", map.clone()).set("/linux/gidMappings", map);
        bundle.write()?;
        let text = user(t, &["run", "--bundle", arg(&bundle.dir), &t.id()])?;
        same("uid_map", text.as_str(), " 0 1000 1\n 1 200000 65536\n")
    }),
    case("an ordinary user's container may be created, seen, started, killed and deleted", "runc spec --rootless", |t| {
        let (bundle, user) = rootless_bundle(t, "sleep 1000")?;
        let dir = arg(&bundle.dir);
        let id = t.id();
        let call = |words: &[&str]| user(t, words);
        call(&["create", "--bundle", dir, &id])?;
        call(&["start", &id])?;
        same("status", &json(&call(&["state", &id])?)?["status"], &json!("running"))?;
        call(&["kill", &id, "KILL"])?;
        call(&["delete", "--force", &id])?;
        t.nothing_left()
    }),
];

fn host(name: &str) -> Outcome<String> {
    let this = std::process::id().cast_signed();
    namespace(this, name).map_or_else(|| skip(format!("no {name} namespaces on this host")), Ok)
}

fn hosts(container: &Container<'_>, name: &str) -> Outcome<String> {
    Ok(namespace(container.pid, name).unwrap_or_default())
}

/// The namespace that a program in the container is in.
fn inside(t: &Test, bundle: Bundle, name: &str) -> Outcome<String> {
    Ok(t.output(&bundle.args(&["readlink", &format!("/proc/self/ns/{name}")]))?.trim().to_owned())
}

fn is_new(t: &Test, kind: &str, name: &str) -> Outcome {
    let bundle = t.bundle()?.without_namespace(kind).namespace(kind);
    differ("the namespace", inside(t, bundle, name)?, host(name)?)
}

fn is_hosts(t: &Test, kind: &str, name: &str) -> Outcome {
    same("the namespace", inside(t, t.bundle()?.without_namespace(kind), name)?, host(name)?)
}

fn is_joined(t: &Test, kind: &str, name: &str) -> Outcome {
    let first = t.idle()?;
    same("the namespace", joiner(t, &first, kind, name)?, hosts(&first, name)?)
}

/// The namespace that a container which joins the first one's is in.
fn joiner(t: &Test, first: &Container<'_>, kind: &str, name: &str) -> Outcome<String> {
    let bundle = t.bundle()?.join(kind, &format!("/proc/{}/ns/{name}", first.pid));
    inside(t, if kind == "uts" { bundle.without("/hostname") } else { bundle }, name)
}

fn time(_: &Test) -> Outcome {
    if Path::new("/proc/self/timens_offsets").exists() {
        Ok(())
    } else {
        skip("no time namespaces on this host")
    }
}

pub(crate) type AsUser = fn(&Test, &[&str]) -> Outcome<String>;

/// A bundle of `spec --rootless`, made by and for user 1000, and how to call the runtime as that user.
pub(crate) fn rootless_bundle(t: &Test, script: &str) -> Outcome<(Bundle, AsUser)> {
    let call: AsUser = |t, words| Ok(t.command(words)?.user(1000).output()?.ok()?.stdout);
    let bundle = t.bundle()?;
    bundle.own(1000)?;
    crate::bundle::chown(&bundle.dir, 1000)?;
    crate::bundle::chown(&t.folder("root")?, 1000)?;
    call(t, &["spec", "--rootless", "--bundle", arg(&bundle.dir)])?;
    let config = json(&t.read(&bundle.dir.join("config.json"))?)?;
    let bundle = super::commands::with_config(bundle, config).sh(script);
    bundle.write()?;
    Ok((bundle, call))
}

fn rootless(t: &Test) -> Outcome {
    let (bundle, user) =
        rootless_bundle(t, "id -u; tr -s ' ' </proc/self/uid_map; cat /proc/self/setgroups")?;
    same(
        "output",
        user(t, &["run", "--bundle", arg(&bundle.dir), &t.id()])?,
        "0\n 0 1000 1\ndeny\n".to_owned(),
    )
}
