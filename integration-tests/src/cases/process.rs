//! The container's process: program, environment, directory, user, rights, limits, descriptors, signals.

use crate::case::{Case, Doing, Outcome, case, skip};
use crate::console::arg;
use crate::expect::{contains, hold, lacks, same, until};
use crate::procfs::{Process, descendants, status_of};
use crate::test::Test;
use nix::sys::signal::Signal;
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::fs::{self, File};

pub(crate) const CASES: &[Case] = &[
    case("the program is PID 1", "pid_namespaces(7)", |t| t.prints(&t.bundle()?.sh("echo $$"), "1\n")),
    case("the program may be an absolute path", "config.md: Process", |t| {
        t.prints(&t.bundle()?.args(&["/bin/echo", "x"]), "x\n")
    }),
    case("the program is looked up in PATH", "config.md: Process", |t| {
        t.prints(&t.bundle()?.args(&["echo", "x"]), "x\n")
    }),
    case("PATH is the container's, not the caller's", "config.md: Process", |t| {
        let bundle = t.bundle()?.folder("elsewhere")?;
        let bundle = bundle.file_mode("elsewhere/prog", "#!/bin/sh\necho found\n", 0o755)?;
        t.prints(&bundle.set("/process/env", json!(["PATH=/elsewhere"])).args(&["prog"]), "found\n")
    }),
    case("the program may be relative to cwd", "config.md: Process", |t| {
        let bundle = t.bundle()?.file_mode("tmp/prog", "#!/bin/sh\necho found\n", 0o755)?;
        t.prints(&bundle.set("/process/cwd", json!("/tmp")).args(&["./prog"]), "found\n")
    }),
    case("args[0] reaches the program as it is", "config.md: Process", |t| {
        t.prints(
            &t.bundle()?.args(&["sh", "-c", "tr '\\0' ' ' </proc/1/cmdline; :"]),
            "sh -c tr '\\0' ' ' </proc/1/cmdline; : ",
        )
    }),
    case("args may be empty strings and hold any bytes", "config.md: Process", |t| {
        t.prints(&t.bundle()?.args(&["sh", "-c", "echo \"$#$1$2\"", "sh", "", "ä\n"]), "2ä\n\n")
    }),
    case("a program missing in PATH fails create", "dockerd: translateContainerdStartErr", |t| {
        let bundle = t.bundle()?.args(&["no-such-program"]);
        let (_, output) = t.try_create(&bundle, &[])?;
        let output = output.refused(1, "executable file not found in $PATH")?;
        contains("the error", &output.stderr, "no-such-program")?;
        t.nothing_left()
    }),
    case("a missing path fails create", "dockerd: translateContainerdStartErr", |t| {
        let (_, output) = t.try_create(&t.bundle()?.args(&["/no/such"]), &[])?;
        contains("the error", &output.refused(1, "no such file or directory")?.stderr, "/no/such")?;
        t.nothing_left()
    }),
    case("a program that is not executable fails create", "dockerd: translateContainerdStartErr", |t| {
        let (_, output) = t.try_create(&t.bundle()?.args(&["/etc/passwd"]), &[])?;
        contains("the error", &output.refused(1, "permission denied")?.stderr, "/etc/passwd")?;
        t.nothing_left()
    }),
    case("a directory as program fails create", "execve(2)", |t| {
        let (_, output) = t.try_create(&t.bundle()?.args(&["/bin"]), &[])?;
        output.refused(1, "")?;
        t.nothing_left()
    }),
    case("run of a missing program fails with 1 and names it", "dockerd: translateContainerdStartErr", |t| {
        let output = t.run(&t.bundle()?.args(&["no-such-program"]))?;
        contains(
            "the error",
            &output.refused(1, "executable file not found in $PATH")?.stderr,
            "no-such-program",
        )?;
        t.nothing_left()
    }),
    case("a file that is no program fails run", "execve(2) ENOEXEC", |t| {
        let bundle = t.bundle()?.file_mode("prog", "\x7fnonsense", 0o755)?.args(&["/prog"]);
        let output = t.run(&bundle)?.refused(1, "exec format error")?;
        contains("the error", &output.stderr, "/prog")?;
        t.nothing_left()
    }),
    case("start says that a file is no program", "execve(2) ENOEXEC", |t| {
        let bundle = t.bundle()?.file_mode("prog", "\x7fnonsense", 0o755)?.args(&["/prog"]);
        let container = t.create(&bundle)?;
        container.call("start")?.refused(1, "exec format error").map(drop)
    })
    .differs("runc", "1.1 reports it from init, after start has said that all is well"),
    case("start says that a script's interpreter is missing", "execve(2) ENOENT", |t| {
        let bundle = t.bundle()?.file_mode("prog", "#!/no/interpreter\n", 0o755)?.args(&["/prog"]);
        let container = t.create(&bundle)?;
        container.call("start")?.refused(1, "no such file or directory").map(drop)
    })
    .differs("runc", "1.1 reports it from init, after start has said that all is well"),
    case("the environment is exactly the configured one, in its order", "config.md: Process", |t| {
        let bundle =
            t.bundle()?.set("/process/env", json!(["PATH=/bin", "B=2", "A=1 x", "EMPTY=", "HOME=/h"]));
        t.prints(&bundle.args(&["env"]), "PATH=/bin\nB=2\nA=1 x\nEMPTY=\nHOME=/h\n")
    }),
    case("the caller's environment stays outside", "config.md: Process", |t| {
        let bundle = t.bundle()?.args(&["env"]);
        let output = t.run_through(&["/usr/bin/env", "OUTSIDE=1"], &bundle, &[])?.output()?.ok()?;
        lacks("the environment", &output.stdout, "OUTSIDE")
    }),
    case("HOME is taken from the container's passwd", "runc: HOME", |t| home(t, 0, "/root")),
    case("HOME follows the user", "runc: HOME", |t| home(t, 1000, "/home/user")),
    case("HOME of a user without a passwd entry is /", "runc: HOME", |t| home(t, 4242, "/")),
    case("a configured HOME is left alone", "runc: HOME", |t| {
        let bundle = t.bundle()?.push("/process/env", json!("HOME=/mine"));
        t.prints(&bundle.sh("echo $HOME"), "/mine\n")
    }),
    case("cwd is the working directory", "config.md: Process", |t| {
        t.prints(&t.bundle()?.set("/process/cwd", json!("/etc")).args(&["pwd"]), "/etc\n")
    }),
    case("a missing cwd is made", "runc: cwd", |t| {
        t.prints(&t.bundle()?.set("/process/cwd", json!("/made/for/me")).args(&["pwd"]), "/made/for/me\n")
    }),
    case("a cwd on a mount is found", "config.md: Process", |t| {
        let bundle = t.bundle()?.mount("tmpfs", "tmpfs", "/data", &[]).set("/process/cwd", json!("/data"));
        t.prints(&bundle.args(&["pwd"]), "/data\n")
    }),
    case("a cwd that neither root nor the user may enter is an error", "config.md: Process", |t| {
        let bundle = t.bundle()?.folder("secret")?.set("/process/cwd", json!("/secret"));
        fs::set_permissions(bundle.path("secret"), std::os::unix::fs::PermissionsExt::from_mode(0o700))
            .doing("chmod")?;
        let bundle = user(bundle.user_namespace()?, json!({"uid": 1000, "gid": 1000}));
        t.run(&bundle)?.refused(1, "permission denied")?;
        t.nothing_left()
    }),
    case("a cwd that is a file is an error", "config.md: Process", |t| {
        t.run(&t.bundle()?.set("/process/cwd", json!("/etc/passwd")))?.refused(1, "not a directory")?;
        t.nothing_left()
    }),
    case("uid and gid are set", "config.md: User", |t| {
        let bundle = user(t.bundle()?, json!({"uid": 1000, "gid": 1001}));
        let status = t.output(&bundle.args(&["cat", "/proc/self/status"]))?;
        same("uids", status_of(&status, "Uid"), Some("1000\t1000\t1000\t1000"))?;
        same("gids", status_of(&status, "Gid"), Some("1001\t1001\t1001\t1001"))
    }),
    case("the caller's groups are dropped", "config.md: User", |t| {
        let bundle = t.bundle()?.args(&["grep", "Groups", "/proc/self/status"]);
        let wrapper = ["/usr/bin/setpriv", "--groups", "7,8"];
        let text = t.run_through(&wrapper, &bundle, &[])?.output()?.ok()?.stdout;
        same("groups", text.trim(), "Groups:")
    })
    .needs_root("nobody else gives itself groups"),
    case("additional groups are set", "config.md: User", |t| {
        let bundle = user(t.bundle()?, json!({"uid": 1000, "gid": 1000, "additionalGids": [5, 6]}));
        let text = t.output(&bundle.args(&["grep", "Groups", "/proc/self/status"]))?;
        same("groups", text.split_whitespace().collect::<Vec<_>>(), vec!["Groups:", "5", "6"])
    }),
    case("a user of the highest id works", "config.md: User", |t| {
        t.prints(
            &user(t.bundle()?, json!({"uid": 2_147_483_647, "gid": 2_147_483_647})).args(&["id", "-u"]),
            "2147483647\n",
        )
    })
    .needs_root("that id is not mapped"),
    case("umask is set", "config.md: User", |t| {
        t.prints(&user(t.bundle()?, json!({"uid": 0, "gid": 0, "umask": 0o077})).sh("umask"), "0077\n")
    }),
    case("a umask of 0 is set", "config.md: User", |t| {
        t.prints(&user(t.bundle()?, json!({"uid": 0, "gid": 0, "umask": 0})).sh("umask"), "0000\n")
    }),
    case("the umask is the caller's unless given", "config.md: User", |t| {
        let wrapper = ["/bin/sh", "-c", "umask 027; exec \"$@\"", "sh"];
        let output = t.run_through(&wrapper, &t.bundle()?.sh("umask"), &[])?.output()?.ok()?;
        same("umask", output.stdout, "0027\n")
    })
    .differs("runc", "it sets 0022"),
    case("the caller's umask does not reach the devices", "umask(2)", |t| {
        let bundle = t.bundle()?.args(&["stat", "-c", "%a", "/dev/null"]);
        let wrapper = ["/bin/sh", "-c", "umask 077; exec \"$@\"", "sh"];
        same("mode", t.run_through(&wrapper, &bundle, &[])?.output()?.ok()?.stdout, "666\n")
    }),
    case("the bounding set is the configured one", "capabilities(7)", |t| {
        caps(t, json!({"bounding": ["CAP_CHOWN", "CAP_SYS_CHROOT"]}), "CapBnd", "0000000000040001")
    }),
    case("the effective set of root is the bounding one", "capabilities(7)", |t| {
        let list = ["CAP_KILL", "CAP_NET_RAW"];
        caps(t, json!({"bounding": list, "effective": list, "permitted": list}), "CapEff", "0000000000002020")
    }),
    case("the permitted set of root is the bounding one", "capabilities(7)", |t| {
        let list = ["CAP_KILL", "CAP_NET_RAW"];
        caps(t, json!({"bounding": list, "effective": list, "permitted": list}), "CapPrm", "0000000000002020")
    }),
    case("the inheritable set is the configured one", "capabilities(7)", |t| {
        let list = ["CAP_KILL"];
        let sets = json!({"bounding": list, "effective": list, "permitted": list, "inheritable": list});
        caps(t, sets, "CapInh", "0000000000000020")
    }),
    case("the inheritable set is empty unless configured", "CVE-2022-29162", |t| {
        let list = ["CAP_KILL", "CAP_NET_RAW"];
        caps(t, json!({"bounding": list, "effective": list, "permitted": list}), "CapInh", "0000000000000000")
    }),
    case("ambient capabilities stay with an ordinary user", "capabilities(7)", |t| {
        let list = ["CAP_NET_BIND_SERVICE"];
        let sets = json!({"bounding": list, "effective": list, "permitted": list, "inheritable": list, "ambient": list});
        let bundle = user(t.bundle()?, json!({"uid": 1000, "gid": 1000})).set("/process/capabilities", sets);
        let status = t.output(&bundle.args(&["cat", "/proc/self/status"]))?;
        same("ambient", status_of(&status, "CapAmb"), Some("0000000000000400"))?;
        same("effective", status_of(&status, "CapEff"), Some("0000000000000400"))
    }),
    case("an ordinary user without ambient capabilities has none", "capabilities(7)", |t| {
        let bundle = user(t.bundle()?, json!({"uid": 1000, "gid": 1000}));
        let status = t.output(&bundle.args(&["cat", "/proc/self/status"]))?;
        same("effective", status_of(&status, "CapEff"), Some("0000000000000000"))?;
        same("bounding", status_of(&status, "CapBnd"), Some("0000000020000420"))
    }),
    case("no capabilities at all is possible", "config.md: Linux Process", |t| {
        let empty: [&str; 0] = [];
        caps(
            t,
            json!({"bounding": empty, "effective": empty, "permitted": empty}),
            "CapBnd",
            "0000000000000000",
        )
    }),
    case("without a capabilities object the process has none", "config.md: Linux Process", |t| {
        let bundle = t.bundle()?.without("/process/capabilities").args(&["cat", "/proc/self/status"]);
        let status = t.output(&bundle)?;
        same("bounding", status_of(&status, "CapBnd"), Some("0000000000000000"))
    }),
    case("an unknown capability is no error", "config.md: Linux Process", |t| {
        let sets = json!({"bounding": ["CAP_KILL", "CAP_FROM_THE_FUTURE"]});
        caps(t, sets, "CapBnd", "0000000000000020")
    }),
    case("an unknown capability is warned about", "config.md: Linux Process", |t| {
        let bundle = t.bundle()?.push("/process/capabilities/bounding", json!("CAP_FROM_THE_FUTURE"));
        contains("stderr", &t.run(&bundle)?.ok()?.stderr, "CAP_FROM_THE_FUTURE")
    }),
    case("no_new_privs is set when asked for", "config.md: Linux Process", |t| {
        t.prints(&t.bundle()?.args(&["grep", "NoNewPrivs", "/proc/self/status"]), "NoNewPrivs:\t1\n")
    }),
    case("no_new_privs is clear unless asked for", "config.md: Linux Process", |t| {
        let bundle = t.bundle()?.without("/process/noNewPrivileges");
        t.prints(&bundle.args(&["grep", "NoNewPrivs", "/proc/self/status"]), "NoNewPrivs:\t0\n")
    }),
    case("soft and hard limits are set", "config.md: POSIX process", |t| {
        let limits = json!([{"type": "RLIMIT_NOFILE", "soft": 100, "hard": 200}]);
        let bundle = t.bundle()?.set("/process/rlimits", limits);
        t.prints(&bundle.sh("ulimit -Sn; ulimit -Hn"), "100\n200\n")
    }),
    case("several limits are set", "config.md: POSIX process", |t| {
        let limits = json!([{"type": "RLIMIT_CORE", "soft": 0, "hard": 0}, {"type": "RLIMIT_FSIZE", "soft": 4096, "hard": 8192}]);
        let bundle = t.bundle()?.set("/process/rlimits", limits);
        t.prints(&bundle.sh("ulimit -Sc; ulimit -Hc; ulimit -Sf"), "0\n0\n8\n")
    }),
    case("limits without configuration are the caller's", "getrlimit(2)", |t| {
        let wrapper = ["/bin/sh", "-c", "ulimit -n 321; exec \"$@\"", "sh"];
        let output = t.run_through(&wrapper, &t.bundle()?.sh("ulimit -Sn"), &[])?.output()?.ok()?;
        same("limit", output.stdout, "321\n")
    }),
    case("oom_score_adj is set", "config.md: Linux Process", |t| {
        let bundle = t.bundle()?.set("/process/oomScoreAdj", json!(500));
        t.prints(&bundle.args(&["cat", "/proc/self/oom_score_adj"]), "500\n")
    }),
    case("oom_score_adj stays the caller's unless given", "config.md: Linux Process", |t| {
        let wrapper = ["/bin/sh", "-c", "echo 300 >/proc/self/oom_score_adj; exec \"$@\"", "sh"];
        let bundle = t.bundle()?.args(&["cat", "/proc/self/oom_score_adj"]);
        same("score", t.run_through(&wrapper, &bundle, &[])?.output()?.ok()?.stdout, "300\n")
    }),
    case("the scheduling policy is set", "config.md: Linux Process", |t| {
        let bundle = t.bundle()?.set("/process/scheduler", json!({"policy": "SCHED_BATCH", "nice": 5}));
        t.prints(&bundle.args(&["cut", "-d", " ", "-f", "19,41", "/proc/self/stat"]), "5 3\n")
    })
    .differs("runc", "new in 1.2"),
    case("the I/O priority is set", "config.md: Linux Process", |t| {
        let bundle =
            t.bundle()?.set("/process/ioPriority", json!({"class": "IOPRIO_CLASS_IDLE", "priority": 0}));
        contains("what ionice says", &t.output(&bundle.args(&["ionice"]))?, "idle")
    })
    .differs("runc", "new in 1.2"),
    case("the personality is set", "config-linux.md: Personality", |t| {
        let bundle = t.bundle()?.set("/linux/personality", json!({"domain": "LINUX32"}));
        lacks("uname -m", &t.output(&bundle.args(&["uname", "-m"]))?, "64")
    })
    .differs("runc", "new in 1.2"),
    case("stdin, stdout and stderr are the caller's", "runtime-linux.md: File descriptors", |t| {
        let bundle = t.bundle()?.sh("read x; echo out $x; echo err $x >&2");
        bundle.write()?;
        let stdin = File::open(t.file("stdin", "words\n")?).doing("open")?;
        let output = t.command(&["run", "-b", arg(&bundle.dir), &t.id()])?.stdin(stdin).output()?.ok()?;
        same(
            "stdout and stderr",
            (output.stdout.as_str(), output.stderr.as_str()),
            ("out words\n", "err words\n"),
        )
    }),
    case("no other descriptor is open", "runtime-linux.md: File descriptors", |t| {
        same("descriptors", descriptors(t.idle()?.pid)?, "0 1 2")
    }),
    case("descriptors of the caller do not get in", "CVE-2024-21626", |t| {
        let bundle = t.bundle()?.args(&["/bin/sleep", "1000"]);
        bundle.write()?;
        let (id, file) = (t.id(), t.path("pid"));
        let wrapper = ["/bin/sh", "-c", "exec 5</ 6</etc/passwd 7</proc; exec \"$@\"", "sh"];
        let words = ["run", "--detach", "--pid-file", arg(&file), "--bundle", arg(&bundle.dir), &id];
        t.through(&wrapper, &words)?.output()?.ok()?;
        same("descriptors", descriptors(t.read(&file)?.parse().doing("read the pid")?)?, "0 1 2")
    }),
    case("--preserve-fds passes descriptors on", "runc create", |t| {
        let (one, two) = (t.file("one", "one\n")?, t.file("two", "two\n")?);
        let script = format!("exec 3<{} 4<{}; exec \"$@\"", arg(&one), arg(&two));
        let bundle = t.bundle()?.sh("cat <&4; cat <&3");
        let call = t.run_through(&["/bin/sh", "-c", &script, "sh"], &bundle, &["--preserve-fds", "2"])?;
        same("output", call.output()?.ok()?.stdout, "two\none\n")
    }),
    case("--preserve-fds of a closed descriptor is an error", "runc create", |t| {
        let script = "exec 3<&- 4<&- 5<&-; exec \"$@\"";
        let call = t.run_through(&["/bin/sh", "-c", script, "sh"], &t.bundle()?, &["--preserve-fds", "3"])?;
        call.output()?.refused(1, "preserved-fd")?;
        t.nothing_left()
    })
    .differs("runc", "1.1 does not look"),
    case("LISTEN_FDS and its descriptors are passed on", "sd_listen_fds(3)", |t| {
        let file = t.file("fd", "through\n")?;
        let script = format!("exec 3<{}; export LISTEN_FDS=1 LISTEN_PID=$$; exec \"$@\"", arg(&file));
        let bundle = t.bundle()?.sh("echo $LISTEN_FDS $LISTEN_PID; cat <&3");
        let output = t.run_through(&["/bin/sh", "-c", &script, "sh"], &bundle, &[])?.output()?.ok()?;
        same("output", output.stdout, "1 1\nthrough\n")
    }),
    case("signals that the caller ignores are back to their defaults", "signal(7)", |t| {
        let status = with_signals(t, "--ignore-signal=HUP,INT,USR1,PIPE")?;
        same("ignored signals", signals(&status, "SigIgn"), "")
    }),
    case("signals that the caller blocks are unblocked", "signal(7)", |t| {
        let status = with_signals(t, "--block-signal=HUP,INT,USR1,PIPE")?;
        same("blocked signals", signals(&status, "SigBlk"), "")
    })
    .differs("runc", "blocked signals stay blocked"),
    case("no signal is ignored or blocked by the runtime's doing", "signal(7)", |t| {
        let status = t.output(&t.bundle()?.args(&["cat", "/proc/self/status"]))?;
        same("ignored signals", signals(&status, "SigIgn"), "")?;
        same("blocked signals", signals(&status, "SigBlk"), "")
    }),
    case("exec'd programs have no signal ignored or blocked", "signal(7)", |t| {
        let container = t.idle()?;
        let words = ["exec", &container.id, "cat", "/proc/self/status"];
        let call = t.through(&["/usr/bin/env", "--ignore-signal=INT", "--block-signal=USR1"], &words)?;
        let status = call.output()?.ok()?.stdout;
        same("ignored signals", signals(&status, "SigIgn"), "")?;
        same("blocked signals", signals(&status, "SigBlk"), "")
    })
    .differs("runc", "blocked signals stay blocked"),
    case("no signal is sent when the parent ends", "prctl(2) PR_SET_PDEATHSIG", |t| {
        let container = t.create(&t.bundle()?.args(&["/bin/sleep", "1000"]))?;
        container.start()?;
        same("status", container.status()?, "running")
    }),
    case("run forwards SIGTERM", "runc run", |t| forwarded(t, Signal::SIGTERM, "TERM")),
    case("run forwards SIGINT", "runc run", |t| forwarded(t, Signal::SIGINT, "INT")),
    case("run forwards SIGHUP", "runc run", |t| forwarded(t, Signal::SIGHUP, "HUP")),
    case("run forwards SIGUSR1", "runc run", |t| forwarded(t, Signal::SIGUSR1, "USR1")),
    case("run reaps the container's orphans", "prctl(2) PR_SET_CHILD_SUBREAPER", |t| {
        let bundle = t.bundle()?.without_namespace("pid");
        let bundle = bundle.sh("(sleep 0.05 & echo $! ); read forever </dev/zero & sleep 1000");
        bundle.write()?;
        let running = t.command(&["run", "-b", arg(&bundle.dir), &t.id()])?.spawn()?;
        let pid: i32 = until("the orphan's pid", || running.stdout().lines().next()?.parse().ok())?;
        until("the orphan is gone", || {
            let left = descendants(Pid::from_raw(running.pid)).into_iter().any(|process| process.pid == pid);
            (!left).then_some(())
        })
    })
    .needs_root("without a cgroup nobody knows what it leaves"),
    case("the container has a session keyring of its own", "keyrings(7)", |t| {
        let bundle = t.bundle()?.edit(|config| config["linux"]["maskedPaths"] = json!([]));
        let text = t.output(&bundle.args(&["cat", "/proc/keys"]))?;
        contains("/proc/keys", &text, "_ses")
    }),
    case("--no-new-keyring keeps the caller's keyring", "runc create", |t| {
        t.run_with(&t.bundle()?, &["--no-new-keyring"])?.ok().map(drop)
    }),
    case("the container is its own session leader", "setsid(2)", |t| {
        t.prints(&t.bundle()?.args(&["cut", "-d", " ", "-f", "5,6", "/proc/self/stat"]), "1 1\n")
    }),
    case("a process may be missing until start", "runtime.md: Start", |t| {
        let (id, output) = t.try_create(&t.bundle()?.without("/process"), &[])?;
        output.ok()?;
        t.call(&["start", &id])?.refused(1, "process").map(drop)
    })
    .differs("runc", "it wants the process at create"),
];

