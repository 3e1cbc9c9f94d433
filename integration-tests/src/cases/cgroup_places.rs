//! Where the container's cgroup is: places that are there before it, that are not fit for it, and that it makes itself.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, skip};
use crate::cgroup::{Control, Version, mount_of, version_of};
use crate::container::Container;
use crate::expect::{contains, hold, same, until};
use crate::leak;
use crate::procfs::Process;
use crate::test::Test;
use nix::sys::signal::Signal;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

pub(crate) const CASES: &[Case] = &[
    case("an empty cgroup that is there already is used", "config-linux.md: Control groups", |t| {
        let place = Place::make(t)?;
        let bundle = place.bundle(t)?.set("/linux/resources", json!({"pids": {"limit": 17}}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        let pids = place.dir("pids")?;
        same("members", t.read(&pids.join("cgroup.procs"))?, format!("{}\n", container.pid))?;
        same("pids.max", t.read(&pids.join("pids.max"))?.as_str(), "17\n")
    }),
    case("a cgroup with processes in it is refused", "config-linux.md: Control groups", |t| {
        let place = Place::make(t)?;
        let guest = t.host(&["/bin/sleep", "1000"])?.spawn()?;
        fs::write(place.dir("pids")?.join("cgroup.procs"), guest.pid.to_string())
            .doing("put a process into the cgroup")?;
        let (id, output) = t.try_create(&place.bundle(t)?, &[])?;
        output.refused(1, "not empty")?;
        hold(t.call(&["state", &id])?.code != 0, "the container is there")?;
        hold(Process::read(guest.pid).is_some_and(|guest| guest.is_alive()), "its process was ended")?;
        guest.signal(Signal::SIGKILL)?;
        guest.wait().map(drop)
    })
    .differs("runc", "before 1.2 it only warns"),
    case("a frozen cgroup is refused", "config-linux.md: Control groups", |t| {
        let place = Place::make(t)?;
        let (_, output) = place.frozen(|| t.try_create(&place.bundle(t)?, &[]))?;
        output.refused(1, "frozen").map(drop)
    }),
    case("a cgroup below threaded ones is threaded", "cgroups(7): Thread mode", |t| {
        unified()?;
        let place = Place::make(t)?;
        let dir = place.dir("pids")?;
        // The place becomes the root of a threaded tree, of which "branch" is a part.
        fs::create_dir(dir.join("branch")).doing("make a cgroup")?;
        fs::write(dir.join("branch/cgroup.type"), "threaded").doing("make it threaded")?;
        let bundle = t.bundle()?.set("/linux/cgroupsPath", json!(format!("{}/branch/leaf", place.path)));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        let leaf = dir.join("branch/leaf");
        let kind = t.read(&leaf.join("cgroup.type"))?;
        let members = t.read(&leaf.join("cgroup.threads"))?;
        let own = format!("{}\n", container.pid);
        container.stop()?;
        container.delete()?;
        same("type and threads", (kind.trim(), members), ("threaded", own))
    }),
    case("an empty cgroupsPath is as none", "config-linux.md: Cgroups Path", |t| {
        let container =
            t.start(&t.bundle()?.set("/linux/cgroupsPath", json!("")).args(&["/bin/sleep", "1000"]))?;
        let text = t.read(format!("/proc/{}/cgroup", container.pid).as_ref())?;
        contains("its cgroups", &text, &container.id)
    }),
    case("exec goes where init is once the container has cgroups of its own", "cgroups(7): v2", |t| {
        unified()?;
        let container = t.start(&own_cgroups(t)?.sh(&format!("{MOVE}; sleep 1000")))?;
        container.says("moved")?;
        same("cgroup", container.sh("cat /proc/self/cgroup")?.as_str(), "0::/inner\n")
    }),
    case("exec goes where init is once it was moved away and its cgroup removed", "cgroups(7): v1", |t| {
        let container = t.idle()?;
        if version_of("pids")? != Version::V1 {
            return skip("no cgroup v1 pids controller here");
        }
        // As systemd does on a reload, with all processes of a slice.
        let dir = Control("pids", "", "").of(&container)?;
        fs::write(dir.join("../cgroup.procs"), container.pid.to_string()).doing("move init")?;
        until("nobody is left", || fs::remove_dir(&dir).ok())?;
        let line = |text: &str| text.lines().find(|line| line.contains(":pids:")).map(str::to_owned);
        let expected = line(&t.read(format!("/proc/{}/cgroup", container.pid).as_ref())?);
        same("cgroup", line(&container.sh("cat /proc/self/cgroup")?), expected)?;
        container.call("pause")?.ok()?;
        container.call("resume")?.ok()?;
        container.stop()?;
        container.delete()
    })
    .differs("runc", "1.1 finds no way in"),
    case("exec --cgroup goes where it is told", "runc exec --cgroup", |t| {
        unified()?;
        let container = t.start(&own_cgroups(t)?.sh("mkdir /sys/fs/cgroup/other; echo made; sleep 1000"))?;
        container.says("made")?;
        let output = container.exec_with(&["--cgroup", "other"], &["cat", "/proc/self/cgroup"])?.ok()?;
        same("cgroup", output.stdout.as_str(), "0::/other\n")
    }),
    case("exec --cgroup goes where it is told in a hierarchy of v1", "runc exec --cgroup", |t| {
        let container = t.idle()?;
        if version_of("pids")? != Version::V1 {
            return skip("no cgroup v1 pids controller here");
        }
        let dir = Control("pids", "below", "").of(&container)?;
        fs::create_dir(&dir).doing("make a cgroup")?;
        let output = container.exec_with(&["--cgroup", "pids:below"], &["cat", "/proc/self/cgroup"])?.ok()?;
        let line = output.stdout.lines().find(|line| line.contains(":pids:")).unwrap_or_default().to_owned();
        hold(line.ends_with("/below"), line)
    }),
    case("exec --cgroup cannot leave the container's cgroup", "runc exec --cgroup", |t| {
        let container = t.idle()?;
        let output = container.exec_with(&["--cgroup", "../.."], &["cat", "/proc/self/cgroup"])?;
        let counts = |line: &&str| !hybrid() || !line.starts_with("0::");
        let stays = output.stdout.lines().filter(counts).all(|line| line.contains(&container.id));
        hold(output.code != 0 || stays, output.stdout)
    }),
    case("a cgroup is the container root's to divide", "config-linux.md: Cgroup ownership", |t| {
        unified()?;
        let bundle = own_cgroups(t)?.user_namespace()?;
        t.prints(&bundle.sh("mkdir /sys/fs/cgroup/own && stat -c %u /sys/fs/cgroup/cgroup.procs"), "0\n")
    })
    .differs("runc", "1.1.5 leaves the cgroup to the host's root"),
    case("the limits of its cgroup are not the container root's", "config-linux.md: Cgroup ownership", |t| {
        unified()?;
        let bundle = own_cgroups(t)?.user_namespace()?;
        let bundle = bundle.set("/linux/resources", json!({"pids": {"limit": 17}}));
        t.prints(&bundle.sh("stat -c %u /sys/fs/cgroup/pids.max"), "65534\n")
    }),
    case("a cgroup belongs to the user of the process", "config-linux.md: Cgroup ownership", |t| {
        unified()?;
        let bundle =
            own_cgroups(t)?.user_namespace()?.set("/process/user", json!({"uid": 1000, "gid": 1000}));
        t.prints(&bundle.sh("stat -c %u /sys/fs/cgroup"), "1000\n")
    })
    .differs("runc", "1.1.5 leaves the cgroup to the host's root"),
    case("a read-only cgroup file system gives no ownership", "config-linux.md: Cgroup ownership", |t| {
        unified()?;
        let bundle = t.bundle()?.namespace("cgroup").user_namespace()?;
        let bundle = bundle.mount("cgroup", "cgroup", "/sys/fs/cgroup", &["ro"]);
        t.prints(&bundle.sh("stat -c %u /sys/fs/cgroup"), "65534\n")
    }),
    case("the host's cgroup namespace gives no ownership", "config-linux.md: Cgroup ownership", |t| {
        unified()?;
        let container = t.start(
            &t.bundle()?
                .user_namespace()?
                .mount("cgroup", "cgroup", "/sys/fs/cgroup", &["rw"])
                .args(&["/bin/sleep", "1000"]),
        )?;
        same("owner", owner(&container)?, 0)
    }),
    case(
        "the program is in the cgroup that an annotation delegates",
        "crun(1): run.oci.delegate-cgroup",
        |t| {
            unified()?;
            t.prints(&delegated(own_cgroups(t)?).args(&["cat", "/proc/self/cgroup"]), "0::/payload\n")
        },
    )
    .differs("runc", NO_ANNOTATION),
    case("it may divide that cgroup", "crun(1): run.oci.delegate-cgroup", |t| {
        unified()?;
        let script = "cd /sys/fs/cgroup/payload && mkdir x && echo $$ >x/cgroup.procs && \
             echo '+pids' >cgroup.subtree_control && echo 3 >x/pids.max && cat /proc/self/cgroup x/pids.max";
        t.prints(&delegated(own_cgroups(t)?.user_namespace()?).sh(script), "0::/payload/x\n3\n")
    })
    .differs("runc", NO_ANNOTATION),
    case(
        "it may not change the cgroup above, where the limits are",
        "crun(1): run.oci.delegate-cgroup",
        |t| {
            unified()?;
            let bundle = delegated(own_cgroups(t)?.user_namespace()?);
            let bundle = bundle.set("/linux/resources", json!({"pids": {"limit": 17}}));
            let script = "cd /sys/fs/cgroup; cat pids.max; stat -c %u . cgroup.procs; mkdir other 2>&1";
            let output = t.run(&bundle.sh(script))?;
            contains("output", &output.stdout, "17\n65534\n65534\n")?;
            contains("output", &output.stdout, "denied")
        },
    )
    .differs("crun", "1.8 gives the cgroup above as well"),
    case("exec goes to the delegated cgroup", "crun(1): run.oci.delegate-cgroup", |t| {
        unified()?;
        let container = t.start(&delegated(own_cgroups(t)?).args(&["/bin/sleep", "1000"]))?;
        same("cgroup", container.sh("cat /proc/self/cgroup")?, "0::/payload\n")
    })
    .differs("runc", NO_ANNOTATION),
    case("no cgroup of v1 is delegated", "cgroups(7): Delegation", |t| {
        if !hybrid() {
            return skip("no cgroup v1 here");
        }
        t.rejects(&delegated(t.bundle()?), "/annotations/run.oci.delegate-cgroup")
    })
    .differs("runc", NO_ANNOTATION)
    .differs("crun", "it has other words"),
    case("without a user namespace the cgroup stays root's", "config-linux.md: Cgroup ownership", |t| {
        unified()?;
        same("owner", owner(&t.start(&own_cgroups(t)?.args(&["/bin/sleep", "1000"]))?)?, 0)
    }),
    case(
        "an init that is past its memory limit before it runs is reported",
        "config-linux.md: Memory",
        |t| {
            version_of("memory")?;
            let (_, output) =
                t.try_create(&t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 4096}})), &[])?;
            output.refused(1, "memory")?;
            t.nothing_left()
        },
    ),
    case("a tunnel device is not allowed by default", "CVE-2023-25809 and others: Default Devices", |t| {
        let mknod = json!(["CAP_MKNOD"]);
        let capabilities = json!({"bounding": mknod, "effective": mknod, "permitted": mknod});
        let bundle =
            t.bundle()?.set("/process/capabilities", capabilities).mount("tmpfs", "tmpfs", "/data", &[]);
        let text = t.output(&bundle.sh("exec 2>&1; mknod /data/tun c 10 200; (: <>/data/tun); :"))?;
        contains("what the shell says", &text, "not permitted")
    })
    .differs("runc", "before 1.2 it allows the device"),
];

