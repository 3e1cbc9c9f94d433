//! exec: a further process in a running container.

use crate::case::{Case, Doing, Outcome, case};
use crate::console::{ConsoleSocket, arg, pid_of};
use crate::container::Container;
use crate::expect::{contains, differ, hold, same, until};
use crate::procfs::{self, Process, status_of};
use crate::test::Test;
use serde_json::{Value, json};
use std::fs;

pub(crate) const CASES: &[Case] = &[
    case("exec runs a program in the container", "runc exec", |t| {
        same("output", t.idle()?.exec(&["hostname"])?.ok()?.stdout, "container\n")
    }),
    case("exec exits with the program's status", "runc exec", |t| {
        let container = t.idle()?;
        container.exec(&["true"])?.exits(0)?;
        container.exec(&["sh", "-c", "exit 7"])?.exits(7).map(drop)
    }),
    case("exec exits with 128 + signal", "runc exec", |t| {
        t.idle()?.exec(&["sh", "-c", "kill -KILL $$"])?.exits(137).map(drop)
    }),
    case("exec joins every namespace of the container", "namespaces(7)", |t| {
        let container = t.idle()?;
        for kind in ["pid", "net", "ipc", "uts", "mnt"] {
            let inside = container.exec(&["readlink", &format!("/proc/self/ns/{kind}")])?.ok()?.stdout;
            same(kind, Some(inside.trim().to_owned()), procfs::namespace(container.pid, kind))?;
        }
        Ok(())
    }),
    case("exec joins a user namespace as its root", "user_namespaces(7)", |t| {
        let container = t.start(&t.bundle()?.user_namespace()?.args(&["/bin/sleep", "1000"]))?;
        same("uid", container.sh("id -u; cat /proc/self/uid_map | tr -s ' '")?, "0\n 0 100000 65536\n")
    }),
    case("exec joins a cgroup namespace", "cgroup_namespaces(7)", |t| {
        let container = t.start(&t.bundle()?.namespace("cgroup").args(&["/bin/sleep", "1000"]))?;
        let inside = container.exec(&["readlink", "/proc/self/ns/cgroup"])?.ok()?.stdout;
        same("namespace", Some(inside.trim().to_owned()), procfs::namespace(container.pid, "cgroup"))
    }),
    case("exec runs in the container's cgroups", "runc exec", |t| {
        let container = t.idle()?;
        let inside = container.exec(&["cat", "/proc/self/cgroup"])?.ok()?.stdout;
        same("cgroups", inside, t.read(format!("/proc/{}/cgroup", container.pid).as_ref())?)
    }),
    case("exec sees the root of the container", "runc exec", |t| {
        let container = t.start(&t.bundle()?.file("mark", "here\n")?.args(&["/bin/sleep", "1000"]))?;
        same("output", container.sh("cat /mark")?, "here\n")
    }),
    case("exec hands stdin through", "runc exec", |t| {
        let container = t.idle()?;
        let stdin = fs::File::open(t.file("stdin", "words\n")?).doing("open")?;
        let output = t.command(&["exec", &container.id, "cat"])?.stdin(stdin).output()?.ok()?;
        same("output", output.stdout, "words\n")
    }),
    case("exec takes the environment of the configuration", "runc exec", |t| {
        let bundle = t.bundle()?.push("/process/env", json!("FROM=config")).args(&["/bin/sleep", "1000"]);
        contains("the environment", &t.start(&bundle)?.sh("env")?, "FROM=config\n")
    }),
    case("exec --env adds to the environment", "runc exec", |t| {
        let text = t.idle()?.exec_with(&["--env", "A=b c", "--env", "EMPTY="], &["env"])?.ok()?.stdout;
        contains("the environment", &text, "\nA=b c\nEMPTY=\n")
    }),
    case("exec --env replaces a variable of the configuration", "runc exec", |t| {
        let bundle = t.bundle()?.push("/process/env", json!("A=old")).args(&["/bin/sleep", "1000"]);
        same(
            "A",
            t.start(&bundle)?.exec_with(&["-e", "A=new"], &["sh", "-c", "echo $A"])?.ok()?.stdout,
            "new\n",
        )
    }),
    case("exec does not pass the caller's environment on", "runc exec", |t| {
        let container = t.idle()?;
        let output = t.command(&["exec", &container.id, "env"])?.env("OUTSIDE", "1").output()?.ok()?;
        hold(!output.stdout.contains("OUTSIDE"), output.stdout)
    }),
    case("exec runs in the configuration's cwd", "runc exec", |t| {
        let bundle = t.bundle()?.set("/process/cwd", json!("/tmp")).args(&["/bin/sleep", "1000"]);
        same("cwd", t.start(&bundle)?.sh("pwd")?, "/tmp\n")
    }),
    case("exec --cwd sets the working directory", "runc exec", |t| {
        same("cwd", t.idle()?.exec_with(&["--cwd", "/etc"], &["pwd"])?.ok()?.stdout, "/etc\n")
    }),
    case("exec --cwd of a missing directory is an error", "runc exec", |t| {
        t.idle()?
            .exec_with(&["--cwd", "/nowhere"], &["pwd"])?
            .refused(255, "no such file or directory")
            .map(drop)
    }),
    case("exec --cwd must be absolute", "runc exec", |t| {
        t.idle()?.exec_with(&["--cwd", "etc"], &["pwd"])?.refused(255, "absolute").map(drop)
    }),
    case("exec runs as the configuration's user unless told", "runc exec", |t| {
        let bundle = t.bundle()?.set("/process/user", json!({"uid": 1000, "gid": 1001}));
        same("ids", t.start(&bundle.args(&["/bin/sleep", "1000"]))?.sh("id -u; id -g")?, "1000\n1001\n")
    }),
    case("exec has the limits of the configuration", "runc exec", |t| {
        let limits = json!([{"type": "RLIMIT_FSIZE", "soft": 4096, "hard": 8192}]);
        let bundle = t.bundle()?.set("/process/rlimits", limits).args(&["/bin/sleep", "1000"]);
        same("limits", t.start(&bundle)?.sh("ulimit -Sf; ulimit -Hf")?, "8\n16\n")
    }),
    case("exec has the oom_score_adj of the configuration", "runc exec", |t| {
        let bundle = t.bundle()?.set("/process/oomScoreAdj", json!(321)).args(&["/bin/sleep", "1000"]);
        same("score", t.start(&bundle)?.sh("cat /proc/self/oom_score_adj")?, "321\n")
    }),
    case("exec takes many and long arguments", "execve(2)", |t| {
        let container = t.idle()?;
        let long = "x".repeat(100_000);
        let many: Vec<&str> = std::iter::repeat_n("y", 1000).chain([long.as_str()]).collect();
        let words = [&["sh", "-c", "echo $# ${#1000}", "sh"], &many[..]].concat();
        hold(container.exec(&words)?.ok()?.stdout.starts_with("1001 "), "arguments are missing")
    }),
    case("exec without -t has no terminal, whatever the configuration says", "runc exec", |t| {
        let socket = ConsoleSocket::listen(t.path("socket"))?;
        let bundle = t.bundle()?.set("/process/terminal", json!(true)).args(&["/bin/sleep", "1000"]);
        let container = t.create_with(&bundle, &["--console-socket", socket.arg()])?;
        let _terminal = socket.terminal()?;
        container.start()?;
        same("stdout", container.sh("test -t 1 || echo none")?, "none\n")
    }),
    case("a pidfd socket that nobody accepts on is given up", "connect(2)", |t| {
        let (socket, _first) = ConsoleSocket::full(t.path("socket"))?;
        let container = t.idle()?;
        let output =
            container.exec_with(&["--detach", "--pidfd-socket", socket.arg()], &["sleep", "1000"])?;
        output.refused(255, "--pidfd-socket")?;
        same("the container's sleeping processes", container.sh("pidof sleep")?.trim(), "1")
    })
    .differs("runc", "1.1 has no such flag"),
    case("exec --pidfd-socket sends a pidfd of the program", "runc exec", |t| {
        let container = t.idle()?;
        let socket = ConsoleSocket::listen(t.path("socket"))?;
        let file = t.path("pid");
        let flags = ["--detach", "--pidfd-socket", socket.arg(), "--pid-file", arg(&file)];
        container.exec_with(&flags, &["sleep", "1000"])?.ok()?;
        same("pid of the pidfd", pid_of(&socket.receive()?.0)?, t.read(&file)?)
    })
    .differs("runc", "new in 1.2"),
    case("exec --user sets the uid", "runc exec", |t| {
        same("id", t.idle()?.exec_with(&["--user", "1000"], &["id", "-u"])?.ok()?.stdout, "1000\n")
    }),
    case("exec --user sets the gid after a colon", "runc exec", |t| {
        let text = t.idle()?.exec_with(&["-u", "1000:1001"], &["sh", "-c", "id -u; id -g"])?.ok()?.stdout;
        same("ids", text, "1000\n1001\n")
    }),
    case("exec --user that is no number is refused", "CVE-2026-30892", |t| {
        let container = t.idle()?;
        for user in ["1x", "x", "1:2x", ":", "1:", "0x1", " 1", "+1x", "root"] {
            container.exec_with(&[&format!("--user={user}")], &["true"])?.refused(255, "")?;
        }
        Ok(())
    }),
    case("exec --user out of range is refused", "CVE-2026-30892", |t| {
        let container = t.idle()?;
        for user in ["-1", "4294967295", "4294967296", "99999999999999999999", "1:-1", "1:4294967296"] {
            container.exec_with(&[&format!("--user={user}")], &["true"])?.refused(255, "")?;
        }
        Ok(())
    })
    .differs("runc", "1.1 takes 4294967296 for 0"),
    case("exec -g adds groups", "runc exec", |t| {
        let flags = ["-u", "1000:1000", "-g", "5", "-g", "6"];
        let text = t.idle()?.exec_with(&flags, &["grep", "Groups", "/proc/self/status"])?.ok()?.stdout;
        same("groups", text.split_whitespace().collect::<Vec<_>>(), vec!["Groups:", "5", "6"])
    }),
    case("exec sets HOME from the container's passwd", "runc exec", |t| {
        let text = t.idle()?.exec_with(&["--user", "1000"], &["sh", "-c", "echo $HOME"])?.ok()?.stdout;
        same("HOME", text, "/home/user\n")
    }),
    case("exec has the capabilities of the configuration", "runc exec", |t| {
        let status = t.idle()?.exec(&["cat", "/proc/self/status"])?.ok()?.stdout;
        same("bounding", status_of(&status, "CapBnd"), Some("0000000020000420"))?;
        same("effective", status_of(&status, "CapEff"), Some("0000000020000420"))
    }),
    case("exec --cap adds a capability", "runc exec", |t| {
        let output = t.idle()?.exec_with(&["--cap", "CAP_NET_ADMIN"], &["cat", "/proc/self/status"])?.ok()?;
        same("bounding", status_of(&output.stdout, "CapBnd"), Some("0000000020001420"))?;
        same("effective", status_of(&output.stdout, "CapEff"), Some("0000000020001420"))
    }),
    case("exec --cap never sets an inheritable or ambient capability", "CVE-2022-29162", |t| {
        let flags = ["--cap", "CAP_NET_ADMIN", "-u", "1000"];
        let status = t.idle()?.exec_with(&flags, &["cat", "/proc/self/status"])?.ok()?.stdout;
        same("inheritable", status_of(&status, "CapInh"), Some("0000000000000000"))?;
        same("ambient", status_of(&status, "CapAmb"), Some("0000000000000000"))
    }),
    case("exec --no-new-privs sets the bit", "runc exec", |t| {
        let bundle = t.bundle()?.set("/process/noNewPrivileges", json!(false)).args(&["/bin/sleep", "1000"]);
        let container = t.start(&bundle)?;
        let script = ["grep", "NoNewPrivs", "/proc/self/status"];
        same("without", container.exec(&script)?.ok()?.stdout, "NoNewPrivs:\t0\n")?;
        same("with", container.exec_with(&["--no-new-privs"], &script)?.ok()?.stdout, "NoNewPrivs:\t1\n")
    }),
    case("exec without a program is an error", "runc exec", |t| {
        t.idle()?.exec(&[])?.refused(255, "args").map(drop)
    }),
    case("exec of a missing program names it", "dockerd: translateContainerdStartErr", |t| {
        let output = t.idle()?.exec(&["no-such-program"])?;
        let output = output.refused(255, "executable file not found in $PATH")?;
        contains("the error", &output.stderr, "no-such-program")
    }),
    case("exec of a missing path names it", "dockerd: translateContainerdStartErr", |t| {
        let output = t.idle()?.exec(&["/no/such"])?.refused(255, "no such file or directory")?;
        contains("the error", &output.stderr, "/no/such")
    }),
    case("exec of a file that is not executable is denied", "dockerd: translateContainerdStartErr", |t| {
        let output = t.idle()?.exec(&["/etc/passwd"])?.refused(255, "permission denied")?;
        contains("the error", &output.stderr, "/etc/passwd")
    }),
    case("exec of a directory is denied", "execve(2)", |t| {
        t.idle()?.exec(&["/bin"])?.refused(255, "").map(drop)
    }),
    case("exec in a created container works", "runc exec", |t| {
        let container = t.create(&t.bundle()?)?;
        same("output", container.exec(&["hostname"])?.ok()?.stdout, "container\n")
    }),
    case("exec in a stopped container is refused", "runc exec", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        container.exec(&["true"])?.refused(255, "cannot exec in a stopped container").map(drop)
    }),
    case("exec flags end at the id's program", "runc exec", |t| {
        same("output", t.idle()?.exec(&["echo", "--cwd", "-t", "x"])?.ok()?.stdout, "--cwd -t x\n")
    }),
    case("exec --detach returns at once", "runc exec", |t| {
        let container = t.idle()?;
        container.exec_with(&["--detach"], &["sleep", "998"])?.ok()?;
        until("ps shows it", || container.sh("ps").ok()?.contains("sleep 998").then_some(()))
    }),
    case("exec --pid-file writes the bare pid", "runc exec", |t| {
        let container = t.idle()?;
        let file = t.path("pid");
        container.exec_with(&["-d", "--pid-file", arg(&file)], &["sleep", "999"])?.ok()?;
        let pid: i32 = t.read(&file)?.parse().doing("read the pid file")?;
        let cmdline = || fs::read_to_string(format!("/proc/{pid}/cmdline")).ok();
        until("the pid is the program's", || (cmdline()? == "sleep\x00999\x00").then_some(()))
    }),
    case("a detached exec is left to its caller's subreaper", "containerd: shim", |t| {
        let container = t.idle()?;
        let file = t.path("pid");
        container.exec_with(&["-d", "--pid-file", arg(&file)], &["sleep", "1000"])?.ok()?;
        let pid: i32 = t.read(&file)?.parse().doing("read the pid file")?;
        let this = std::process::id().cast_signed();
        until("its parent is the harness", || Process::read(pid).filter(|process| process.parent == this))
            .map(drop)
    }),
    case("exec --process reads the process from a file", "runc exec", |t| {
        let process = json!({"args": ["sh", "-c", "echo $A; pwd; id -u"], "cwd": "/etc", "user": {"uid": 1000, "gid": 0},
                             "env": ["A=b", "PATH=/bin"]});
        same("output", process_file(&t.idle()?, t, &process)?, "b\n/etc\n1000\n")
    }),
    case("exec --process sets exactly the file's capabilities", "runc exec", |t| {
        let caps = json!(["CAP_CHOWN"]);
        let process = json!({"args": ["cat", "/proc/self/status"], "cwd": "/", "env": ["PATH=/bin"],
                             "user": {"uid": 0, "gid": 0},
                             "capabilities": {"bounding": caps, "effective": caps, "permitted": caps}});
        let status = process_file(&t.idle()?, t, &process)?;
        same("bounding", status_of(&status, "CapBnd"), Some("0000000000000001"))
    }),
    case("exec --process sets the file's limits", "runc exec", |t| {
        let process = json!({"args": ["sh", "-c", "ulimit -Sn"], "cwd": "/", "env": ["PATH=/bin"],
                             "user": {"uid": 0, "gid": 0},
                             "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 77, "hard": 88}]});
        same("limit", process_file(&t.idle()?, t, &process)?, "77\n")
    })
    .wavers("runc", "built with Go 1.19, it may raise the soft limit to the hard one"),
    case("exec --process of a missing file is an error", "runc exec", |t| {
        t.idle()?
            .exec_with(&["--process", "/nowhere/process.json"], &[])?
            .refused(255, "no such file")
            .map(drop)
    }),
    case("exec --process of broken JSON is an error", "runc exec", |t| {
        let file = t.file("process.json", "{\"args\": [")?;
        t.idle()?.exec_with(&["--process", arg(&file)], &[])?.refused(255, "").map(drop)
    }),
    case("exec has a session of its own", "podman: exec timeout", |t| {
        let text = t.idle()?.sh("cut -d' ' -f1,5,6 /proc/self/stat; :")?;
        let ids: Vec<&str> = text.split_whitespace().collect();
        same("process group and session", ids[1], ids[2])?;
        differ("the session", ids[2], "0")
    }),
    case("exec leaves no descriptors open", "runtime-linux.md: File descriptors", |t| {
        let container = t.idle()?;
        let file = t.path("pid");
        let pid_file = ["exec", "-d", "--pid-file", arg(&file), &container.id, "sleep", "1000"];
        let wrapper = ["/bin/sh", "-c", "exec 7</ 8</etc/passwd; exec \"$@\"", "sh"];
        t.through(&wrapper, &pid_file)?.output()?.ok()?;
        same(
            "descriptors",
            super::process::descriptors(t.read(&file)?.parse().doing("read the pid")?)?,
            "0 1 2",
        )
    }),
    case("exec --preserve-fds passes descriptors on", "runc exec", |t| {
        let container = t.idle()?;
        let file = t.file("fd", "through\n")?;
        let script = format!("exec 3<{}; exec \"$@\"", arg(&file));
        let words = ["exec", "--preserve-fds", "1", &container.id, "sh", "-c", "cat <&3"];
        same(
            "output",
            t.through(&["/bin/sh", "-c", &script, "sh"], &words)?.output()?.ok()?.stdout,
            "through\n",
        )
    }),
    case("exec of many programs leaves only the first", "runc exec", |t| {
        let container = t.idle()?;
        (0..5).try_for_each(|_| container.exec(&["true"])?.ok().map(drop))?;
        same(
            "processes",
            crate::expect::json(&t.call(&["ps", "-f", "json", &container.id])?.stdout)?,
            json!([container.pid]),
        )
    }),
    case("the ended container ends its exec'd processes", "pid_namespaces(7)", |t| {
        let container = t.idle()?;
        container.exec_with(&["--detach"], &["sleep", "1000"])?.ok()?;
        container.stop()?;
        container.delete()?;
        t.nothing_left()
    }),
    case("SIGTERM to exec goes to its program", "runc exec", |t| {
        let container = t.idle()?;
        let script = "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done";
        let running = t.command(&["exec", &container.id, "sh", "-c", script])?.spawn()?;
        until("the program runs", || running.stdout().contains("ready").then_some(()))?;
        running.signal(nix::sys::signal::Signal::SIGTERM)?;
        running.wait()?.exits(5).map(drop)
    }),
    case("exec keeps to the CPUs of execCPUAffinity", "config.md: execCPUAffinity", |t| {
        let affinity = json!({"initial": "0", "final": "0"});
        let bundle = t.bundle()?.set("/process/execCPUAffinity", affinity).args(&["/bin/sleep", "1000"]);
        let text = t.start(&bundle)?.exec(&["grep", "Cpus_allowed_list", "/proc/self/status"])?.ok()?.stdout;
        same("CPUs", text.as_str(), "Cpus_allowed_list:\t0\n")
    })
    .differs("runc", "new in 1.3"),
];

fn process_file(container: &Container<'_>, t: &Test, process: &Value) -> Outcome<String> {
    let file = t.file("process.json", &process.to_string())?;
    Ok(container.exec_with(&["--process", arg(&file)], &[])?.ok()?.stdout)
}
