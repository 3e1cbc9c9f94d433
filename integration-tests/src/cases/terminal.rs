//! Terminals: handed over by the console socket, relayed by a runtime in the foreground, and refused.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case};
use crate::console::{ConsoleSocket, Terminal, arg};
use crate::container::Container;
use crate::expect::{contains, differ, hold, lacks, same, until};
use crate::procfs::Process;
use crate::runtime::Running;
use crate::test::Test;
use serde_json::json;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

pub(crate) const CASES: &[Case] = &[
    case("the console socket gets the master of a terminal", "runc create --console-socket", |t| {
        let (_container, terminal) = by_socket(t, t.bundle()?.args(&["/bin/sleep", "1000"]))?;
        let meta = terminal.master.metadata().doing("look at the descriptor")?;
        hold(meta.file_type().is_char_device(), "the descriptor is no character device")?;
        same(
            "its device numbers",
            (nix::sys::stat::major(meta.rdev()), nix::sys::stat::minor(meta.rdev())),
            (5, 2),
        )
    }),
    case("the message on the console socket is not empty", "unix(7) SCM_RIGHTS", |t| {
        let socket = ConsoleSocket::listen(t.path("socket"))?;
        t.create_with(&terminal_bundle(t)?, &["--console-socket", socket.arg()])?;
        differ("the message", socket.receive()?.1, String::new())
    }),
    case("a console socket that nobody accepts on is given up", "connect(2)", |t| {
        let (socket, _first) = ConsoleSocket::full(t.path("socket"))?;
        let (_, output) = t.try_create(&terminal_bundle(t)?, &["--console-socket", socket.arg()])?;
        output.refused(1, "--console-socket")?;
        t.nothing_left()
    })
    .differs("runc", "it waits for ever"),
    case("the program writes to the terminal", "config.md: Process", |t| {
        let (container, terminal) = by_socket(t, t.bundle()?.sh("echo hello"))?;
        container.start()?;
        terminal.says("hello\n")
    }),
    case("the program reads from the terminal", "config.md: Process", |t| {
        let (container, terminal) = by_socket(t, t.bundle()?.sh("read x; echo got $x"))?;
        container.start()?;
        terminal.write("words\n")?;
        terminal.says("got words\n")
    }),
    case("stdin, stdout and stderr are the terminal", "config.md: Process", |t| {
        let (container, terminal) =
            by_socket(t, t.bundle()?.sh("test -t 0 && test -t 1 && test -t 2 && echo all"))?;
        container.start()?;
        terminal.says("all\n")
    }),
    case("the terminal is a pty of the container's devpts", "config-linux.md: Default Devices", |t| {
        let (container, terminal) = by_socket(t, t.bundle()?.sh("tty; ls -1 /dev/pts"))?;
        container.start()?;
        terminal.says("/dev/pts/0\n0\nptmx\n")
    }),
    case("the terminal controls the program's session", "setsid(2)", |t| {
        let (container, terminal) =
            by_socket(t, t.bundle()?.sh("echo x >/dev/tty; cut -d' ' -f6,7 /proc/self/stat"))?;
        container.start()?;
        // Session 1 on terminal 136:0, the first pty.
        terminal.says("x\n1 34816\n")
    }),
    case("/dev/console is the terminal", "config-linux.md: Default Devices", |t| {
        let (container, terminal) =
            by_socket(t, t.bundle()?.sh("stat -c %F:%t:%T /dev/console; echo there >/dev/console"))?;
        container.start()?;
        terminal.says("character special file:88:0\n")?;
        terminal.says("there\n")
    }),
    case("the terminal belongs to the user", "runc: console", |t| {
        let bundle = t.bundle()?.set("/process/user", json!({"uid": 1000, "gid": 1000}));
        let (container, terminal) = by_socket(t, bundle.sh("stat -c %u /dev/pts/0; echo x >/dev/pts/0"))?;
        container.start()?;
        terminal.says("1000\nx\n")
    }),
    case("a user namespace has a terminal too", "user_namespaces(7)", |t| {
        let (container, terminal) = by_socket(t, t.bundle()?.user_namespace()?.sh("tty; id -u"))?;
        container.start()?;
        terminal.says("/dev/pts/0\n0\n")
    }),
    case("a terminal works with a read-only root", "config.md: Root", |t| {
        let (container, terminal) = by_socket(t, t.bundle()?.set("/root/readonly", json!(true)).sh("tty"))?;
        container.start()?;
        terminal.says("/dev/pts/0\n")
    }),
    case("consoleSize is the size of the window", "config.md: Process", |t| {
        let size = json!({"height": 33, "width": 111});
        let (container, terminal) =
            by_socket(t, t.bundle()?.set("/process/consoleSize", size).sh("stty size"))?;
        container.start()?;
        terminal.says("33 111\n")
    }),
    case("consoleSize without a terminal is ignored", "config.md: Process", |t| {
        t.run(&t.bundle()?.set("/process/consoleSize", json!({"height": 33, "width": 111})))?.ok().map(drop)
    }),
    case("the engine may resize the window", "tty_ioctl(4)", |t| {
        let script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done";
        let (container, terminal) = by_socket(t, t.bundle()?.sh(script))?;
        container.start()?;
        terminal.says("ready")?;
        terminal.resize(44, 122)?;
        terminal.says("44 122\n")
    }),
    case("the master is closed to the container", "runtime-linux.md: File descriptors", |t| {
        let (container, _terminal) = by_socket(t, t.bundle()?.args(&["/bin/sleep", "1000"]))?;
        container.start()?;
        same("descriptors", super::process::descriptors(container.pid)?, "0 1 2")
    }),
    case("the end of the program hangs the terminal up", "pty(7)", |t| {
        let (container, terminal) = by_socket(t, t.bundle()?.sh("echo last"))?;
        container.start()?;
        contains("the text", &terminal.rest()?, "last\n")
    }),
    case("exec -t on a console socket gives a terminal of its own", "runc exec", |t| {
        let container = t.idle()?;
        let socket = ConsoleSocket::listen(t.path("socket"))?;
        let flags = ["-t", "--detach", "--console-socket", socket.arg()];
        container.exec_with(&flags, &["sh", "-c", "tty; read x; echo got $x"])?.ok()?;
        let terminal = socket.terminal()?;
        terminal.says("/dev/pts/0\n")?;
        terminal.write("words\n")?;
        terminal.says("got words\n")
    }),
    case("create with a terminal needs a console socket", "runc create", |t| {
        let bundle = terminal_bundle(t)?;
        let (_, output) = t.try_create(&bundle, &[])?;
        output.refused(1, "will detach without setting console socket")?;
        t.nothing_left()
    }),
    case("run --detach with a terminal needs a console socket", "runc run", |t| {
        let output = t.run_with(&terminal_bundle(t)?, &["--detach"])?;
        contains("the error", &output.stderr, "cannot allocate tty if ")?;
        output.refused(1, "will detach without setting console socket")?;
        t.nothing_left()
    }),
    case("run in the foreground takes no console socket", "runc run", |t| {
        let socket = ConsoleSocket::listen(t.path("socket"))?;
        let output = t.run_with(&terminal_bundle(t)?, &["--console-socket", socket.arg()])?;
        contains("the error", &output.stderr, "cannot use console socket if ")?;
        output.refused(1, "will not detach or allocate tty")?;
        t.nothing_left()
    }),
    case("create without a terminal takes no console socket", "runc create", |t| {
        let socket = ConsoleSocket::listen(t.path("socket"))?;
        let (_, output) = t.try_create(&t.bundle()?, &["--console-socket", socket.arg()])?;
        output.refused(1, "will not detach or allocate tty")?;
        t.nothing_left()
    }),
    case("a console socket that is not there is an error", "runc create", |t| {
        let (_, output) = t.try_create(&terminal_bundle(t)?, &["--console-socket", "/nowhere/socket"])?;
        output.refused(1, "no such file or directory")?;
        t.nothing_left()
    }),
    case("exec -t --detach needs a console socket", "runc exec", |t| {
        let container = t.idle()?;
        let output = container.exec_with(&["-t", "--detach"], &["true"])?;
        output.refused(255, "will detach without setting console socket").map(drop)
    }),
    case("run in the foreground shows the program on the caller's terminal", "runc run", |t| {
        let (running, terminal) = foreground(t, t.bundle()?.sh("echo hello; tty"))?;
        terminal.says("hello\n/dev/pts/0\n")?;
        running.wait()?.ok().map(drop)
    }),
    case("run in the foreground passes on what is typed", "runc run", |t| {
        let (running, terminal) = foreground(t, t.bundle()?.sh("echo ready; read x; echo got $x"))?;
        terminal.says("ready")?;
        terminal.write("words\r")?;
        terminal.says("got words\n")?;
        running.wait()?.ok().map(drop)
    }),
    case("what is typed is echoed once", "termios(3)", |t| {
        let (running, terminal) = foreground(t, t.bundle()?.sh("echo ready; read x; echo done"))?;
        terminal.says("ready")?;
        terminal.write("words\r")?;
        terminal.says("done")?;
        running.wait()?.ok()?;
        same("times", terminal.text().matches("words").count(), 1)
    }),
    case("run in the foreground exits with the program's status", "runc run", |t| {
        let (running, _terminal) = foreground(t, t.bundle()?.sh("exit 7"))?;
        running.wait()?.exits(7).map(drop)
    }),
    case("the window has the size of the caller's", "tty_ioctl(4)", |t| {
        let (running, terminal) = foreground(t, t.bundle()?.sh("echo ready; read x; stty size"))?;
        terminal.says("ready")?;
        terminal.write("\r")?;
        terminal.says("24 80\n")?;
        running.wait()?.ok().map(drop)
    }),
    case("the window is resized with the caller's", "tty_ioctl(4)", |t| {
        let script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done";
        let (running, terminal) = foreground(t, t.bundle()?.sh(script))?;
        terminal.says("ready")?;
        terminal.resize(50, 150)?;
        terminal.says("50 150\n")?;
        running.wait()?.ok().map(drop)
    }),
    case("^C interrupts the program, not the runtime", "termios(3)", |t| {
        let script = "trap 'echo interrupted; exit 5' INT; echo ready; while :; do sleep 0.01; done";
        let (running, terminal) = foreground(t, t.bundle()?.sh(script))?;
        terminal.says("ready")?;
        terminal.write("\x03")?;
        terminal.says("interrupted\n")?;
        running.wait()?.exits(5).map(drop)
    }),
    case("a shell in the foreground has job control", "setsid(2)", |t| {
        let (running, terminal) = foreground(t, t.bundle()?.args(&["/bin/sh", "-i"]))?;
        terminal.write("set -m; sleep 100 & jobs; kill %1; exit 0\r")?;
        running.wait()?.ok()?;
        contains("the jobs", &terminal.text(), "Running")?;
        lacks("the text", &terminal.text(), "job control turned off")
    }),
    case("^D ends a shell", "termios(3)", |t| {
        let (running, terminal) = foreground(t, t.bundle()?.args(&["/bin/sh", "-i"]))?;
        terminal.says("#")?;
        terminal.write("\x04")?;
        running.wait()?.ok().map(drop)
    }),
    case("the caller's terminal is as before afterwards", "termios(3)", |t| {
        let (terminal, slave) = Terminal::open()?;
        let before = stty(t, &slave)?;
        let running = on_terminal(t, &terminal_bundle(t)?.sh("echo hello"), &slave)?;
        terminal.says("hello")?;
        running.wait()?.ok()?;
        same("its settings", stty(t, &slave)?, before)
    }),
    case("much output arrives complete", "pty(7)", |t| {
        let (running, terminal) = foreground(t, t.bundle()?.args(&["seq", "20000"]))?;
        terminal.says("\n20000\n")?;
        running.wait()?.ok()?;
        same("lines", terminal.text().lines().count(), 20_000)
    }),
    case("exec -t in the foreground shows the program on the caller's terminal", "runc exec", |t| {
        let container = t.idle()?;
        let (terminal, slave) = Terminal::open()?;
        let running = exec_on(t, &container, &slave, "tty; read x; echo got $x; exit 6")?;
        terminal.says("/dev/pts/0\n")?;
        terminal.write("words\r")?;
        terminal.says("got words\n")?;
        running.wait()?.exits(6).map(drop)
    }),
    case("exec -t controls its session", "setsid(2)", |t| {
        let container = t.idle()?;
        let (terminal, slave) = Terminal::open()?;
        let running = exec_on(t, &container, &slave, "echo x >/dev/tty && echo controlled")?;
        terminal.says("controlled\n")?;
        running.wait()?.ok().map(drop)
    }),
    case("the runtime in the foreground ends with its container", "runc run", |t| {
        let bundle = terminal_bundle(t)?.sh("echo ready; sleep 1000");
        let (terminal, slave) = Terminal::open()?;
        let running = on_terminal(t, &bundle, &slave)?;
        terminal.says("ready")?;
        let pid = running.pid;
        t.delete_all();
        until("the runtime ends", || {
            Process::read(pid).is_none_or(|process| !process.is_alive()).then_some(())
        })
    }),
];