/// Moves everything in the container to a cgroup below its own, and hands controllers down, after which nobody can be in
/// its own any more.
const MOVE: &str = "cd /sys/fs/cgroup && mkdir inner && echo 0 >inner/cgroup.procs && \
    echo +pids >cgroup.subtree_control && echo moved";

/// A bundle that may make cgroups below its own.
fn own_cgroups(t: &Test) -> Outcome<Bundle> {
    let bundle = t.bundle()?.namespace("cgroup");
    Ok(bundle.mount("cgroup", "cgroup", "/sys/fs/cgroup", &["nosuid", "noexec", "nodev", "rw"]))
}

const NO_ANNOTATION: &str = "it has no such annotation";

fn delegated(bundle: Bundle) -> Bundle {
    bundle.annotated(&[("run.oci.delegate-cgroup", "payload")])
}

fn owner(container: &Container<'_>) -> Outcome<u32> {
    use std::os::unix::fs::MetadataExt;
    let procs = Control("pids", "cgroup.procs", "cgroup.procs").of(container)?;
    Ok(fs::metadata(procs).doing("look at the cgroup")?.uid())
}

/// Whether there are hierarchies of v1, beside which the unified one need not have the container.
fn hybrid() -> bool {
    leak::hierarchies().iter().any(|mount| mount.kind == "cgroup")
}

