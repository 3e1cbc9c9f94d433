//! Control groups, version 1: where the container is, its limits, and that they are kept and removed.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, fail};
use crate::expect::{contains, hold, lacks, same};
use crate::leak;
use crate::test::Test;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

pub(crate) const CASES: &[Case] = &[
    case("the container has a cgroup in every hierarchy", "config-linux.md: Cgroups Path", |t| {
        t.v1("memory")?;
        let container = t.idle()?;
        for hierarchy in leak::hierarchies().into_iter().filter(|mount| mount.kind == "cgroup") {
            let found = leak::cgroups(&container.id).iter().any(|path| path.starts_with(&hierarchy.point));
            hold(found, format!("none in {}", hierarchy.point))?;
        }
        Ok(())
    }),
    case("the process is in the container's cgroups", "config-linux.md: Cgroups Path", |t| {
        t.v1("memory")?;
        let container = t.idle()?;
        let text = t.read(format!("/proc/{}/cgroup", container.pid).as_ref())?;
        let outside = text.lines().find(|line| !line.starts_with("0::") && !line.contains(&container.id));
        match outside {
            Some(line) => fail(format!("it is outside: {line}")),
            None => Ok(()),
        }
    }),
    case("an absolute cgroupsPath is below the cgroup mounts", "config-linux.md: Cgroups Path", |t| {
        let pids = t.v1("pids")?;
        let path = format!("/{}-path", t.tag);
        let container =
            t.start(&t.bundle()?.set("/linux/cgroupsPath", json!(path)).args(&["/bin/sleep", "1000"]))?;
        let members = t.read(&pids.join(&path[1..]).join("cgroup.procs"))?;
        same("members", members, format!("{}\n", container.pid))
    }),
    case("the same cgroupsPath is the same place again", "config-linux.md: Cgroups Path", |t| {
        t.v1("pids")?;
        let path = format!("/{}-path", t.tag);
        let bundle = t.bundle()?.set("/linux/cgroupsPath", json!(path)).args(&["cat", "/proc/self/cgroup"]);
        same("cgroups", t.output(&bundle)?, t.output(&bundle)?)
    }),
    case("a relative cgroupsPath is accepted", "config-linux.md: Cgroups Path", |t| {
        t.v1("pids")?;
        let path = format!("{}-path", t.tag);
        let bundle = t.bundle()?.set("/linux/cgroupsPath", json!(path)).args(&["cat", "/proc/self/cgroup"]);
        contains("cgroups", &t.output(&bundle)?, &path)
    }),
    case("a cgroupsPath cannot leave the cgroup mounts", "config-linux.md: Cgroups Path", |t| {
        let above = t.v1("pids")?.with_file_name(format!("{}-path", t.tag));
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
        t.v1("pids")?;
        let bundle =
            t.bundle()?.mount("cgroup", "cgroup", "/sys/fs/cgroup", &["nosuid", "noexec", "nodev", "rw"]);
        t.run(&bundle.sh("mkdir -p /sys/fs/cgroup/pids/below/deeper"))?.ok()?;
        t.nothing_left()
    }),
    case("the memory limit is set", "config-linux.md: Memory", |t| {
        limit(t, "memory", json!({"memory": {"limit": 33_554_432}}), "memory.limit_in_bytes", "33554432")
    }),
    case("the memory reservation is set", "config-linux.md: Memory", |t| {
        limit(
            t,
            "memory",
            json!({"memory": {"reservation": 16_777_216}}),
            "memory.soft_limit_in_bytes",
            "16777216",
        )
    }),
    case("a memory limit of -1 is none", "config-linux.md: Memory", |t| {
        let value = limit_value(t, "memory", json!({"memory": {"limit": -1}}), "memory.limit_in_bytes")?;
        hold(value.parse::<u64>().is_ok_and(|bytes| bytes > 1 << 60), value)
    }),
    case("cpu shares are set", "config-linux.md: CPU", |t| {
        limit(t, "cpu", json!({"cpu": {"shares": 512}}), "cpu.shares", "512")
    }),
    case("the cpu quota is set", "config-linux.md: CPU", |t| {
        limit(t, "cpu", json!({"cpu": {"quota": 50_000, "period": 100_000}}), "cpu.cfs_quota_us", "50000")
    }),
    case("the cpu period is set", "config-linux.md: CPU", |t| {
        limit(t, "cpu", json!({"cpu": {"quota": 20_000, "period": 40_000}}), "cpu.cfs_period_us", "40000")
    }),
    case("the cpuset is set", "config-linux.md: CPU", |t| {
        limit(t, "cpuset", json!({"cpu": {"cpus": "0", "mems": "0"}}), "cpuset.cpus", "0")
    }),
    case("the cpuset is the process's", "cpuset(7)", |t| {
        t.v1("cpuset")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"cpu": {"cpus": "0"}}));
        t.prints(&bundle.args(&["grep", "Cpus_allowed_list", "/proc/self/status"]), "Cpus_allowed_list:\t0\n")
    }),
    case("without a cpuset the container has its parent's", "cpuset(7)", |t| {
        let cpuset = t.v1("cpuset")?;
        let all = t.read(&cpuset.join("cpuset.cpus"))?;
        limit(t, "cpuset", json!({}), "cpuset.cpus", all.trim())
    }),
    case("the pids limit is set", "config-linux.md: PIDs", |t| {
        limit(t, "pids", json!({"pids": {"limit": 17}}), "pids.max", "17")
    }),
    case("a pids limit of -1 is none", "config-linux.md: PIDs", |t| {
        limit(t, "pids", json!({"pids": {"limit": -1}}), "pids.max", "max")
    }),
    case("without resources nothing is limited", "config-linux.md: Control groups", |t| {
        let pids = t.v1("pids")?;
        let container = t.start(&t.bundle()?.without("/linux/resources").args(&["/bin/sleep", "1000"]))?;
        let dir = leak::cgroups(&container.id).into_iter().find(|path| path.starts_with(&pids));
        same("pids.max", t.read(&dir.unwrap_or_default().join("pids.max"))?, "max\n".to_owned())
    }),
    case("a program past its memory limit is killed", "config-linux.md: Memory", |t| {
        t.v1("memory")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 20_971_520}}));
        t.run(&bundle.args(&["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"]))?
            .exits(137)
            .map(drop)
    }),
    case("a child past the memory limit is killed, its parent lives", "config-linux.md: Memory", |t| {
        t.v1("memory")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 20_971_520}}));
        let script = "dd if=/dev/zero of=/dev/null bs=100M count=1 2>/dev/null; echo $?";
        t.prints(&bundle.sh(script), "137\n")
    }),
    case("a program within its memory limit is left alone", "config-linux.md: Memory", |t| {
        t.v1("memory")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 67_108_864}}));
        t.run(&bundle.args(&["dd", "if=/dev/zero", "of=/dev/null", "bs=10M", "count=1"]))?.ok().map(drop)
    }),
    case("an exec'd program counts towards the memory limit", "config-linux.md: Memory", |t| {
        t.v1("memory")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"memory": {"limit": 20_971_520}}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        container.exec(&["dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1"])?.exits(137).map(drop)
    }),
    case("forks past the pids limit fail", "config-linux.md: PIDs", |t| {
        t.v1("pids")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"pids": {"limit": 5}}));
        let script = "exec 2>&1; for i in 1 2 3 4 5 6 7 8 9; do sleep 1000 & done; :";
        contains("what the shell says", &t.run(&bundle.sh(script))?.stdout, "can't fork")
    }),
    case("exec past the pids limit fails", "config-linux.md: PIDs", |t| {
        t.v1("pids")?;
        let bundle = t.bundle()?.set("/linux/resources", json!({"pids": {"limit": 1}}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        let output = container.exec(&["sh", "-c", "true & wait"])?;
        hold(output.code != 0, "it succeeds")
    }),
    case("a device that is not allowed cannot be opened", "config-linux.md: Allowed Device list", |t| {
        t.v1("devices")?;
        let list = ["CAP_MKNOD"];
        let bundle = t
            .bundle()?
            .set("/process/capabilities", json!({"bounding": list, "effective": list, "permitted": list}));
        let bundle = bundle.mount("tmpfs", "tmpfs", "/data", &[]);
        let text = t.output(&bundle.sh("exec 2>&1; mknod /data/kmsg c 1 11; head -c 1 /data/kmsg; :"))?;
        contains("what head says", &text, "Operation not permitted")
    }),
    case("a device that is allowed can be opened", "config-linux.md: Allowed Device list", |t| {
        t.v1("devices")?;
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
        t.v1("cpu")?;
        t.rejects(&resources(t.bundle()?, json!({"cpu": {"quota": 1, "period": 100_000}})), "cpu")
    }),
    case("a cpu that is not there is an error", "config-linux.md: CPU", |t| {
        t.v1("cpuset")?;
        t.rejects(&resources(t.bundle()?, json!({"cpu": {"cpus": "999"}})), "cpuset.cpus")
    })
    .differs("runc", "it warns that the cgroup is gone"),
    case("limits of two containers are apart", "config-linux.md: Control groups", |t| {
        t.v1("pids")?;
        let first =
            t.start(&resources(t.bundle()?, json!({"pids": {"limit": 11}})).args(&["/bin/sleep", "1000"]))?;
        let second =
            t.start(&resources(t.bundle()?, json!({"pids": {"limit": 22}})).args(&["/bin/sleep", "1000"]))?;
        let value =
            |id: &str| leak::cgroups(id).iter().find_map(|dir| fs::read_to_string(dir.join("pids.max")).ok());
        same("limits", (value(&first.id), value(&second.id)), (Some("11\n".into()), Some("22\n".into())))
    }),
    case("cgroups of others stay", "runtime.md: Delete", |t| {
        let pids = t.v1("pids")?;
        let other = pids.join(format!("{}-other", t.tag));
        fs::create_dir(&other).doing("make a cgroup")?;
        t.run(&t.bundle()?)?.ok()?;
        fs::remove_dir(&other).doing("remove the cgroup again")
    }),
];

fn resources(bundle: Bundle, resources: Value) -> Bundle {
    bundle.set("/linux/resources", resources)
}

/// With these resources, the file of the container's cgroup reads so.
fn limit(t: &Test, controller: &str, wanted: Value, file: &str, value: &str) -> Outcome {
    same(file, limit_value(t, controller, wanted, file)?.as_str(), value)
}

fn limit_value(t: &Test, controller: &str, wanted: Value, file: &str) -> Outcome<String> {
    let mount = t.v1(controller)?;
    let container = t.start(&resources(t.bundle()?, wanted).args(&["/bin/sleep", "1000"]))?;
    let dir = leak::cgroups(&container.id).into_iter().find(|path| path.starts_with(&mount));
    let dir = dir.map_or_else(|| fail(format!("no cgroup in {}", mount.display())), Ok)?;
    Ok(t.read(&dir.join(file))?.trim().to_owned())
}
