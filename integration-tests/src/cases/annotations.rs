//! Annotations that change what is done, as crun has them (crun(1), "Extensions to OCI"): runc knows none of them.

use crate::agent::{Agent, Answer};
use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, fail};
use crate::console::{ConsoleSocket, arg, pid_of};
use crate::container::Container;
use crate::expect::{contains, hold, lacks, same};
use crate::procfs::{status_field, status_of};
use crate::test::Test;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::PathBuf;

/// Why runc fails them.
const CRUNS: &str = "it has no such annotation";

const KEEP: (&str, &str) = ("run.oci.keep_original_groups", "1");

/// Why an ordinary user cannot have those that look at numbers.
const NUMBERS: &str = "in a user namespace the groups have no numbers";

/// Groups of the host that nobody is in.
const GROUPS: &str = "4242,4243";

/// The same as the kernel writes them.
const SHOWN: &str = "4242 4243";

pub(crate) const CASES: &[Case] = &[
    case("the caller's groups are kept", "crun(1): run.oci.keep_original_groups", |t| {
        same("groups", groups(t, t.bundle()?.annotated(&[KEEP]))?, SHOWN)
    })
    .needs_root(NUMBERS)
    .differs("runc", CRUNS),
    case("without the annotation the caller's groups are dropped", "config.md: User", |t| {
        same("groups", groups(t, t.bundle()?)?, String::new())
    })
    .needs_root(NUMBERS),
    case("the annotation may say no", "crun(1): run.oci.keep_original_groups", |t| {
        same("groups", groups(t, t.bundle()?.annotated(&[(KEEP.0, "0")]))?, String::new())
    })
    .needs_root(NUMBERS),
    case("groups that are kept are the caller's alone", "crun(1): run.oci.keep_original_groups", |t| {
        let bundle = t.bundle()?.annotated(&[KEEP]).set("/process/user/additionalGids", json!([77]));
        same("groups", groups(t, bundle)?, SHOWN)
    })
    .needs_root(NUMBERS)
    .differs("runc", CRUNS),
    case("groups are kept for another user too", "crun(1): run.oci.keep_original_groups", |t| {
        let bundle = t.bundle()?.annotated(&[KEEP]).set("/process/user", json!({"uid": 1000, "gid": 1000}));
        same("groups", groups(t, bundle)?, SHOWN)
    })
    .needs_root(NUMBERS)
    .differs("runc", CRUNS),
    case("groups are kept in a user namespace", "crun(1): run.oci.keep_original_groups", |t| {
        let container = waiting(t, t.bundle()?.user_namespace()?.annotated(&[KEEP]))?;
        same("groups", status_field(container.pid, "Groups"), Some(SHOWN.into()))
    })
    .differs("runc", CRUNS),
    case("exec keeps its own caller's groups", "crun(1): run.oci.keep_original_groups", |t| {
        let container = waiting(t, t.bundle()?.annotated(&[KEEP]))?;
        same("groups", of_exec(t, "4244", &container)?, "4244")
    })
    .needs_root(NUMBERS)
    .differs("runc", CRUNS),
    case("exec without the annotation drops them", "config.md: User", |t| {
        same("groups", of_exec(t, "4244", &waiting(t, t.bundle()?)?)?, String::new())
    })
    .needs_root(NUMBERS),
    case(
        "an ordinary user's container reads what its user's groups may",
        "podman-run(1): --group-add keep-groups",
        |t| {
            let t = &t.ordinary()?;
            let bundle = shared(t)?.annotated(&[KEEP]);
            same("output", in_groups(t, GROUPS, &bundle)?.ok()?.stdout, "for the group\n".to_owned())
        },
    ),
    case("without the annotation it does not", "podman-run(1): --group-add keep-groups", |t| {
        let t = &t.ordinary()?;
        contains("the error", &in_groups(t, GROUPS, &shared(t)?)?.exits(1)?.stderr, "denied")
    })
    .differs("runc", "1.1 sets no groups for an ordinary user"),
    case("hooks of every kind write to the files", "crun(1): run.oci.hooks.stdout", |t| {
        let (out, err) = (t.path("out"), t.path("err"));
        let bundle = KINDS.iter().fold(t.bundle()?, |bundle, kind| {
            hook(bundle, kind, &format!("echo {kind} out; echo {kind} err >&2"))
        });
        t.run(&bundle.annotated(&[(STDOUT, arg(&out)), (STDERR, arg(&err))]))?.ok()?;
        let all = |stream| KINDS.map(|kind| format!("{kind} {stream}\n")).concat();
        same("standard output", t.read(&out)?, all("out"))?;
        same("standard error", t.read(&err)?, all("err"))
    })
    .differs("runc", CRUNS),
    case("what hooks write is appended", "crun(1): run.oci.hooks.stdout", |t| {
        let out = t.file("out", "before\n")?;
        let bundle = hook(t.bundle()?, "createRuntime", "echo hook").annotated(&[(STDOUT, arg(&out))]);
        t.run(&bundle)?.ok()?;
        t.run(&bundle)?.ok()?;
        same("the file", t.read(&out)?, "before\nhook\nhook\n".to_owned())
    })
    .differs("runc", CRUNS),
    case("a path that is not absolute is below the bundle", "ociruntime: annotations", |t| {
        let bundle = hook(t.bundle()?, "poststop", "echo hook").annotated(&[(STDOUT, "hooks.log")]);
        t.run(&bundle)?.ok()?;
        same("the file", t.read(&bundle.dir.join("hooks.log"))?, "hook\n".to_owned())
    })
    .differs("runc", CRUNS),
    case("the error of a failing hook says which file it wrote to", "ociruntime: annotations", |t| {
        let err = t.path("err");
        let bundle = hook(t.bundle()?, "createContainer", "echo no such bridge >&2; exit 3");
        let bundle = bundle.annotated(&[(STDERR, arg(&err))]);
        t.rejects(&bundle, arg(&err))?;
        same("the file", t.read(&err)?, "no such bridge\n".to_owned())
    })
    .differs("runc", CRUNS)
    .differs("crun", "it names the hook alone"),
    case("what goes to no file is in the error still", "ociruntime: annotations", |t| {
        let bundle = hook(t.bundle()?, "createContainer", "echo no such bridge >&2; exit 3");
        t.rejects(&bundle.annotated(&[(STDOUT, arg(&t.path("out")))]), "no such bridge")
    })
    .wavers("runc", "of an ordinary user's container it says more than that")
    .differs("crun", "it is on the runtime's own standard error"),
    case(
        "a file that cannot be opened is an error before anything is done",
        "ociruntime: annotations",
        |t| {
            let mark = t.path("mark");
            let bundle = hook(t.bundle()?, "prestart", &format!("touch {}", arg(&mark)));
            t.rejects(&bundle.annotated(&[(STDOUT, "/no/such/place")]), "/no/such/place")?;
            hold(!mark.exists(), "the hook ran")
        },
    )
    .differs("runc", CRUNS)
    .wavers("crun", "it has other words"),
    case("delete runs the hooks though the file has become impossible", "runtime.md: Lifecycle", |t| {
        let (dir, mark) = (t.folder("logs")?, t.path("mark"));
        let bundle = hook(t.bundle()?, "poststop", &format!("touch {}", arg(&mark)));
        let container = t.start(&bundle.annotated(&[(STDOUT, arg(&dir.join("out")))]))?;
        fs::remove_dir_all(dir).doing("remove the directory")?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        hold(mark.exists(), "the hook did not run")
    })
    .differs("crun", "1.8 runs no hook then"),
    case("the program inherits no file of the hooks", "ociruntime: annotations", |t| {
        let out = t.path("out");
        let bundle = hook(t.bundle()?, "startContainer", "echo hook").annotated(&[(STDOUT, arg(&out))]);
        lacks("its descriptors", &t.output(&bundle.sh("ls -l /proc/$$/fd"))?, arg(&out))
    }),
    case("the container's init is announced to the socket", "crun(1): run.oci.pidfd_receiver", |t| {
        let socket = ConsoleSocket::listen(t.path("socket"))?;
        let container = t.create(&t.bundle()?.annotated(&[("run.oci.pidfd_receiver", socket.arg())]))?;
        same("pid of the pidfd", pid_of(&socket.receive()?.0)?, container.pid.to_string())
    })
    .differs("runc", CRUNS),
    case("a socket that nobody listens at is an error", "ociruntime: annotations", |t| {
        let bundle = t.bundle()?.annotated(&[("run.oci.pidfd_receiver", "/no/such/socket")]);
        t.rejects(&bundle, "run.oci.pidfd_receiver")
    })
    .differs("runc", CRUNS)
    .differs("crun", "it does not name the annotation"),
    case("an agent is sent the listener", "crun(1): run.oci.seccomp.receiver", |t| {
        let agent = Agent::wait(t)?;
        let bundle = t.bundle()?.set("/linux/seccomp", profile(json!({"action": "SCMP_ACT_NOTIFY"})));
        let bundle = bundle.annotated(&[("run.oci.seccomp.receiver", agent.path())]);
        let running = t.begin(&bundle.args(&["mkdir", "/tmp/made"]))?;
        agent.answer(Answer::Errno(13), 1)?.calls()?;
        contains("output", &running.wait()?.stderr, "Permission denied")
    })
    .differs("runc", CRUNS),
    case(
        "a call that no kernel knows may be an error",
        "crun(1): run.oci.seccomp_fail_unknown_syscall",
        |t| {
            let rule = json!({"action": "SCMP_ACT_ERRNO", "names": ["mkdir", "no_such_call"]});
            let bundle = t.bundle()?.set("/linux/seccomp", profile(rule));
            t.rejects(&bundle.annotated(&[("run.oci.seccomp_fail_unknown_syscall", "1")]), "no_such_call")
        },
    )
    .differs("runc", CRUNS),
    case("a filter may stand there compiled", "crun(1): run.oci.seccomp_bpf_data", |t| {
        let bundle = t.bundle()?.annotated(&[("run.oci.seccomp_bpf_data", &refusing_directories(t)?)]);
        contains("output", &t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.stderr, "Permission denied")
    })
    .differs("runc", CRUNS),
    case("it takes the place of the profile", "crun(1): run.oci.seccomp_bpf_data", |t| {
        let bundle = t.bundle()?.annotated(&[("run.oci.seccomp_bpf_data", &refusing_directories(t)?)]);
        let bundle = bundle.set("/linux/seccomp", json!({"defaultAction": "SCMP_ACT_ALLOW"}));
        contains("output", &t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.stderr, "Permission denied")
    })
    .differs("runc", CRUNS),
    case("exec runs under the same", "crun(1): run.oci.seccomp_bpf_data", |t| {
        let bundle = t.bundle()?.annotated(&[("run.oci.seccomp_bpf_data", &refusing_directories(t)?)]);
        let container = waiting(t, bundle)?;
        contains("output", &container.exec(&["mkdir", "/tmp/made"])?.stderr, "Permission denied")
    })
    .differs("runc", CRUNS),
    case("a compiled filter that the kernel refuses is an error", "seccomp(2)", |t| {
        // Loads a word and returns nothing.
        let bundle = t.bundle()?.annotated(&[("run.oci.seccomp_bpf_data", "IAAAAAAAAAA=")]);
        let output = t.run(&bundle)?.exits(1)?;
        contains("the error", &output.stderr, "run.oci.seccomp_bpf_data")
    })
    .differs("runc", CRUNS)
    .differs("crun", "it has other words"),
    case("a wrong value is an error with its place", "ociruntime: annotations", |t| {
        let wrong = [
            (KEEP.0, "maybe"),
            (STDOUT, ""),
            ("run.oci.mount_context_type", "seclabel"),
            ("run.oci.seccomp.receiver", "relative"),
            ("run.oci.seccomp_bpf_data", "!"),
        ];
        for (name, value) in wrong {
            let (_, output) = t.try_create(&t.bundle()?.annotated(&[(name, value)]), &[])?;
            output.refused(1, &format!("/annotations/{name}"))?;
        }
        t.nothing_left()
    })
    .differs("runc", CRUNS)
    .differs("crun", "it takes some of them"),
    case("an annotation that means nothing changes nothing", "config.md: Annotations", |t| {
        let odd =
            [("run.oci.seccomp.plugins", "/no/such/plugin"), ("com.example.run.oci", "1"), ("run.oci", "")];
        t.prints(&t.bundle()?.annotated(&odd).sh("echo here"), "here\n")
    }),
];

