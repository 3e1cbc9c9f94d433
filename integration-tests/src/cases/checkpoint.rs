//! checkpoint and restore: a container is frozen into files, and goes on from them where it stopped.

use crate::bundle::Bundle;
use crate::case::{Case, Doing, Outcome, case, skip};
use crate::cgroup::Control;
use crate::console::{ConsoleSocket, arg};
use crate::container::Container;
use crate::expect::{contains, differ, hold, same, until};
use crate::procfs::namespace;
use crate::runtime::{Call, Output};
use crate::test::Test;
use nix::sys::signal::Signal;
use serde_json::json;
use std::fs::{self, File};
use std::io::{PipeReader, Read, pipe};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

pub(crate) const CASES: &[Case] = &[
    case("checkpoint has help", "podman: the probe for checkpoints", |t| {
        let help = t.call(&["checkpoint", "--help"])?.ok()?.stdout;
        contains("help", &help, "--image-path")
    }),
    case("restore knows --lsm-mount-context", "podman: the probe for pods", |t| {
        t.call(&["restore", "--lsm-mount-context"])?.refused(1, "flag needs an argument").map(drop)
    }),
    case("an unknown container cannot be checkpointed", "runc checkpoint", |t| {
        t.call(&["checkpoint", "nobody"])?.refused(1, "container does not exist").map(drop)
    }),
    case("a container that waits for start cannot be checkpointed", "runc checkpoint", |t| {
        let container = t.create(&t.bundle()?)?;
        let refusal = "Container cannot be checkpointed in created state";
        container.call("checkpoint")?.refused(1, refusal).map(drop)
    }),
    case("a stopped container cannot be checkpointed", "runc checkpoint", |t| {
        let container = t.start(&t.bundle()?)?;
        container.wait()?;
        let refusal = "Container cannot be checkpointed in stopped state";
        container.call("checkpoint")?.refused(1, refusal).map(drop)
    }),
    case("the images of a parent have a relative path", "runc checkpoint --parent-path", |t| {
        let container = t.idle()?;
        let call = t.call(&["checkpoint", "--parent-path", "/before", &container.id])?;
        call.refused(1, "--parent-path must be relative").map(drop)
    }),
    case("without criu, checkpoint says that it is missing", "runc checkpoint", |t| {
        let container = t.idle()?;
        let images = t.path("images");
        let call = t.command(&["checkpoint", "--image-path", arg(&images), &container.id])?;
        let output = call.env("PATH", arg(&t.dir)).output()?.exits(1)?;
        contains("the error", &output.stderr, "criu")?;
        contains("the error", &output.stderr, "$PATH")?;
        same("status", container.status()?, "running")
    }),
    case("without images, restore fails and leaves nothing", "runc restore", |t| {
        let bundle = t.bundle()?;
        bundle.write()?;
        let images = t.folder("images")?;
        let id = t.id();
        let restore = ["restore", "--bundle", arg(&bundle.dir), "--image-path", arg(&images), &id];
        let output = t.call(&restore)?.exits(1)?;
        differ("the error", output.stderr.trim(), "")?;
        t.nothing_left()
    }),
    case("a container counts on where its checkpoint stopped", "runc restore", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        let stopped = counter.reset()?;
        let container = counter.restore(&[])?;
        let first = counter.counts()?;
        hold(first > stopped, format!("it goes on with {first} after {stopped}"))?;
        same("status", container.status()?, "running")
    }),
    case("a checkpoint is the end of the container", "runc checkpoint", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        counter.container.call("state")?.refused(1, "container does not exist")?;
        t.nothing_left()
    }),
    case("a container may run on after its checkpoint", "runc checkpoint --leave-running", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        let pid = counter.container.pid;
        counter.checkpoint(&["--leave-running"])?.ok()?;
        same("pid", counter.container.state()?["pid"].as_i64(), Some(pid.into()))?;
        counter.reset()?;
        counter.counts().map(drop)
    }),
    case("a restored container can be checkpointed again", "runc checkpoint", |t| {
        let mut counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        counter.reset()?;
        counter.container = counter.restore(&[])?;
        let first = counter.counts()?;
        counter.images = t.path("again");
        counter.checkpoint(&[])?.ok()?;
        counter.reset()?;
        counter.restore(&[])?;
        let second = counter.counts()?;
        hold(second > first, format!("it goes on with {second} after {first}"))
    }),
    case("a dump needs only what has changed since the pre-dump", "runc checkpoint --pre-dump", |t| {
        let mut counter = Counter::start(t, t.bundle()?)?;
        let last = counter.images.clone();
        counter.images = t.path("before");
        counter.checkpoint(&["--pre-dump"])?.ok()?;
        same("status", counter.container.status()?, "running")?;
        counter.images = last;
        counter.checkpoint(&["--parent-path", "../before"])?.ok()?;
        hold(counter.images.join("parent").exists(), "the images have no parent")?;
        counter.reset()?;
        counter.restore(&[])?;
        counter.counts().map(drop)
    }),
    case("a parent that is not there is an error", "runc checkpoint --parent-path", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        let output = counter.checkpoint(&["--parent-path", "../before"])?;
        output.refused(1, "invalid --parent-path")?;
        same("status", counter.container.status()?, "running")
    }),
    case("the logs may lie elsewhere", "runc checkpoint --work-path", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        let work = t.path("work");
        counter.checkpoint(&["--work-path", arg(&work)])?.ok()?;
        counter.restore(&["--work-path", arg(&work)])?;
        let has = |name| work.join(name).exists() && !counter.images.join(name).exists();
        hold(has("dump.log") && has("restore.log"), "the logs are not there")
    }),
    case("images are nobody else's to read", "criu: images hold the memory of processes", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&["--leave-running"])?.ok()?;
        let mode = fs::metadata(&counter.images).doing("stat the images")?.permissions().mode();
        same("mode of the directory", mode & 0o077, 0)
    }),
    case("pipes are replaced by those of who restores", "runc restore", |t| {
        able(t)?;
        let bundle = t.bundle()?.sh("n=0; while :; do n=$((n+1)); echo $n; usleep 50000; done");
        let id = t.id();
        let (mut before, out) = pipe().doing("make a pipe")?;
        run(t, &bundle, &id)?.stdout(out).output()?.ok()?;
        line(&mut before)?;
        let images = t.path("images");
        t.call(&["checkpoint", "--image-path", arg(&images), &id])?.ok()?;
        let (mut after, out) = pipe().doing("make a pipe")?;
        restore(t, &bundle, &images, &id)?.stdout(out).output()?.ok()?;
        hold(line(&mut after)? > 1, "it began anew")
    }),
    case("a file of the host's as standard output is written on", "criu: external files", |t| {
        able(t)?;
        let bundle = t.bundle()?.sh("n=0; while :; do n=$((n+1)); echo $n; usleep 50000; done");
        let id = t.id();
        let log = t.path("log");
        run(t, &bundle, &id)?.stdout(File::create(&log).doing("create a file")?).output()?.ok()?;
        let read = || fs::read_to_string(&log).ok().filter(|text| text.ends_with('\n'));
        until("it writes", read)?;
        let images = t.path("images");
        t.call(&["checkpoint", "--image-path", arg(&images), &id])?.ok()?;
        let before = t.read(&log)?;
        let again = File::options().append(true).open(&log).doing("open the file")?;
        restore(t, &bundle, &images, &id)?.stdout(again).output()?.ok()?;
        let after = until("it writes", || read().filter(|text| text.len() > before.len()))?;
        let numbers: Vec<usize> = after.lines().filter_map(|line| line.parse().ok()).collect();
        same("what it writes", numbers, (1..=after.lines().count()).collect::<Vec<_>>())
    })
    .differs("runc", "CRIU does not find the mount of the file"),
    case("a terminal comes back with a new master", "runc restore --console-socket", |t| {
        able(t)?;
        let bundle = t.bundle()?.set("/process/terminal", json!(true));
        let bundle = bundle.sh("while read word; do echo $word of $$; done");
        let socket = ConsoleSocket::listen(t.path("first"))?;
        let id = t.id();
        bundle.write()?;
        let call = ["run", "--detach", "--console-socket", socket.arg(), "--bundle", arg(&bundle.dir), &id];
        t.call(&call)?.ok()?;
        let terminal = socket.terminal()?;
        terminal.write("one\n")?;
        terminal.says("one of 1\n")?;
        let images = t.path("images");
        t.call(&["checkpoint", "--image-path", arg(&images), &id])?.ok()?;
        let socket = ConsoleSocket::listen(t.path("second"))?;
        let flags = ["--console-socket", socket.arg()];
        t.call(&words(&bundle, &images, &id, &flags))?.ok()?;
        let terminal = socket.terminal()?;
        terminal.write("two\n")?;
        terminal.says("two of 1\n")
    }),
    case("restore in the foreground ends as the container does", "runc restore", |t| {
        able(t)?;
        let bundle = t.bundle()?.sh("trap 'exit 7' TERM; touch /tmp/ready; while :; do usleep 50000; done");
        let id = t.id();
        run(t, &bundle, &id)?.output()?.ok()?;
        let ready = bundle.path("tmp/ready");
        until("the trap is set", || ready.exists().then_some(()))?;
        let images = t.path("images");
        t.call(&["checkpoint", "--image-path", arg(&images), &id])?.ok()?;
        let call = ["restore", "--bundle", arg(&bundle.dir), "--image-path", arg(&images), &id];
        let running = quiet(t.command(&call)?).spawn()?;
        until("it is back", || {
            let state = t.call(&["state", &id]).ok()?;
            (state.code == 0 && state.stdout.contains("running")).then_some(())
        })?;
        running.signal(Signal::SIGTERM)?;
        running.wait()?.exits(7)?;
        t.nothing_left()
    }),
    case("the pid file has the pid of the restored init", "runc restore --pid-file", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        let file = t.path("pid");
        let container = counter.restore(&["--pid-file", arg(&file)])?;
        same("pid file", t.read(&file)?, container.pid.to_string())
    }),
    case("a restored container has its id, and may have another one", "runc restore", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        counter.reset()?;
        let other = t.id();
        restore(t, &counter.bundle, &counter.images, &other)?.output()?.ok()?;
        counter.counts()?;
        let container = Container::known(t, other, t.path("none"))?;
        same("status", container.status()?, "running")
    }),
    case("an id that is taken cannot be restored", "runc restore", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&["--leave-running"])?.ok()?;
        let again = restore(t, &counter.bundle, &counter.images, &counter.container.id)?.output()?;
        again.refused(1, "container with given ID already exists")?;
        same("status", counter.container.status()?, "running")
    }),
    case("a program can be executed in a restored container", "runc exec", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        same("hostname", container.sh("hostname")?, "container\n")?;
        same("first process", container.sh("cat /proc/1/comm")?, "sh\n")
    }),
    case("a paused container can be checkpointed", "runc checkpoint", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.container.call("pause")?.ok()?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        if container.status()? == "paused" {
            container.call("resume")?.ok()?;
        }
        counter.reset()?;
        counter.counts().map(drop)
    }),
    case("a volume is that of the host after a restore", "runc restore", |t| {
        let volume = t.folder("volume")?;
        let bundle = t.bundle()?.mount("bind", &volume, "/data/volume", &["rbind", "rw"]);
        let counter = Counter::start(t, bundle)?;
        counter.checkpoint(&[])?.ok()?;
        t.file("volume/note", "new")?;
        let container = counter.restore(&[])?;
        same("the file", container.sh("cat /data/volume/note")?, "new")
    }),
    case("what volumes are mounted on is made again", "runc restore", |t| {
        let (volume, file) = (t.folder("volume")?, t.file("file", "text")?);
        let bundle = t
            .bundle()?
            .mount("bind", &volume, "/data/volume", &["bind"])
            .mount("bind", &file, "/data/file", &["bind", "ro"])
            .mount("tmpfs", "tmpfs", "/data/volume/own", &[]);
        let counter = Counter::start(t, bundle)?;
        counter.checkpoint(&[])?.ok()?;
        fs::remove_dir_all(counter.bundle.path("data")).doing("remove what is mounted on")?;
        let container = counter.restore(&[])?;
        same(
            "the file",
            container.sh("cat /data/file; echo x >/data/volume/own/x && echo done")?,
            "textdone\n",
        )?;
        hold(!volume.join("own/x").exists(), "the tmpfs in the volume is not there")
    }),
    case("a volume on a symbolic link is found again", "config.md: Mounts", |t| {
        let volume = t.folder("volume")?;
        t.file("volume/note", "linked")?;
        let bundle = t.bundle()?.folder("real")?.link("alias", "real")?;
        let counter = Counter::start(t, bundle.mount("bind", &volume, "/alias/here", &["bind"]))?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        same("the file", container.sh("cat /real/here/note")?, "linked")
    }),
    case("what is hidden stays hidden", "config-linux.md: Masked Paths", |t| {
        let bundle = t.bundle()?.folder("secret")?.file("secret/key", "key")?.file("hidden", "key")?;
        let bundle =
            bundle.push("/linux/maskedPaths", json!("/secret")).push("/linux/maskedPaths", json!("/hidden"));
        let counter = Counter::start(t, bundle)?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        same("what is read", container.sh("cat /hidden; ls /secret")?, "")
    }),
    case("a mount of the container's cgroup comes back", "config-linux.md: Mounts", |t| {
        let bundle = t.bundle()?.mount("cgroup", "cgroup", "/sys/fs/cgroup", &["ro", "nosuid", "noexec"]);
        let counter = Counter::start(t, bundle)?;
        let before = counter.container.sh("ls /sys/fs/cgroup")?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        same("the mount", container.sh("ls /sys/fs/cgroup")?, before)
    }),
    case("a cgroup namespace comes back with its mount", "config-linux.md: Namespaces", |t| {
        let bundle = t.bundle()?.mount("cgroup", "cgroup", "/sys/fs/cgroup", &["ro", "nosuid", "noexec"]);
        let counter = Counter::start(t, bundle.namespace("cgroup"))?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        let namespaces = ["self".to_owned(), container.pid.to_string()]
            .map(|pid| fs::read_link(format!("/proc/{pid}/ns/cgroup")).ok());
        differ("the namespace", &namespaces[0], &namespaces[1])
    }),
    case("a shared network namespace is entered again", "config-linux.md: Namespaces", |t| {
        let holder = t.idle()?;
        let network = format!("/proc/{}/ns/net", holder.pid);
        let counter = Counter::start(t, t.bundle()?.join("network", &network))?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        same("namespace", namespace(container.pid, "net"), namespace(holder.pid, "net"))
    }),
    case("a network namespace of its own comes back", "config-linux.md: Namespaces", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        contains("interfaces", &container.sh("ip link show lo")?, "UP")
    }),
    case("a container with a user namespace comes back", "user_namespaces(7)", |t| {
        let bundle = t.bundle()?.user_namespace()?;
        let counter = Counter::start(t, bundle)?;
        counter.checkpoint(&[])?.ok()?;
        counter.reset()?;
        let container = counter.restore(&[])?;
        counter.counts()?;
        contains("the map", &t.read(&PathBuf::from(format!("/proc/{}/uid_map", container.pid)))?, "100000")
    }),
    case("limits are set again", "config-linux.md: PIDs", |t| {
        let bundle = t.bundle()?.set("/linux/resources/pids", json!({"limit": 77}));
        let counter = Counter::start(t, bundle)?;
        counter.checkpoint(&[])?.ok()?;
        let container = counter.restore(&[])?;
        same("limit", Control("pids", "pids.max", "pids.max").read(&container)?, "77")?;
        let members = Control("pids", "cgroup.procs", "cgroup.procs").read(&container)?;
        hold(members.lines().any(|pid| pid == container.pid.to_string()), "init is not in its cgroup")
    }),
    case("prestart and createRuntime hooks run at a restore", "runc restore", |t| {
        let log = t.path("hooks");
        let script = t.script(
            "hook",
            &format!("echo $1 $(grep -o '\"pid\":[0-9]*' | grep -o '[1-9]') >>{}", arg(&log)),
        )?;
        let hook = |kind: &str| json!([{"path": script, "args": ["hook", kind]}]);
        let hooks = json!({"prestart": hook("prestart"), "createRuntime": hook("createRuntime")});
        let counter = Counter::start(t, t.bundle()?.edit(|config| config["hooks"] = hooks))?;
        counter.checkpoint(&[])?.ok()?;
        fs::remove_file(&log).doing("forget the hooks of create")?;
        counter.restore(&[])?;
        let text = t.read(&log)?;
        let kinds: Vec<&str> = text.lines().filter_map(|line| line.split(' ').next()).collect();
        same("hooks", kinds, ["prestart", "createRuntime"])?;
        hold(text.lines().all(|line| line.contains(' ')), "a hook was told no pid")
    }),
    case("a failing hook undoes the restore", "runtime.md: Lifecycle", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        let script = t.script("hook", "echo no such luck; exit 3")?;
        let bundle = counter.bundle.clone();
        let bundle = bundle.edit(|config| config["hooks"] = json!({"createRuntime": [{"path": script}]}));
        bundle.write()?;
        let output = restore(t, &bundle, &counter.images, &counter.container.id)?.output()?;
        output.refused(1, "hook")?;
        t.nothing_left()
    }),
    case("a restore that CRIU fails leaves nothing and names the log", "runc restore", |t| {
        let counter = Counter::start(t, t.bundle()?)?;
        counter.checkpoint(&[])?.ok()?;
        let core = fs::read_dir(&counter.images).doing("list the images")?.flatten();
        let core = core.map(|entry| entry.path()).find(|path| path.to_string_lossy().contains("/core-"));
        let Some(core) = core else { return skip("these images have no core-PID.img") };
        fs::write(core, "garbage").doing("damage an image")?;
        let output = restore(t, &counter.bundle, &counter.images, &counter.container.id)?.output()?;
        output.refused(1, "restore.log")?;
        t.nothing_left()
    }),
    case("a container whose checkpoint fails runs on", "runc checkpoint", |t| {
        able(t)?;
        // A socket whose other end is outside.
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().doing("make a socket pair")?;
        let bundle = t.bundle()?.args(&["/bin/sleep", "1000"]);
        let id = t.id();
        let stdin = std::os::fd::OwnedFd::from(theirs);
        run(t, &bundle, &id)?.stdin(stdin).output()?.ok()?;
        let images = t.path("images");
        let output = t.call(&["checkpoint", "--image-path", arg(&images), &id])?;
        output.refused(1, "dump.log")?;
        drop(ours);
        let container = Container::known(t, id, t.path("none"))?;
        same("status", container.status()?, "running")
    }),
];

