//! Scenarios of Docker: the root file system and what is mounted over it.

use super::{CAPABILITIES, Docker};
use crate::case::{Doing, Outcome};
use crate::engines::scenario::{Scenario, scenario};
use std::fs;
use std::process::Command;

pub(super) const ALL: &[Scenario<Docker>] = &[
    scenario("layers, whiteouts and the file that a layer replaces", |d| {
        d.sh("", "cd /data; find . -type f | sort | xargs grep . ; rm kept; echo new >new; rm -r opaque; mkdir opaque; ls -a . opaque")
    }),
    scenario("an anonymous volume is filled from the image", |d| {
        d.sh("", "cat /volume/seed; grep -c ' /volume ' /proc/self/mountinfo")
    }),
    scenario("-v writable and read-only", |d| {
        let dir = d.lab.folder("shared")?;
        d.lab.file("shared/from-host", "host\n")?;
        let flags = format!("-v {dir}:/rw -v {dir}:/ro:ro");
        let seen = d.sh(&flags, "cat /ro/from-host; echo x >/ro/file; echo y >/rw/file; cat /ro/file")?;
        Ok(seen + &fs::read_to_string(format!("{dir}/file")).doing("read the host's file")?)
    }),
    scenario("-v of a single file", |d| {
        let file = d.lab.file("one-file", "one\n")?;
        d.sh(&format!("-v {file}:/etc/one-file:ro"), "cat /etc/one-file; touch /etc/one-file 2>&1; true")
    }),
    scenario("a named volume keeps what is written", |d| {
        let name = d.lab.name();
        d.sh(&format!("-v {name}:/kept"), "echo kept >/kept/file")?;
        let text = d.sh(&format!("-v {name}:/again"), "cat /again/file")?;
        d.says(&format!("volume rm {name}"))?;
        Ok(text)
    }),
    scenario::<Docker>("a mount in a shared volume reaches the host", |d| {
        let shared = Shared::new(d, "out")?;
        let script = "mkdir /out/m && mount -t tmpfs inner /out/m && echo made >/out/m/file";
        d.sh(&format!("--privileged -v {}:/out:rshared", shared.dir), script)?;
        fs::read_to_string(format!("{}/m/file", shared.dir)).doing("read the container's mount")
    })
    .wavers(CAPABILITIES),
    scenario::<Docker>("a mount of the host reaches a slave volume, and not back", |d| {
        let shared = Shared::new(d, "in")?;
        let alive = d.alive(&format!("--privileged -v {}:/in:rslave", shared.dir))?;
        shared.mount(d)?;
        let script = "cat /in/m/file; mkdir /in/n; mount -t tmpfs inner /in/n; echo inner >/in/n/file";
        let text = alive.sh(script)?;
        let back = fs::exists(format!("{}/n/file", shared.dir)).doing("look for the file")?;
        Ok(format!("{text}{back}"))
    })
    .wavers(CAPABILITIES),
    scenario("a private volume does not see the host's later mounts", |d| {
        let shared = Shared::new(d, "private")?;
        let alive = d.alive(&format!("-v {}:/in:rprivate", shared.dir))?;
        shared.mount(d)?;
        alive.sh("cat /in/m/file 2>&1; true")
    }),
    scenario("--read-only with a tmpfs", |d| {
        d.sh(
            "--read-only --tmpfs /t:size=64k,mode=1770",
            "touch /x 2>&1; touch /t/x && stat -c %a /t; df -k /t | tail -n 1 | awk '{print $2}'",
        )
    }),
    scenario("--mount type=tmpfs", |d| {
        d.sh(
            "--mount type=tmpfs,destination=/t,tmpfs-size=1m,tmpfs-mode=0700",
            "stat -c %a /t; df -k /t | tail -n 1 | awk '{print $2}'",
        )
    }),
    scenario("a volume below another volume", |d| {
        let dir = d.lab.folder("upper")?;
        d.sh(
            &format!("-v {dir}:/a --tmpfs /a/b -v {dir}:/a/b/c:ro"),
            "awk '$5 ~ \"^/a\" {print $5}' /proc/self/mountinfo",
        )
    }),
    scenario("a volume over a symbolic link of the image", |d| {
        let dir = d.lab.folder("linked")?;
        d.lab.file("linked/file", "linked\n")?;
        d.sh(&format!("-v {dir}:/bin/sh-not-there/../../link"), "cat /link/file")
    }),
    scenario("--volumes-from", |d| {
        let first = d.alive("-v /extra")?;
        first.sh("echo extra >/extra/file; echo more >/volume/more")?;
        d.sh(&format!("--volumes-from {}", first.name), "cat /extra/file /volume/more /volume/seed")
    }),
    scenario("resolv.conf, hosts and hostname are the engine's", |d| {
        d.sh(
            "--dns 192.0.2.1 --add-host other:192.0.2.2 --hostname box",
            "grep nameserver /etc/resolv.conf; grep other /etc/hosts; cat /etc/hostname",
        )
    }),
];

/// A directory of the host whose mounts are shared, until it is dropped.
struct Shared {
    dir: String,
}

impl Shared {
    fn new(d: &Docker, name: &str) -> Outcome<Self> {
        let dir = d.lab.folder(name)?;
        d.lab.host_sh(&format!("mount --bind {dir} {dir} && mount --make-rshared {dir}"))?;
        Ok(Self { dir })
    }

    /// Mounts something below it.
    fn mount(&self, d: &Docker) -> Outcome {
        let dir = &self.dir;
        d.lab
            .host_sh(&format!("mkdir -p {dir}/m && mount -t tmpfs outer {dir}/m && echo host >{dir}/m/file"))
            .map(drop)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // What is left of it ends with the sandbox, and the look at what is left tells.
        let _ = Command::new("umount").args(["--recursive", &self.dir]).status();
    }
}