const STDOUT: &str = "run.oci.hooks.stdout";
const STDERR: &str = "run.oci.hooks.stderr";

/// In the order in which they run.
const KINDS: [&str; 6] =
    ["prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop"];

impl Bundle {
    /// Adds annotations.
    pub(crate) fn annotated(self, annotations: &[(&str, &str)]) -> Self {
        self.edit(|config| {
            for (name, value) in annotations {
                config["annotations"][*name] = json!(value);
            }
        })
    }
}

/// Adds a hook that runs a shell script, on the host or in the container.
fn hook(bundle: Bundle, kind: &str, script: &str) -> Bundle {
    let path = "PATH=/usr/bin:/bin";
    let hook = json!([{"path": "/bin/sh", "args": ["sh", "-c", format!("{path}; {script}")]}]);
    bundle.edit(|config| config["hooks"][kind] = hook)
}

/// What `run` comes to, called with these groups.
fn in_groups(t: &Test, groups: &str, bundle: &Bundle) -> Outcome<crate::runtime::Output> {
    bundle.write()?;
    t.in_groups(groups, &["run", "--bundle", arg(&bundle.dir), &t.id()])?.output()
}

/// The supplementary groups of the program, called with groups.
fn groups(t: &Test, bundle: Bundle) -> Outcome<String> {
    listed(&in_groups(t, GROUPS, &bundle.args(&["cat", "/proc/self/status"]))?.ok()?.stdout)
}

