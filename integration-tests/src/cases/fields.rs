//! Words and fields that no other topic has alone: recursive mount options, several propagations, flags of the
//! scheduler, I/O classes, devices that are there already, views of the host's namespaces.

use crate::case::{Case, Doing, Outcome, case, skip};
use crate::expect::{contains, hold, same};
use crate::procfs::Mount;
use crate::test::Test;
use serde_json::json;
use std::os::unix::fs::MetadataExt;

const OPTIONS: &str = "config.md: Linux mount options";
const PROCESS: &str = "config.md: Linux Process";
const NEW: &str = "new in 1.2";
const LOCKED: &str = "the flags of the host's mount are locked in a user namespace";

pub(crate) const CASES: &[Case] = &[
    case("rnosuid reaches the mounts below", OPTIONS, |t| below(t, "", &["rnosuid"], "nosuid", true)),
    case("rnodiratime reaches the mounts below", OPTIONS, |t| {
        below(t, "", &["rnodiratime"], "nodiratime", true)
    }).needs_root(LOCKED),
    case("rnoatime reaches the mounts below", OPTIONS, |t| below(t, "", &["rnoatime"], "noatime", true)).needs_root(LOCKED),
    case("rnosymfollow reaches the mounts below", OPTIONS, |t| {
        below(t, "", &["rnosymfollow"], "nosymfollow", true)
    }),
    case("rrelatime reaches the mounts below", OPTIONS, |t| {
        below(t, "noatime", &["rrelatime"], "relatime", true)
    }).needs_root(LOCKED),
    case("rstrictatime reaches the mounts below", OPTIONS, |t| {
        below(t, "", &["rstrictatime"], "relatime", false)
    }).needs_root(LOCKED),
    case("rrw undoes ro of the mounts below", OPTIONS, |t| below(t, "ro", &["rrw"], "rw", true)).needs_root(LOCKED),
    case("rsuid undoes nosuid of the mounts below", OPTIONS, |t| {
        below(t, "nosuid", &["rsuid"], "nosuid", false)
    }).needs_root(LOCKED),
    case("rdev undoes nodev of the mounts below", OPTIONS, |t| below(t, "nodev", &["rdev"], "nodev", false)).needs_root(LOCKED),
    case("rexec undoes noexec of the mounts below", OPTIONS, |t| {
        below(t, "noexec", &["rexec"], "noexec", false)
    }).needs_root(LOCKED),
    case("ratime undoes noatime of the mounts below", OPTIONS, |t| {
        below(t, "noatime", &["ratime"], "noatime", false)
    })
    .needs_root(LOCKED)
    .differs("runc", "1.1 asks the kernel for a change that there is not"),
    case("rdiratime undoes nodiratime of the mounts below", OPTIONS, |t| {
        below(t, "nodiratime", &["rdiratime"], "nodiratime", false)
    }).needs_root(LOCKED),
    case("rsymfollow undoes nosymfollow of the mounts below", OPTIONS, |t| {
        below(t, "nosymfollow", &["rsymfollow"], "nosymfollow", false)
    }),
    case("of contradicting recursive words the last holds", OPTIONS, |t| {
        below(t, "", &["rnoexec", "rexec", "rro", "rrw", "rnosuid"], "noexec", false)?;
        below(t, "", &["rexec", "rnoexec"], "noexec", true)
    })
    .differs("runc", "what is set once stays set"),
    case("recursive and plain words stand side by side", OPTIONS, |t| {
        let (top, sub) = both(t, "", &["rnoexec", "nodev"])?;
        hold(top.has("noexec") && top.has("nodev"), format!("above: {:?}", top.options))?;
        hold(sub.has("noexec") && !sub.has("nodev"), format!("below: {:?}", sub.options))
    }),
    case("several propagation words apply in order", OPTIONS, |t| {
        let (top, _) = both(t, "", &["rslave", "shared"])?;
        hold(top.propagation.contains("shared:"), format!("propagation is {:?}", top.propagation))
    }),
    case("every flag in one mount", OPTIONS, |t| {
        let words =
            ["nosuid", "nodev", "noexec", "noatime", "nodiratime", "ro", "sync", "dirsync", "lazytime"];
        let mount = t.mount_at(t.bundle()?.mount("tmpfs", "tmpfs", "/data", &words), "/data")?;
        let set = ["nosuid", "nodev", "noexec", "noatime", "nodiratime", "ro"];
        hold(set.iter().all(|word| mount.has(word)), format!("{:?}", mount.options))
    }),
    case("a scheduler with a nice value has it", PROCESS, |t| {
        let bundle = t.bundle()?.set("/process/scheduler", json!({"policy": "SCHED_OTHER", "nice": 5}));
        t.prints(&bundle.args(&["cut", "-d", " ", "-f", "19,41", "/proc/self/stat"]), "5 0\n")
    })
    .differs("runc", NEW),
    case("the batch policy is set", PROCESS, |t| {
        let bundle = t.bundle()?.set("/process/scheduler", json!({"policy": "SCHED_BATCH", "nice": 3}));
        t.prints(&bundle.args(&["cut", "-d", " ", "-f", "19,41", "/proc/self/stat"]), "3 3\n")
    })
    .differs("runc", NEW),
    case("a deadline policy takes the flags of its own", "sched_setattr(2)", |t| {
        let deadline = json!({
            "policy": "SCHED_DEADLINE", "runtime": 10_000_000, "deadline": 20_000_000, "period": 20_000_000,
            "flags": ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"],
        });
        let bundle = t.bundle()?.set("/process/scheduler", deadline);
        t.prints(&bundle.args(&["cut", "-d", " ", "-f", "41", "/proc/self/stat"]), "6\n")
    })
    .needs_root("the policy is root's to give")
    .differs("runc", NEW),
    case("the idle I/O class is set", PROCESS, |t| io_class(t, "IOPRIO_CLASS_IDLE", "idle"))
        .differs("runc", NEW),
    case("the real-time I/O class is set", PROCESS, |t| io_class(t, "IOPRIO_CLASS_RT", "realtime: prio 2"))
        .needs_root("the class is root's to give")
    .differs("runc", NEW),
    case("exec has the umask of the configuration", "runc exec", |t| {
        let bundle = t.bundle()?.set("/process/user", json!({"uid": 0, "gid": 0, "umask": 0o027}));
        let container = t.start(&bundle.args(&["/bin/sleep", "1000"]))?;
        same("umask", container.sh("umask")?, "0027\n")
    })
    .differs("runc", "1.1 leaves exec the usual one"),
    case("personality with flags is an error", "config-linux.md: Personality", |t| {
        let personality = json!({"domain": "LINUX", "flags": ["ADDR_NO_RANDOMIZE"]});
        t.rejects(&t.bundle()?.set("/linux/personality", personality), "/linux/personality/flags")
    })
    .differs("runc", "it warns"),
    case(
        "the links of /dev that the image has are left alone",
        "runtime-linux.md: Dev symbolic links",
        |t| {
            let bundle = t.bundle()?.without_mount("/dev").without_mount("/dev/pts");
            let bundle = bundle.without_mount("/dev/shm").without_mount("/dev/mqueue");
            let bundle = bundle.link("dev/stdout", "/proc/self/fd/1")?.link("dev/fd", "/proc/self/fd")?;
            t.prints(
                &bundle.sh("readlink /dev/stdout; readlink /dev/fd; echo >/dev/null && echo fine"),
                "/proc/self/fd/1\n/proc/self/fd\nfine\n",
            )
        },
    ),
    case(
        "a container may be made twice of an image with a /dev of its own",
        "config-linux.md: Default Devices",
        |t| {
            let bundle = t.bundle()?.without_mount("/dev").without_mount("/dev/pts");
            let bundle = bundle
                .without_mount("/dev/shm")
                .without_mount("/dev/mqueue")
                .sh("echo >/dev/null && echo fine");
            t.prints(&bundle, "fine\n")?;
            t.prints(&bundle, "fine\n")
        },
    ),
    case("a configured device in a user namespace is the host's", "user_namespaces(7)", |t| {
        let device = json!({"type": "c", "path": "/dev/full", "major": 1, "minor": 7, "fileMode": 0o666});
        let bundle = t.bundle()?.user_namespace()?.set("/linux/devices", json!([device]));
        t.prints(&bundle.args(&["stat", "-c", "%t:%T", "/dev/full"]), "1:7\n")
    }),
    case("a configured fifo in a user namespace is made", "config-linux.md: Devices", |t| {
        let fifo = json!({"type": "p", "path": "/dev/queue", "fileMode": 0o640});
        let bundle = t.bundle()?.user_namespace()?.set("/linux/devices", json!([fifo]));
        t.prints(&bundle.sh("test -p /dev/queue && stat -c %a /dev/queue"), "640\n")
    })
    .differs("runc", "it wants to bind the host's"),
    case("a user namespace with the host's ipc has the host's message queues", "user_namespaces(7)", |t| {
        let bundle = t.bundle()?.user_namespace()?.without_namespace("ipc");
        let host = std::fs::metadata("/dev/mqueue").map(|meta| meta.dev());
        let Ok(host) = host else { return skip("this host has no /dev/mqueue") };
        let printed = t.output(&bundle.args(&["stat", "-c", "%d", "/dev/mqueue"]))?;
        same("device", printed.trim(), host.to_string().as_str())
    }),
    case("run --no-subreaper adopts no orphans", "runc run --no-subreaper", |t| {
        let bundle = t.bundle()?.without_namespace("pid");
        let bundle = bundle.sh("sh -c 'sleep 1000 & echo $! >/tmp/orphan' & wait $!; cut -d ' ' -f 4 /proc/$(cat /tmp/orphan)/stat");
        let output = t.run_with(&bundle, &["--no-subreaper"])?;
        let parent: i32 = output.ok()?.stdout.trim().parse().doing("read the parent of the orphan")?;
        same("parent of the orphan", parent, std::process::id().cast_signed())
    }).needs_root("without pid namespace and cgroup nobody knows whose the orphan is"),
    case("annotations are told as they are", "config.md: Annotations", |t| {
        let notes = json!({"a.b/c": "d e", "empty": "", "unicode": "ä\"\\"});
        let container = t.create(&t.bundle()?.set("/annotations", notes.clone()))?;
        same("annotations", &container.state()?["annotations"], &notes)
    }),
];

/// A tmpfs with these options below a bind mount with those: both as the container has them.
fn both(t: &Test, host: &str, words: &[&str]) -> Outcome<(Mount, Mount)> {
    let dir = t.folder("source")?;
    t.folder("source/sub")?;
    let _tmpfs = t.tmpfs(&dir.join("sub"), host)?;
    let bundle = t.bundle()?.mount("bind", &dir, "/data", &[&["rbind"], words].concat());
    let mounts = t.mounts(bundle)?;
    let at = |point: &str| mounts.iter().find(|mount| mount.point == point).cloned();
    at("/data").zip(at("/data/sub")).ok_or("both are mounted").doing("look for the mounts")
}

/// Whether the mount below has a flag.
fn below(t: &Test, host: &str, words: &[&str], flag: &str, expected: bool) -> Outcome {
    let (_, sub) = both(t, host, words)?;
    hold(sub.has(flag) == expected, format!("{:?}", sub.options))
}

fn io_class(t: &Test, class: &str, said: &str) -> Outcome {
    let bundle = t.bundle()?.set("/process/ioPriority", json!({"class": class, "priority": 2}));
    contains("what ionice says", &t.output(&bundle.args(&["ionice"]))?, said)
}
