//! `--systemd-cgroup`: the container is in a unit of systemd's, which knows its limits and devices, and of which nothing is
//! left. Only create and run are told; every later command finds out by itself.

use crate::bundle::{Bundle, chown};
use crate::case::{Case, Outcome, case, fail, skip};
use crate::console::arg;
use crate::container::Container;
use crate::expect::{contains, hold, json as parsed, lacks, same, until};
use crate::runtime::Output;
use crate::test::Test;
use serde_json::{Value, json};
use std::path::Path;

pub(crate) const CASES: &[Case] = &[
    case("without a cgroupsPath the container is in a scope of system.slice", "runc --systemd-cgroup", |t| {
        let container = idle(t, t.bundle()?)?;
        let path = cgroup_of(t, &container)?;
        contains("cgroup", &path, "/system.slice/")?;
        hold(path.ends_with(&format!("-{}.scope", container.id)), path)
    }),
    case("--cgroup-manager systemd is the same as --systemd-cgroup", "crun(1): --cgroup-manager", |t| {
        needs_systemd()?;
        let bundle = t.bundle()?;
        bundle.write()?;
        let flags = ["--cgroup-manager", "systemd", "explain", "--bundle", arg(&bundle.dir)];
        contains("the plan", &t.call(&flags)?.ok()?.stdout, "ask systemd for")
    })
    .differs("runc", "it has no such flag"),
    case("slice:prefix:name is a scope in the nested slices", "systemd.slice(5)", |t| {
        let container = idle(t, at(t.bundle()?, "ocitest-red.slice", t))?;
        let expected = format!("/ocitest.slice/ocitest-red.slice/{}", scope(t));
        same("cgroup", cgroup_of(t, &container)?, expected)
    }),
    case("an empty slice is system.slice", "runc --systemd-cgroup", |t| {
        let container = idle(t, at(t.bundle()?, "", t))?;
        same("cgroup", cgroup_of(t, &container)?, format!("/system.slice/{}", scope(t)))
    }),
    case(
        "the container's process is in every hierarchy below the same path",
        "config-linux.md: Cgroups Path",
        |t| {
            let container = idle(t, at(t.bundle()?, "", t))?;
            let text = t.read(format!("/proc/{}/cgroup", container.pid).as_ref())?;
            let named = ["devices", "freezer", "memory", "pids", "cpuset"];
            let outside = text.lines().find(|line| {
                let is_ours = line.starts_with("0::/system") || named.iter().any(|name| line.contains(name));
                is_ours && !line.ends_with(&format!("/system.slice/{}", scope(t)))
            });
            outside.map_or(Ok(()), fail)
        },
    ),
    case("a program that is exec'd is in the same unit", "runc exec", |t| {
        let container = idle(t, at(t.bundle()?, "", t))?;
        let text = container.exec(&["cat", "/proc/self/cgroup"])?.ok()?.stdout;
        contains("cgroups", &text, &scope(t))
    }),
    case("a paused container is deleted by force", "runc delete --force", |t| {
        for _ in 0..20 {
            let container = idle(t, at(t.bundle()?, "", t))?;
            container.call("pause")?.ok()?;
            t.call(&["delete", "--force", &container.id])?.ok()?;
            t.nothing_left()?;
        }
        Ok(())
    })
    .minutes(3),
    case("a slice without the ending is refused", "systemd.slice(5)", |t| refused(t, "ocitest:pre:name")),
    case("a plain path is refused", "runc --systemd-cgroup", |t| refused(t, "/ocitest/name")),
    case(
        "the unit is delegated and has no default dependencies",
        "systemd: Control Group APIs and Delegation",
        |t| {
            let _container = idle(t, at(t.bundle()?, "", t))?;
            same("Delegate", property(t, "Delegate")?, "yes")?;
            same("DefaultDependencies", property(t, "DefaultDependencies")?, "no")
        },
    ),
    case("systemd knows the limits", "systemd.resource-control(5)", |t| {
        let _container = idle(t, limited(t)?)?;
        let memory = if is_v2() { "MemoryMax" } else { "MemoryLimit" };
        same("memory", property(t, memory)?, "67108864")?;
        same("processes", property(t, "TasksMax")?, "33")?;
        same("quota", property(t, "CPUQuotaPerSecUSec")?, "250ms")
    }),
    case("systemd knows the weight of the CPU shares", "systemd.resource-control(5)", |t| {
        let container = idle(t, limited(t)?)?;
        let weight = if is_v2() { "CPUWeight" } else { "CPUShares" };
        let file = files(t, &container)?.pop().unwrap_or_default();
        same("weight", property(t, weight)?, file.trim())
    }),
    case("systemd knows the cpuset", "systemd.resource-control(5)", |t| {
        if !is_v2() {
            return skip("systemd has no cpuset on cgroup v1");
        }
        let bundle = at(t.bundle()?, "", t).set("/linux/resources/cpu", json!({"cpus": "0", "mems": "0"}));
        let _container = idle(t, bundle)?;
        same("cpus", property(t, "AllowedCPUs")?, "0")?;
        same("mems", property(t, "AllowedMemoryNodes")?, "0")
    }),
    case("unified limits that systemd knows are properties", "config-linux.md: Unified", |t| {
        if !is_v2() {
            return skip("no cgroup v2 here");
        }
        let files = json!({"memory.high": "50331648", "pids.max": "44"});
        let _container = idle(t, at(t.bundle()?, "", t).set("/linux/resources/unified", files))?;
        same("memory", property(t, "MemoryHigh")?, "50331648")?;
        same("processes", property(t, "TasksMax")?, "44")
    }),
    case("limits and devices outlive daemon-reload", "systemctl(1): daemon-reload", |t| {
        let rule = json!({"allow": true, "type": "c", "major": 10, "minor": 235, "access": "rw"});
        let bundle = limited(t)?.push("/linux/resources/devices", rule);
        let node = json!({"path": "/dev/allowed", "type": "c", "major": 10, "minor": 235});
        let denied = json!({"path": "/dev/denied", "type": "c", "major": 1, "minor": 11});
        let container = idle(t, bundle.set("/linux/devices", json!([node, denied])))?;
        // A driver that is not there says so only to those who may ask.
        let look =
            "for d in null zero allowed denied; do echo $d $( (: <>/dev/$d) 2>&1 | sed 's/.*: //'); done";
        let before = container.sh(look)?;
        contains("denied", &before, "denied Operation not permitted")?;
        lacks("allowed", &before, "allowed Operation not permitted")?;
        let limits = files(t, &container)?;
        // Once in all cases: in an emulated machine it takes seconds, in which systemd answers nobody.
        t.host(&["/bin/systemctl", "daemon-reload"])?.output()?.ok()?;
        same("devices", container.sh(look)?, before)?;
        same("limits", files(t, &container)?, limits)
    })
    .needs_root("an ordinary user has no rules for devices"),
    case("update tells systemd", "runc update", |t| {
        let container = idle(t, limited(t)?)?;
        t.call(&[
            "update",
            "--pids-limit",
            "55",
            "--memory",
            "83886080",
            "--memory-swap",
            "83886080",
            &container.id,
        ])?
        .ok()?;
        same("processes", property(t, "TasksMax")?, "55")?;
        let memory = if is_v2() { "MemoryMax" } else { "MemoryLimit" };
        same("memory", property(t, memory)?, "83886080")
    }),
    case("an annotation is a property of the unit", "runc: org.systemd.property", |t| {
        let annotations = json!({
            "org.systemd.property.TimeoutStopSec": "7",
            "org.systemd.property.After": "['ocitest-a.service', 'ocitest-b.service']",
        });
        let _container = idle(t, at(t.bundle()?, "", t).set("/annotations", annotations))?;
        same("TimeoutStopUSec", property(t, "TimeoutStopUSec")?, "7s")?;
        contains("After", &property(t, "After")?, "ocitest-b.service")
    }),
    case("a wrong annotation is refused", "runc: org.systemd.property", |t| {
        let annotations = json!({"org.systemd.property.CollectMode": "inactive"});
        let output = create(t, &at(t.bundle()?, "", t).set("/annotations", annotations))?.1;
        output.refused(1, "org.systemd.property.CollectMode")?;
        t.nothing_left()
    }),
    case("a property that systemd does not know fails the create", "runc: org.systemd.property", |t| {
        let annotations = json!({"org.systemd.property.OcitestNoSuchThing": "true"});
        let output = create(t, &at(t.bundle()?, "", t).set("/annotations", annotations))?.1;
        output.refused(1, "OcitestNoSuchThing")?;
        gone(t)
    }),
    case("pause and resume work", "runc pause", |t| {
        let container = idle(t, at(t.bundle()?, "", t))?;
        container.call("pause")?.ok()?;
        same("status", container.status()?, "paused")?;
        container.call("resume")?.ok()?;
        same("status", container.status()?, "running")
    }),
    case("delete leaves no unit", "runtime.md: Delete", |t| {
        let container = idle(t, at(t.bundle()?, "", t))?;
        container.stop()?;
        container.delete()?;
        gone(t)
    }),
    case("delete --force ends a running container and leaves no unit", "runc delete", |t| {
        let container = idle(t, at(t.bundle()?, "", t))?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        gone(t)
    }),
    case("a container that has run leaves no unit", "runtime.md: Lifecycle", |t| {
        needs_systemd()?;
        let bundle = at(t.bundle()?, "", t);
        bundle.write()?;
        t.command(&["--systemd-cgroup", "run", "--bundle", arg(&bundle.dir), &t.id()])?.output()?.ok()?;
        gone(t)
    }),
    case("a create that fails late leaves no unit", "runtime.md: Lifecycle", |t| {
        create(t, &at(t.bundle()?, "", t).args(&["/no/such/program"]))?.1.refused(1, "/no/such/program")?;
        gone(t)
    }),
    case("a create that fails by a limit leaves no unit", "runtime.md: Lifecycle", |t| {
        let bundle = at(t.bundle()?, "", t).set("/linux/resources/cpu", json!({"cpus": "4000"}));
        let output = create(t, &bundle)?.1;
        hold(output.code != 0, "it succeeds")?;
        gone(t)
    }),
    case("an init that the OOM killer ends during create is told of as that", "runc create", |t| {
        let bundle = at(t.bundle()?, "", t).set("/linux/resources", json!({"memory": {"limit": 4096}}));
        create(t, &bundle)?.1.refused(1, "container init was OOM-killed (memory limit too low?)")?;
        gone(t)
    }),
    case("a unit that is in use is left alone", "org.freedesktop.systemd1(5): StartTransientUnit", |t| {
        let first = idle(t, at(t.bundle()?, "", t))?;
        let second = create(t, &at(t.bundle()?, "", t))?.1;
        second.refused(1, &scope(t))?;
        same("status", first.status()?, "running")?;
        same("cgroup", cgroup_of(t, &first)?, format!("/system.slice/{}", scope(t)))
    })
    .differs("runc", "Debian's runc joins it with a warning"),
    case("a failed unit of the same name makes way", "org.freedesktop.systemd1(5): ResetFailedUnit", |t| {
        fail_unit(t)?;
        same("state", property(t, "ActiveState")?, "failed")?;
        let container = idle(t, at(t.bundle()?, "", t))?;
        same("state", property(t, "ActiveState")?, "active")?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        gone(t)
    })
    .differs("runc", "Debian's runc takes the failed unit for a running one"),
    case("a process may not leave the unit's limits by forking away", "systemd: Delegation", |t| {
        let container = idle(t, at(t.bundle()?, "", t))?;
        container.sh("setsid sh -c 'sleep 1000' >/dev/null 2>&1 </dev/null &")?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        gone(t)
    }),
    case("a container with a user namespace is in its scope", "user_namespaces(7)", |t| {
        let container = idle(t, at(t.bundle()?, "", t).user_namespace()?)?;
        same("cgroup", cgroup_of(t, &container)?, format!("/system.slice/{}", scope(t)))
    }),
    case("with a cgroup namespace the container sees its scope as the root", "cgroup_namespaces(7)", |t| {
        let container = idle(t, at(t.bundle()?, "", t).namespace("cgroup"))?;
        let text = container.sh("cat /proc/self/cgroup")?;
        lacks("cgroups", &text, ".scope")
    }),
    case(
        "the container is in the subgroup that an annotation names",
        "crun(1): run.oci.systemd.subgroup",
        |t| {
            let container = idle(t, in_subgroup(at(t.bundle()?, "", t)))?;
            same("cgroup", cgroup_of(t, &container)?, format!("/system.slice/{}/box", scope(t)))?;
            let text = container.exec(&["cat", "/proc/self/cgroup"])?.ok()?.stdout;
            contains("cgroups of exec", &text, &format!("{}/box", scope(t)))?;
            container.stop()?;
            container.delete()?;
            gone(t)
        },
    )
    .differs("runc", "it has no such annotation"),
    case("the limits hold in a subgroup, and systemd knows them", "crun(1): run.oci.systemd.subgroup", |t| {
        let container = idle(t, in_subgroup(limited(t)?))?;
        let limits = files(t, &container)?.concat();
        contains("limits", &limits, "67108864")?;
        contains("limits", &limits, "33")?;
        same("processes", property(t, "TasksMax")?, "33")?;
        t.call(&["update", "--pids-limit", "55", &container.id])?.ok()?;
        contains("limits", &files(t, &container)?.concat(), "55")?;
        same("processes", property(t, "TasksMax")?, "55")
    }),
    case("a container in a subgroup can be paused", "crun(1): run.oci.systemd.subgroup", |t| {
        let container = idle(t, in_subgroup(at(t.bundle()?, "", t)))?;
        container.call("pause")?.ok()?;
        same("status", container.status()?, "paused")?;
        container.call("resume")?.ok()?;
        same("status", container.status()?, "running")
    }),
    case("a create that fails leaves no unit of a container in a subgroup", "runtime.md: Create", |t| {
        let bundle = in_subgroup(at(t.bundle()?, "", t)).mount("bind", "/no/such/file", "/x", &["bind"]);
        let (_, output) = create(t, &bundle)?;
        hold(output.code != 0, "it succeeds")?;
        gone(t)
    }),
    case("an ordinary user's container may be in a subgroup", "crun(1): run.oci.systemd.subgroup", |t| {
        let (bundle, id) = (in_subgroup(users_bundle(t)?.sh("sleep 1000")), t.id());
        bundle.write()?;
        as_user(t, &["--systemd-cgroup", "create", "--bundle", arg(&bundle.dir), &id])?;
        as_user(t, &["start", &id])?;
        let pid = parsed(&as_user(t, &["state", &id])?)?["pid"].to_string();
        let text = t.read(format!("/proc/{pid}/cgroup").as_ref())?;
        hold(text.trim().ends_with(".scope/box"), text)?;
        same("exec", as_user(t, &["exec", &id, "echo", "hello"])?.trim(), "hello")?;
        as_user(t, &["delete", "--force", &id]).map(drop)
    })
    .differs("runc", "it has no such annotation"),
    case("an ordinary user's container is in a scope of the user's systemd", "runc: rootless", |t| {
        let (bundle, id) = (users_bundle(t)?, t.id());
        as_user(t, &["--systemd-cgroup", "create", "--bundle", arg(&bundle.dir), &id])?;
        as_user(t, &["start", &id])?;
        let pid = parsed(&as_user(t, &["state", &id])?)?["pid"].to_string();
        let text = t.read(format!("/proc/{pid}/cgroup").as_ref())?;
        contains("cgroup", &text, &format!("/user@{USER}.service/user.slice/"))?;
        contains("cgroup", &text, &scope(t))?;
        same("exec", as_user(t, &["exec", &id, "echo", "hello"])?.trim(), "hello")?;
        let file = t.folder("pids")?;
        chown(&file, USER)?;
        let file = file.join("exec");
        as_user(t, &["exec", "--detach", "--pid-file", arg(&file), &id, "sleep", "1000"])?;
        let text = t.read(format!("/proc/{}/cgroup", t.read(&file)?.trim()).as_ref())?;
        contains("cgroup of exec", &text, &scope(t))?;
        as_user(t, &["delete", "--force", &id])?;
        let state =
            t.host_sh(&format!("systemctl --user --machine={USER}@ show --property=LoadState {}", scope(t)))?;
        lacks("unit", &state.stdout, "LoadState=loaded")?;
        t.nothing_left()
    })
    .differs("runc", "exec leaves the program in the caller's cgroup"),
    case("an ordinary user's limits hold", "runc: rootless", |t| {
        let resources = json!({"pids": {"limit": 20}, "memory": {"limit": 67_108_864}});
        let bundle = users_bundle(t)?.set("/linux/resources", resources).sh("sleep 1000");
        bundle.write()?;
        let id = t.id();
        as_user(t, &["--systemd-cgroup", "create", "--bundle", arg(&bundle.dir), &id])?;
        let pid = parsed(&as_user(t, &["state", &id])?)?["pid"].to_string();
        let text = t.read(format!("/proc/{pid}/cgroup").as_ref())?;
        let path = text.trim().trim_start_matches("0::/");
        same("pids.max", t.read(&Path::new("/sys/fs/cgroup").join(path).join("pids.max"))?.trim(), "20")?;
        as_user(t, &["delete", "--force", &id]).map(drop)
    }),
];

