//! A container that tells the service manager when it is ready. busybox has no sd_notify(3), but its logger sends
//! datagrams too: to /dev/log, which is the notify socket here.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case};
use crate::console::arg;
use crate::container::Container;
use crate::expect::{contains, hold, same, until};
use crate::test::Test;
use crate::user::UID;
use nix::unistd::{setegid, seteuid};
use serde_json::json;
use std::fs::{self, Permissions};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::time::Duration;

const RULE: &str = "sd_notify(3)";

/// Tells the manager that the container is ready.
const READY: &str = "ln -s $NOTIFY_SOCKET /dev/log; logger \"$(printf '\\nREADY=1')\";";

pub(crate) const CASES: &[Case] = &[
    case("a container finds a notify socket of its own", RULE, |t| {
        let manager = Manager::listen(t)?;
        let bundle = t.bundle()?.sh("echo $NOTIFY_SOCKET; test -S $NOTIFY_SOCKET && echo there");
        same("output", run(t, &manager, &bundle)?, "/run/notify/notify.sock\nthere\n")
    }),
    case("without a service manager there is no notify socket", RULE, |t| {
        t.prints(&t.bundle()?.sh("echo [$NOTIFY_SOCKET]; test -e /run/notify || echo none"), "[]\nnone\n")
    }),
    case("the directory of the notify socket cannot be written in the container", RULE, |t| {
        let manager = Manager::listen(t)?;
        let bundle = t.bundle()?.sh("touch /run/notify/x 2>/dev/null || echo no");
        same("output", run(t, &manager, &bundle)?, "no\n")
    }),
    case("run tells the service manager that the container is ready", RULE, |t| {
        contains("what the manager hears", &ready(t, &Manager::listen(t)?, t.bundle()?)?, "READY=1")
    })
    .differs("runc", "it hears messages that begin with READY= alone"),
    case("run tells an abstract socket too", "systemd.exec(5): NOTIFY_SOCKET", |t| {
        contains("what the manager hears", &ready(t, &Manager::listen_abstract(t)?, t.bundle()?)?, "READY=1")
    })
    .differs("runc", "it hears messages that begin with READY= alone"),
    case("an ordinary user in a user namespace can tell of its readiness", RULE, |t| {
        let bundle = t.bundle()?.user_namespace()?.set("/process/user", json!({"uid": 1000, "gid": 1000}));
        let bundle = bundle.set("/mounts/1/options", json!(["mode=1777"]));
        contains("what the manager hears", &ready(t, &Manager::listen(t)?, bundle)?, "READY=1")
    })
    .differs("runc", "it hears messages that begin with READY= alone"),
    case("start waits until the container is ready", RULE, |t| {
        let manager = Manager::listen(t)?;
        let bundle = t.bundle()?.sh(&format!("usleep 300000; touch /tmp/ready; {READY} sleep 1000"));
        let container = create(t, &manager, &bundle)?;
        manager.hears_of_start(t, &container)?;
        hold(bundle.path("tmp/ready").exists(), "start has not waited")
    })
    .differs("runc", "it hears messages that begin with READY= alone"),
    case("start tells the pid of the container", RULE, |t| {
        let manager = Manager::listen(t)?;
        let container = create(t, &manager, &t.bundle()?.sh(&format!("{READY} sleep 1000")))?;
        let said = manager.hears_of_start(t, &container)?;
        contains("what the manager hears", &said, "READY=1\n")?;
        contains("what the manager hears", &said, &format!("MAINPID={}\n", container.pid))
    })
    .differs("runc", "it hears messages that begin with READY= alone"),
    case("run in the background tells the pid of the container", RULE, |t| {
        let manager = Manager::listen(t)?;
        let bundle = t.bundle()?.sh(&format!("{READY} sleep 1000"));
        bundle.write()?;
        let id = t.id();
        let running = manager.call(t, &["run", "--detach", "--bundle", arg(&bundle.dir), &id])?.spawn()?;
        let said = manager.hears_all()?;
        running.wait()?.ok()?;
        let container = Container::known(t, id, t.path("none"))?;
        contains("what the manager hears", &said, &format!("MAINPID={}\n", container.pid))
    })
    .differs("runc", "it hears messages that begin with READY= alone"),
    case("start ends when the container ends without being ready", RULE, |t| {
        let manager = Manager::listen(t)?;
        let container = create(t, &manager, &t.bundle()?.sh("exit 3"))?;
        manager.call(t, &["start", &container.id])?.output()?.ok()?;
        same("exit status", container.wait()?, 3)
    }),
    case("a container that is not ready yet can be seen, killed and deleted", RULE, |t| {
        let manager = Manager::listen(t)?;
        let container = create(t, &manager, &t.bundle()?.sh("echo up; sleep 1000"))?;
        let waiting = manager.call(t, &["start", &container.id])?.spawn()?;
        container.says("up")?;
        same("status", container.status()?, "running")?;
        container.stop()?;
        waiting.wait()?.ok()?;
        container.delete()?;
        t.nothing_left()
    }),
    case("no other user of the host can say that a container is ready", RULE, |t| {
        let manager = Manager::listen(t)?;
        let container = create(t, &manager, &t.bundle()?.sh("sleep 1000"))?;
        let starting = manager.call(t, &["start", &container.id])?.spawn()?;
        let is_for_notices = |path: &PathBuf| path.ends_with("notify.sock");
        let socket = until("the socket is there", || sockets(t).into_iter().find(is_for_notices))?;
        // As engines have it: containerd's can be searched by everybody.
        fs::set_permissions(&t.root, Permissions::from_mode(0o711)).doing("open the state directory")?;
        let sent = send_as_another(&socket)?;
        container.stop()?;
        starting.wait()?.ok()?;
        hold(sent.is_err(), "another user's message arrives")
    })
    .differs("runc", "everybody may write to its socket"),
    case("a service manager that cannot be reached stops no container", RULE, |t| {
        let bundle = t.bundle()?.sh("echo fine");
        bundle.write()?;
        let words = ["run", "--bundle", arg(&bundle.dir), &t.id()];
        let output = t.command(&words)?.env("NOTIFY_SOCKET", "/nowhere/notify").output()?.ok()?;
        same("output", output.stdout, "fine\n")
    }),
    case("a configuration with a notify socket keeps it", RULE, |t| {
        let manager = Manager::listen(t)?;
        let bundle = t.bundle()?.push("/process/env", json!("NOTIFY_SOCKET=/tmp/mine"));
        let bundle = bundle.sh("echo $NOTIFY_SOCKET; test -e /run/notify || echo none");
        same("output", run(t, &manager, &bundle)?, "/tmp/mine\nnone\n")
    })
    .differs("runc", "it adds its own behind"),
    case("exec'd programs have no notify socket", RULE, |t| {
        let manager = Manager::listen(t)?;
        let container = t.idle()?;
        let output =
            manager.call(t, &["exec", &container.id, "sh", "-c", "echo [$NOTIFY_SOCKET]"])?.output()?;
        same("output", output.ok()?.stdout, "[]\n")
    }),
];

