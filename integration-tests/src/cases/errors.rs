//! Bad input: one clear line that names the culprit, exit status 1, and nothing left behind.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case};
use crate::console::arg;
use crate::expect::{contains, hold, same};
use crate::test::Test;
use serde_json::{Value, json};
use std::fs;

pub(crate) const CASES: &[Case] = &[
    case("a missing bundle", "bundle.md", |t| {
        t.call(&["create", "--bundle", "/nowhere/bundle", &t.id()])?.refused(1, "/nowhere/bundle")?;
        t.nothing_left()
    }),
    case("a missing config.json", "bundle.md", |t| {
        let dir = t.folder("empty")?;
        t.call(&["create", "--bundle", arg(&dir), &t.id()])?.refused(1, "config.json")?;
        t.nothing_left()
    }),
    case("a config.json that is a directory", "bundle.md", |t| {
        let dir = t.folder("odd")?;
        t.folder("odd/config.json")?;
        t.call(&["create", "--bundle", arg(&dir), &t.id()])?.refused(1, "config.json")?;
        t.nothing_left()
    }),
    case("an empty config.json", "config.md", |t| text(t, "", "")),
    case("broken JSON", "config.md", |t| text(t, "{\"ociVersion\": \"1.0.2\",\n  nonsense}", "")),
    case("broken JSON is told with its line", "config.md", |t| {
        text(t, "{\"ociVersion\": \"1.0.2\",\n  nonsense}", "line 2")
    })
    .differs("runc", "it tells no line"),
    case("JSON that is no object", "config.md", |t| text(t, "[]", "")),
    case("JSON with something behind it", "config.md", |t| {
        let bundle = t.bundle()?;
        text(t, &format!("{} nonsense", bundle.config), "")
    }),
    case("a value of the wrong type", "config.md", |t| names(t, "/process/user/uid", json!("root"), "uid")),
    case("a negative uid", "config.md: User", |t| names(t, "/process/user/uid", json!(-1), "uid")),
    case("a uid past 32 bits", "config.md: User", |t| {
        names(t, "/process/user/uid", json!(4_294_967_296_u64), "uid")
    }),
    case("a missing ociVersion", "config.md: Specification version", |t| {
        t.rejects(&t.bundle()?.without("/ociVersion"), "ociVersion")
    })
    .differs("runc", "1.1 does not look"),
    case("an ociVersion that is no version", "config.md: Specification version", |t| {
        names(t, "/ociVersion", json!("nonsense"), "ociVersion")
    })
    .differs("runc", "1.1 does not look"),
    case("an ociVersion of another major version", "config.md: Specification version", |t| {
        names(t, "/ociVersion", json!("9.0.0"), "ociVersion")
    })
    .differs("runc", "1.1 does not look"),
    case("a missing root", "config.md: Root", |t| t.rejects(&t.bundle()?.without("/root"), "root")),
    case("a missing rootfs", "config.md: Root", |t| names(t, "/root/path", json!("nowhere"), "nowhere")),
    case("a rootfs that is a file", "config.md: Root", |t| {
        let file = t.file("file", "")?;
        names(t, "/root/path", json!(file), "not a directory")
    }),
    case("a missing cwd", "config.md: Process", |t| t.rejects(&t.bundle()?.without("/process/cwd"), "cwd")),
    case("a relative cwd", "config.md: Process", |t| names(t, "/process/cwd", json!("tmp"), "cwd")),
    case("empty args", "config.md: Process", |t| names(t, "/process/args", json!([]), "args")),
    case("missing args", "config.md: Process", |t| t.rejects(&t.bundle()?.without("/process/args"), "args")),
    case("an unknown rlimit", "config.md: POSIX process", |t| {
        let limits = json!([{"type": "RLIMIT_NONSENSE", "soft": 1, "hard": 1}]);
        names(t, "/process/rlimits", limits, "RLIMIT_NONSENSE")
    }),
    case("an rlimit given twice", "config.md: POSIX process", |t| {
        let limit = json!({"type": "RLIMIT_NOFILE", "soft": 100, "hard": 100});
        names(t, "/process/rlimits", json!([limit, limit]), "RLIMIT_NOFILE")
    })
    .differs("runc", "1.1 does not look"),
    case("a soft limit above the hard one", "config.md: POSIX process", |t| {
        let limits = json!([{"type": "RLIMIT_NOFILE", "soft": 200, "hard": 100}]);
        names(t, "/process/rlimits", limits, "rlimit")
    }),
    case("an oomScoreAdj out of range", "config.md: Linux Process", |t| {
        names(t, "/process/oomScoreAdj", json!(2000), "oom")
    })
    .differs("runc", "its C part adds a line"),
    case("an unknown scheduling policy", "config.md: Linux Process", |t| {
        names(t, "/process/scheduler", json!({"policy": "SCHED_NONSENSE"}), "SCHED_NONSENSE")
    })
    .differs("runc", "new in 1.2"),
    case("an unknown I/O class", "config.md: Linux Process", |t| {
        names(t, "/process/ioPriority", json!({"class": "IOPRIO_NONSENSE", "priority": 0}), "IOPRIO_NONSENSE")
    })
    .differs("runc", "new in 1.2"),
    case("an I/O priority out of range", "config.md: Linux Process", |t| {
        names(t, "/process/ioPriority", json!({"class": "IOPRIO_CLASS_BE", "priority": 8}), "priority")
    })
    .differs("runc", "new in 1.2"),
    case("an unknown namespace", "config-linux.md: Namespaces", |t| {
        t.rejects(&t.bundle()?.namespace("nonsense"), "nonsense")
    }),
    case("a namespace given twice", "config-linux.md: Namespaces", |t| {
        t.rejects(&t.bundle()?.namespace("pid"), "pid")
    }),
    case("a relative namespace path", "config-linux.md: Namespaces", |t| {
        t.rejects(&t.bundle()?.join("network", "proc/self/ns/net"), "")
    }),
    case("mappings without a user namespace", "config-linux.md: User namespace mappings", |t| {
        names(t, "/linux/uidMappings", json!([{"containerID": 0, "hostID": 0, "size": 1}]), "mappings")
    })
    .differs("runc", "1.1 does not look"),
    case("an unknown clock", "config-linux.md: Offset for Time Namespace", |t| {
        let bundle = t.bundle()?.namespace("time");
        t.rejects(&bundle.set("/linux/timeOffsets", json!({"nonsense": {"secs": 1}})), "nonsense")
    })
    .differs("runc", "1.1 has no time namespaces"),
    case("a mount without a destination", "config.md: Mounts", |t| {
        t.rejects(&t.bundle()?.push("/mounts", json!({"type": "tmpfs", "source": "tmpfs"})), "destination")
    })
    .differs("runc", "1.1 mounts on the root"),
    case("a device of an unknown type", "config-linux.md: Devices", |t| {
        device(t, json!({"path": "/dev/x", "type": "x", "major": 1, "minor": 3}), "x")
    }),
    case("a device without its major number", "config-linux.md: Devices", |t| {
        device(t, json!({"path": "/dev/x", "type": "c", "minor": 3}), "major")
    })
    .differs("runc", "it takes 0:0"),
    case("a device without a path", "config-linux.md: Devices", |t| {
        device(t, json!({"type": "c", "major": 1, "minor": 3}), "path")
    })
    .differs("runc", "1.1 makes it in place of the root"),
    case("an unknown domain of the personality", "config-linux.md: Personality", |t| {
        names(t, "/linux/personality", json!({"domain": "NONSENSE"}), "NONSENSE")
    })
    .differs("runc", "new in 1.2"),
    case("a NUL in args", "execve(2)", |t| {
        t.run(&t.bundle()?.args(&["/bin/true", "a\0b"]))?.exits(1)?;
        t.nothing_left()
    }),
    case("a NUL in env", "execve(2)", |t| {
        t.run(&t.bundle()?.set("/process/env", json!(["A=a\0b"])))?.exits(1)?;
        t.nothing_left()
    }),
    case("an env entry without an equals sign", "config.md: Process", |t| {
        t.run(&t.bundle()?.set("/process/env", json!(["PATH=/bin", "NONSENSE"])))?;
        t.nothing_left()
    }),
    case("several problems are told at once", "config.md", |t| {
        let bundle = t.bundle()?.set("/process/cwd", json!("relative")).set("/process/args", json!([]));
        let (_, output) = t.try_create(&bundle.namespace("pid"), &[])?;
        let text = output.refused(1, "cwd")?.stderr;
        contains("the error", &text, "args")?;
        contains("the error", &text, "namespaces")
    })
    .differs("runc", "it tells the first"),
    case("a problem is told by its place in the configuration", "RFC 6901", |t| {
        names(t, "/process/cwd", json!("relative"), "process/cwd")
    })
    .differs("runc", "it tells no place"),
    case("run tells problems as create does", "config.md", |t| {
        t.run(&t.bundle()?.set("/process/cwd", json!("relative")))?.refused(1, "cwd")?;
        t.nothing_left()
    }),
    case("an id that failed may be used afterwards", "runtime.md: Create", |t| {
        let bundle = t.bundle()?.set("/process/args", json!(["/no/such"]));
        bundle.write()?;
        let id = t.id();
        t.call(&["create", "--bundle", arg(&bundle.dir), &id])?.exits(1)?;
        bundle.args(&["/bin/true"]).write()?;
        t.call(&["run", "--bundle", arg(&t.path("bundle-1")), &id])?.ok().map(drop)
    }),
    case("a failing create writes no pid file", "runc create", |t| {
        let file = t.path("pid");
        let (_, output) = t.try_create(&t.bundle()?.args(&["/no/such"]), &["--pid-file", arg(&file)])?;
        output.exits(1)?;
        hold(!file.exists(), "there is one")
    }),
    case("a failing create leaves the rootfs as it was, but for mount points", "runtime.md: Errors", |t| {
        let bundle = t.bundle()?.args(&["/no/such"]);
        let before = listing(t, &bundle)?;
        t.try_create(&bundle, &[])?.1.exits(1)?;
        same("the rootfs", listing(t, &bundle)?, before)
    }),
    case("unknown fields are ignored", "config.md: Extensibility", |t| {
        let bundle = t.bundle()?.set("/nonsense", json!({"a": 1})).set("/process/nonsense", json!([]));
        t.run(&bundle.set("/linux/nonsense", json!("x")))?.ok().map(drop)
    }),
    case("configurations of 1.0 to 1.3 are accepted", "config.md: Specification version", |t| {
        ["1.0.0", "1.0.2-dev", "1.1.0", "1.2.1", "1.3.0"]
            .iter()
            .try_for_each(|version| t.run(&t.bundle()?.set("/ociVersion", json!(version)))?.ok().map(drop))
    }),
    case("a path in a mount source of 70,000 bytes is an error", "CVE-2021-43784", |t| {
        t.rejects(&t.bundle()?.mount("bind", "/x".repeat(35_000), "/data", &["bind"]), "")
    }),
    case("four hundred mappings are an error", "CVE-2021-43784", |t| {
        let map: Vec<Value> =
            (0..400).map(|n| json!({"containerID": n, "hostID": 100_000 + n, "size": 1})).collect();
        let (_, output) =
            t.try_create(&t.bundle()?.user_namespace()?.set("/linux/uidMappings", json!(map)), &[])?;
        output.exits(1)?;
        t.nothing_left()
    }),
];

/// The bundle with this one change is refused with words that name it.
fn names(t: &Test, pointer: &str, value: Value, word: &str) -> Outcome {
    t.rejects(&t.bundle()?.set(pointer, value), word)
}

fn device(t: &Test, node: Value, word: &str) -> Outcome {
    names(t, "/linux/devices", json!([node]), word)
}

/// A config.json of this text is refused.
fn text(t: &Test, config: &str, word: &str) -> Outcome {
    let dir = t.folder("bundle")?;
    fs::write(dir.join("config.json"), config).doing("write config.json")?;
    t.call(&["create", "--bundle", arg(&dir), &t.id()])?.refused(1, word)?;
    t.nothing_left()
}

fn listing(t: &Test, bundle: &Bundle) -> Outcome<String> {
    Ok(t.host_sh(&format!("cd {} && find . | sort", arg(&bundle.path(""))))?.ok()?.stdout)
}
