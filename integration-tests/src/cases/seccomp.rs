//! `linux.seccomp`: the filter that the container's processes run under.

use crate::agent::{Agent, Answer};
use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, skip};
use crate::console::{ConsoleSocket, arg};
use crate::container::Container;
use crate::expect::{contains, hold, lacks, same};
use crate::narrow;
use crate::test::Test;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::io::Read;
use std::os::unix::fs::PermissionsExt;

/// Why a closed profile does not do for every runtime.
const GO: &str = "the Go runtime makes calls of its own after the filter is loaded";

/// Why the engines that have no such command, or no such file, fail.
const OURS: &str = "ociruntime alone has this";

const NO_FLAGS: &str = "1.1 takes no flags";

pub(crate) const CASES: &[Case] = &[
    case("a call that a rule names fails with the rule's errno", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?;
        contains("output", &t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.stderr, "Permission denied")
    }),
    case("a rule without an errno answers EPERM", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_ERRNO"}]))?;
        contains("output", &t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.stderr, "Operation not permitted")
    }),
    case("a call that kills ends the process by SIGSYS", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_KILL_PROCESS"}]))?;
        let bundle = bundle.sh("(mkdir /tmp/made); echo $?");
        contains("output", &t.output(&bundle)?, "159")
    }),
    case("a condition on an argument decides", "config-linux.md: Seccomp", |t| {
        let sockets = json!([{"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
            "args": [{"index": 1, "value": 10, "op": "SCMP_CMP_EQ"}]}]);
        let bundle = filtered(t, sockets)?.sh("trap '' TERM; kill -TERM $$; kill -USR1 $$ || echo refused");
        same("output", t.output(&bundle)?.as_str(), "refused\n")
    }),
    case("a filter is loaded with noNewPrivileges and without", "config-linux.md: Seccomp", |t| {
        for privileges in [false, true] {
            let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?;
            let bundle = bundle
                .set("/process/noNewPrivileges", json!(privileges))
                .sh("grep Seccomp: /proc/self/status");
            same("mode", t.output(&bundle)?.as_str(), "Seccomp:\t2\n")?;
        }
        Ok(())
    }),
    case("exec runs under the container's filter", "runc exec", |t| {
        let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?.args(&["sleep", "1000"]);
        let output = t.start(&bundle)?.exec(&["mkdir", "/tmp/made"])?;
        contains("output", &output.stderr, "Permission denied")
    }),
    case("a call that no kernel knows is passed over", "config-linux.md: Seccomp", |t| {
        let unknown = json!([{"names": ["no_such_call", "mkdir"], "action": "SCMP_ACT_ERRNO"}]);
        t.run(&filtered(t, unknown)?.args(&["true"]))?.ok().map(drop)
    }),
    case("a call that no kernel knows is told with --debug", "ociruntime --debug", |t| {
        let bundle = filtered(t, json!([{"names": ["no_such_call"], "action": "SCMP_ACT_ERRNO"}]))?;
        bundle.write()?;
        let output = t.command(&["--debug", "run", "--bundle", arg(&bundle.dir), &t.id()])?.output()?.ok()?;
        contains("log", &output.stderr, "no_such_call")
    }),
    case("an errno for an action that takes none is an error", "config-linux.md: Seccomp", |t| {
        t.rejects(&filtered(t, json!([rule("SCMP_ACT_KILL", 13)]))?, "errno")
    })
    .differs("runc", "1.1 takes no notice"),
    case("a call that traps sends SIGSYS", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_TRAP"}]))?;
        contains("output", &t.output(&bundle.sh("(mkdir /tmp/made); echo $?"))?, "159")
    }),
    case("a call that is logged is carried out", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_LOG"}]))?;
        same("output", t.output(&bundle.sh("mkdir /tmp/made && ls /tmp"))?.as_str(), "made\n")
    }),
    case("a traced call without a tracer fails with ENOSYS", "seccomp(2)", |t| {
        let bundle = filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_TRACE"}]))?;
        contains("output", &t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.stderr, "not implemented")
    }),
    case("a program killed by its filter ends with 159", "config-linux.md: Seccomp", |t| {
        let bundle = filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_KILL_PROCESS"}]))?;
        t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.exits(159).map(drop)
    }),
    case("the default action can be an errno", "config-linux.md: Seccomp, defaultErrnoRet", |t| {
        let bundle = t.bundle()?.args(&["mkdir", "/tmp/made"]);
        contains("output", &t.run(&closed(bundle, json!({"defaultErrnoRet": 30})))?.stderr, "Read-only")
    })
    .wavers("runc", GO),
    case("without defaultErrnoRet the default is EPERM", "config-linux.md: Seccomp, defaultErrnoRet", |t| {
        let bundle = t.bundle()?.args(&["mkdir", "/tmp/made"]);
        contains("output", &t.run(&closed(bundle, json!({})))?.stderr, "not permitted")
    })
    .wavers("runc", GO),
    case("flags are accepted", "config-linux.md: Seccomp, flags", |t| {
        let flags = ["TSYNC", "LOG", "SPEC_ALLOW"].map(|flag| format!("SECCOMP_FILTER_FLAG_{flag}"));
        let bundle =
            filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?.set("/linux/seccomp/flags", json!(flags));
        contains("output", &t.run(&bundle.args(&["mkdir", "/tmp/made"]))?.stderr, "Permission denied")
    })
    .differs("runc", NO_FLAGS),
    case("speculation stays allowed under SPEC_ALLOW", "config-linux.md: Seccomp, flags", |t| {
        let flags = json!(["SECCOMP_FILTER_FLAG_SPEC_ALLOW"]);
        let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?.set("/linux/seccomp/flags", flags);
        let bundle = bundle.sh("grep Speculation_Store_Bypass: /proc/self/status");
        lacks("status", &t.output(&bundle)?, "force mitigated")
    })
    .differs("runc", NO_FLAGS),
    case("an unknown flag is an error", "config-linux.md: Seccomp, flags", |t| {
        let bundle =
            filtered(t, json!([]))?.set("/linux/seccomp/flags", json!(["SECCOMP_FILTER_FLAG_MAGIC"]));
        t.rejects(&bundle, "SECCOMP_FILTER_FLAG_MAGIC")
    })
    .differs("runc", NO_FLAGS),
    case("an unknown architecture is an error", "config-linux.md: Seccomp, architectures", |t| {
        let bundle = filtered(t, json!([]))?.set("/linux/seccomp/architectures", json!(["SCMP_ARCH_PDP11"]));
        t.rejects(&bundle, "SCMP_ARCH_PDP11")
    }),
    case("an argument beyond the sixth is an error", "config-linux.md: Seccomp, args", |t| {
        let args = json!([{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]);
        let rule = json!([{"names": MKDIR, "action": "SCMP_ACT_ERRNO", "args": args}]);
        t.rejects(&filtered(t, rule)?, "linux/seccomp/syscalls/0/args/0/index")
    })
    .differs("runc", "the words are those of libseccomp"),
    case("an unknown operator is an error", "config-linux.md: Seccomp, args", |t| {
        let args = json!([{"index": 0, "value": 1, "op": "SCMP_CMP_ISH"}]);
        t.rejects(
            &filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_ERRNO", "args": args}]))?,
            "SCMP_CMP_ISH",
        )
    }),
    case("a filter may forbid what sets a process up", "config-linux.md: Seccomp", |t| {
        t.run(&closed(t.bundle()?, json!({})).args(&["true"]))?.ok().map(drop)
    })
    .wavers("runc", GO),
    case("a filter may forbid sockets", "config-linux.md: Seccomp", |t| {
        for no_new_privileges in [true, false] {
            let sockets =
                ["socket", "sendmsg", "recvmsg", "sendto", "recvfrom", "accept", "accept4", "connect"];
            let rules = json!([{"names": sockets, "action": "SCMP_ACT_KILL_PROCESS"}]);
            let bundle = filtered(t, rules)?.set("/process/noNewPrivileges", json!(no_new_privileges));
            let container = t.create(&bundle.args(&["sh", "-c", "exit 7"]))?;
            container.start()?;
            same("status", container.wait()?, 7)?;
            container.delete()?;
        }
        Ok(())
    }),
    case("a filter may forbid a change of ids and capabilities", "config-linux.md: Seccomp", |t| {
        let names = ["capset", "prctl", "setgroups", "setresuid", "setresgid", "setuid", "setgid", "chdir"];
        let rules = json!([{"names": names, "action": "SCMP_ACT_ERRNO"}]);
        for no_new_privileges in [true, false] {
            let bundle = filtered(t, rules.clone())?.set("/process/user", json!({"uid": 1000, "gid": 1000}));
            let bundle = bundle.set("/process/noNewPrivileges", json!(no_new_privileges));
            // busybox itself would give its rights up.
            t.run(&bundle.args(&["sh", "-c", "exit 0"]))?.ok()?;
        }
        Ok(())
    })
    .differs("runc", "without noNewPrivileges it loads the filter before it becomes the user"),
    case("a filter leaves no capability behind that loading it takes", "capabilities(7)", |t| {
        for uid in [0, 1000] {
            let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?
                .set("/process/noNewPrivileges", json!(false))
                .set("/process/user", json!({"uid": uid, "gid": uid}))
                .sh("grep -E 'Cap(Prm|Eff|Amb|Inh)' /proc/self/status");
            let output = t.output(&bundle)?;
            let has_admin = |line: &str| {
                let mask = line.split_whitespace().last().and_then(|mask| u64::from_str_radix(mask, 16).ok());
                mask.is_none_or(|mask| mask & 1 << 21 != 0)
            };
            hold(!output.lines().any(has_admin), format!("CAP_SYS_ADMIN is left: {output}"))?;
        }
        Ok(())
    }),
    case("hooks of start run without the filter", "config.md: startContainer", |t| {
        let hook = json!([{"path": "/bin/mkdir", "args": ["mkdir", "/tmp/hooked"]}]);
        let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?
            .set("/hooks", json!({"startContainer": hook}))
            .set("/process/noNewPrivileges", json!(false));
        same("output", t.output(&bundle.args(&["ls", "/tmp"]))?.as_str(), "hooked\n")
    })
    .differs("runc", "1.1 runs them under the filter"),
    case("an agent decides that a call fails", "config-linux.md: listenerPath", |t| {
        let agent = Agent::wait(t)?;
        let running = t.begin(&heard(t, &agent)?.args(&["mkdir", "/tmp/made"]))?;
        let decider = agent.answer(Answer::Errno(13), 1)?;
        contains("output", &running.wait()?.stderr, "Permission denied")?;
        same("calls", decider.calls()?.len(), 1)
    }),
    case("an agent decides that a call is not done", "config-linux.md: listenerPath", |t| {
        let agent = Agent::wait(t)?;
        let running = t.begin(&heard(t, &agent)?.sh("mkdir /tmp/made && ls /tmp"))?;
        agent.answer(Answer::Zero, 1)?.calls()?;
        same("output", running.wait()?.ok()?.stdout.as_str(), "")
    }),
    case("an agent decides that a call goes on", "config-linux.md: listenerPath", |t| {
        let agent = Agent::wait(t)?;
        let running = t.begin(&heard(t, &agent)?.sh("mkdir /tmp/made && ls /tmp"))?;
        agent.answer(Answer::Continue, 1)?.calls()?;
        same("output", running.wait()?.ok()?.stdout.as_str(), "made\n")
    }),
    case("an agent decides without noNewPrivileges too", "config-linux.md: listenerPath", |t| {
        let agent = Agent::wait(t)?;
        let bundle = heard(t, &agent)?.set("/process/noNewPrivileges", json!(false));
        let running = t.begin(&bundle.args(&["mkdir", "/tmp/made"]))?;
        agent.answer(Answer::Errno(13), 1)?.calls()?;
        contains("output", &running.wait()?.stderr, "Permission denied")
    }),
    case("the agent is told the container process state", "config-linux.md: ContainerProcessState", |t| {
        let agent = Agent::wait(t)?;
        let bundle = heard(t, &agent)?
            .set("/linux/seccomp/listenerMetadata", json!("what it is to know"))
            .set("/annotations", json!({"org.example.key": "value"}));
        let container = t.create(&bundle.args(&["mkdir", "/tmp/made"]))?;
        let starting = t.command(&["start", &container.id])?.spawn()?;
        let decider = agent.answer(Answer::Continue, 1)?;
        starting.wait()?.ok()?;
        let state = decider.state.clone();
        decider.calls()?;
        same("fds", &state["fds"], &json!(["seccompFd"]))?;
        same("metadata", &state["metadata"], &json!("what it is to know"))?;
        same("pid", &state["pid"], &json!(container.pid))?;
        hold(state["ociVersion"].is_string(), "no ociVersion")?;
        let of = &state["state"];
        same("state.id", &of["id"], &json!(container.id))?;
        same("state.pid", &of["pid"], &json!(container.pid))?;
        same("state.bundle", &of["bundle"], &json!(bundle_path(&container)?))?;
        same("state.annotations", &of["annotations"], &json!({"org.example.key": "value"}))?;
        hold(of["ociVersion"].is_string(), "no state.ociVersion")?;
        hold(
            ["creating", "created"].map(Value::from).contains(&of["status"]),
            format!("status {}", of["status"]),
        )?;
        same("exit status", container.wait()?, 0)
    }),
    case("an exec has a listener of its own", "config-linux.md: listenerPath", |t| {
        let agent = Agent::wait(t)?;
        let container = t.create(&heard(t, &agent)?.args(&["sleep", "1000"]))?;
        let starting = t.command(&["start", &container.id])?.spawn()?;
        let (first, _) = agent.receive()?;
        starting.wait()?.ok()?;
        let exec = t.command(&["exec", &container.id, "mkdir", "/tmp/made"])?.spawn()?;
        let decider = agent.answer(Answer::Errno(13), 1)?;
        contains("output", &exec.wait()?.stderr, "Permission denied")?;
        drop(first);
        let state = decider.state.clone();
        decider.calls()?;
        same("state.pid", &state["state"]["pid"], &json!(container.pid))?;
        same("state.status", &state["state"]["status"], &json!("running"))?;
        hold(state["pid"] != json!(container.pid) && state["pid"].is_number(), format!("{state}"))
    }),
    case("a missing agent is an error", "config-linux.md: listenerPath", |t| {
        let bundle = heard_at(t, arg(&t.path("nobody.sock")))?;
        t.rejects(&bundle, "nobody.sock")
    }),
    case("an agent that is gone fails the container", "config-linux.md: listenerPath", |t| {
        let agent = Agent::wait(t)?;
        let bundle = heard(t, &agent)?;
        drop(agent);
        t.run(&bundle)?.refused(1, "refused")?;
        t.nothing_left()
    }),
    case("a container killed while its agent is busy has not started", "runtime.md: Start", |t| {
        let agent = ConsoleSocket::listen(t.path("agent.sock"))?;
        // More than a socket holds: start waits until it is read.
        let metadata = "x".repeat(4 << 20);
        let bundle = heard_at(t, agent.arg())?.set("/linux/seccomp/listenerMetadata", json!(metadata));
        let container = t.create(&bundle.args(&["sleep", "1000"]))?;
        let starting = t.command(&["start", &container.id])?.spawn()?;
        let mut connection = agent.accept()?;
        container.stop()?;
        connection.read_to_end(&mut Vec::new()).doing("read as an agent")?;
        starting.wait()?.refused(1, "").map(drop)
    })
    .differs("runc", "its create loads the filter and waits for the agent"),
    case("an exec fails when the agent is gone", "config-linux.md: listenerPath", |t| {
        let agent = Agent::wait(t)?;
        let container = t.create(&heard(t, &agent)?.args(&["sleep", "1000"]))?;
        let starting = t.command(&["start", &container.id])?.spawn()?;
        let (_first, _) = agent.receive()?;
        starting.wait()?.ok()?;
        drop(agent);
        let output = container.exec(&["true"])?;
        hold(output.code != 0, "the exec succeeds")?;
        contains("output", &output.stderr, "refused")
    }),
    case("a listener needs a path", "config-linux.md: listenerPath", |t| {
        t.rejects(&filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_NOTIFY"}]))?, "listenerPath")
    }),
    case("a path without a listener is ignored", "config-linux.md: listenerPath", |t| {
        let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?;
        t.run(&bundle.set("/linux/seccomp/listenerPath", json!("/nonexistent")))?.ok().map(drop)
    }),
    case("a listener cannot decide about its own handing over", "config-linux.md: listenerPath", |t| {
        for name in ["sendmsg", "write"] {
            let rules = json!([{"names": [name], "action": "SCMP_ACT_NOTIFY"}]);
            let bundle = filtered(t, rules)?.set("/linux/seccomp/listenerPath", json!(t.path("agent.sock")));
            t.rejects(&bundle, &format!("linux/seccomp/syscalls/0/names/0: found \"{name}\""))?;
        }
        Ok(())
    })
    .differs("runc", "it hands over by write alone"),
    case("a listener cannot be the default", "config-linux.md: listenerPath", |t| {
        let profile = json!({"defaultAction": "SCMP_ACT_NOTIFY", "listenerPath": t.path("agent.sock")});
        t.rejects(&t.bundle()?.set("/linux/seccomp", profile), "default")
    }),
    case("no listener stays open in the container", "seccomp_unotify(2)", |t| {
        let agent = Agent::wait(t)?;
        let running = t.begin(&heard(t, &agent)?.sh("ls -l /proc/self/fd"))?;
        let (_listener, _) = agent.receive()?;
        lacks("descriptors", &running.wait()?.ok()?.stdout, "seccomp")
    }),
    case("a 32-bit program is under the rules of its architecture", "config-linux.md: architectures", |t| {
        let bundle = narrow(t, json!([rule("SCMP_ACT_ERRNO", 13)]), &["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"])?;
        t.run(&bundle)?.exits(13).map(drop)
    }),
    case("a 32-bit program may do what no rule forbids", "config-linux.md: architectures", |t| {
        let bundle = narrow(t, json!([]), &["SCMP_ARCH_X86"])?;
        t.run(&bundle)?.exits(0)?;
        hold(bundle.path("tmp/made").is_dir(), "the directory was not made")
    }),
    case(
        "a 32-bit program under a profile without its architecture is killed",
        "config-linux.md: architectures",
        |t| {
            let bundle = narrow(t, json!([rule("SCMP_ACT_ERRNO", 13)]), &["SCMP_ARCH_X86_64"])?;
            t.run(&bundle)?.exits(159).map(drop)
        },
    ),
    case("exec is filtered whatever becomes of the kept program", "runc exec", |t| {
        let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?.args(&["sleep", "1000"]);
        let container = t.start(&bundle)?;
        let kept = t.root.join(&container.id).join("seccomp.bpf");
        let whole = fs::read(&kept).unwrap_or_default();
        let half = &whole[..whole.len() / 2];
        for content in [whole.as_slice(), half, b"", b"not a filter"] {
            fs::write(&kept, content).doing("change the kept filter")?;
            contains("output", &container.exec(&["mkdir", "/tmp/made"])?.stderr, "Permission denied")?;
        }
        fs::remove_file(&kept).doing("remove the kept filter")?;
        contains("output", &container.exec(&["mkdir", "/tmp/made"])?.stderr, "Permission denied")
    }),
    case("create keeps the program for its owner alone", "ociruntime create", |t| {
        let container = t.create(&filtered(t, json!([rule("SCMP_ACT_ERRNO", 13)]))?)?;
        let kept = t.root.join(&container.id).join("seccomp.bpf");
        let mode = fs::metadata(kept).doing("look at the kept filter")?.permissions().mode();
        same("mode", mode & 0o7777, 0o600)
    })
    .differs("runc", OURS),
    case("seccomp tells which rule decides", "ociruntime seccomp", |t| {
        let text = explained(t, &["kill", "1", "15"])?;
        contains("explanation", &text, "SCMP_ACT_ERRNO(13)")?;
        contains("explanation", &text, "decided by /linux/seccomp/syscalls/1")
    })
    .differs("runc", OURS),
    case("seccomp tells which condition does not hold", "ociruntime seccomp", |t| {
        let text = explained(t, &["kill", "1", "0xa"])?;
        contains("explanation", &text, "argument 1 is 0xa, not equal to 0xf")?;
        contains("explanation", &text, "decided by /linux/seccomp/defaultAction")
    })
    .differs("runc", OURS),
    case("seccomp explains calls of other architectures", "ociruntime seccomp", |t| {
        contains("explanation", &explained(t, &["--arch", "x86", "mkdir"])?, "SCMP_ARCH_X86 mkdir (39)")
    })
    .differs("runc", OURS),
    case("seccomp prints the program", "ociruntime seccomp", |t| {
        contains("listing", &explained(t, &["--program"])?, "return SCMP_ACT_ERRNO(13)")
    })
    .differs("runc", OURS),
    case("seccomp reads a profile from a file", "ociruntime seccomp", |t| {
        let profile = json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [rule("SCMP_ACT_ERRNO", 13)]});
        let file = t.file("profile.json", &profile.to_string())?;
        let text = t.call(&["seccomp", "--profile", arg(&file), "mkdir"])?.ok()?.stdout;
        contains("explanation", &text, "decided by /syscalls/0")
    })
    .differs("runc", OURS),
    case("seccomp refuses the template of an engine", "ociruntime seccomp", |t| {
        let template = json!({"defaultAction": "SCMP_ACT_ERRNO", "archMap": [], "syscalls": []});
        let file = t.file("template.json", &template.to_string())?;
        t.call(&["seccomp", "--profile", arg(&file)])?.refused(1, "archMap").map(drop)
    })
    .differs("runc", OURS),
    case("seccomp of a config without a profile is an error", "ociruntime seccomp", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        t.call(&["seccomp", "--bundle", arg(&bundle.dir)])?.refused(1, "/linux/seccomp").map(drop)
    })
    .differs("runc", OURS),
    case("an unknown action is an error", "config-linux.md: Seccomp", |t| {
        t.rejects(&filtered(t, json!([{"names": MKDIR, "action": "SCMP_ACT_SHRUG"}]))?, "SCMP_ACT_SHRUG")
    }),
];

