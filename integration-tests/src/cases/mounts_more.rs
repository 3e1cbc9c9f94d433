//! Mounts: owners by id maps, long options, symbolic links, copies, and hosts that lack the newer calls.

use crate::bundle::{Bundle, chown};
use crate::case::{Case, Doing, Outcome, case, skip};
use crate::console::arg;
use crate::expect::{contains, hold, same};
use crate::test::Test;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

const OPTIONS: &str = "config.md: Linux mount options";
const NEW: &str = "new in 1.2";
const CRUN: &str = "only crun has this word";

pub(crate) const CASES: &[Case] = &[
    case("idmap alone maps by the container's user namespace", OPTIONS, |t| {
        owner(t, mapped(t, t.bundle()?.user_namespace()?, &["bind", "idmap"], None)?, "0")
    })
    .differs("runc", NEW),
    case("a mount's own map may be the container's", OPTIONS, |t| {
        owner(t, mapped(t, t.bundle()?.user_namespace()?, &["bind", "idmap"], Some((100_000, 65_536)))?, "0")
    })
    .differs("runc", NEW),
    case("a mount's own map may differ from the container's", OPTIONS, |t| {
        owner(t, mapped(t, t.bundle()?.user_namespace()?, &["bind", "idmap"], Some((105_000, 1000)))?, "5000")
    })
    .differs("runc", NEW),
    case("a map needs no option", "config.md: Mounts", |t| {
        owner(t, mapped(t, t.bundle()?, &["bind"], Some((5000, 1000)))?, "5000")
    }).needs_root("the map has ids that are not the user's")
    .differs("runc", NEW),
    case("idmap maps by a user namespace that is joined", OPTIONS, |t| {
        let first = t.start(&t.bundle()?.user_namespace()?.args(&["/bin/sleep", "1000"]))?;
        let bundle = t.bundle()?.join("user", &format!("/proc/{}/ns/user", first.pid));
        bundle.own(100_000)?;
        owner(t, mapped(t, bundle, &["bind", "idmap"], None)?, "0")
    })
    .differs("runc", NEW),
    case("what is made in an idmapped mount has the owner mapped back", "mount_setattr(2)", |t| {
        let bundle = mapped(t, t.bundle()?.user_namespace()?, &["bind", "idmap"], None)?;
        t.run(&bundle.args(&["touch", "/data/made"]))?.ok()?;
        same("the owner on the host", fs::metadata(t.path("source/made")).doing("stat")?.uid(), 0)
    })
    .differs("runc", NEW),
    case("ridmap reaches the mounts below", OPTIONS, |t| below(t, "ridmap", "5000")).needs_root("the map has ids that are not the user's").differs("runc", NEW),
    case("idmap leaves the mounts below as they are", OPTIONS, |t| below(t, "idmap", "0")).needs_root("the map has ids that are not the user's"),
    case("two mounts of one map and one of another", OPTIONS, |t| {
        let bundle = mapped(t, t.bundle()?, &["bind", "idmap"], Some((5000, 10)))?;
        let more = |at: &str, host| json!({"source": t.path("source"), "destination": at, "options": ["bind", "idmap"],
                                           "uidMappings": map(host, 10), "gidMappings": map(host, 10)});
        let bundle = bundle.push("/mounts", more("/second", 5000)).push("/mounts", more("/third", 7000));
        t.prints(&bundle.args(&["stat", "-c", "%u", "/data/file", "/second/file", "/third/file"]), "5000\n5000\n7000\n")
    }).needs_root("the map has ids that are not the user's")
    .differs("runc", NEW),
    case("a new file system can be idmapped", OPTIONS, |t| {
        let mount = json!({"type": "tmpfs", "source": "tmpfs", "destination": "/data", "options": ["idmap"],
                           "uidMappings": map(5000, 10), "gidMappings": map(5000, 10)});
        t.prints(&t.bundle()?.push("/mounts", mount).args(&["stat", "-c", "%u", "/data"]), "5000\n")
    }).needs_root("the map has ids that are not the user's")
    .differs("runc", "bind mounts only"),
    case("a map may come with the option", "crun(1): idmap", |t| {
        owner(t, mapped(t, t.bundle()?, &["bind", "idmap=uids=0-5000-10;gids=0-5000-10"], None)?, "5000")
    }).needs_root("the map has ids that are not the user's")
    .differs("runc", CRUN),
    case("a map in the option may be relative to the container's", "crun(1): idmap", |t| {
        let words = ["bind", "idmap=uids=@0-7-10;gids=@0-7-10"];
        owner(t, mapped(t, t.bundle()?.user_namespace()?, &words, None)?, "7")
    })
    .differs("runc", CRUN),
    case("a map in the option that cannot be read is an error", "crun(1): idmap", |t| {
        t.rejects(&mapped(t, t.bundle()?, &["bind", "idmap=uids=0-0"], None)?, "idmap=uids=0-0")
    })
    .differs("runc", CRUN),
    case("idmap of a file system that cannot do it is an error", "mount_setattr(2)", |t| {
        let mount = json!({"type": "bind", "source": "/proc", "destination": "/data", "options": ["bind", "idmap"],
                           "uidMappings": map(5000, 10), "gidMappings": map(5000, 10)});
        t.rejects(&t.bundle()?.push("/mounts", mount), "/data")
    })
    .differs("runc", NEW),
    case("a source that only the host's user may reach shows in a user namespace", "user_namespaces(7)", |t| {
        let bundle = secret(t)?;
        t.prints(&bundle.sh("cat /data/file"), "words\n")
    }),
    case("such a source keeps its options", "user_namespaces(7)", |t| {
        let bundle = secret(t)?.edit(|config| {
            let mounts = config["mounts"].as_array_mut().expect("the config has mounts");
            mounts.last_mut().expect("one was added")["options"] = json!(["bind", "ro", "nosuid"]);
        });
        let mount = t.mount_at(bundle, "/data")?;
        hold(mount.has("ro") && mount.has("nosuid"), format!("{:?}", mount.options))
    }),
    case("a rootfs that only the host's user may reach works in a user namespace", "user_namespaces(7)", |t| {
        let bundle = t.bundle()?.user_namespace()?;
        fs::set_permissions(&bundle.dir, Permissions::from_mode(0o700)).doing("chmod")?;
        t.prints(&bundle.args(&["/bin/id", "-u"]), "0\n")
    })
    .differs("runc", "1.1 resolves it as the container's user"),
    case("flags that the host's mount has cannot be cleared in a user namespace", "mount_namespaces(7)", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir, "ro,nosuid,nodev")?;
        let bundle = t.bundle()?.user_namespace()?.mount("bind", &dir, "/data", &["bind", "rw", "suid", "dev", "noexec"]);
        let mount = t.mount_at(bundle, "/data")?;
        hold(["ro", "nosuid", "nodev", "noexec"].iter().all(|flag| mount.has(flag)), format!("{:?}", mount.options))
    })
    .differs("runc", "1.1 gives up"),
    case("bind of a directory with mounts below says why a user namespace cannot have it", "mount_namespaces(7)", |t| {
        let dir = source(t)?;
        let _tmpfs = t.tmpfs(&dir.join("sub"), "")?;
        let bundle = t.bundle()?.user_namespace()?.mount("bind", &dir, "/data", &["bind"]);
        t.try_create(&bundle, &[])?.1.refused(1, "use rbind").map(drop)
    })
    .differs("runc", "1.1 only says that an argument is invalid"),
    case("a bind mount that is only one by its type", "config.md: Mounts", |t| {
        t.prints(&t.bundle()?.mount("bind", source(t)?, "/data", &[]).sh("cat /data/file"), "words\n")
    })
    .differs("runc", "1.1 needs the option"),
    case("an id map of a cgroup mount is an error", OPTIONS, |t| {
        let mount = json!({"type": "cgroup", "source": "cgroup", "destination": "/sys/fs/cgroup", "options": ["idmap"],
                           "uidMappings": map(5000, 10), "gidMappings": map(5000, 10)});
        t.rejects(&t.bundle()?.push("/mounts", mount), "/mounts/6")
    })
    .differs("runc", NEW),
    case("a user namespace with the host's network has the host's /sys", "user_namespaces(7)", |t| {
        let mount = t.mount_at(t.bundle()?.user_namespace()?.without_namespace("network"), "/sys")?;
        same("type", mount.kind.as_str(), "sysfs")?;
        hold(mount.has("ro"), format!("{:?}", mount.options))
    })
    .differs("runc", "wants a bind mount in the config"),
    case("a user namespace with the host's pids has the host's /proc", "user_namespaces(7)", |t| {
        let bundle = t.bundle()?.user_namespace()?.without_namespace("pid");
        t.prints(&bundle.sh("test $$ -gt 1 && test -e /proc/$$ && echo there"), "there\n")
    })
    .differs("runc", "wants a bind mount in the config"),
    case("an overlay of sixty layers is mounted", "config.md: Mounts", |t| {
        let paths = (0..60).map(|n| {
            let name = format!("layer-with-a-rather-long-name-{n:03}");
            t.file(&format!("{}/file-{n}", arg(&t.folder(&name)?).rsplit('/').next().unwrap_or_default()), "")?;
            Ok(arg(&t.path(&name)).to_owned())
        });
        let lower = format!("lowerdir={}", paths.collect::<Outcome<Vec<_>>>()?.join(":"));
        t.prints(&overlay(t, &[&lower])?.sh("ls /data | wc -l"), "60\n")
    })
    .differs("runc", "more than a page of options"),
    case("an overlay with more options than fsconfig(2) takes in one", "fsconfig(2)", |t| {
        let lower = format!("{}/{}", arg(&t.folder("lower")?), "./".repeat(60));
        let long = |name: &str| Ok(format!("{}/{}", arg(&t.folder(name)?), "./".repeat(130)));
        let (upper, work): (String, String) = (long("upper")?, long("work")?);
        let data = [format!("lowerdir={lower}"), format!("upperdir={upper}"), format!("workdir={work}")];
        let bundle = overlay(t, &data.each_ref().map(String::as_str))?;
        t.prints(&bundle.sh("touch /data/made && echo made"), "made\n")?;
        hold(t.path("upper/made").exists(), "the upper directory is empty")
    }),
    case("a comma in the path of a layer", "fsconfig(2)", |t| {
        let (one, two) = (t.folder("one,two")?, t.folder("three")?);
        fs::write(one.join("file"), "words\n").doing("write")?;
        let lower = format!("lowerdir={}:{}", arg(&one), arg(&two));
        t.prints(&overlay(t, &[&lower])?.sh("cat /data/file"), "words\n")
    })
    .differs("runc", "joins options by commas"),
    case("tmpcopyup keeps what the image has there", "crun(1): tmpcopyup", |t| {
        let bundle = image(t)?.mount("tmpfs", "tmpfs", "/data", &["tmpcopyup"]);
        let script = "cat /data/file; readlink /data/link; stat -c '%a %u %F' /data/sub /data/sub/run /data; touch /data/x";
        t.prints(
            &bundle.sh(script),
            "words\nfile\n751 7 directory\n4711 7 regular empty file\n711 0 directory\n",
        )
    }).needs_root("the image's files are root's")
    .wavers("runc", "1.1 changes modes"),
    case("tmpcopyup does not write to the image", "crun(1): tmpcopyup", |t| {
        let bundle = image(t)?.mount("tmpfs", "tmpfs", "/data", &["tmpcopyup"]);
        let path = bundle.path("data/made");
        t.run(&bundle.sh("touch /data/made"))?.ok()?;
        hold(!path.exists(), "the file is in the image")
    }).needs_root("the image's files are root's"),
    case("tmpcopyup with ro is filled and read-only", "crun(1): tmpcopyup", |t| {
        let bundle = image(t)?.mount("tmpfs", "tmpfs", "/data", &["tmpcopyup", "ro"]);
        let text = t.output(&bundle.sh("cat /data/file; touch /data/made 2>&1; :"))?;
        contains("the file", &text, "words")?;
        contains("what touch says", &text, "Read-only file system")
    }).needs_root("the image's files are root's"),
    case("tmpcopyup of a directory that the image lacks", "crun(1): tmpcopyup", |t| {
        t.prints(&t.bundle()?.mount("tmpfs", "tmpfs", "/none", &["tmpcopyup"]).sh("ls /none"), "")
    }),
    case("tmpcopyup of anything but a tmpfs is an error", "crun(1): tmpcopyup", |t| {
        t.rejects(&t.bundle()?.mount("bind", source(t)?, "/data", &["bind", "tmpcopyup"]), "tmpcopyup")
    })
    .wavers("runc", "1.1 has another text"),
    case("a tmpfs takes the mode of the directory that it covers", "runc: mounts", |t| {
        t.prints(&image(t)?.mount("tmpfs", "tmpfs", "/data", &[]).args(&["stat", "-c", "%a", "/data"]), "711\n")
    }),
    case("copy-symlink makes the link again", "crun(1): copy-symlink", |t| {
        t.prints(&linked(t, "/made", "copy-symlink")?.args(&["readlink", "/made"]), "file\n")
    })
    .differs("runc", CRUN),
    case("copy-symlink takes a link that is there already", "crun(1): copy-symlink", |t| {
        t.prints(&linked(t, "/made", "copy-symlink")?.link("made", "file")?.args(&["readlink", "/made"]), "file\n")
    }),
    case("copy-symlink over something else is an error", "crun(1): copy-symlink", |t| {
        t.rejects(&linked(t, "/made", "copy-symlink")?.link("made", "other")?, "/made")
    })
    .differs("runc", CRUN),
    case("copy-symlink of what is no link mounts it", "crun(1): copy-symlink", |t| {
        let bundle = t.bundle()?.mount("bind", source(t)?, "/data", &["bind", "copy-symlink"]);
        t.prints(&bundle.sh("cat /data/file"), "words\n")
    }),
    case("src-nofollow mounts the link itself", "crun(1): src-nofollow", |t| {
        t.prints(&linked(t, "/made", "src-nofollow")?.args(&["readlink", "/made"]), "file\n")
    })
    .differs("runc", CRUN),
    case("dest-nofollow covers the link itself", "crun(1): dest-nofollow", |t| {
        let file = source(t)?.join("file");
        let bundle = t.bundle()?.file("etc/real", "real\n")?.link("link", "/etc/real")?;
        let bundle = bundle.mount("bind", file, "/link", &["bind", "dest-nofollow"]);
        t.prints(&bundle.sh("cat /link /etc/real"), "words\nreal\n")
    })
    .differs("runc", CRUN),
    case("a mount over / is the root", "config.md: Mounts", |t| {
        let other = t.bundle()?.file("etc/other", "other\n")?;
        let bundle = t.bundle()?;
        let first = json!({"source": other.path(""), "destination": "/", "options": ["rbind"]});
        let bundle = bundle.edit(|config| {
            config["mounts"].as_array_mut().expect("the config has mounts").insert(0, first);
        });
        t.prints(&bundle.sh("cat /etc/other; test -c /dev/null && test -d /proc/self && echo mounted"), "other\nmounted\n")
    }),
    case("remount changes the size of a tmpfs", "mount(2): MS_REMOUNT", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["size=64k", "nosuid"]);
        let mount = t.mount_at(bundle.mount("tmpfs", "tmpfs", "/data", &["remount", "size=128k"]), "/data")?;
        hold(mount.super_has("size=128k") && mount.has("nosuid"), format!("{mount:?}"))
    })
    .differs("runc", "loses the flags"),
    case("iversion and mand are accepted", OPTIONS, |t| {
        t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["iversion", "mand", "silent"]), "/data").map(drop)
    }),
    case("noiversion and nomand take them back", OPTIONS, |t| {
        let words = ["iversion", "noiversion", "mand", "nomand"];
        t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &words), "/data").map(drop)
    }),
    case("nostrictatime leaves noatime", OPTIONS, |t| time(t, &["noatime", "nostrictatime"], "noatime")),
    case("norelatime leaves noatime", OPTIONS, |t| time(t, &["noatime", "norelatime"], "noatime")),
    case("nostrictatime undoes strictatime", OPTIONS, |t| time(t, &["strictatime", "nostrictatime"], "relatime")),
    case("the propagation of the root is rslave", "config-linux.md: Rootfs Mount Propagation", |t| {
        root_propagation(t, "rslave", "")
    }),
    case("the propagation of the root is rprivate", "config-linux.md: Rootfs Mount Propagation", |t| {
        root_propagation(t, "rprivate", "")
    }),
    case("the propagation of the root is rshared", "config-linux.md: Rootfs Mount Propagation", |t| {
        root_propagation(t, "rshared", "shared:")
    })
    .differs("runc", "1.1 leaves the root private"),
    case("the propagation of the root is runbindable", "config-linux.md: Rootfs Mount Propagation", |t| {
        root_propagation(t, "runbindable", "unbindable")
    })
    .differs("runc", "1.1 binds the root when it is unbindable already"),
    case("mounts on a shared mount in the rootfs stay in the container", "mount_namespaces(7)", |t| {
        let bundle = t.bundle()?.folder("data")?;
        let dir = bundle.path("data");
        let _tmpfs = t.tmpfs(&dir, "")?;
        t.host(&["/bin/mount", "--make-shared", arg(&dir)])?.output()?.ok()?;
        fs::create_dir(dir.join("sub")).doing("make a directory")?;
        t.run(&bundle.mount("tmpfs", "inner", "/data/sub", &[]).sh("touch /data/sub/made"))?.ok()?;
        let table = t.read("/proc/self/mountinfo".as_ref())?;
        hold(!table.contains(&format!("{} ", arg(&dir.join("sub")))), "the mount is on the host")
    }),
    case("a kernel without the newer mount calls", "fsopen(2)", |t| {
        confined(t, &["open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"], 38)
    }).needs_root("the container around it is root's")
    .wavers("runc", "cannot be nested like this"),
    case("an outer filter that denies the newer mount calls", "fsopen(2)", |t| {
        confined(t, &["open_tree", "move_mount", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr"], 1)
    }).needs_root("the container around it is root's")
    .wavers("runc", "cannot be nested like this"),
    case("a kernel without the newer calls about processes", "clone3", |t| {
        confined(t, &["clone3", "faccessat2", "close_range"], 38)
    }).needs_root("the container around it is root's")
    .wavers("runc", "cannot be nested like this"),
    case("an outer filter that denies the newer calls about processes", "clone3", |t| {
        confined(t, &["clone3", "faccessat2", "close_range", "openat2"], 1)
    }).needs_root("the container around it is root's")
    .wavers("runc", "cannot be nested like this"),
    case("a kernel without mount_setattr", "mount_setattr(2)", |t| confined(t, &["mount_setattr"], 38)).needs_root("the container around it is root's")
        .wavers("runc", "cannot be nested like this"),
    case("a kernel without openat2", "openat2(2)", |t| confined(t, &["openat2"], 38)).needs_root("the container around it is root's")
        .wavers("runc", "cannot be nested like this"),
];

/// A directory on the host with a file in it.
fn source(t: &Test) -> Outcome<std::path::PathBuf> {
    let dir = t.folder("source")?;
    t.folder("source/sub")?;
    t.file("source/file", "words\n")?;
    Ok(dir)
}

fn map(host: u32, size: u32) -> Value {
    json!([{"containerID": 0, "hostID": host, "size": size}])
}

/// The bundle with the directory at /data, and perhaps with a map of the mount's own: first host id and count.
fn mapped(t: &Test, bundle: Bundle, options: &[&str], own: Option<(u32, u32)>) -> Outcome<Bundle> {
    let mut mount = json!({"type": "bind", "source": source(t)?, "destination": "/data", "options": options});
    if let Some((host, size)) = own {
        mount["uidMappings"] = map(host, size);
        mount["gidMappings"] = map(host, size);
    }
    Ok(bundle.push("/mounts", mount))
}

fn owner(t: &Test, bundle: Bundle, uid: &str) -> Outcome {
    t.prints(&bundle.args(&["stat", "-c", "%u", "/data/file"]), &format!("{uid}\n"))
}

/// The owner of a tmpfs below an idmapped mount.
fn below(t: &Test, word: &str, uid: &str) -> Outcome {
    let bundle = mapped(t, t.bundle()?, &["rbind", word], Some((5000, 1000)))?;
    let _tmpfs = t.tmpfs(&t.path("source/sub"), "")?;
    t.prints(&bundle.args(&["stat", "-c", "%u", "/data/sub"]), &format!("{uid}\n"))
}

/// A bundle with a user namespace and a source in a directory that only the host's root can search.
fn secret(t: &Test) -> Outcome<Bundle> {
    let dir = t.folder("secret/inside")?;
    t.file("secret/inside/file", "words\n")?;
    fs::set_permissions(t.path("secret"), Permissions::from_mode(0o700)).doing("chmod")?;
    Ok(t.bundle()?.user_namespace()?.mount("bind", dir, "/data", &["bind"]))
}

fn overlay(t: &Test, data: &[&str]) -> Outcome<Bundle> {
    if !t.read("/proc/filesystems".as_ref())?.contains("overlay") {
        return skip("no overlay file system in this kernel");
    }
    Ok(t.bundle()?.mount("overlay", "overlay", "/data", data))
}

/// An image with a directory of everything that can be copied.
fn image(t: &Test) -> Outcome<Bundle> {
    let bundle = t.bundle()?.folder("data/sub")?.file("data/file", "words\n")?.link("data/link", "file")?;
    let bundle = bundle.file("data/sub/run", "")?;
    for (path, uid, mode) in [("data/sub/run", 7, 0o4711), ("data/sub", 7, 0o751), ("data", 0, 0o711)] {
        chown(&bundle.path(path), uid)?;
        fs::set_permissions(bundle.path(path), Permissions::from_mode(mode)).doing("chmod")?;
    }
    Ok(bundle)
}

/// A bundle with a symbolic link to `file` as the source of a bind mount.
fn linked(t: &Test, destination: &str, word: &str) -> Outcome<Bundle> {
    let link = source(t)?.join("link");
    symlink("file", &link).doing("link")?;
    Ok(t.bundle()?.mount("bind", link, destination, &["bind", word]))
}

/// A tmpfs with these options has this time option.
fn time(t: &Test, options: &[&str], word: &str) -> Outcome {
    let mount = t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", options), "/data")?;
    hold(mount.has(word), format!("{:?}", mount.options))
}

fn root_propagation(t: &Test, word: &str, field: &str) -> Outcome {
    let mount = t.mount_at(t.bundle()?.set("/linux/rootfsPropagation", json!(word)), "/")?;
    let fits = if field.is_empty() {
        !mount.propagation.contains("shared:")
    } else {
        mount.propagation.contains(field)
    };
    hold(fits, format!("propagation is {:?}", mount.propagation))
}

/// Runs the runtime where these calls fail: as the process of a container that shares all but a filter with the host.
fn confined(t: &Test, calls: &[&str], errno: u32) -> Outcome {
    let inner = t.bundle()?.mount("bind", source(t)?, "/data", &["rbind", "ro", "nosuid", "rprivate"]);
    let inner = inner.mount("tmpfs", "tmpfs", "/cache", &["noexec", "size=64k"]).folder("etc/hidden")?;
    let inner = inner
        .set("/linux/maskedPaths", json!(["/etc/passwd", "/etc/hidden", "/proc/kcore", "/sys/firmware"]));
    let inner = inner.file("etc/hidden/file", "")?.sh(
        "cat /data/file; touch /data/x 2>&1; grep -c '/data ro,nosuid' /proc/self/mountinfo; cat /etc/passwd; \
         ls /etc/hidden; echo x >/proc/sys/kernel/domainname; grep ' /cache ' /proc/self/mountinfo | grep -c noexec",
    );
    inner.write()?;
    let runtime = arg(&t.runtime);
    let (root, dir, id) = (t.path("inner-root"), arg(&inner.dir).to_owned(), t.id());
    let outer = t.bundle()?.args(&[runtime, "--root", arg(&root), "run", "--bundle", &dir, &id]);
    let caps = [
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "SETGID",
        "SETUID",
        "SETPCAP",
        "SYS_CHROOT",
        "SYS_ADMIN",
        "SYS_PTRACE",
        "NET_ADMIN",
        "MKNOD",
        "AUDIT_WRITE",
        "NET_BIND_SERVICE",
    ]
    .map(|name| format!("CAP_{name}"));
    let outer = outer.edit(|config| {
        config["root"]["path"] = json!("/");
        config["mounts"] = json!([]);
        config["process"]["noNewPrivileges"] = json!(false);
        config["process"]["capabilities"] = json!({"bounding": caps, "effective": caps, "permitted": caps});
        config["linux"] = json!({
            "namespaces": [],
            "resources": {"devices": [{"allow": true, "access": "rwm"}]},
            "seccomp": {
                "defaultAction": "SCMP_ACT_ALLOW",
                "syscalls": [{"names": calls, "action": "SCMP_ACT_ERRNO", "errnoRet": errno}]
            }
        });
        config.as_object_mut().expect("an object").remove("hostname");
    });
    let text = t.output(&outer)?;
    contains("the file", &text, "words")?;
    contains("what touch says", &text, "Read-only file system")?;
    hold(text.ends_with("\n1\n1\n"), format!("flags or masks are missing: {text}"))
}
