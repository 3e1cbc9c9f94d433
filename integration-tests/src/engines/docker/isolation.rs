//! Scenarios of Docker: users, capabilities, filters, namespaces.

use super::{CAPABILITIES, Docker};
use crate::engines::scenario::{Scenario, scenario};
use crate::expect::same;

/// Refuses mkdir(2) with errno 5, and nothing else.
const PROFILE: &str = r#"{
    "defaultAction": "SCMP_ACT_ALLOW",
    "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5}]
}"#;

pub(super) const ALL: &[Scenario<Docker>] = &[
    scenario("the default capabilities and filter", |d| {
        d.sh("", "grep -E '^(Cap|Seccomp:|NoNewPrivs)' /proc/self/status; unshare -U true 2>&1; echo $?")
    }),
    scenario("--cap-drop and --cap-add", |d| {
        d.sh("--cap-drop ALL --cap-add NET_ADMIN", "grep ^Cap /proc/self/status")
    }),
    scenario("--user and --group-add", |d| {
        d.sh("--user 1000:1000 --group-add 2000", "id -u; id -g; id -G; grep ^Cap /proc/self/status")
    }),
    scenario("--user by name", |d| d.sh("--user user", "id")),
    scenario("--security-opt no-new-privileges", |d| {
        d.sh("--security-opt no-new-privileges", "grep -E '^(Seccomp:|NoNewPrivs)' /proc/self/status")
    }),
    scenario("--security-opt seccomp=unconfined", |d| {
        d.sh("--security-opt seccomp=unconfined", "grep ^Seccomp: /proc/self/status")
    }),
    scenario("--security-opt seccomp with a profile", |d| {
        let profile = d.lab.file("profile.json", PROFILE)?;
        d.sh(&format!("--security-opt seccomp={profile}"), "mkdir /tmp/x 2>&1; echo $?")
    }),
    scenario::<Docker>("--privileged", |d| {
        d.sh("--privileged", "grep -E '^(CapEff|Seccomp:)' /proc/self/status; mkdir /m; mount -t tmpfs x /m && umount /m; echo $?; ls /dev/zero")
    }).wavers(CAPABILITIES),
    scenario("what is hidden in /proc and /sys", |d| {
        d.sh("", "cat /proc/kcore | wc -c; ls /proc/scsi /sys/firmware | wc -w; echo x 2>&1 >/proc/sys/kernel/hostname; touch /sys/x 2>&1; true")
    }),
    scenario("--security-opt systempaths=unconfined shows it", |d| {
        d.sh(
            "--security-opt systempaths=unconfined",
            "grep -c -E ' /proc/(sys|bus|kcore|keys) ' /proc/self/mountinfo; true",
        )
    }),
    scenario("--init reaps", |d| {
        let alive = d.alive_with("--init", &["/bin/sh", "-c", "sleep 0.1 & exec sleep 1000"])?;
        alive.sh("cat /proc/1/comm")
    }),
    scenario("--pid container: sees the other's processes", |d| {
        let first = d.alive("--hostname first")?;
        d.sh(&format!("--pid container:{}", first.name), "cat /proc/1/cmdline | tr '\\0' ' '")
    }),
    scenario("--pid host sees the daemon", |d| d.sh("--pid host", "ps -o comm | grep -c -x dockerd")),
    scenario("--ipc container: shares memory segments", |d| {
        let first = d.alive("--ipc shareable")?;
        first.sh("echo shared >/dev/shm/file")?;
        d.sh(&format!("--ipc container:{}", first.name), "cat /dev/shm/file")
    }),
    scenario("--ipc and --uts of the host", |d| {
        let script = "hostname; readlink /proc/self/ns/ipc";
        same("what it prints", d.sh("--ipc host --uts host", script)?, d.lab.host_sh(script)?)?;
        Ok("the host's".into())
    }),
    scenario("--cgroupns host and private", |d| {
        let lines = |how: &str| {
            d.sh(
                &format!("--cgroupns {how}"),
                "grep -E ':(memory)?:' /proc/self/cgroup | head -n 1 | grep -c docker || true",
            )
        };
        Ok(format!("{}{}", lines("host")?, lines("private")?))
    }),
    scenario("--sysctl", |d| {
        d.sh(
            "--sysctl net.ipv4.ip_forward=0 --sysctl kernel.msgmax=9000",
            "cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax",
        )
    }),
    scenario("the devices of every container", |d| d.sh("", "ls -l /dev | awk '{print $1, $NF}' | sort")),
    scenario::<Docker>("the mounts of every container", |d| {
        // Which of the host's hierarchies are shown below the cgroup file system is another matter.
        let script = r"sed -E 's/^([^ ]+ ){4}([^ ]+) .* - ([^ ]+) .*/\2 \3/' /proc/self/mountinfo";
        let text = d.sh("", script)?;
        let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("/sys/fs/cgroup/")).collect();
        lines.sort_unstable();
        Ok(lines.join("\n"))
    })
    .wavers("it hides a file below the container's /dev/null, this runtime below the host's, which no image can touch"),
    scenario("the namespaces are its own", |d| {
        let script = "for name in cgroup ipc mnt net pid uts user; do readlink /proc/self/ns/$name; done";
        let inside = d.sh("--cgroupns private", script)?;
        let outside = d.lab.host_sh(script)?;
        Ok(inside
            .lines()
            .zip(outside.lines())
            .map(|(one, other)| if one == other { 's' } else { 'o' })
            .collect())
    }),
];