/// Calls that a small static program makes; everything else is up to the default action.
const PLAIN: [&str; 25] = [
    "execve",
    "exit",
    "exit_group",
    "brk",
    "mmap",
    "munmap",
    "mprotect",
    "arch_prctl",
    "set_tid_address",
    "write",
    "writev",
    "read",
    "openat",
    "close",
    "fstat",
    "newfstatat",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "readlink",
    "rt_sigaction",
    "rt_sigprocmask",
    "set_robust_list",
    "getrandom",
];

/// Allows just what a small program needs.
fn closed(bundle: Bundle, more: Value) -> Bundle {
    let rules = json!([{"names": PLAIN, "action": "SCMP_ACT_ALLOW"}, {"names": ["prlimit64", "rseq", "umask"], "action": "SCMP_ACT_ALLOW"}]);
    bundle.set("/linux/seccomp", json!({"defaultAction": "SCMP_ACT_ERRNO", "syscalls": rules})).edit(
        |config| {
            more.as_object()
                .into_iter()
                .flatten()
                .for_each(|(key, value)| config["linux"]["seccomp"][key] = value.clone())
        },
    )
}

/// A bundle whose program is one of 32 bits, for x86, under these rules for some architectures.
fn narrow(t: &Test, rules: Value, architectures: &[&str]) -> Outcome<Bundle> {
    let bundle = filtered(t, rules)?.set("/linux/seccomp/architectures", json!(architectures));
    let program = bundle.path("bin/narrow");
    fs::write(&program, narrow::mkdir()).doing("write a 32-bit program")?;
    fs::set_permissions(&program, Permissions::from_mode(0o755)).doing("chmod")?;
    let root = arg(&bundle.dir.join("rootfs")).to_owned();
    let tried = t.host(&["/usr/sbin/chroot", &root, "/bin/narrow"])?.output()?;
    if tried.code != 0 {
        return skip("this kernel runs no 32-bit programs for x86");
    }
    fs::remove_dir(bundle.path("tmp/made")).doing("remove what the 32-bit program made")?;
    Ok(bundle.args(&["/bin/narrow"]))
}

