//! Mounts: the configured ones with their options, binds, propagation, and where their targets may lie.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, fail, skip};
use crate::console::arg;
use crate::expect::{contains, hold, same};
use crate::test::Test;
use serde_json::json;
use std::fs;
use std::os::unix::fs::symlink;

pub(crate) const CASES: &[Case] = &[
    case("/proc is a proc file system", "config.md: Mounts", |t| same("type", t.mount_at(t.bundle()?, "/proc")?.kind.as_str(), "proc")),
    case("/dev is a tmpfs with the configured options", "config.md: Mounts", |t| {
        let mount = t.mount_at(t.bundle()?, "/dev")?;
        same("type", mount.kind.as_str(), "tmpfs")?;
        hold(mount.has("nosuid") && !mount.has("relatime"), format!("{:?}", mount.options))?;
        hold(mount.super_has("mode=755") && mount.super_has("size=65536k"), format!("{:?}", mount.super_options))
    }),
    case("/dev/pts is a devpts of its own with the configured options", "config.md: Mounts", |t| {
        let mount = t.mount_at(t.bundle()?, "/dev/pts")?;
        same("type", mount.kind.as_str(), "devpts")?;
        hold(mount.has("nosuid") && mount.has("noexec"), format!("{:?}", mount.options))?;
        let data = ["gid=5", "mode=620", "ptmxmode=666"];
        hold(data.iter().all(|option| mount.super_has(option)), format!("{:?}", mount.super_options))
    }).needs_root("its group is told by the host's number"),
    case("/dev/shm is a tmpfs that everybody may use", "config.md: Mounts", |t| {
        let mount = t.mount_at(t.bundle()?, "/dev/shm")?;
        hold(mount.has("nosuid") && mount.has("nodev") && mount.has("noexec"), format!("{:?}", mount.options))?;
        t.prints(&t.bundle()?.args(&["stat", "-c", "%a", "/dev/shm"]), "1777\n")
    }),
    case("/dev/mqueue is a mqueue file system", "config.md: Mounts", |t| {
        same("type", t.mount_at(t.bundle()?, "/dev/mqueue")?.kind.as_str(), "mqueue")
    }),
    case("/sys is a read-only sysfs", "config.md: Mounts", |t| {
        let mount = t.mount_at(t.bundle()?, "/sys")?;
        same("type", mount.kind.as_str(), "sysfs")?;
        hold(["ro", "nosuid", "nodev", "noexec"].iter().all(|option| mount.has(option)), format!("{:?}", mount.options))
    }),
    case("mounts are made in their order", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "first", "/a", &[]).mount("tmpfs", "second", "/a/b", &[]);
        let mounts = t.mounts(bundle)?;
        let sources: Vec<&str> = mounts.iter().map(|mount| mount.source.as_str()).collect();
        let place = |name| sources.iter().position(|source| *source == name);
        hold(place("first").is_some() && place("first") < place("second"), format!("{sources:?}"))
    }),
    case("a later mount covers an earlier one", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "first", "/a", &[]).mount("tmpfs", "second", "/a", &[]);
        same("source on top", t.mount_at(bundle, "/a")?.source.as_str(), "second")
    }),
    case("a tmpfs has its size", "tmpfs(5)", |t| {
        let mount = t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["size=128k"]), "/data")?;
        hold(mount.super_has("size=128k"), format!("{:?}", mount.super_options))
    }),
    case("a tmpfs has its mode", "tmpfs(5)", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["mode=700"]);
        t.prints(&bundle.args(&["stat", "-c", "%a", "/data"]), "700\n")
    }),
    case("a read-only tmpfs takes the mode of the directory that it covers", "runc run", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/var", &["ro"]);
        t.prints(&bundle.sh("stat -c %a /var; touch /var/x 2>/dev/null || echo read-only"), "755\nread-only\n")
    }),
    case("a tmpfs has its owner", "tmpfs(5)", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["uid=7", "gid=8"]);
        t.prints(&bundle.args(&["stat", "-c", "%u %g", "/data"]), "7 8\n")
    }),
    case("an option that the file system does not know is an error", "config.md: Linux mount options", |t| {
        t.rejects(&t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["nonsense=1"]), "/data")
    }),
    case("an unknown file system is an error", "config.md: Mounts", |t| {
        t.rejects(&t.bundle()?.mount("nonsensefs", "none", "/data", &[]), "no such device")
    }),
    case("ro", "config.md: Linux mount options", |t| option(t, "ro")),
    case("nosuid", "config.md: Linux mount options", |t| option(t, "nosuid")),
    case("nodev", "config.md: Linux mount options", |t| option(t, "nodev")),
    case("noexec", "config.md: Linux mount options", |t| option(t, "noexec")),
    case("noatime", "config.md: Linux mount options", |t| option(t, "noatime")),
    case("nodiratime", "config.md: Linux mount options", |t| option(t, "nodiratime")),
    case("relatime", "config.md: Linux mount options", |t| option(t, "relatime")),
    case("nosymfollow", "config.md: Linux mount options", |t| option(t, "nosymfollow")),
    case("strictatime leaves relatime out", "config.md: Linux mount options", |t| lacks(t, &["strictatime"], "relatime")),
    case("rw undoes ro", "config.md: Linux mount options", |t| lacks(t, &["ro", "rw"], "ro")),
    case("exec undoes noexec", "config.md: Linux mount options", |t| lacks(t, &["noexec", "exec"], "noexec")),
    case("suid undoes nosuid", "config.md: Linux mount options", |t| lacks(t, &["nosuid", "suid"], "nosuid")),
    case("dev undoes nodev", "config.md: Linux mount options", |t| lacks(t, &["nodev", "dev"], "nodev")),
    case("atime undoes noatime", "config.md: Linux mount options", |t| lacks(t, &["noatime", "atime"], "noatime")),
    case("diratime undoes nodiratime", "config.md: Linux mount options", |t| lacks(t, &["nodiratime", "diratime"], "nodiratime")),
    case("sync and dirsync go to the superblock", "config.md: Linux mount options", |t| {
        let mount = t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["sync", "dirsync"]), "/data")?;
        hold(mount.super_has("sync") && mount.super_has("dirsync"), format!("{:?}", mount.super_options))
    }),
    case("options without an effect of their own are accepted", "config.md: Linux mount options", |t| {
        let words = ["async", "loud", "silent", "norelatime", "nostrictatime", "nolazytime", "noiversion"];
        t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &words), "/data").map(drop)
    }),
    case("defaults", "config.md: Linux mount options", |t| {
        t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["defaults"]), "/data").map(drop)
    })
    .differs("runc", "1.1 hands the word on to the file system"),
    case("lazytime goes to the superblock", "config.md: Linux mount options", |t| {
        let mount = t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["lazytime"]), "/data")?;
        hold(mount.super_has("lazytime"), format!("{:?}", mount.super_options))
    }),
    case("a bind mount shows the host's directory", "config.md: Mounts", |t| {
        t.prints(&bind(t, &["bind"])?.sh("cat /data/file; echo new >/data/made"), "words\n")?;
        same("the file made inside", t.read(&t.path("source/made"))?, "new\n".to_owned())
    }),
    case("a bind mount needs no type", "config.md: Mounts", |t| {
        let mount = json!({"source": source(t)?, "destination": "/data", "options": ["bind"]});
        t.prints(&t.bundle()?.push("/mounts", mount).sh("cat /data/file"), "words\n")
    }),
    case("rbind alone makes a bind mount", "config.md: Mounts", |t| t.prints(&bind(t, &["rbind"])?.sh("cat /data/file"), "words\n")),
    case("a bind source may be relative to the bundle", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("bind", "volume", "/data", &["bind"]);
        fs::create_dir(bundle.dir.join("volume")).doing("make a volume")?;
        fs::write(bundle.dir.join("volume/file"), "words\n").doing("write")?;
        t.prints(&bundle.sh("cat /data/file"), "words\n")
    }),
    case("a bind mount of a file shows the file", "config.md: Mounts", |t| {
        let file = source(t)?.join("file");
        t.prints(&t.bundle()?.mount("bind", file, "/etc/passwd", &["bind"]).sh("cat /etc/passwd"), "words\n")
    }),
    case("ro of a bind mount is enforced", "config.md: Linux mount options", |t| {
        let text = t.output(&bind(t, &["bind", "ro"])?.sh("touch /data/made 2>&1; :"))?;
        contains("what touch says", &text, "Read-only file system")?;
        hold(!t.path("source/made").exists(), "the file was made")
    }),
    case("ro of a bind mount leaves the host's side writable", "mount(8)", |t| {
        let container = t.start(&bind(t, &["bind", "ro"])?.args(&["/bin/sleep", "1000"]))?;
        fs::write(t.path("source/made"), "new\n").doing("write on the host's side")?;
        same("the file inside", container.sh("cat /data/made")?, "new\n".to_owned())
    }),
    case("flags of a bind mount are set", "config.md: Linux mount options", |t| {
        let mount = t.mount_at(bind(t, &["rbind", "nosuid", "nodev", "noexec", "noatime"])?, "/data")?;
        hold(["nosuid", "nodev", "noexec", "noatime"].iter().all(|flag| mount.has(flag)), format!("{:?}", mount.options))
    }).needs_root("the flags of the host's mount are locked"),
    case("flags that the source's mount has stay on a bind mount", "mount_setattr(2)", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir, "nosuid,nodev")?;
        let mount = t.mount_at(t.bundle()?.mount("bind", &dir, "/data", &["bind"]), "/data")?;
        hold(mount.has("nosuid") && mount.has("nodev"), format!("{:?}", mount.options))
    }),
    case("ro keeps the flags that the source's mount has", "mount_setattr(2)", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir, "nosuid,nodev,noexec")?;
        let mount = t.mount_at(t.bundle()?.mount("bind", &dir, "/data", &["bind", "ro"]), "/data")?;
        hold(["ro", "nosuid", "nodev", "noexec"].iter().all(|flag| mount.has(flag)), format!("{:?}", mount.options))
    })
    .differs("runc", "1.1 drops them in the remount unless that is refused"),
    case("rbind takes the mounts below along", "mount(8)", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir.join("sub"), "")?;
        fs::write(dir.join("sub/deep"), "deep\n").doing("write")?;
        t.prints(&t.bundle()?.mount("bind", &dir, "/data", &["rbind"]).sh("cat /data/sub/deep"), "deep\n")
    }),
    case("bind leaves the mounts below behind", "mount(8)", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir.join("sub"), "")?;
        fs::write(dir.join("sub/deep"), "deep\n").doing("write")?;
        t.prints(&t.bundle()?.mount("bind", &dir, "/data", &["bind"]).sh("ls /data/sub"), "")
    }).needs_root("the mounts below are locked in place"),
    case("rro makes the mounts below read-only too", "config.md: Linux mount options", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir.join("sub"), "")?;
        let bundle = t.bundle()?.mount("bind", &dir, "/data", &["rbind", "rro"]);
        hold(t.mount_at(bundle, "/data/sub")?.has("ro"), "the mount below is writable")
    }),
    case("ro leaves the mounts below writable", "config.md: Linux mount options", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir.join("sub"), "")?;
        let bundle = t.bundle()?.mount("bind", &dir, "/data", &["rbind", "ro"]);
        hold(!t.mount_at(bundle, "/data/sub")?.has("ro"), "the mount below is read-only")
    }),
    case("rnoexec and rnodev reach the mounts below", "config.md: Linux mount options", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir.join("sub"), "")?;
        let bundle = t.bundle()?.mount("bind", &dir, "/data", &["rbind", "rnoexec", "rnodev"]);
        let mount = t.mount_at(bundle, "/data/sub")?;
        hold(mount.has("noexec") && mount.has("nodev"), format!("{:?}", mount.options))
    }),
    case("a bind source that is not there is an error", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("bind", "/nowhere/source", "/data", &["bind"]);
        t.rejects(&bundle, "/nowhere/source")
    }),
    case("a missing target directory is made", "runc: mounts", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/not/there/yet", &[]);
        t.prints(&bundle.sh("stat -c %F /not/there/yet"), "directory\n")
    }),
    case("a missing target of a file is made", "runc: mounts", |t| {
        let file = source(t)?.join("file");
        t.prints(&t.bundle()?.mount("bind", file, "/not/there/yet", &["bind"]).sh("cat /not/there/yet"), "words\n")
    }),
    case("a directory on a file is an error", "mount(2)", |t| {
        let bundle = t.bundle()?.mount("bind", source(t)?, "/etc/passwd", &["bind"]);
        t.rejects(&bundle, "not a directory")
    }),
    case("a relative destination is below the root", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "data", &[]);
        same("type", t.mount_at(bundle, "/data")?.kind.as_str(), "tmpfs")
    }),
    case("dots in a destination end at the root", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/../../data", &[]);
        same("type", t.mount_at(bundle, "/data")?.kind.as_str(), "tmpfs")?;
        hold(!t.path("data").exists(), "the host has a /data beside the bundle")
    }),
    case("an absolute symlink as target is followed inside the rootfs", "path_resolution(7) in the rootfs", |t| {
        let bundle = t.bundle()?.folder("real")?.link("data", "/real")?.mount("tmpfs", "tmpfs", "/data", &[]);
        same("type", t.mount_at(bundle, "/real")?.kind.as_str(), "tmpfs")
    }),
    case("a relative symlink as target cannot leave the rootfs", "CVE-2019-18837", |t| {
        let bundle = t.bundle()?.folder("made")?.link("data", "../../../../../../../../made")?.mount("tmpfs", "tmpfs", "/data", &[]);
        same("type", t.mount_at(bundle, "/made")?.kind.as_str(), "tmpfs")
    }),
    case("the target of a dangling symlink is made inside the rootfs", "runc: mounts", |t| {
        let bundle = t.bundle()?.link("data", "/made/here")?.mount("tmpfs", "tmpfs", "/data/sub", &[]);
        same("type", t.mount_at(bundle, "/made/here/sub")?.kind.as_str(), "tmpfs")
    }),
    case("a symlink in the middle of a target stays inside", "CVE-2019-18837", |t| {
        let outside = t.folder("outside")?;
        let bundle = t.bundle()?.link("data", &outside)?.mount("tmpfs", "tmpfs", "/data/sub", &[]);
        t.run(&bundle)?;
        hold(!outside.join("sub").exists(), "the target was made on the host")
    }),
    case("a file target behind a symlink is not made on the host", "CVE-2024-45310", |t| {
        let (outside, file) = (t.folder("outside")?, source(t)?.join("file"));
        let bundle = t.bundle()?.link("data", &outside)?.mount("bind", file, "/data/sub", &["bind"]);
        t.run(&bundle)?;
        hold(!outside.join("sub").exists(), "the target was made on the host")
    }),
    case("a symlink loop as target is an error", "path_resolution(7)", |t| {
        let bundle = t.bundle()?.link("data", "/data")?.mount("tmpfs", "tmpfs", "/data", &[]);
        t.rejects(&bundle, "/data")
    }),
    case("a symlink as bind source is followed on the host", "mount(2)", |t| {
        symlink(source(t)?, t.path("link")).doing("link")?;
        t.prints(&t.bundle()?.mount("bind", t.path("link"), "/data", &["bind"]).sh("cat /data/file"), "words\n")
    }),
    case("private", "config.md: Linux mount options", |t| propagation(t, "private", "")),
    case("rprivate", "config.md: Linux mount options", |t| propagation(t, "rprivate", "")),
    case("shared", "config.md: Linux mount options", |t| propagation(t, "shared", "shared:")),
    case("rshared", "config.md: Linux mount options", |t| propagation(t, "rshared", "shared:")),
    case("slave", "config.md: Linux mount options", |t| propagation(t, "slave", "master:")),
    case("rslave", "config.md: Linux mount options", |t| propagation(t, "rslave", "master:")),
    case("unbindable", "config.md: Linux mount options", |t| propagation(t, "unbindable", "unbindable")),
    case("runbindable", "config.md: Linux mount options", |t| propagation(t, "runbindable", "unbindable")),
    case("a mount made on the host shows in a slave bind mount", "mount_namespaces(7)", |t| {
        let dir = source(t)?;
        let bundle = t.bundle()?.set("/linux/rootfsPropagation", json!("slave"));
        let container = t.start(&bundle.mount("bind", &dir, "/data", &["rbind", "rslave"]).args(&["/bin/sleep", "1000"]))?;
        let _tmpfs = t.tmpfs(&dir.join("sub"), "")?;
        fs::write(dir.join("sub/late"), "late\n").doing("write")?;
        same("the file inside", container.sh("cat /data/sub/late")?, "late\n".to_owned())
    }),
    case("a mount made on the host does not show in a private bind mount", "mount_namespaces(7)", |t| {
        let dir = source(t)?;
        let bundle = t.bundle()?.mount("bind", &dir, "/data", &["rbind", "rprivate"]);
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        let _tmpfs = t.tmpfs(&dir.join("sub"), "")?;
        fs::write(dir.join("sub/late"), "late\n").doing("write")?;
        same("the directory inside", container.sh("ls /data/sub")?, String::new())
    }),
    case("a mount made in the container stays there", "mount_namespaces(7)", |t| {
        let bundle = with_sys_admin(bind(t, &["rbind", "rslave"])?);
        t.prints(&bundle.sh("mount -t tmpfs tmpfs /data/sub && echo made"), "made\n")?;
        t.nothing_left()
    }),
    case("a mount made in an rshared bind mount shows on the host", "mount_namespaces(7)", |t| {
        let dir = source(t)?;
        let tmpfs = t.tmpfs(&dir, "")?;
        fs::create_dir(dir.join("sub")).doing("make a directory")?;
        let bundle = t.bundle()?.set("/linux/rootfsPropagation", json!("shared"));
        let bundle = with_sys_admin(bundle.mount("bind", &dir, "/data", &["rbind", "rshared"]));
        t.run(&bundle.sh("mount -t tmpfs inner /data/sub && touch /data/sub/from-inside"))?.ok()?;
        let shown = dir.join("sub/from-inside").exists();
        nix::mount::umount(&dir.join("sub")).doing("unmount what the container mounted")?;
        drop(tmpfs);
        hold(shown, "the mount is not on the host")
    }).needs_root("mounts do not get out of a user namespace"),
    case("an overlay is mounted with its data", "config.md: Mounts", |t| {
        let filesystems = t.read("/proc/filesystems".as_ref())?;
        if !filesystems.contains("overlay") {
            return skip("no overlay file system in this kernel");
        }
        let (lower, upper, work) = (source(t)?, t.folder("upper")?, t.folder("work")?);
        let data = [format!("lowerdir={}", arg(&lower)), format!("upperdir={}", arg(&upper)), format!("workdir={}", arg(&work))];
        let bundle = t.bundle()?.mount("overlay", "overlay", "/data", &data.each_ref().map(String::as_str));
        t.prints(&bundle.sh("cat /data/file; touch /data/made"), "words\n")?;
        hold(upper.join("made").exists(), "the upper directory is empty")
    }),
    case("cgroups are shown at /sys/fs/cgroup", "config.md: Mounts", |t| {
        t.v1("pids")?;
        let text = t.output(&cgroup_mount(t.bundle()?).sh("ls /sys/fs/cgroup/pids/; ls /sys/fs/cgroup/memory"))?;
        contains("pids", &text, "pids.current")?;
        contains("memory", &text, "memory.limit_in_bytes")
    }).needs_root("there is no cgroup to show"),
    case("the container sees its own cgroup at the top", "runc: cgroup mount", |t| {
        t.v1("pids")?;
        let bundle = cgroup_mount(t.bundle()?).sh("cat /sys/fs/cgroup/pids/cgroup.procs | wc -l");
        hold(t.output(&bundle)?.trim().parse::<u32>().is_ok_and(|count| count <= 4), "it sees other processes")
    }),
    case("a read-only cgroup mount cannot be written", "config.md: Mounts", |t| {
        t.v1("pids")?;
        contains("what mkdir says", &t.output(&cgroup_mount(t.bundle()?).sh("mkdir /sys/fs/cgroup/pids/x 2>&1; :"))?, "Read-only")
    }).needs_root("there is no cgroup to show"),
    case("a read-only cgroup mount has no writable directory at its top", "config.md: Mounts", |t| {
        t.v1("pids")?;
        contains("what mkdir says", &t.output(&cgroup_mount(t.bundle()?).sh("mkdir /sys/fs/cgroup/x 2>&1; :"))?, "Read-only")
    })
    .differs("runc", "1.1 leaves the tmpfs writable"),
    case("a cgroup mount works in a cgroup namespace", "cgroup_namespaces(7)", |t| {
        t.v1("pids")?;
        let bundle = cgroup_mount(t.bundle()?).namespace("cgroup").sh("ls /sys/fs/cgroup/pids/");
        contains("pids", &t.output(&bundle)?, "pids.current")
    }).needs_root("there is no cgroup to show"),
    case("joined controllers have their links", "cgroups(7)", |t| {
        let cpu = t.v1("cpu")?;
        if !cpu.to_string_lossy().contains(',') {
            return skip("no controllers are mounted together here");
        }
        contains("the directory", &t.output(&cgroup_mount(t.bundle()?).sh("ls -l /sys/fs/cgroup"))?, "cpu ->")
    }),
    case("remount changes a mount", "config.md: Linux mount options", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/data", &[]);
        let bundle = bundle.mount("tmpfs", "tmpfs", "/data", &["remount", "ro"]);
        contains("what touch says", &t.output(&bundle.sh("touch /data/x 2>&1; :"))?, "Read-only file system")
    }),
    case("an idmapped mount shows mapped owners", "config.md: Linux mount options", |t| {
        let map = json!([{"containerID": 0, "hostID": 5000, "size": 1000}]);
        let mount = json!({"type": "bind", "source": source(t)?, "destination": "/data", "options": ["bind", "idmap"],
                           "uidMappings": map, "gidMappings": map});
        t.prints(&t.bundle()?.push("/mounts", mount).args(&["stat", "-c", "%u", "/data/file"]), "5000\n")
    }).needs_root("the map has ids that are not the user's")
    .differs("runc", "new in 1.2"),
    case("idmap without mappings or a user namespace is an error", "config.md: Linux mount options", |t| {
        t.rejects(&bind(t, &["bind", "idmap"])?, "")
    })
    .differs("runc", "new in 1.2"),
    case("the mount table of the host is as before", "mount_namespaces(7)", |t| {
        t.run(&bind(t, &["rbind", "rshared"])?.set("/linux/rootfsPropagation", json!("shared")))?.ok()?;
        t.nothing_left()
    }),
    case("the host's mounts are gone from the container", "pivot_root(2)", |t| {
        let dir = t.folder("secret")?;
        let _tmpfs = t.tmpfs(&dir, "")?;
        match t.mounts(t.bundle()?)?.into_iter().find(|mount| mount.point.contains("secret")) {
            Some(mount) => fail(format!("{} is still there", mount.point)),
            None => Ok(()),
        }
    }),
    case("forty mounts are made", "config.md: Mounts", |t| {
        let bundle = (0..40).try_fold(t.bundle()?, |bundle, n| Ok(bundle.mount("tmpfs", "many", format!("/many/{n}").as_str(), &[])));
        let count = t.mounts(bundle?)?.iter().filter(|mount| mount.source == "many").count();
        same("mounts", count, 40)
    }),
];