/// Skips the case where there are hierarchies of v1.
fn unified() -> Outcome {
    if hybrid() { skip("this host has cgroup v1") } else { Ok(()) }
}

/// A cgroup that is made before the container, in every hierarchy.
struct Place {
    path: String,
}

impl Place {
    fn make(t: &Test) -> Outcome<Self> {
        t.by_cgroupfs(super::cgroups::PLACE)?;
        let place = Self { path: format!("/{}-place", t.tag) };
        for dir in place.dirs() {
            fs::create_dir(&dir).doing(format!("make {}", dir.display()))?;
        }
        Ok(place)
    }

    fn dirs(&self) -> impl Iterator<Item = PathBuf> {
        let mounts = leak::hierarchies().into_iter();
        mounts.map(|mount| Path::new(&mount.point).join(&self.path[1..]))
    }

    /// Its directory in the hierarchy of a controller.
    fn dir(&self, controller: &str) -> Outcome<PathBuf> {
        Ok(mount_of(controller)?.join(&self.path[1..]))
    }

    fn bundle(&self, t: &Test) -> Outcome<Bundle> {
        Ok(t.bundle()?.set("/linux/cgroupsPath", json!(self.path)))
    }

    /// While `action` goes on the cgroup is frozen; thawed afterwards, so that what is in it can end.
    fn frozen<T>(&self, action: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
        let dir = self.dir("freezer")?;
        let (file, words) = match version_of("freezer")? {
            Version::V1 => ("freezer.state", ["FROZEN", "THAWED"]),
            Version::V2 => ("cgroup.freeze", ["1", "0"]),
        };
        fs::write(dir.join(file), words[0]).doing("freeze")?;
        if file == "cgroup.freeze" {
            until("the cgroup is frozen", || {
                fs::read_to_string(dir.join("cgroup.events")).ok()?.contains("frozen 1").then_some(())
            })?;
        }
        let result = action();
        fs::write(dir.join(file), words[1]).doing("thaw")?;
        result
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for dir in self.dirs() {
            // What the container left in it is found by the leak check.
            let _ = fs::remove_dir(dir.join("branch"));
            let _ = fs::remove_dir(dir);
        }
    }
}