/// The name of the unit of [`at`].
fn scope(t: &Test) -> String {
    format!("pre-{}.scope", t.tag)
}

/// The bundle with a container in the unit of [`scope`].
fn at(bundle: Bundle, slice: &str, t: &Test) -> Bundle {
    bundle.set("/linux/cgroupsPath", json!(format!("{slice}:pre:{}", t.tag)))
}

fn limited(t: &Test) -> Outcome<Bundle> {
    let bundle = at(t.bundle()?, "", t);
    Ok(bundle
        .set("/linux/resources/memory", json!({"limit": 67_108_864}))
        .set("/linux/resources/pids", json!({"limit": 33}))
        .set("/linux/resources/cpu", json!({"shares": 512, "quota": 25_000, "period": 100_000})))
}

/// Skips the case where no systemd runs.
fn needs_systemd() -> Outcome {
    if Path::new("/run/systemd/system").exists() { Ok(()) } else { skip("no systemd runs here") }
}

fn is_v2() -> bool {
    Path::new("/sys/fs/cgroup/cgroup.controllers").exists()
}

fn create(t: &Test, bundle: &Bundle) -> Outcome<(String, Output)> {
    needs_systemd()?;
    bundle.write()?;
    let id = t.id();
    let output = t.command(&["--systemd-cgroup", "create", "--bundle", arg(&bundle.dir), &id])?.output()?;
    Ok((id, output))
}

