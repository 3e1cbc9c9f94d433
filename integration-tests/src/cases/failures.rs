//! Configurations that are right and cannot be carried out: the error names the field and what was wrong, the exit status
//! is 1, and nothing is left behind.

use crate::bundle::Bundle;
use crate::case::{Case, Outcome, case};
use crate::console::arg;
use crate::expect::{contains, same};
use crate::test::Test;
use serde_json::json;

pub(crate) const CASES: &[Case] = &[
    failure("a bind source that is not there", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("bind", "/nowhere/source", "/data", &["bind"]);
        fails(t, &bundle, &["mounts[6]", "/nowhere/source", "no such file or directory"])
    }),
    failure("a bind source whose directory is a file", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("bind", "/etc/passwd/x", "/data", &["bind"]);
        fails(t, &bundle, &["mounts[6]", "/etc/passwd/x", "not a directory"])
    }),
    failure("a mount on a destination below a file", "config.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/etc/passwd/x", &[]);
        fails(t, &bundle, &["mounts[6]", "/etc/passwd/x", "not a directory"])
    }),
    failure("a file system of the wrong option", "fsconfig(2)", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/data", &["size=lots"]);
        fails(t, &bundle, &["mounts[6]", "/data", "invalid argument"])
    }),
    failure("a block device that nobody has as a source", "mount(2)", |t| {
        let bundle = t.bundle()?.mount("ext4", "/dev/nowhere", "/data", &[]);
        fails(t, &bundle, &["mounts[6]", "/dev/nowhere"])
    }),
    failure("a cwd that is a file", "config.md: Process", |t| {
        fails(t, &t.bundle()?.set("/process/cwd", json!("/etc/passwd")), &["process.cwd", "/etc/passwd"])
    }),
    failure("a program that is a directory", "execve(2)", |t| {
        fails(t, &t.bundle()?.args(&["/etc"]), &["process.args", "/etc"])
    }),
    failure("a program below a file", "execve(2)", |t| {
        fails(t, &t.bundle()?.args(&["/etc/passwd/x"]), &["process.args", "/etc/passwd/x", "not a directory"])
    }),
    failure("a program that the user may not execute", "execve(2)", |t| {
        let bundle = t.bundle()?.file_mode("prog", "#!/bin/sh\n", 0o700)?.args(&["/prog"]);
        let bundle = bundle.set("/process/user", json!({"uid": 1000, "gid": 1000}));
        fails(t, &bundle, &["process.args", "/prog", "permission denied"])
    }),
    failure("a program in a directory that the user may not enter", "execve(2)", |t| {
        let bundle =
            closed(t, "closed")?.file_mode("closed/prog", "#!/bin/sh\n", 0o755)?.args(&["/closed/prog"]);
        let bundle = bundle.set("/process/user", json!({"uid": 1000, "gid": 1000}));
        fails(t, &bundle, &["process.args", "/closed/prog", "permission denied"])
    }),
    failure("a program that PATH does not lead to", "execvp(3)", |t| {
        fails(
            t,
            &t.bundle()?.args(&["nosuchprogram"]),
            &["process.args", "nosuchprogram", "not found in $PATH"],
        )
    }),
    failure("a program that is a loop of links", "execve(2)", |t| {
        fails(t, &t.bundle()?.link("prog", "/prog")?.args(&["/prog"]), &["process.args", "/prog"])
    }),
    failure("run of a program that is none", "execve(2)", |t| {
        let bundle = t.bundle()?.file_mode("prog", "\u{7f}ELF nonsense", 0o755)?.args(&["/prog"]);
        ends(t, &bundle, &["/prog", "exec format error"])
    }),
    failure("run of a script whose interpreter is not there", "execve(2)", |t| {
        let bundle = t.bundle()?.file_mode("prog", "#!/no/interpreter\n", 0o755)?.args(&["/prog"]);
        ends(t, &bundle, &["/prog", "no such file or directory"])
    }),
    failure("run of a program without its interpreter's right", "execve(2)", |t| {
        let bundle = t.bundle()?.file_mode("prog", "#!/etc/passwd\n", 0o755)?.args(&["/prog"]);
        ends(t, &bundle, &["/prog", "permission denied"])
    }),
    failure("a sysctl that the kernel does not have", "config-linux.md: Sysctl", |t| {
        let bundle = t.bundle()?.set("/linux/sysctl", json!({"net.nonsense": "1"}));
        fails(t, &bundle, &["net.nonsense", "no such file or directory"])
    }),
    failure("a sysctl that does not take the value", "config-linux.md: Sysctl", |t| {
        let bundle = t.bundle()?.set("/linux/sysctl", json!({"net.ipv4.ip_forward": "nonsense"}));
        fails(t, &bundle, &["net.ipv4.ip_forward", "nonsense", "invalid argument"])
    }),
    failure("a device below a file", "config-linux.md: Devices", |t| {
        let node = json!([{"path": "/etc/passwd/x", "type": "c", "major": 1, "minor": 3}]);
        fails(
            t,
            &t.bundle()?.set("/linux/devices", node),
            &["linux.devices[0]", "/etc/passwd/x", "not a directory"],
        )
    })
    .needs_root("only root makes device nodes"),
    failure("a hard limit beyond the kernel's", "setrlimit(2)", |t| {
        let limit = json!([{"type": "RLIMIT_NOFILE", "soft": 1, "hard": 9_000_000_000_000_000_000_u64}]);
        fails(t, &t.bundle()?.set("/process/rlimits", limit), &["process.rlimits", "operation not permitted"])
    }),
    failure("a namespace path that is a directory", "config-linux.md: Namespaces", |t| {
        fails(t, &t.bundle()?.join("ipc", "/proc/self"), &["linux.namespaces", "/proc/self"])
    }),
];

/// runc names no fields, and so says less than each of these asks for.
const fn failure(name: &'static str, section: &'static str, check: fn(&Test) -> Outcome) -> Case {
    case(name, section, check).wavers("runc", "it names no field")
}

/// A bundle with a directory that root alone may enter.
fn closed(t: &Test, name: &str) -> Outcome<Bundle> {
    let bundle = t.bundle()?.folder(name)?;
    let dir = bundle.path(name);
    t.host(&["/bin/chmod", "700", arg(&dir)])?.output()?.ok()?;
    Ok(bundle)
}

/// `create` fails with one line that has all these words, and leaves nothing.
fn fails(t: &Test, bundle: &Bundle, words: &[&str]) -> Outcome {
    let (_, output) = t.try_create(bundle, &[])?;
    said(&output.exits(1)?.stderr, words)?;
    t.nothing_left()
}

/// The same of `run`, for what only execve(2) can tell.
fn ends(t: &Test, bundle: &Bundle, words: &[&str]) -> Outcome {
    said(&t.run(bundle)?.exits(1)?.stderr, words)?;
    t.nothing_left()
}

fn said(text: &str, words: &[&str]) -> Outcome {
    same("number of lines", text.lines().filter(|line| !line.trim().is_empty()).count(), 1)?;
    words.iter().try_for_each(|word| contains("the error", &text.to_lowercase(), &word.to_lowercase()))
}