fn terminal_bundle(t: &Test) -> Outcome<Bundle> {
    Ok(t.bundle()?.set("/process/terminal", json!(true)))
}

/// A created container whose terminal came over a console socket.
fn by_socket(t: &Test, bundle: Bundle) -> Outcome<(Container<'_>, Terminal)> {
    let socket = ConsoleSocket::listen(t.path("socket"))?;
    let bundle = bundle.set("/process/terminal", json!(true));
    let container = t.create_with(&bundle, &["--console-socket", socket.arg()])?;
    Ok((container, socket.terminal()?))
}

/// `run` on a pty of 24 by 80.
fn foreground(t: &Test, bundle: Bundle) -> Outcome<(Running, Terminal)> {
    let (terminal, slave) = Terminal::open()?;
    terminal.resize(24, 80)?;
    let running = on_terminal(t, &bundle.set("/process/terminal", json!(true)), &slave)?;
    Ok((running, terminal))
}

/// `run` on a pty, in a session that the pty controls, as a shell would start it.
fn on_terminal(t: &Test, bundle: &Bundle, slave: &std::os::fd::OwnedFd) -> Outcome<Running> {
    let call = t.run_through(&[arg(t.busybox()), "setsid", "-c"], bundle, &[])?;
    on_slave(call, slave)
}

fn exec_on(
    t: &Test,
    container: &Container<'_>,
    slave: &std::os::fd::OwnedFd,
    script: &str,
) -> Outcome<Running> {
    let words = ["exec", "-t", &container.id, "sh", "-c", script];
    on_slave(t.through(&[arg(t.busybox()), "setsid", "-c"], &words)?, slave)
}

fn on_slave(call: crate::runtime::Call, slave: &std::os::fd::OwnedFd) -> Outcome<Running> {
    let copy = || slave.try_clone().doing("copy the slave");
    call.stdin(copy()?).stdout(copy()?).stderr(copy()?).spawn()
}

fn stty(t: &Test, slave: &std::os::fd::OwnedFd) -> Outcome<String> {
    let slave = slave.try_clone().doing("copy the slave")?;
    Ok(t.host(&[arg(t.busybox()), "stty", "-a"])?.stdin(slave).output()?.ok()?.stdout)
}
