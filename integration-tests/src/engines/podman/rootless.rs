//! Podman called by an ordinary user, who has a range of subordinate ids (podman(1), "Rootless mode").

use super::{Caller, Podman, SETTINGS, scenarios};
use crate::case::{Doing, Outcome};
use crate::engines::image::{self, IMAGE};
use crate::engines::lab::Lab;
use crate::engines::leaks::Before;
use crate::engines::scenario::{self, Row, Scenario, scenario};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::chown;

/// The user's name, in this sandbox.
pub(super) const USER: &str = "engines";

const ID: u32 = 7000;

/// A group of the host that the user may be in.
const GROUP: &str = "7001";

const ALL: &[Scenario<Podman>] = &[
    scenario("the user is root inside, and a range of ids is mapped", |p| {
        p.sh("", "id -u; cat /proc/self/uid_map")
    }),
    scenario("a file of the image belongs to its owner", |p| {
        p.sh("", "stat -c %u /bin/busybox; touch /tmp/x && chown 1000 /tmp/x && stat -c %u /tmp/x")
    }),
    scenario("--userns=keep-id keeps the user's id", |p| {
        p.sh("--userns=keep-id", "id -u; touch /tmp/x && stat -c %u /tmp/x")
    }),
    scenario("a volume of the user's is writable, and the file is the user's", |p| {
        let dir = p.lab.folder("mine")?;
        chown(&dir, Some(ID), Some(ID)).doing("chown")?;
        p.sh(&format!("-v {dir}:/mine"), "echo text >/mine/file")?;
        p.lab.host_sh(&format!("stat -c %u {dir}/file; cat {dir}/file"))
    }),
    scenario("--group-add keep-groups lets it read what its user's groups may", |p: &Podman| {
        let dir = p.lab.folder("groups")?;
        p.lab.host_sh(&format!("echo text >{dir}/file; chgrp {GROUP} {dir}/file; chmod 640 {dir}/file"))?;
        let volume = format!("{dir}:/groups");
        let words =
            ["run", "--rm", "--group-add", "keep-groups", "-v", &volume, IMAGE, "cat", "/groups/file"];
        Ok(p.in_group(GROUP, &words)?.output()?.ok()?.stdout)
    })
    .wavers("runc knows no such annotation"),
    scenario("its own network, with nothing but the loopback", |p| {
        p.sh("--network none", "ls /sys/class/net; ip -o addr show lo | grep -c 127.0.0.1")
    }),
    scenario("the host's network and pid namespaces", |p| {
        p.sh("--network host --pid host", "ls -d /proc/1 && echo seen")
    }),
];

/// Makes the user up, plays the scenarios and looks at what is left.
pub(crate) fn play(lab: Lab, filter: &[String]) -> Outcome<Vec<Row>> {
    user(&lab)?;
    lab.file("containers.conf", SETTINGS)?;
    let archive = image::archive(&lab)?;
    let podman = Podman { lab: lab.with_copy()?, caller: Caller::User(ID) };
    podman.podman(&["load", "--input", &archive])?.output()?.ok()?;
    // The first container leaves what podman keeps: a process that holds the user namespace.
    podman.sh("--network none", "true")?;
    let before = Before::look();
    let mut rows = scenario::play(&podman, ALL, filter);
    rows.extend(scenario::play(&podman, scenarios::EVERYBODY, filter));
    rows.push(before.row(&podman.lab.tag, &["/run", &podman.lab.path("xdg")]));
    Ok(rows)
}

/// The user with the directories and ids that a log-in gives.
fn user(lab: &Lab) -> Outcome {
    let lines = [
        ("/etc/passwd", format!("{USER}:x:{ID}:{ID}::{}:/bin/sh\n", lab.path("home"))),
        ("/etc/group", format!("{USER}:x:{ID}:\n")),
        ("/etc/subuid", format!("{USER}:700000:65536\n")),
        ("/etc/subgid", format!("{USER}:700000:65536\n")),
    ];
    for (file, line) in lines {
        let opened = OpenOptions::new().append(true).create(true).open(file);
        opened.and_then(|mut file| file.write_all(line.as_bytes())).doing(format!("write {file}"))?;
    }
    for name in ["home", "xdg", "podman", "podman-run"] {
        chown(lab.folder(name)?, Some(ID), Some(ID)).doing("chown")?;
    }
    // Everybody may use it where udev has set it up; slirp4netns needs it for the containers' network.
    let tun = lab.path("tun");
    lab.host_sh(&format!("mknod -m 666 {tun} c 10 200 && mount --bind {tun} /dev/net/tun")).map(drop)
}