/// What `seccomp` says of a profile with a rule for each of two calls.
fn explained(t: &Test, words: &[&str]) -> Outcome<String> {
    let kill = json!({"names": ["kill"], "action": "SCMP_ACT_ERRNO", "errnoRet": 13,
        "args": [{"index": 1, "value": 15, "op": "SCMP_CMP_EQ"}]});
    let bundle = filtered(t, json!([rule("SCMP_ACT_ERRNO", 13), kill]))?;
    let bundle = bundle.set("/linux/seccomp/architectures", json!(["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]));
    bundle.write()?;
    Ok(t.call(&[&["seccomp", "--bundle", arg(&bundle.dir)], words].concat())?.ok()?.stdout)
}

/// A bundle where an agent decides about directories.
fn heard(t: &Test, agent: &Agent<'_>) -> Outcome<Bundle> {
    heard_at(t, agent.path())
}

fn heard_at(t: &Test, path: &str) -> Outcome<Bundle> {
    let rules = json!([{"names": MKDIR, "action": "SCMP_ACT_NOTIFY"}]);
    Ok(filtered(t, rules)?.set("/linux/seccomp/listenerPath", json!(path)))
}

fn bundle_path(container: &Container<'_>) -> Outcome<Value> {
    Ok(container.state()?["bundle"].clone())
}

/// What a libc may call to make a directory.
const MKDIR: [&str; 2] = ["mkdir", "mkdirat"];

fn rule(action: &str, errno: u32) -> Value {
    json!({"names": MKDIR, "action": action, "errnoRet": errno})
}

/// A bundle whose profile allows what these rules do not name.
fn filtered(t: &Test, rules: Value) -> Outcome<Bundle> {
    Ok(t.bundle()?.set("/linux/seccomp", json!({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules})))
}
