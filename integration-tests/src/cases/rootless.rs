//! Containers of an ordinary user: with one id and with a range of them, inside another user namespace, without cgroups.
//! `--as-user` runs the other topics as that user too.

use crate::bundle::{Bundle, chown};
use crate::case::{Case, Doing, Outcome, case, skip};
use crate::console::{ConsoleSocket, arg};
use crate::container::Container;
use crate::expect::{contains, hold, json, same, until};
use crate::leak;
use crate::procfs::{self, status_field};
use crate::reaper;
use crate::test::Test;
use crate::user::{RANGE, UID};
use nix::unistd::Pid;
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub(crate) const CASES: &[Case] = &[
    case("the configuration of spec --rootless runs as it is", "runc spec --rootless", |t| {
        let t = &t.ordinary()?;
        let dir = spec(t)?;
        let socket = ConsoleSocket::listen(t.path("console"))?;
        let id = t.id();
        t.call(&["create", "--bundle", arg(&dir), "--console-socket", socket.arg(), &id])?.ok()?;
        // Its end would hang the shell up.
        let _terminal = socket.terminal()?;
        t.call(&["start", &id])?.ok()?;
        same("status", &json(&t.call(&["state", &id])?.ok()?.stdout)?["status"], &json!("running"))?;
        t.call(&["delete", "--force", &id])?.ok().map(drop)
    }),
    case("one id is mapped, and groups cannot be changed", "user_namespaces(7)", |t| {
        let t = &t.ordinary()?;
        let script =
            "id -u; tr -s ' ' </proc/self/uid_map; tr -s ' ' </proc/self/gid_map; cat /proc/self/setgroups";
        t.prints(&one_id(t)?.sh(script), &format!("0\n 0 {UID} 1\n 0 {UID} 1\ndeny\n"))
    }),
    case("a range of ids is mapped by newuidmap, and groups can be changed", "newuidmap(1)", |t| {
        let t = &t.ordinary()?;
        let script = "tr -s ' ' </proc/self/uid_map; tr -s ' ' </proc/self/gid_map; cat /proc/self/setgroups";
        let map = format!(" 0 {UID} 1\n 1 {} {}\n", RANGE.0, RANGE.1);
        t.prints(&t.bundle()?.sh(script), &format!("{map}{map}allow\n"))
    }),
    case("an id outside the range is refused", "newuidmap(1)", |t| {
        let t = &t.ordinary()?;
        let map = json!([{"containerID": 0, "hostID": 0, "size": 1}]);
        let output = t.run(&t.bundle()?.set("/linux/uidMappings", map))?.exits(1)?;
        contains("the error", &output.stderr, "uid range")?;
        t.nothing_left()
    })
    .differs("runc", "1.1 fails later, with other words"),
    case("another user of the container is one of the range outside", "newuidmap(1)", |t| {
        let t = &t.ordinary()?;
        let bundle =
            t.bundle()?.set("/process/user", json!({"uid": 1000, "gid": 1000, "additionalGids": [5]}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        let id = RANGE.0 + 999;
        same("uids", status_field(container.pid, "Uid"), Some(format!("{id}\t{id}\t{id}\t{id}")))?;
        same("groups", status_field(container.pid, "Groups"), Some((RANGE.0 + 4).to_string()))
    }).wavers("runc", "1.1 sets no groups for an ordinary user"),
    case("additional groups without the right to change groups are an error", "user_namespaces(7)", |t| {
        let t = &t.ordinary()?;
        let bundle = one_id(t)?.set("/process/user", json!({"uid": 0, "gid": 0, "additionalGids": [0]}));
        let output = t.run(&bundle)?.exits(1)?;
        contains("the error", &output.stderr, "process.user")?;
        t.nothing_left()
    })
    .wavers("runc", "it has other words"),
    case("a container goes through its life", "runtime.md: Lifecycle", |t| {
        let t = &t.ordinary()?;
        let container = t.create(&one_id(t)?.args(&["/bin/sleep", "1000"]))?;
        same("status", container.status()?, "created")?;
        container.start()?;
        same("status", container.status()?, "running")?;
        contains("the list", &t.call(&["list", "-q"])?.ok()?.stdout, &container.id)?;
        container.stop()?;
        same("status", container.status()?, "stopped")?;
        container.delete()?;
        t.nothing_left()
    }),
    case("exec joins the container", "runc exec", |t| {
        let t = &t.ordinary()?;
        let container = t.start(&one_id(t)?.args(&["/bin/sleep", "1000"]))?;
        contains("what ps shows", &container.sh("id -u; ps")?, "sleep 1000")?;
        same("status", container.exec(&["sh", "-c", "exit 7"])?.code, 7)
    }),
    case("exec as another user of the range works", "runc exec --user", |t| {
        let t = &t.ordinary()?;
        let output = t.idle()?.exec_with(&["--user", "1000:1000"], &["id", "-u"])?;
        same("uid", output.ok()?.stdout, "1000\n")
    }),
    case("exec -t gives a terminal", "runc exec -t", |t| {
        let t = &t.ordinary()?;
        let container = t.start(&one_id(t)?.args(&["/bin/sleep", "1000"]))?;
        let socket = ConsoleSocket::listen(t.path("console"))?;
        let flags = ["--tty", "--detach", "--console-socket", socket.arg()];
        container.exec_with(&flags, &["sh", "-c", "tty; sleep 1000"])?.ok()?;
        socket.terminal()?.says("/dev/pts/0")
    }),
    case("ps lists the processes of the container alone", "runc ps", |t| {
        let t = &t.ordinary()?;
        let container = t.start(&one_id(t)?.args(&["/bin/sleep", "1000"]))?;
        container.exec_with(&["--detach"], &["/bin/sleep", "1000"])?.ok()?;
        let pids = json(&t.call(&["ps", "-f", "json", &container.id])?.ok()?.stdout)?;
        let pids = pids.as_array().cloned().unwrap_or_default();
        hold(pids.len() == 2 && pids.contains(&json!(container.pid)), format!("{pids:?}"))
    })
    .differs("runc", "it knows no processes without a cgroup"),
    case("SIGTERM reaches the program", "runc kill", |t| {
        let t = &t.ordinary()?;
        let container =
            t.start(&one_id(t)?.sh("trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done"))?;
        container.says("ready")?;
        container.kill("TERM")?;
        same("status", container.wait()?, 3)
    }),
    case("delete --force ends a running container", "runc delete", |t| {
        let t = &t.ordinary()?;
        let container = t.start(&one_id(t)?.args(&["/bin/sleep", "1000"]))?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        t.nothing_left()
    }),
    case("SIGKILL reaches every process of a container without a pid namespace and a cgroup", "runc kill", |t| {
        let t = &t.ordinary()?;
        no_cgroups_of_its_own()?;
        let container = forking(t)?;
        container.stop()?;
        all_gone()?;
        container.delete()
    })
    .differs("runc", "it knows no processes without a cgroup"),
    case(
        "delete --force ends every process of a container without a pid namespace and a cgroup",
        "runc delete",
        |t| {
            let t = &t.ordinary()?;
            no_cgroups_of_its_own()?;
            let container = forking(t)?;
            t.call(&["delete", "--force", &container.id])?.ok()?;
            all_gone()?;
            t.nothing_left()
        },
    )
    .differs("runc", "it knows no processes without a cgroup"),
    case("without --root the state is below XDG_RUNTIME_DIR", "runc --root", |t| {
        let t = &t.ordinary()?;
        let bundle = one_id(t)?.args(&["/bin/sleep", "1000"]);
        bundle.write()?;
        let id = t.id();
        t.bare(&["create", "--bundle", arg(&bundle.dir), &id])?.output()?.ok()?;
        let dirs = fs::read_dir(t.path("run")).doing("look into XDG_RUNTIME_DIR")?.flatten();
        let found = dirs.into_iter().any(|dir| dir.path().join(&id).is_dir());
        t.bare(&["delete", "--force", &id])?.output()?.ok()?;
        hold(found, "there is no state")
    }),
    case("a bind source that the user alone may read is shown", "user_namespaces(7)", |t| {
        let t = &t.ordinary()?;
        let dir = t.folder("secret")?;
        t.file("secret/file", "words\n")?;
        fs::set_permissions(&dir, Permissions::from_mode(0o700)).doing("chmod")?;
        let bundle = t.bundle()?.mount("bind", &dir, "/data", &["bind", "ro"]);
        t.prints(&bundle.args(&["cat", "/data/file"]), "words\n")
    }),
    case(
        "a bind source below a directory that the user alone may enter is shown to another user",
        "user_namespaces(7)",
        |t| {
            let t = &t.ordinary()?;
            let dir = t.folder("home")?;
            t.file("home/file", "words\n")?;
            fs::set_permissions(&dir, Permissions::from_mode(0o700)).doing("chmod")?;
            let bundle = t.bundle()?.set("/process/user", json!({"uid": 1000, "gid": 1000}));
            t.prints(
                &bundle.mount("bind", dir.join("file"), "/data", &["bind"]).args(&["cat", "/data"]),
                "words\n",
            )
        },
    ),
    case("a bind source that the user may not read is an error", "open_tree(2)", |t| {
        let t = &t.ordinary()?;
        let dir = t.folder("closed")?;
        t.file("closed/file", "words\n")?;
        chown(&dir, 0)?;
        fs::set_permissions(&dir, Permissions::from_mode(0o700)).doing("chmod")?;
        let bundle = t.bundle()?.mount("bind", dir.join("file"), "/data", &["bind"]);
        t.run(&bundle)?.refused(1, "permission denied")?;
        t.nothing_left()
    }),
    case("a read-only bind mount of the host stays read-only", "mount_namespaces(7)", |t| {
        let t = &t.ordinary()?;
        let bundle = t.bundle()?.mount("bind", "/etc", "/data", &["rbind", "ro"]);
        t.prints(&bundle.sh("touch /data/x 2>/dev/null || echo read-only"), "read-only\n")
    }),
    case("the host's devices are shown in place of nodes", "config-linux.md: Default Devices", |t| {
        let t = &t.ordinary()?;
        t.prints(&one_id(t)?.sh("echo x >/dev/null && head -c 1 /dev/zero | wc -c"), "1\n")
    }),
    case("files that root inside makes belong to the user", "user_namespaces(7)", |t| {
        let t = &t.ordinary()?;
        let bundle = one_id(t)?.sh("touch /tmp/made");
        t.run(&bundle)?.ok()?;
        let meta = fs::metadata(bundle.path("tmp/made")).doing("look at the file")?;
        same("owner", std::os::unix::fs::MetadataExt::uid(&meta), UID)
    }),
    case("without a cgroup of its own a container runs", "runc --rootless", |t| {
        let t = &t.ordinary()?;
        no_cgroups_of_its_own()?;
        t.prints(&one_id(t)?.sh("echo fine"), "fine\n")
    }),
    case("with --rootless=false the lack of a cgroup is an error", "runc --rootless", |t| {
        let t = &t.ordinary()?;
        no_cgroups_of_its_own()?;
        let bundle = one_id(t)?.sh("echo fine");
        bundle.write()?;
        let id = t.id();
        let words = ["--rootless=false", "run", "--bundle", arg(&bundle.dir), &id];
        contains("the error", &t.command(&words)?.output()?.exits(1)?.stderr, "cgroup")?;
        t.nothing_left()
    })
    .wavers("runc", "1.1 runs it where the cgroups of v1 are root's"),
    case("a limit that needs a cgroup is an error without one", "config-linux.md: Control groups", |t| {
        let t = &t.ordinary()?;
        no_cgroups_of_its_own()?;
        let bundle = t.bundle()?.set("/linux/resources/memory", json!({"limit": 67_108_864}));
        t.run(&bundle)?.refused(1, "cgroup")?;
        t.nothing_left()
    })
    .wavers("runc", "its words differ between versions of cgroups"),
    case("a container's cgroup is below one that was given to the user", "cgroups(7): Delegation", |t| {
        let t = &t.ordinary()?;
        let (given, path) = delegated(t)?;
        let script = format!("echo $$ >{}/own/cgroup.procs && exec \"$@\"", given.display());
        // As root the shell enters the cgroup; the runtime is the user's.
        let enter = ["/bin/sh", "-c", &script, "sh"];
        let uid = UID.to_string();
        let user = ["/usr/bin/setpriv", "--reuid", &uid, "--regid", &uid, "--clear-groups"];
        let bundle = t.bundle()?.set("/linux/resources/pids", json!({"limit": 55}));
        let bundle =
            bundle.set("/linux/cgroupsPath", json!(format!("{path}/box"))).args(&["/bin/sleep", "1000"]);
        bundle.write()?;
        let id = t.id();
        let create = ["--root", arg(&t.root), "create", "--bundle", arg(&bundle.dir), &id];
        t.host(&[&enter[..], &user[..], &[arg(&t.runtime)], &create[..]].concat())?.output()?.ok()?;
        same("pids.max", t.read(&given.join("box/pids.max"))?, "55\n".to_owned())?;
        t.call(&["delete", "--force", &id])?.ok()?;
        hold(!given.join("box").exists(), "the cgroup is still there")
    }),
    case("root of an outer user namespace runs a container", "user_namespaces(7)", |t| {
        let t = &t.ordinary()?;
        let bundle = nested(t, &["/bin/sh", "-c", "id -u; tr -s ' ' </proc/self/uid_map"])?;
        let words = ["run", "--bundle", arg(&bundle.dir), &t.id()];
        let output = t.through(OUTER, &words)?.output()?.ok()?;
        same("output", output.stdout, "0\n 0 0 1\n".to_owned())
    }).wavers("runc", "1.1 cannot be nested like this"),
    case("root of an outer user namespace creates, starts, enters and deletes", "user_namespaces(7)", |t| {
        let t = &t.ordinary()?;
        let bundle = nested(t, &["/bin/sleep", "1000"])?;
        let id = t.id();
        let script = format!(
            "set -e; r='{} --root {}'; $r create --bundle {} {id} >/dev/null; $r start {id}; $r exec {id} id -u; \
             $r state {id} | grep -c running; $r delete --force {id}",
            t.runtime.display(),
            t.root.display(),
            bundle.dir.display()
        );
        let shell = t.host(&[OUTER, &["/bin/sh", "-c", &script]].concat())?.user(UID).output()?.ok()?;
        same("output", shell.stdout, "0\n1\n".to_owned())?;
        t.nothing_left()
    }).wavers("runc", "1.1 cannot be nested like this"),
    case("a failing create of a user leaves nothing", "runtime.md: Errors", |t| {
        let t = &t.ordinary()?;
        t.rejects(&one_id(t)?.args(&["/no/such"]), "no such file or directory")
    }).wavers("runc", "1.1 adds a warning about cgroups"),
];

/// A user namespace of the user's own.
const OUTER: &[&str] = &["/usr/bin/unshare", "--user", "--map-root-user"];

/// A bundle with what `spec --rootless` writes, which is made by and for the user.
fn spec(t: &Test) -> Outcome<PathBuf> {
    let bundle = t.bundle()?;
    t.call(&["spec", "--rootless", "--bundle", arg(&bundle.dir)])?.ok()?;
    Ok(bundle.dir)
}

/// The same without its terminal.
fn one_id(t: &Test) -> Outcome<Bundle> {
    let bundle = t.bundle()?;
    t.call(&["spec", "--rootless", "--bundle", arg(&bundle.dir)])?.ok()?;
    let config = json(&t.read(&bundle.dir.join("config.json"))?)?;
    Ok(super::commands::with_config(bundle, config).set("/root/readonly", json!(false)))
}

/// A bundle for root of a user namespace that has one id: 0, which the container's 0 is again.
fn nested(t: &Test, args: &[&str]) -> Outcome<Bundle> {
    let map = json!([{"containerID": 0, "hostID": 0, "size": 1}]);
    let bundle = one_id(t)?.set("/linux/uidMappings", map.clone()).set("/linux/gidMappings", map).args(args);
    bundle.write()?;
    Ok(bundle)
}

/// A container without a pid namespace, in which a second process runs that is in a session of its own.
fn forking(t: &Test) -> Outcome<Container<'_>> {
    let script = "setsid sleep 1000 & echo ready; read forever </dev/zero";
    let container = t.start(&t.bundle()?.without_namespace("pid").sh(script))?;
    container.says("ready")?;
    Ok(container)
}

/// Waits until nothing is left of what the case has begun.
fn all_gone() -> Outcome {
    until("the processes are gone", || {
        reaper::all();
        procfs::descendants(Pid::this()).is_empty().then_some(())
    })
}

/// Skips the case where whoever runs the tests has given the user cgroups.
fn no_cgroups_of_its_own() -> Outcome {
    let mut points = leak::hierarchies().into_iter().map(|mount| PathBuf::from(mount.point));
    let given = points
        .any(|point| fs::metadata(point).is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == UID));
    if given { skip("the user has cgroups of its own") } else { Ok(()) }
}

/// A cgroup of v2 that belongs to the user, as systemd would give it one, with one for the caller in it: its directory
/// and its path in the hierarchy.
fn delegated(t: &Test) -> Outcome<(PathBuf, String)> {
    let whole = Path::new("/sys/fs/cgroup/cgroup.controllers");
    if !whole.exists() || !t.read(whole)?.contains("pids") {
        return skip("no unified hierarchy with the pids controller");
    }
    let path = format!("/{}-given", t.tag);
    let given = PathBuf::from(format!("/sys/fs/cgroup{path}"));
    fs::create_dir_all(given.join("own")).doing("make a cgroup")?;
    fs::write("/sys/fs/cgroup/cgroup.subtree_control", "+pids").doing("hand pids down")?;
    for name in ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads", "own", "own/cgroup.procs"] {
        chown(&given.join(name), UID)?;
    }
    until("the controller is there", || given.join("pids.max").exists().then_some(()))?;
    Ok((given, path))
}
