//! Control groups: where the container is, that its limits are kept to, and that nothing stays.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, case, fail};
use crate::cgroup::{Control, Version, mount_of, version_of};
use crate::expect::{contains, hold, lacks, same};
use crate::leak;
use crate::procfs::Mount;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

const PIDS: Control = Control("pids", "pids.max", "pids.max");

/// Why a plain path is not for systemd.
pub(super) const PLACE: &str = "for systemd a cgroupsPath is SLICE:PREFIX:NAME";

pub(crate) const CASES: &[Case] = &[
    case("the container has a cgroup in every hierarchy", "config-linux.md: Cgroups Path", |t| {
        let container = t.idle()?;
        for hierarchy in hierarchies() {
            let found = leak::cgroups(&container.id).iter().any(|path| path.starts_with(&hierarchy.point));
            hold(found, format!("none in {}", hierarchy.point))?;
        }
        Ok(())
    })
    .wavers("runc", "1.1 does not know the hierarchy misc"),
    case("the process is in the container's cgroups", "config-linux.md: Cgroups Path", |t| {
        let alone = version_of("memory")? == Version::V2;
        let container = t.idle()?;
        let text = t.read(format!("/proc/{}/cgroup", container.pid).as_ref())?;
        let counts = |line: &&str| alone || !line.starts_with("0::");
        match text.lines().filter(counts).find(|line| !line.contains(&container.id)) {
            Some(line) => fail(format!("it is outside: {line}")),
            None => Ok(()),
        }
    })
    .wavers("runc", "1.1 does not know the hierarchy misc"),
    case("an absolute cgroupsPath is below the cgroup mounts", "config-linux.md: Cgroups Path", |t| {
        t.by_cgroupfs(PLACE)?;
        let path = format!("/{}-path", t.tag);
        let container =
            t.start(&t.bundle()?.set("/linux/cgroupsPath", json!(path)).args(&["/bin/sleep", "1000"]))?;
        let members = t.read(&mount_of("pids")?.join(&path[1..]).join("cgroup.procs"))?;
        same("members", members, format!("{}\n", container.pid))
    }),
    case("the same cgroupsPath is the same place again", "config-linux.md: Cgroups Path", |t| {
        t.by_cgroupfs(PLACE)?;
        let path = format!("/{}-path", t.tag);
        let bundle = t.bundle()?.set("/linux/cgroupsPath", json!(path)).args(&["cat", "/proc/self/cgroup"]);
        same("cgroups", t.output(&bundle)?, t.output(&bundle)?)
    }),
    case("a relative cgroupsPath is accepted", "config-linux.md: Cgroups Path", |t| {
        t.by_cgroupfs(PLACE)?;
        let path = format!("{}-path", t.tag);
        let bundle = t.bundle()?.set("/linux/cgroupsPath", json!(path)).args(&["cat", "/proc/self/cgroup"]);
        contains("cgroups", &t.output(&bundle)?, &path)
    }),
    case("a cgroupsPath cannot leave the cgroup mounts", "config-linux.md: Cgroups Path", |t| {
        t.by_cgroupfs(PLACE)?;
        let above = mount_of("pids")?.with_file_name(format!("{}-path", t.tag));
        t.run(&t.bundle()?.set("/linux/cgroupsPath", json!(format!("/../{}-path", t.tag))))?;
        hold(fs::remove_dir_all(&above).is_err(), "a directory was made beside the hierarchies")
    }),
    case("delete removes the cgroups", "runtime.md: Delete", |t| {
        let container = t.idle()?;
        container.stop()?;
        container.delete()?;
        same("cgroups", leak::cgroups(&t.tag), Vec::<PathBuf>::new())
    }),
    case("delete removes cgroups that the container has made below its own", "runtime.md: Delete", |t| {
        let bundle = t.bundle()?.namespace("cgroup");
        let bundle = bundle.mount("cgroup", "cgroup", "/sys/fs/cgroup", &["nosuid", "noexec", "nodev", "rw"]);
        let script = "cd /sys/fs/cgroup && [ ! -d pids ] || cd pids; mkdir -p below/deeper";
        t.run(&bundle.sh(script))?.ok()?;
        t.nothing_left()
    }),
    case("without a cpuset the container has its parent's", "cpuset(7)", |t| {
        let cpuset = t.v1("cpuset")?;
        let all = t.read(&cpuset.join("cpuset.cpus"))?;
        let cpus = Control("cpuset", "cpuset.cpus", "").read(&t.idle()?)?;
        same("cpuset.cpus", cpus.as_str(), all.trim())
    }),
    case("without resources nothing is limited", "config-linux.md: Control groups", |t| {
        t.by_cgroupfs("systemd has a limit of tasks for every unit")?;
        let container = t.start(&t.bundle()?.without("/linux/resources").args(&["/bin/sleep", "1000"]))?;
        same("pids.max", PIDS.read(&container)?.as_str(), "max")
    }),
    case("a program past its memory limit is killed", "config-linux.md: Memory", |t| {
        version_of("memory")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 20_971_520}}));
        t.run(&bundle.args(&["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"]))?
            .exits(137)
            .map(drop)
    }),
    case("a child past the memory limit is killed, its parent lives", "config-linux.md: Memory", |t| {
        version_of("memory")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 20_971_520}}));
        let script = "dd if=/dev/zero of=/dev/null bs=100M count=1 2>/dev/null; echo $?";
        t.prints(&bundle.sh(script), "137\n")
    }),
    case("a program within its memory limit is left alone", "config-linux.md: Memory", |t| {
        version_of("memory")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 67_108_864}}));
        t.run(&bundle.args(&["dd", "if=/dev/zero", "of=/dev/null", "bs=10M", "count=1"]))?.ok().map(drop)
    }),
    case("an exec'd program counts towards the memory limit", "config-linux.md: Memory", |t| {
        version_of("memory")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 20_971_520}}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        container.exec(&["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"])?.exits(137).map(drop)
    }),
    case("forks past the pids limit fail", "config-linux.md: PIDs", |t| {
        version_of("pids")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"pids": {"limit": 5}}));
        let script = "exec 2>&1; for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; :";
        contains("what the shell says", &t.run(&bundle.sh(script))?.stdout, "can't fork")
    }),
    case("exec past the pids limit fails", "config-linux.md: PIDs", |t| {
        version_of("pids")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"pids": {"limit": 1}}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        let output = container.exec(&["sh", "-c", "true & wait"])?;
        hold(output.code != 0, "it succeeds")
    }),
    case("a device that is not allowed cannot be opened", "config-linux.md: Allowed Device list", |t| {
        version_of("devices")?;
        let list = ["CAP_MKNOD"];
        let bundle = t
            .bundle()?
            .set("/process/capabilities", json!({"bounding": list, "effective": list, "permitted": list}));
        let bundle = bundle.mount("tmpfs", "tmpfs", "/data", &[]);
        let text = t.output(&bundle.sh("exec 2>&1; mknod /data/kmsg c 1 11; head -c 1 /data/kmsg; :"))?;
        contains("what head says", &text, "Operation not permitted")
    }),
    case("a device that is allowed can be opened", "config-linux.md: Allowed Device list", |t| {
        version_of("devices")?;
        let rules = json!([{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rwm"}]);
        let node = json!({"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438});
        let bundle = resources(t.bundle()?, json!({"devices": rules})).set("/linux/devices", json!([node]));
        // Without a driver it is ENXIO or ENODEV; what matters is that it is not EPERM.
        let text = t.output(&bundle.sh("exec 2>&1; exec 3</dev/fuse; :"))?;
        lacks("what the shell says", &text, "not permitted")
    }),
    case("the default devices are allowed whatever the rules say", "config-linux.md: Default Devices", |t| {
        let script = "for d in null zero full random urandom tty ptmx; do ( : </dev/$d ) 2>&1 | grep permitted; done; :";
        t.prints(&t.bundle()?.sh(script), "")
    }),
    case("a limit that the kernel refuses is an error that names it", "config-linux.md: Memory", |t| {
        version_of("cpu")?;
        t.rejects(&resources(t.bundle()?, json!({"cpu": {"quota": 1, "period": 100_000}})), "cpu")
    }),
    case("a cpu that is not there is an error", "config-linux.md: CPU", |t| {
        version_of("cpuset")?;
        t.rejects(&resources(t.bundle()?, json!({"cpu": {"cpus": "999"}})), "cpuset.cpus")
    })
    .wavers("runc", "on v1 it warns that the cgroup is gone"),
    case("cgroups of others stay", "runtime.md: Delete", |t| {
        let other = mount_of("pids")?.join(format!("{}-other", t.tag));
        fs::create_dir(&other).doing("make a cgroup")?;
        t.run(&t.bundle()?)?.ok()?;
        fs::remove_dir(&other).doing("remove the cgroup again")
    }),
];

fn resources(bundle: Bundle, resources: Value) -> Bundle {
    bundle.set("/linux/resources", resources)
}

/// The hierarchies that count: a unified one beside those of v1 need not have the container.
fn hierarchies() -> impl Iterator<Item = Mount> {
    let all = leak::hierarchies();
    let v1 = all.iter().any(|mount| mount.kind == "cgroup");
    all.into_iter().filter(move |mount| !v1 || mount.kind == "cgroup")
}