/// A running container that does nothing, in the unit that the bundle names.
fn idle(t: &Test, bundle: Bundle) -> Outcome<Container<'_>> {
    let (id, output) = create(t, &bundle.args(&["/bin/sleep", "1000"]))?;
    output.ok()?;
    let container = Container::known(t, id, t.path("log"))?;
    container.start()?;
    Ok(container)
}

/// Where systemd has the container's first process.
fn cgroup_of(t: &Test, container: &Container<'_>) -> Outcome<String> {
    let text = t.read(format!("/proc/{}/cgroup", container.pid).as_ref())?;
    let path =
        |names: &str| text.lines().find_map(|line| line.split_once(names).map(|(_, path)| path.to_owned()));
    Ok(path(":name=systemd:").or_else(|| path("0::")).unwrap_or_default())
}

/// A property of the unit, as systemctl(1) shows it.
fn property(t: &Test, name: &str) -> Outcome<String> {
    let shown =
        t.host(&["/bin/systemctl", "show", "--value", "--property", name, &scope(t)])?.output()?.ok()?;
    Ok(shown.stdout.trim().to_owned())
}

/// The limits in the files of the container's cgroup.
fn files(t: &Test, container: &Container<'_>) -> Outcome<Vec<String>> {
    let path = cgroup_of(t, container)?;
    let names: &[&str] = match is_v2() {
        true => &["memory.max", "pids.max", "cpu.max", "cpu.weight"],
        false => {
            &["memory/@memory.limit_in_bytes", "pids/@pids.max", "cpu/@cpu.cfs_quota_us", "cpu/@cpu.shares"]
        }
    };
    names
        .iter()
        .map(|name| {
            let (controller, file) = name.split_once('@').unwrap_or(("", name));
            t.read(format!("/sys/fs/cgroup/{controller}{path}/{file}").as_ref())
        })
        .collect()
}