/// The open descriptors of a process that has become /bin/sleep, as `0 1 2`.
pub(crate) fn descriptors(pid: i32) -> Outcome<String> {
    until("the program is executed", || Process::read(pid).filter(|process| process.name == "sleep"))?;
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).doing("list the descriptors")?.flatten();
    let mut numbers: Vec<String> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    numbers.sort();
    Ok(numbers.join(" "))
}

fn user(bundle: crate::bundle::Bundle, user: Value) -> crate::bundle::Bundle {
    bundle.set("/process/user", user)
}

fn home(t: &Test, uid: u32, home: &str) -> Outcome {
    let bundle = user(t.bundle()?, json!({"uid": uid, "gid": uid}));
    t.prints(&bundle.sh("echo $HOME"), &format!("{home}\n"))
}

/// With these capability sets, the field of /proc/self/status reads `mask`.
fn caps(t: &Test, sets: Value, field: &str, mask: &str) -> Outcome {
    let bundle = t.bundle()?.set("/process/capabilities", sets).args(&["cat", "/proc/self/status"]);
    same(field, status_of(&t.output(&bundle)?, field), Some(mask))
}

/// /proc/self/status of a program in a container whose runtime was started with these signal settings.
fn with_signals(t: &Test, settings: &str) -> Outcome<String> {
    if t.host(&["/usr/bin/env", settings, "true"])?.output()?.code != 0 {
        return skip("the host's env cannot change signals (coreutils 8.31)");
    }
    let bundle = t.bundle()?.args(&["cat", "/proc/self/status"]);
    Ok(t.run_through(&["/usr/bin/env", settings], &bundle, &[])?.output()?.ok()?.stdout)
}

/// The signals in a mask of a status file; 32 and 33 belong to the C library, which lets nobody change them.
fn signals(status: &str, field: &str) -> String {
    let mask =
        status_of(status, field).and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or(u64::MAX);
    let set = (1..=64).filter(|signal| mask >> (signal - 1) & 1 == 1 && !matches!(signal, 32 | 33));
    set.map(|signal| signal.to_string()).collect::<Vec<_>>().join(" ")
}

/// `run` passes a signal on to the program, whose exit status it returns.
fn forwarded(t: &Test, signal: Signal, name: &str) -> Outcome {
    let bundle = t.bundle()?.sh(&format!("trap 'exit 5' {name}; echo ready; while :; do sleep 0.01; done"));
    bundle.write()?;
    let running = t.command(&["run", "-b", arg(&bundle.dir), &t.id()])?.spawn()?;
    until("the program runs", || running.stdout().contains("ready").then_some(()))?;
    running.signal(signal)?;
    running.wait()?.exits(5)?;
    hold(t.leaks().is_empty(), "left behind")
}