/// A directory on the host with a file in it.
fn source(t: &Test) -> Outcome<std::path::PathBuf> {
    let dir = t.folder("source")?;
    t.folder("source/sub")?;
    t.file("source/file", "words\n")?;
    Ok(dir)
}

/// A bundle with that directory at /data.
fn bind(t: &Test, options: &[&str]) -> Outcome<Bundle> {
    Ok(t.bundle()?.mount("bind", source(t)?, "/data", options))
}

/// A tmpfs with this option has it.
fn option(t: &Test, option: &str) -> Outcome {
    let mount = t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &[option]), "/data")?;
    hold(mount.has(option), format!("{:?}", mount.options))
}

/// A tmpfs with these options has not got `word`.
fn lacks(t: &Test, options: &[&str], word: &str) -> Outcome {
    let mount = t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", options), "/data")?;
    hold(!mount.has(word), format!("{:?}", mount.options))
}

/// A bind mount with this option has this in mountinfo's optional fields.
fn propagation(t: &Test, option: &str, field: &str) -> Outcome {
    let mount = t.mount_at(bind(t, &["rbind", option])?, "/data")?;
    let fits =
        if field.is_empty() { mount.propagation.is_empty() } else { mount.propagation.contains(field) };
    hold(fits, format!("propagation is {:?}", mount.propagation))
}

fn cgroup_mount(bundle: Bundle) -> Bundle {
    bundle.mount("cgroup", "cgroup", "/sys/fs/cgroup", &["nosuid", "noexec", "nodev", "relatime", "ro"])
}

fn with_sys_admin(bundle: Bundle) -> Bundle {
    let list = ["CAP_SYS_ADMIN"];
    bundle.set("/process/capabilities", json!({"bounding": list, "effective": list, "permitted": list}))
}