fn in_subgroup(bundle: Bundle) -> Bundle {
    bundle.annotated(&[("run.oci.systemd.subgroup", "box")])
}

fn refused(t: &Test, path: &str) -> Outcome {
    let (_, output) = create(t, &t.bundle()?.set("/linux/cgroupsPath", json!(path)))?;
    hold(output.code != 0, "it succeeds")?;
    t.nothing_left()
}

/// Nothing is left, neither of the container nor of its unit, be it as a failed one.
fn gone(t: &Test) -> Outcome {
    same("unit", property(t, "LoadState")?, "not-found")?;
    t.nothing_left()
}

/// A unit of the case's name that has failed, and that systemd remembers.
fn fail_unit(t: &Test) -> Outcome {
    needs_systemd()?;
    let unit = scope(t);
    // It ignores the signal that ends it after a second, and has to be killed after another.
    let script = format!(
        "systemd-run --quiet --scope --unit={unit} --property=RuntimeMaxSec=1 --property=TimeoutStopSec=1 \
         sh -c \"trap '' TERM; while :; do sleep 100; done\" >/dev/null 2>&1 </dev/null || true"
    );
    t.host_sh(&script)?;
    until("the unit has failed", || property(t, "ActiveState").ok().filter(|state| state == "failed"))
        .map(drop)
}