/// Who is told.
struct Manager {
    socket: UnixDatagram,
    name: String,
}

impl Manager {
    fn listen(t: &Test) -> Outcome<Manager> {
        let path = t.path("manager.sock");
        let socket = UnixDatagram::bind(&path).doing("listen as a manager")?;
        Manager::with(socket, arg(&path).into())
    }

    fn listen_abstract(t: &Test) -> Outcome<Manager> {
        let address = SocketAddr::from_abstract_name(&t.tag).doing("name a socket")?;
        let socket = UnixDatagram::bind_addr(&address).doing("listen as a manager")?;
        Manager::with(socket, format!("@{}", t.tag))
    }

    fn with(socket: UnixDatagram, name: String) -> Outcome<Manager> {
        socket.set_read_timeout(Some(Duration::from_secs(5))).doing("set a timeout")?;
        Ok(Manager { socket, name })
    }

    /// The next message.
    fn hears(&self) -> Outcome<String> {
        let mut bytes = [0; 4096];
        let length = self.socket.recv(&mut bytes).doing("hear as a manager")?;
        Ok(String::from_utf8_lossy(&bytes[..length]).into_owned())
    }

    /// Everything up to the barrier, which the runtime waits for.
    fn hears_all(&self) -> Outcome<String> {
        let mut said = String::new();
        while !said.contains("BARRIER=1") {
            said = said + &self.hears()? + "\n";
        }
        Ok(said)
    }

    /// What `start` of a container tells.
    fn hears_of_start(&self, t: &Test, container: &Container<'_>) -> Outcome<String> {
        let starting = self.call(t, &["start", &container.id])?.spawn()?;
        let said = self.hears_all()?;
        starting.wait()?.ok()?;
        Ok(said)
    }

    /// A call of the runtime as this manager's service.
    fn call(&self, t: &Test, words: &[&str]) -> Outcome<crate::runtime::Call> {
        Ok(t.command(words)?.env("NOTIFY_SOCKET", &self.name))
    }
}

/// What a container prints that is created and started as this manager's service.
fn run(t: &Test, manager: &Manager, bundle: &Bundle) -> Outcome<String> {
    let container = create(t, manager, bundle)?;
    manager.call(t, &["start", &container.id])?.output()?.ok()?;
    container.wait()?;
    Ok(container.stdout())
}

/// What the manager hears first of a container in the foreground that is ready.
fn ready(t: &Test, manager: &Manager, bundle: Bundle) -> Outcome<String> {
    let bundle = bundle.sh(&format!("{READY} sleep 1000"));
    bundle.write()?;
    let id = t.id();
    let running = manager.call(t, &["run", "--bundle", arg(&bundle.dir), &id])?.spawn()?;
    let said = manager.hears()?;
    t.call(&["kill", &id, "KILL"])?.ok()?;
    running.wait()?.exits(137)?;
    Ok(said)
}

fn create<'t>(t: &'t Test, manager: &Manager, bundle: &Bundle) -> Outcome<Container<'t>> {
    bundle.write()?;
    let id = t.id();
    let log = t.path("created");
    let call = crate::runtime::Call::new(&t.runtime, &log)?.args(["--root".as_ref(), t.root.as_os_str()]);
    call.args(["create", "--bundle", arg(&bundle.dir), &id])
        .env("NOTIFY_SOCKET", &manager.name)
        .output()?
        .ok()?;
    Container::known(t, id, log)
}

/// All sockets below the state directory.
fn sockets(t: &Test) -> Vec<PathBuf> {
    let (mut found, mut directories) = (Vec::new(), vec![t.root.clone()]);
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => directories.push(entry.path()),
                Ok(kind) if kind.is_socket() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found
}

/// Sends a message as another user of the host.
fn send_as_another(socket: &Path) -> Outcome<std::io::Result<usize>> {
    let sender = UnixDatagram::unbound().doing("make a socket")?;
    setegid(UID.into()).and_then(|()| seteuid(UID.into())).doing("become another user")?;
    let sent = sender.send_to(b"READY=1", socket);
    seteuid(0.into()).and_then(|()| setegid(0.into())).doing("become root again")?;
    Ok(sent)
}
