//! create, start, state, kill, delete: the states of a container and what is refused in which.

use crate::case::{Case, Doing, case, fail};
use crate::console::{ConsoleSocket, arg, pid_of};
use crate::container::Container;
use crate::expect::{contains, hold, is_rfc3339, json, same, until};
use crate::procfs::{self, Process};
use crate::reaper;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use std::fs;

pub(crate) const CASES: &[Case] = &[
    case("create leaves the container created", "runtime.md: Create", |t| {
        let container = t.create(&t.bundle()?)?;
        same("status", container.status()?, "created")
    }),
    case("create does not run the program", "runtime.md: Create", |t| {
        let container = t.create(&t.bundle()?.sh("touch /ran; sleep 1000"))?;
        same("status", container.status()?, "created")?;
        hold(!t.path("bundle-1/rootfs/ran").exists(), "the program has run")
    }),
    case("start runs the program", "runtime.md: Start", |t| {
        let container = t.start(&t.bundle()?.sh("echo hello"))?;
        same("exit status", container.wait()?, 0)?;
        same("output", container.stdout(), "hello\n")
    }),
    case("a started container is running", "runtime.md: State", |t| {
        same("status", t.idle()?.status()?, "running")
    }),
    case("a container whose process has ended is stopped", "runtime.md: State", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        same("status", container.status()?, "stopped")
    }),
    case("a container whose process nobody has reaped is stopped", "runtime.md: State", |t| {
        let container = t.idle()?;
        reaper::keep_zombies();
        kill(Pid::from_raw(container.pid), Signal::SIGKILL).doing("end the process")?;
        until("the process ends", || Process::read(container.pid).filter(|process| !process.is_alive()))?;
        same("status", container.status()?, "stopped")
    }),
    case("state has the fields that the schema asks for", "schema/state-schema.json", |t| {
        let state = t.create(&t.bundle()?)?.state()?;
        for field in ["ociVersion", "id", "status", "bundle"] {
            hold(state[field].is_string(), format!("{field} is no string: {state}"))?;
        }
        hold(state["pid"].is_u64(), format!("pid is no number: {state}"))
    }),
    case("state names the container and its absolute bundle", "runtime.md: State", |t| {
        let bundle = t.bundle()?;
        let container = t.create(&bundle)?;
        let state = container.state()?;
        same("id", &state["id"], &json!(container.id))?;
        same("bundle", &state["bundle"], &json!(bundle.dir))
    }),
    case("state has the time of creation and the rootfs", "runc state", |t| {
        let bundle = t.bundle()?;
        let state = t.create(&bundle)?.state()?;
        let created = state["created"].as_str().unwrap_or_default();
        hold(is_rfc3339(created) && created.ends_with('Z'), format!("created is {created:?}"))?;
        same("rootfs", &state["rootfs"], &json!(bundle.dir.join("rootfs")))
    }),
    case("the pid in state is the container's process", "runtime.md: State", |t| {
        let container = t.idle()?;
        until("the process is sleep", || {
            Process::read(container.pid).filter(|process| process.name == "sleep")
        })
        .map(drop)
    }),
    case("the pid in state of a stopped container is 0 or absent", "runc state", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        same("pid", container.state()?["pid"].as_i64().unwrap_or(0), 0)
    }),
    case("state hands the annotations through", "runtime.md: State", |t| {
        let notes = json!({"com.example.key": "value", "com.example.empty": ""});
        let state = t.create(&t.bundle()?.set("/annotations", notes.clone()))?.state()?;
        same("annotations", &state["annotations"], &notes)
    }),
    case("annotations of any text come through unharmed", "runtime.md: State", |t| {
        let notes = json!({"a": "\"},\n\u{1b}[31m{ä\u{7f}"});
        let state = t.create(&t.bundle()?.set("/annotations", notes.clone()))?.state()?;
        same("annotations", &state["annotations"], &notes)
    }),
    case("state of an unknown container is an error", "runtime.md: Query State", |t| {
        t.call(&["state", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case("start of an unknown container is an error", "runc start", |t| {
        t.call(&["start", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case("kill of an unknown container is an error", "runc kill", |t| {
        t.call(&["kill", "nobody", "TERM"])?.refused(1, "container does not exist").map(drop)
    }),
    case("exec in an unknown container is an error", "runc exec", |t| {
        t.call(&["exec", "nobody", "true"])?.refused(255, "container does not exist").map(drop)
    }),
    case("delete of an unknown container is an error", "runc delete", |t| {
        t.call(&["delete", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case("delete --force of an unknown container succeeds", "runc delete", |t| {
        t.call(&["delete", "--force", "nobody"])?.ok().map(drop)
    }),
    case("create with an id in use is an error", "runtime.md: Create", |t| {
        let bundle = t.bundle()?;
        let container = t.create(&bundle)?;
        let dir = bundle.dir.to_string_lossy();
        t.call(&["create", "--bundle", &dir, &container.id])?
            .refused(1, "container with given ID already exists")?;
        same("status of the first", container.status()?, "created")
    }),
    case("run with an id in use is an error", "runtime.md: Create", |t| {
        let bundle = t.bundle()?;
        let container = t.create(&bundle)?;
        let dir = bundle.dir.to_string_lossy();
        t.call(&["run", "--bundle", &dir, &container.id])?.refused(1, "already exists")?;
        same("status of the first", container.status()?, "created")
    }),
    case("an id may be used again after delete", "runtime.md: Delete", |t| {
        let bundle = t.bundle()?;
        let first = t.create(&bundle)?;
        first.stop()?;
        first.delete()?;
        let dir = bundle.dir.to_string_lossy();
        t.call(&["create", "--bundle", &dir, &first.id])?.ok().map(drop)
    }),
    case("an id of letters, digits and _+-. is accepted", "runc: container id", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        let id = format!("{}-Az09_+-.", t.tag);
        t.call(&["run", "--bundle", &bundle.dir.to_string_lossy(), &id])?.ok().map(drop)
    }),
    case("create refuses ids that are no plain names", "runc: container id", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        let dir = bundle.dir.to_string_lossy();
        for id in ["../x", "a/b", "/", "..", ".", "a b", "a\nb", "ä", "a*"] {
            t.call(&["create", "--bundle", &dir, id])?.refused(1, "invalid container ID format")?;
        }
        t.nothing_left()
    }),
    case("create refuses an empty id", "runtime.md: Create", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        t.call(&["create", "--bundle", &bundle.dir.to_string_lossy(), ""])?.refused(1, "")?;
        t.nothing_left()
    }),
    case("a second start is an error", "runtime.md: Start", |t| {
        let container = t.idle()?;
        container.call("start")?.refused(1, "cannot start an already running container")?;
        same("status", container.status()?, "running")
    }),
    case("start of a stopped container is an error", "runtime.md: Start", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        container.call("start")?.refused(1, "cannot start a container that has stopped")?;
        same("status", container.status()?, "stopped")
    }),
    case("delete of a running container is refused", "runtime.md: Delete", |t| {
        let container = t.idle()?;
        container.call("delete")?.refused(1, "cannot delete container")?;
        container.call("delete")?.refused(1, "running")?;
        same("status", container.status()?, "running")
    }),
    case("delete of a created container removes it", "runc delete", |t| {
        let container = t.create(&t.bundle()?)?;
        container.delete()?;
        t.nothing_left()
    }),
    case("delete of a stopped container leaves nothing", "runtime.md: Delete", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        container.delete()?;
        t.nothing_left()
    }),
    case("delete --force ends a running container", "runc delete", |t| {
        let container = t.idle()?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        t.nothing_left()
    }),
    case("delete --force removes a created container", "runc delete", |t| {
        let container = t.create(&t.bundle()?)?;
        t.call(&["delete", "-f", &container.id])?.ok()?;
        t.nothing_left()
    }),
    case("delete --force removes a stopped container", "runc delete", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        t.nothing_left()
    }),
    case("delete --force may be repeated", "runc delete", |t| {
        let container = t.create(&t.bundle()?)?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        t.call(&["delete", "--force", &container.id])?.ok().map(drop)
    }),
    case("a deleted container is unknown", "runtime.md: Delete", |t| {
        let container = t.create(&t.bundle()?)?;
        container.delete()?;
        container.call("state")?.refused(1, "container does not exist").map(drop)
    }),
    case("delete --force ends processes that outlive init in a shared pid namespace", "runc delete", |t| {
        let script = "setsid sleep 1000 >/dev/null 2>&1 & echo ready";
        let container = t.start(&t.bundle()?.without_namespace("pid").sh(script))?;
        container.wait()?;
        t.call(&["delete", "--force", &container.id])?.ok()?;
        t.nothing_left()
    })
    .needs_root("without a cgroup nobody knows them once init has ended"),
    case("kill sends SIGTERM unless told otherwise", "runc kill", |t| {
        let container = t.start(
            &t.bundle()?.sh("trap 'echo term; exit 3' TERM; echo ready; while :; do sleep 0.01; done"),
        )?;
        container.says("ready")?;
        container.call("kill")?.ok()?;
        same("exit status", container.wait()?, 3)?;
        contains("output", &container.stdout(), "term")
    }),
    case("kill takes a signal by number", "runc kill", |t| signalled(&t.idle()?, "9", 137)),
    case("kill takes a signal by its short name", "runc kill", |t| signalled(&t.idle()?, "KILL", 137)),
    case("kill takes a signal by its full name", "runc kill", |t| signalled(&t.idle()?, "SIGKILL", 137)),
    case("kill takes a signal in small letters", "runc kill", |t| signalled(&t.idle()?, "sigkill", 137)),
    case("kill takes a real-time signal", "runc kill", |t| {
        let container =
            t.start(&t.bundle()?.sh("trap 'exit 4' 36; echo ready; while :; do sleep 0.01; done"))?;
        container.says("ready")?;
        signalled(&container, "36", 4)
    }),
    case("kill with signal 0 sends nothing", "kill(2)", |t| {
        let container = t.idle()?;
        container.kill("0")?;
        same("status", container.status()?, "running")
    }),
    case("kill refuses an unknown signal", "runc kill", |t| {
        let container = t.idle()?;
        t.call(&["kill", &container.id, "NONSENSE"])?.refused(1, "unknown signal")?;
        same("status", container.status()?, "running")
    }),
    case("kill of a stopped container is an error", "runtime.md: Kill", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        t.call(&["kill", &container.id, "KILL"])?.refused(1, "container not running").map(drop)
    }),
    case("kill --all of a stopped container succeeds", "runc kill", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        t.call(&["kill", "--all", &container.id, "KILL"])?.ok().map(drop)
    }),
    case("kill of a created container reaches its process", "runtime.md: Kill", |t| {
        let container = t.create(&t.bundle()?)?;
        signalled(&container, "KILL", 137)?;
        same("status", container.status()?, "stopped")
    }),
    case("SIGTERM ends a created container", "runtime.md: Kill", |t| {
        let container = t.create(&t.bundle()?)?;
        container.kill("TERM")?;
        t.call(&["delete", "--force", &container.id])?.ok().map(drop)
    }),
    case("kill --all reaches every process of the container", "runc kill", |t| {
        let script = "setsid sleep 1000 & echo ready; read forever </dev/zero";
        let container = t.start(&t.bundle()?.without_namespace("pid").sh(script))?;
        container.says("ready")?;
        t.call(&["kill", "--all", &container.id, "KILL"])?.ok()?;
        container.wait()?;
        until("the processes are gone", || {
            reaper::all();
            procfs::descendants(Pid::this()).is_empty().then_some(())
        })
    }),
    case("SIGKILL of a container without a pid namespace ends all its processes", "runc kill", |t| {
        let script = "setsid sleep 1000 & echo ready; read forever </dev/zero";
        let container = t.start(&t.bundle()?.without_namespace("pid").sh(script))?;
        container.says("ready")?;
        container.kill("KILL")?;
        container.wait()?;
        until("the processes are gone", || {
            reaper::all();
            procfs::descendants(Pid::this()).is_empty().then_some(())
        })
    })
    .differs("runc", "new in 1.2"),
    case("of two creates with one id one succeeds", "runtime.md: Create", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        for _ in 0..10 {
            let id = t.id();
            let words = ["create", "--bundle", arg(&bundle.dir), &id];
            let calls =
                [t.command(&words)?.spawn()?, t.command(&words)?.spawn()?, t.command(&words)?.spawn()?];
            let mut codes = Vec::new();
            for call in calls {
                codes.push(call.wait()?.code);
            }
            codes.sort_unstable();
            same("exit statuses", codes, vec![0, 1, 1])?;
            t.call(&["delete", "--force", &id])?.ok()?;
            t.nothing_left()?;
        }
        Ok(())
    })
    .wavers("runc", "1.1 has no lock"),
    case("of two starts one succeeds", "runtime.md: Start", |t| {
        let container = t.create(&t.bundle()?.args(&["/bin/sleep", "1000"]))?;
        let calls =
            [t.command(&["start", &container.id])?.spawn()?, t.command(&["start", &container.id])?.spawn()?];
        let mut codes = Vec::new();
        for call in calls {
            codes.push(call.wait()?.code);
        }
        codes.sort_unstable();
        same("exit statuses", codes, vec![0, 1])?;
        same("status", container.status()?, "running")
    })
    .wavers("runc", "1.1 has no lock"),
    case("create --pidfd-socket sends a pidfd of init", "runc create", |t| {
        let socket = ConsoleSocket::listen(t.path("socket"))?;
        let container = t.create_with(&t.bundle()?, &["--pidfd-socket", socket.arg()])?;
        same("pid of the pidfd", pid_of(&socket.receive()?.0)?, container.pid.to_string())
    })
    .differs("runc", "new in 1.2"),
    case("a bundle may have any name", "bundle.md", |t| {
        let bundle = t.bundle()?.sh("echo here");
        bundle.write()?;
        let odd = t.path("a b'\"ä$x");
        fs::rename(&bundle.dir, &odd).doing("rename the bundle")?;
        same("output", t.call(&["run", "--bundle", arg(&odd), &t.id()])?.ok()?.stdout, "here\n")
    }),
    case("a bundle may lie behind a symlink", "bundle.md", |t| {
        let bundle = t.bundle()?.sh("echo here");
        bundle.write()?;
        std::os::unix::fs::symlink(&bundle.dir, t.path("link")).doing("link")?;
        same("output", t.call(&["run", "--bundle", arg(&t.path("link")), &t.id()])?.ok()?.stdout, "here\n")
    }),
    case(
        "closed standard descriptors of the caller are no obstacle",
        "runtime-linux.md: File descriptors",
        |t| {
            let bundle = t.bundle()?.sh("true");
            t.run_through(&["/bin/sh", "-c", "exec \"$@\" <&- >&-", "sh"], &bundle, &[])?
                .output()?
                .ok()
                .map(drop)
        },
    ),
    case("a program whose caller has closed standard input reads nothing", "null(4)", |t| {
        let bundle = t.bundle()?.sh("cat && echo read");
        let call = t.run_through(&["/bin/sh", "-c", "exec \"$@\" <&-", "sh"], &bundle, &[])?;
        same("output", call.output()?.ok()?.stdout, "read\n")
    }),
    case("containers live side by side", "runtime.md: Create", |t| {
        let bundles = [t.bundle()?, t.bundle()?, t.bundle()?];
        let bundles = bundles.map(|bundle| bundle.args(&["/bin/sleep", "1000"]));
        let (first, second, third) = (t.start(&bundles[0])?, t.create(&bundles[1])?, t.start(&bundles[2])?);
        first.stop()?;
        let states = [first.status()?, second.status()?, third.status()?];
        same("their states", states, ["stopped", "created", "running"].map(str::to_owned))
    }),
    case("two containers may share a bundle", "runtime.md: Create", |t| {
        let bundle = t.bundle()?.args(&["/bin/sleep", "1000"]);
        let (first, second) = (t.start(&bundle)?, t.start(&bundle)?);
        first.stop()?;
        same("status of the second", second.status()?, "running")
    }),
    case("a change of config.json after create has no effect", "runtime.md: Lifecycle 2", |t| {
        let bundle = t.bundle()?.sh("echo old");
        let container = t.create(&bundle)?;
        bundle.sh("echo new").write()?;
        container.start()?;
        container.wait()?;
        same("output", container.stdout(), "old\n")
    }),
    case("removing config.json after create has no effect", "runtime.md: Lifecycle 2", |t| {
        let bundle = t.bundle()?.sh("echo old; sleep 1000");
        let container = t.create(&bundle)?;
        fs::remove_file(bundle.dir.join("config.json")).doing("remove config.json")?;
        container.start()?;
        container.says("old")?;
        same("exec", container.sh("echo inside")?, "inside\n")?;
        container.stop()?;
        container.delete()
    })
    .differs("runc", "1.1 reads config.json again at exec"),
    case("a container whose bundle has vanished can be killed and deleted", "runtime.md: Delete", |t| {
        let bundle = t.bundle()?.args(&["/bin/sleep", "1000"]);
        let container = t.start(&bundle)?;
        fs::remove_dir_all(&bundle.dir).doing("remove the bundle")?;
        same("status", container.status()?, "running")?;
        container.stop()?;
        container.delete()?;
        t.nothing_left()
    }),
    case("the bundle is the working directory unless named", "runc create", |t| {
        let bundle = t.bundle()?.sh("echo here");
        bundle.write()?;
        let id = t.id();
        let output = t.command(&["run", &id])?.dir(&bundle.dir).output()?.ok()?;
        same("output", output.stdout, "here\n")
    }),
    case("the bundle may be a relative path", "runc create", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        let id = t.id();
        let name = bundle.dir.file_name().expect("a bundle has a name").to_string_lossy();
        t.command(&["create", "--bundle", &name, &id])?.dir(&t.dir).output()?.ok()?;
        let state = json(&t.call(&["state", &id])?.ok()?.stdout)?;
        same("bundle", &state["bundle"], &json!(bundle.dir))
    }),
    case("an absolute root.path is accepted", "config.md: Root", |t| {
        let bundle = t.bundle()?.sh("echo here");
        let path = bundle.dir.join("rootfs");
        t.prints(&bundle.set("/root/path", json!(path)), "here\n")
    }),
    case("run exits with the program's status", "runc run", |t| {
        t.run(&t.bundle()?)?.exits(0)?;
        t.run(&t.bundle()?.sh("exit 7"))?.exits(7)?;
        t.run(&t.bundle()?.sh("exit 255"))?.exits(255).map(drop)
    }),
    case("run exits with 128 + signal", "runc run", |t| {
        t.run(&t.bundle()?.without_namespace("pid").sh("kill -KILL $$"))?.exits(137)?;
        t.run(&t.bundle()?.without_namespace("pid").sh("kill -TERM $$"))?.exits(143).map(drop)
    }),
    case("run leaves nothing", "runc run", |t| {
        t.run(&t.bundle()?)?.ok()?;
        t.nothing_left()
    }),
    case("run --keep leaves the stopped container", "runc run", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        let id = t.id();
        t.call(&["run", "--keep", "--bundle", &bundle.dir.to_string_lossy(), &id])?.ok()?;
        let state = json(&t.call(&["state", &id])?.ok()?.stdout)?;
        same("status", &state["status"], &json!("stopped"))
    }),
    case("run --detach returns while the program runs", "runc run", |t| {
        let bundle = t.bundle()?.args(&["/bin/sleep", "1000"]);
        bundle.write()?;
        let (id, log) = (t.id(), t.path("detached"));
        t.call(&["run", "--detach", "--bundle", &bundle.dir.to_string_lossy(), &id])?.ok()?;
        same("status", Container::known(t, id, log)?.status()?, "running")
    }),
    case("create --pid-file writes the bare pid", "runc create", |t| {
        let file = t.path("pid");
        let container = t.create_with(&t.bundle()?, &["--pid-file", &file.to_string_lossy()])?;
        same("pid file", t.read(&file)?, container.pid.to_string())
    }),
    case("run --pid-file writes the bare pid", "runc run", |t| {
        let bundle = t.bundle()?.args(&["/bin/sleep", "1000"]);
        bundle.write()?;
        let (id, file) = (t.id(), t.path("pid"));
        let dir = bundle.dir.to_string_lossy();
        t.call(&["run", "-d", "--pid-file", &file.to_string_lossy(), "-b", &dir, &id])?.ok()?;
        let container = Container::known(t, id, t.path("detached"))?;
        same("pid file", t.read(&file)?, container.pid.to_string())
    }),
    case("create fails cleanly when the pid file cannot be written", "runc create", |t| {
        let file = t.path("absent/pid");
        let (_, output) = t.try_create(&t.bundle()?, &["--pid-file", &file.to_string_lossy()])?;
        output.refused(1, "no such file or directory")?;
        t.nothing_left()
    }),
    case("state does not disturb a created container", "runtime.md: Query State", |t| {
        let container = t.create(&t.bundle()?.sh("echo ran"))?;
        container.state()?;
        container.state()?;
        match container.stdout() {
            silent if silent.is_empty() => Ok(()),
            words => fail(format!("the program ran: {words}")),
        }
    }),
];

/// `kill` with this spelling of a signal ends the container with `code`.
fn signalled(container: &Container<'_>, signal: &str, code: i32) -> crate::case::Outcome {
    container.kill(signal)?;
    same("exit status", container.wait()?, code)
}