/// A container that counts in a file of its root file system and has nothing of the host's.
struct Counter<'t> {
    test: &'t Test,
    bundle: Bundle,
    container: Container<'t>,
    images: PathBuf,
}

impl<'t> Counter<'t> {
    fn start(test: &'t Test, bundle: Bundle) -> Outcome<Self> {
        able(test)?;
        let script =
            "n=0; while :; do n=$((n+1)); echo $n >/tmp/new; mv /tmp/new /tmp/count; usleep 50000; done";
        let bundle = bundle.sh(script);
        let id = test.id();
        run(test, &bundle, &id)?.output()?.ok()?;
        let container = Container::known(test, id, test.path("none"))?;
        let counter = Self { test, bundle, container, images: test.path("images") };
        counter.counts()?;
        Ok(counter)
    }

    fn checkpoint(&self, flags: &[&str]) -> Outcome<Output> {
        let call = [&["checkpoint", "--image-path", arg(&self.images)], flags, &[&self.container.id]];
        self.test.command(&call.concat())?.patience(SLOW).output()
    }

    fn restore(&self, flags: &[&str]) -> Outcome<Container<'t>> {
        let id = &self.container.id;
        let call = words(&self.bundle, &self.images, id, flags);
        self.test.command(&call)?.patience(SLOW).output()?.ok()?;
        Container::known(self.test, id.clone(), self.test.path("none"))
    }

    /// The count, once there is one.
    fn counts(&self) -> Outcome<u64> {
        let file = self.bundle.path("tmp/count");
        until("it counts", || fs::read_to_string(&file).ok()?.trim().parse().ok())
    }

    /// Takes the count away; answers the last.
    fn reset(&self) -> Outcome<u64> {
        let last = self.counts()?;
        fs::remove_file(self.bundle.path("tmp/count")).doing("remove the count")?;
        Ok(last)
    }
}

