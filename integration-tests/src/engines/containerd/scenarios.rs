//! The scenarios of containerd.

use super::Containerd;
use crate::case::{Doing, Outcome, fail};
use crate::console::Terminal;
use crate::engines::image::IMAGE;
use crate::engines::scenario::{Scenario, scenario};
use crate::engines::session::{Session, TERMINAL};
use crate::expect::{contains, hold, same, until};
use crate::procfs::{Process, descendants};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const IDLE: &[&str] = &["/bin/pause"];

/// All of them.
pub(super) const ALL: &[Scenario<Containerd>] = &[
    scenario("run hands on what is printed and the exit status", |c| {
        let output = c.run("", &["/bin/sh", "-c", "echo out; echo err >&2; exit 7"])?.output()?.exits(7)?;
        Ok(output.stdout + &output.stderr)
    }),
    scenario("run reads its standard input", |c| {
        let input = std::fs::File::open(c.lab.file("input", "typed\n")?).doing("open the input")?;
        Ok(c.run("", &["/bin/head", "-n", "1"])?.stdin(input).output()?.ok()?.stdout)
    }),
    scenario("a program that the image lacks is named in the error", |c| {
        let output = c.run("", &["/no/such/program"])?.output()?.exits(1)?;
        contains("the error", &output.stderr, "/no/such/program")?;
        contains("the error", &output.stderr, "no such file or directory")?;
        contains("the error", &output.stderr, "OCI runtime create failed")?;
        Ok("no such file or directory".into())
    }),
    scenario("a program that may not be executed is named in the error", |c| {
        let output = c.run("", &["/etc/passwd"])?.output()?.exits(1)?;
        contains("the error", &output.stderr, "/etc/passwd")?;
        contains("the error", &output.stderr, "permission denied")?;
        Ok("permission denied".into())
    }),
    scenario("a detached container is listed, killed and deleted", |c| {
        let alive = c.alive("", IDLE)?;
        let (pid, status) = alive.listed()?;
        same("its status", status.as_str(), "RUNNING")?;
        hold(Process::read(pid).is_some(), "its pid is no process")?;
        alive.task(&["kill", "--signal", "SIGKILL"], &[])?.ok()?;
        alive.becomes("STOPPED")?;
        let status = alive.task(&["delete"], &[])?.code;
        Ok(format!("deleted with the status {status}"))
    }),
    scenario("a signal reaches the container's process", |c| {
        let alive =
            c.alive("", &["/bin/sh", "-c", "trap 'exit 3' USR1; touch /ready; while :; do sleep 0.1; done"])?;
        until("it waits", || alive.exec("", &["/bin/ls", "/ready"]).ok()?.ok().ok())?;
        alive.task(&["kill", "--signal", "SIGUSR1"], &[])?.ok()?;
        alive.becomes("STOPPED")?;
        Ok(format!("{}", alive.task(&["delete"], &[])?.code))
    }),
    scenario("exec hands on what is printed and the exit status", |c| {
        let alive = c.alive("--env WHO=me", IDLE)?;
        let output = alive.exec("--cwd /tmp", &["/bin/sh", "-c", "pwd; echo $WHO; exit 9"])?.exits(9)?;
        Ok(output.stdout)
    }),
    scenario("exec as another user", |c| {
        let alive = c.alive("", IDLE)?;
        Ok(alive.exec("--user 1000:1000", &["/bin/id"])?.ok()?.stdout)
    }),
    scenario("exec of a program that the image lacks fails", |c| {
        let output = c.alive("", IDLE)?.exec("", &["/no/such/program"])?;
        contains("the error", &output.stderr, "no such file or directory")?;
        Ok(format!("{}", output.code))
    }),
    scenario("exec on a terminal", |c| {
        let alive = c.alive("", IDLE)?;
        let (terminal, slave) = Terminal::open()?;
        let call = alive.exec_call("--tty", &["/bin/sh", "-c", "tty; exit 4"])?;
        let copy = || slave.try_clone().doing("copy the terminal");
        call.stdin(copy()?).stdout(copy()?).output()?.exits(4)?;
        Ok(terminal.text())
    }),
    scenario("a terminal has a size, changes it, and sends Ctrl-C", |c| {
        Session::of(c.run("--tty", &["/bin/sh", "-c", TERMINAL])?)?.plays()
    }),
    scenario("a paused container says so and goes on after resume", |c| {
        let alive = c.alive("", IDLE)?;
        alive.task(&["pause"], &[])?.ok()?;
        let paused = alive.listed()?.1;
        alive.task(&["resume"], &[])?.ok()?;
        alive.exec("", &["/bin/true"])?.ok()?;
        Ok(format!("{paused}, {}", alive.listed()?.1))
    }),
    scenario("ps lists the processes inside", |c| {
        let alive = c.alive("", &["/bin/sh", "-c", "sleep 1000 & sleep 1000 & wait"])?;
        let count = || Some(alive.task(&["ps"], &[]).ok()?.stdout.lines().skip(1).count());
        until("three processes", || count().filter(|count| *count == 3))?;
        Ok("3 processes".into())
    }),
    scenario("metrics tell what the container uses", |c| {
        let alive = c.alive("", IDLE)?;
        let text = alive.task(&["metrics"], &[])?.ok()?.stdout;
        contains("the metrics", &text, "memory.usage")?;
        Ok("memory.usage".into())
    }),
    scenario("limits of memory and processor are set", limits),
    scenario("the cgroup is where it was asked for", |c| {
        let path = format!("/{}/own", c.lab.tag);
        let alive = c.alive(&format!("--cgroup {path}"), IDLE)?;
        let text = std::fs::read_to_string(format!("/proc/{}/cgroup", alive.listed()?.0)).doing("read")?;
        let elsewhere: Vec<&str> = text.lines().filter(|line| !line.ends_with(&path)).collect();
        let elsewhere: Vec<&&str> =
            elsewhere.iter().filter(|line| !line.contains("misc") && !line.contains("rdma")).collect();
        hold(elsewhere.is_empty(), format!("elsewhere: {elsewhere:?}"))?;
        Ok(String::new())
    }),
    scenario("the default seccomp profile filters", |c| {
        c.sh("--seccomp", "grep -E '^(Seccomp|NoNewPrivs):' /proc/self/status; unshare -U true 2>&1; echo $?")
    }),
    scenario("without a profile nothing is filtered", |c| c.sh("", "grep ^Seccomp: /proc/self/status")),
    scenario("capabilities are those of the engine", |c| {
        c.sh("--cap-add CAP_SYS_TIME --cap-drop CAP_CHOWN", "grep ^Cap /proc/self/status")
    }),
    scenario("privileged means all capabilities and writable system files", |c| {
        c.sh("--privileged", "grep ^Cap /proc/self/status; grep -c ' /proc/sys ' /proc/self/mountinfo; true")
    }),
    scenario("a read-only root cannot be written to", |c| c.sh("--read-only", "touch /file 2>&1; echo $?")),
    scenario("mounts of the host, read-only and writable", |c| {
        let dir = c.lab.folder("shared")?;
        c.lab.file("shared/from-host", "host\n")?;
        let mounts = format!(
            "--mount type=bind,src={dir},dst=/ro,options=rbind:ro --mount type=bind,src={dir},dst=/rw,options=rbind:rw"
        );
        let seen = c.sh(&mounts, "cat /ro/from-host; echo x >/ro/file; echo y >/rw/file; cat /ro/file")?;
        same(
            "the host's file",
            std::fs::read_to_string(format!("{dir}/file")).doing("read")?.as_str(),
            "y\n",
        )?;
        Ok(seen)
    }),
    scenario("layers, whiteouts and the file that a layer replaces", |c| {
        c.sh("", "cd /data; find . -type f | sort | xargs grep . ; rm kept; echo new >new; ls -a | sort")
    }),
    scenario("two containers share a network namespace", |c| {
        let first = c.alive("", IDLE)?;
        let net = format!("/proc/{}/ns/net", first.listed()?.0);
        let inside = c.sh(&format!("--with-ns network:{net}"), "readlink /proc/self/ns/net")?;
        let outside = std::fs::read_link(net).doing("read the link")?;
        same("its network namespace", inside.trim(), outside.to_string_lossy().as_ref())?;
        Ok("the same".into())
    }),
    scenario("delete --force of a running container leaves no process", |c| {
        let alive = c.alive("", IDLE)?;
        let (pid, _) = alive.listed()?;
        alive.remove()?;
        gone(pid)
    }),
    scenario("a killed shim leaves nothing that hinders a retry", |c| {
        let alive = c.alive("", IDLE)?;
        let (pid, _) = alive.listed()?;
        let shim = Process::read(pid).map_or(0, |process| process.parent);
        same(
            "the parent's name",
            Process::read(shim).map(|process| process.name).as_deref(),
            Some("containerd-shim"),
        )?;
        kill(Pid::from_raw(shim), Signal::SIGKILL).doing("kill the shim")?;
        gone(pid)?;
        until("the task is gone", || alive.listed().is_err().then_some(()))?;
        c.ctr(&["containers", "delete", &alive.name])?.output()?.ok()?;
        let words =
            ["run", "--rm", "--runc-binary", c.lab.runtime(), IMAGE, &alive.name, "/bin/echo", "again"];
        // containerd itself may need a moment to forget the task.
        until("the same container runs again", || Some(c.ctr(&words).ok()?.output().ok()?.ok().ok()?.stdout))
    }),
    scenario("a container whose init is killed from outside is stopped", |c| {
        let alive = c.alive("", IDLE)?;
        kill(Pid::from_raw(alive.listed()?.0), Signal::SIGKILL).doing("kill the init")?;
        alive.becomes("STOPPED")?;
        Ok(format!("{}", alive.task(&["delete"], &[])?.code))
    }),
    scenario("a container in the host's pid namespace takes its processes along", |c| {
        let own = std::process::id();
        let alive = c.alive(
            &format!("--with-ns pid:/proc/{own}/ns/pid"),
            &["/bin/sh", "-c", "sleep 4711 & sleep 4711"],
        )?;
        let sleepers = || {
            descendants(Pid::this())
                .into_iter()
                .filter(|process| process.is_alive() && process.name == "sleep")
                .count()
        };
        until("both run", || (sleepers() >= 1).then_some(()))?;
        alive.task(&["kill", "--all", "--signal", "SIGKILL"], &[])?.ok()?;
        alive.becomes("STOPPED")?;
        until("no sleep is left", || (sleepers() == 0).then_some(()))?;
        Ok("none left".into())
    }),
];

fn gone(pid: i32) -> Outcome<String> {
    until("the container's process is gone", || {
        crate::reaper::all();
        Process::read(pid).is_none_or(|process| !process.is_alive()).then_some("gone".to_owned())
    })
}

fn limits(c: &Containerd) -> Outcome<String> {
    let alive = c.alive("--memory-limit 33554432 --cpus 0.5", IDLE)?;
    let pid = alive.listed()?.0;
    let files = [
        ("memory", "memory.limit_in_bytes"),
        ("cpu", "cpu.cfs_quota_us"),
        ("", "memory.max"),
        ("", "cpu.max"),
    ];
    let text = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).doing("read")?;
    let found: Vec<String> = files
        .iter()
        .filter_map(|(controller, file)| {
            let line = text.lines().find(|line| line.split(':').nth(1) == Some(controller))?;
            let path = line.splitn(3, ':').nth(2)?;
            std::fs::read_to_string(format!("/sys/fs/cgroup/{controller}{path}/{file}")).ok()
        })
        .collect();
    if found.is_empty() { fail("no limit is readable") } else { Ok(found.concat()) }
}