fn listed(status: &str) -> Outcome<String> {
    match status_of(status, "Groups") {
        Some(groups) => Ok(groups.trim().to_owned()),
        None => fail(format!("no groups in {status}")),
    }
}

/// A running container, made by a caller with groups.
fn waiting(t: &Test, bundle: Bundle) -> Outcome<Container<'_>> {
    let bundle = bundle.args(&["/bin/sleep", "1000"]);
    bundle.write()?;
    let id = t.id();
    t.in_groups(GROUPS, &["create", "--bundle", arg(&bundle.dir), &id])?.output()?.ok()?;
    let container = Container::known(t, id, t.path("none"))?;
    container.start()?;
    Ok(container)
}

/// The groups of a process that is run in a container by a caller with these.
fn of_exec(t: &Test, groups: &str, container: &Container<'_>) -> Outcome<String> {
    let words = ["exec", &container.id, "cat", "/proc/self/status"];
    listed(&t.in_groups(groups, &words)?.output()?.ok()?.stdout)
}

/// A bundle that prints a file of the host that only a group may read.
fn shared(t: &Test) -> Outcome<Bundle> {
    let file = t.path("shared");
    fs::write(&file, "for the group\n").doing("write the file")?;
    chown(&file, Some(0), Some(4242)).doing("give it to the group")?;
    fs::set_permissions(&file, Permissions::from_mode(0o640)).doing("chmod")?;
    let bundle = t.bundle()?.file("shared", "")?.mount("bind", file, "/shared", &["bind", "ro"]);
    Ok(bundle.args(&["cat", "/shared"]))
}

/// A seccomp profile with one rule about directories.
fn profile(mut rule: Value) -> Value {
    if rule["names"].is_null() {
        rule["names"] = json!(["mkdir", "mkdirat"]);
    }
    json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule]})
}

/// The number of the call by which a libc makes a directory.
const MKDIR: u32 = if cfg!(target_arch = "x86_64") { 83 } else { 34 };

/// A filter in which to make a directory fails with EACCES: load the number, compare, and the two answers.
fn refusing_directories(t: &Test) -> Outcome<String> {
    let program: [(u16, u8, u8, u32); 4] =
        [(0x20, 0, 0, 0), (0x15, 0, 1, MKDIR), (0x06, 0, 0, 0x0005_000d), (0x06, 0, 0, 0x7fff_0000)];
    let bytes: Vec<u8> = program
        .iter()
        .flat_map(|(code, yes, no, k)| [&code.to_ne_bytes()[..], &[*yes, *no], &k.to_ne_bytes()].concat())
        .collect();
    let file: PathBuf = t.path("filter");
    fs::write(&file, bytes).doing("write the filter")?;
    Ok(t.host(&["/usr/bin/base64", "--wrap", "0", arg(&file)])?.output()?.ok()?.stdout)
}
