//! Scenarios of Docker: limits.

use super::Docker;
use crate::engines::image::IMAGE;
use crate::engines::scenario::{Scenario, scenario};
use crate::expect::{contains, until};

pub(super) const ALL: &[Scenario<Docker>] = &[
    scenario("--cpu-period and --cpu-quota", |d| {
        d.sh(
            "--cpu-period=100000 --cpu-quota=20000",
            &files(&["cpu/cpu.cfs_period_us", "cpu/cpu.cfs_quota_us", "cpu.max"]),
        )
    }),
    scenario("--cpu-shares and --cpuset-cpus", |d| {
        d.sh(
            "--cpu-shares 512 --cpuset-cpus 0",
            &files(&["cpu/cpu.shares", "cpuset/cpuset.cpus", "cpu.weight", "cpuset.cpus"]),
        )
    }),
    scenario("-m, --memory-swap and --memory-reservation", |d| {
        d.sh(
            "-m 32m --memory-swap 48m --memory-reservation 16m",
            &files(&[
                "memory/memory.limit_in_bytes",
                "memory/memory.soft_limit_in_bytes",
                "memory.max",
                "memory.low",
            ]),
        )
    }),
    scenario("a container that takes more memory than it may is killed", |d| {
        let script = "until [ -e /go ]; do sleep 0.1; done; tail /dev/zero; exit $?";
        let alive = d.alive_with("-m 16m --memory-swap 16m", &["/bin/sh", "-c", script])?;
        // The shim listens for the kernel's notice from when the container has started, and tells of the end by another way.
        alive.sh("touch /go")?;
        let status = alive.does("wait")?.ok()?.stdout;
        alive.becomes("{{.State.OOMKilled}}", "true")?;
        Ok(status)
    }),
    scenario("--pids-limit stops a fork bomb", |d| {
        let output = d
            .run("--pids-limit 6", &["/bin/sh", "-c", "for i in 1 2 3 4 5 6 7 8; do sleep 1 & done"])?
            .output()?;
        contains("the error", &output.stderr, "can't fork")?;
        d.sh("--pids-limit 6", &files(&["pids/pids.max", "pids.max"]))
    }),
    scenario("--device gives a device and its rights", |d| {
        d.sh("--device /dev/zero:/dev/mine:r", "stat -c '%F %t:%T' /dev/mine; head -c 2 /dev/mine | od -An -tx1; echo x 2>&1 >/dev/mine; echo $?")
    }),
    scenario("a device that was not given cannot be used", |d| {
        d.sh("--cap-add MKNOD", "mknod /tmp/disk b 254 0; head -c 1 /tmp/disk 2>&1; echo $?")
    }),
    scenario("--device-cgroup-rule gives the rights alone", |d| {
        let words = ["run", "--rm", "--device-cgroup-rule", "b 7:* rmw", IMAGE];
        let script = "mknod /tmp/loop b 7 0 && head -c 0 /tmp/loop; echo $?";
        Ok(d.docker(&[&words[..], &["/bin/sh", "-c", script]].concat())?.output()?.ok()?.stdout)
    }),
    scenario("--ulimit", |d| {
        d.sh("--ulimit nofile=100:200 --ulimit core=0", "ulimit -Sn; ulimit -Hn; ulimit -c")
    }),
    scenario("--oom-score-adj", |d| d.sh("--oom-score-adj 500", "cat /proc/self/oom_score_adj")),
    scenario("--shm-size", |d| d.sh("--shm-size 8m", "df -k /dev/shm | tail -n 1 | awk '{print $2}'")),
    scenario("update changes the limits of a running container", |d| {
        let alive = d.alive("-m 64m --memory-swap 64m")?;
        alive.does("update --memory 32m --memory-swap 32m --cpu-quota 30000 --cpu-shares 256")?.ok()?;
        let names = [
            "memory/memory.limit_in_bytes",
            "cpu/cpu.cfs_quota_us",
            "cpu/cpu.shares",
            "memory.max",
            "cpu.max",
            "cpu.weight",
        ];
        alive.sh(&files(&names))
    }),
    scenario("update keeps the device rules", |d| {
        let alive = d.alive("--device /dev/zero:/dev/mine")?;
        alive.does("update --pids-limit 50")?.ok()?;
        alive.sh(&format!("head -c 1 /dev/mine | od -An -tx1; {}", files(&["pids/pids.max", "pids.max"])))
    }),
    scenario("a stopped container is counted out of its cgroup", |d| {
        let alive = d.alive("")?;
        let id = alive.inspect("{{.Id}}")?;
        alive.does("stop")?.ok()?;
        until("its cgroup is gone", || crate::leak::cgroups(&id).is_empty().then_some(()))?;
        Ok("gone".into())
    }),
];

/// Prints those of the files that are there, below the container's cgroup.
fn files(names: &[&str]) -> String {
    let paths: Vec<String> = names.iter().map(|name| format!("/sys/fs/cgroup/{name}")).collect();
    format!("for file in {}; do [ ! -e $file ] || cat $file; done", paths.join(" "))
}