/// CRIU takes its time.
const SLOW: Duration = Duration::from_secs(60);

/// Skips the case where CRIU says that it cannot work.
fn able(t: &Test) -> Outcome {
    let check = t.host_sh("criu check")?;
    if check.code == 0 {
        return Ok(());
    }
    let last = check.stderr.lines().last().unwrap_or("not installed").to_owned();
    skip(format!("criu check: {last}"))
}

/// `run --detach`, to be completed; without anything of the host's as standard streams.
fn run(t: &Test, bundle: &Bundle, id: &str) -> Outcome<Call> {
    bundle.write()?;
    Ok(quiet(t.command(&["run", "--detach", "--bundle", arg(&bundle.dir), id])?))
}

fn quiet(call: Call) -> Call {
    call.stdout(Stdio::null()).stderr(Stdio::null()).patience(SLOW)
}

/// `restore --detach`, to be completed.
fn restore(t: &Test, bundle: &Bundle, images: &Path, id: &str) -> Outcome<Call> {
    Ok(t.command(&words(bundle, images, id, &[]))?.patience(SLOW))
}

fn words<'w>(bundle: &'w Bundle, images: &'w Path, id: &'w str, flags: &[&'w str]) -> Vec<&'w str> {
    let restore = ["restore", "--detach", "--bundle", arg(&bundle.dir), "--image-path", arg(images)];
    [&restore, flags, &[id]].concat()
}

/// The number in the first whole line that comes out of a pipe.
fn line(pipe: &mut PipeReader) -> Outcome<u64> {
    let mut text = String::new();
    let mut byte = [0];
    while pipe.read(&mut byte).doing("read from the pipe")? > 0 && byte != *b"\n" {
        text.push(byte[0].into());
    }
    text.parse().doing(format!("parse {text:?}"))
}