/// The ordinary user with a systemd of its own.
const USER: u32 = 1000;

fn runtime_dir() -> String {
    format!("/run/user/{USER}")
}

fn as_user(t: &Test, words: &[&str]) -> Outcome<String> {
    let call = t.command(words)?.user(USER).env("XDG_RUNTIME_DIR", &runtime_dir());
    Ok(call.output()?.ok()?.stdout)
}

/// The configuration of `spec --rootless` in a bundle of the user's, in the unit of [`scope`].
fn users_bundle(t: &Test) -> Outcome<Bundle> {
    needs_systemd()?;
    if !is_v2() {
        return skip("cgroup v1 is not delegated to users");
    }
    if !Path::new(&runtime_dir()).join("bus").exists() {
        return skip("no user with a systemd and a bus of its own here");
    }
    let bundle = t.bundle()?;
    bundle.own(USER)?;
    chown(&bundle.dir, USER)?;
    chown(&t.folder("root")?, USER)?;
    as_user(t, &["spec", "--rootless", "--bundle", arg(&bundle.dir)])?;
    let config: Value = parsed(&t.read(&bundle.dir.join("config.json"))?)?;
    let bundle = at(super::commands::with_config(bundle, config), "", t).sh("sleep 1000");
    bundle.write()?;
    Ok(bundle)
}
