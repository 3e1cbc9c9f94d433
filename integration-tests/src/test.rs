//! What one case works with: the runtime, a state directory and a scratch directory of its own.

use crate::args::Driver;
use crate::bundle::{Bundle, chown};
use crate::case::{Doing, Outcome, fail, skip};
use crate::console::arg;
use crate::container::Container;
use crate::expect::{hold, same, until};
use crate::leak::{self, Before};
use crate::procfs::{self, Process};
use crate::runtime::{Call, Output, Running};
use crate::user::{UID, User};
use nix::mount::{MntFlags, umount2};
use std::cell::Cell;
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The surroundings of one case.
pub(crate) struct Test {
    /// A scratch directory; everything in it goes away after the case.
    pub(crate) dir: PathBuf,
    /// The runtime's state directory (`--root`).
    pub(crate) root: PathBuf,
    /// In every id, so that what belongs to this case can be told from the rest of the host.
    pub(crate) tag: String,
    pub(crate) runtime: PathBuf,
    driver: Driver,
    busybox: PathBuf,
    /// Who calls the runtime, if not root.
    user: Option<User>,
    before: Before,
    count: Cell<u32>,
}

impl Test {
    /// Starts from an empty `dir`; the run's busybox lies beside it.
    pub(crate) fn new(runtime: PathBuf, dir: PathBuf, tag: String, driver: Driver) -> Self {
        let busybox = dir.with_file_name("busybox");
        Self {
            root: dir.join("root"),
            busybox,
            user: None,
            before: Before::look(),
            count: Cell::new(0),
            dir,
            tag,
            runtime,
            driver,
        }
    }

    /// The same surroundings, in which an ordinary user calls the runtime.
    pub(crate) fn ordinary(&self) -> Outcome<Self> {
        let user = User::new(self)?;
        let test = Self::new(self.runtime.clone(), self.dir.clone(), self.tag.clone(), self.driver);
        Ok(Self { user: Some(user), ..test })
    }

    /// Gives a file or directory to the user, if one calls the runtime.
    fn hand_over(&self, path: &Path) -> Outcome {
        if self.user.is_some() { chown(path, UID) } else { Ok(()) }
    }

    /// Makes a call one of the user, if there is one.
    fn by_user(&self, call: Call) -> Call {
        let Some(user) = &self.user else { return call };
        user.environment(call).user(UID)
    }

    fn next(&self) -> u32 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }

    /// An id that no other container has.
    pub(crate) fn id(&self) -> String {
        format!("{}-{}", self.tag, self.next())
    }

    /// The static busybox, for use on the host.
    pub(crate) fn busybox(&self) -> &Path {
        &self.busybox
    }

    /// A new bundle.
    pub(crate) fn bundle(&self) -> Outcome<Bundle> {
        let dir = self.dir.join(format!("bundle-{}", self.next()));
        Bundle::new(dir, &self.busybox, self.user.is_some().then_some(UID))
    }

    /// A path in the scratch directory.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// A file in the scratch directory.
    pub(crate) fn file(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let path = self.path(name);
        fs::write(&path, text).doing(format!("write {name}"))?;
        self.hand_over(&path)?;
        Ok(path)
    }

    /// An executable shell script in the scratch directory.
    pub(crate) fn script(&self, name: &str, text: &str) -> Outcome<PathBuf> {
        let path = self.file(name, &format!("#!/bin/sh\n{text}\n"))?;
        fs::set_permissions(&path, Permissions::from_mode(0o755)).doing("chmod")?;
        Ok(path)
    }

    /// A directory in the scratch directory.
    pub(crate) fn folder(&self, name: &str) -> Outcome<PathBuf> {
        let path = self.path(name);
        fs::create_dir_all(&path).doing(format!("make {name}"))?;
        self.hand_over(&path)?;
        Ok(path)
    }

    /// Mounts a tmpfs on a directory of the host until the guard is dropped.
    pub(crate) fn tmpfs(&self, dir: &Path, options: &str) -> Outcome<HostMount> {
        let output = self
            .host(&["/bin/mount", "-t", "tmpfs", "-o", &format!("rw,{options}"), "tmpfs", arg(dir)])?
            .output()?;
        output.ok().map(|_| HostMount(dir.to_owned()))
    }

    /// Puts a file in place of one of the host's, for this case alone, until the guard is dropped.
    pub(crate) fn over(&self, target: &str, file: &Path) -> Outcome<HostMount> {
        let output = self.host(&["/bin/mount", "--bind", arg(file), target])?.output()?;
        output.ok().map(|_| HostMount(target.into()))
    }

    /// The text of a file, which must be there.
    pub(crate) fn read(&self, path: &Path) -> Outcome<String> {
        fs::read_to_string(path).doing(format!("read {}", path.display()))
    }

    fn log(&self) -> PathBuf {
        self.path(&format!("call-{}", self.next()))
    }

    /// The global flags of every call.
    fn flags(&self) -> impl Iterator<Item = &OsStr> {
        let root = ["--root".as_ref(), self.root.as_os_str()];
        root.into_iter().chain(self.driver.flag().map(OsStr::new))
    }

    /// Skips the case where the container's cgroups are made by systemd, which differs in this: `how`.
    pub(crate) fn by_cgroupfs(&self, how: &str) -> Outcome {
        match self.driver {
            Driver::Cgroupfs => Ok(()),
            Driver::Systemd => skip(how),
        }
    }

    /// `runtime --root ROOT args...`, to be completed.
    pub(crate) fn command(&self, args: &[&str]) -> Outcome<Call> {
        Ok(self.bare::<&str>(&[])?.args(self.flags()).args(args))
    }

    /// `runtime args...` without any global flags.
    pub(crate) fn bare<S: AsRef<OsStr>>(&self, args: &[S]) -> Outcome<Call> {
        Ok(self.by_user(Call::new(&self.runtime, &self.log())?.args(args)))
    }

    /// `wrapper... runtime --root ROOT args...`: a host program that prepares something and executes the rest.
    pub(crate) fn through(&self, wrapper: &[&str], args: &[&str]) -> Outcome<Call> {
        let call = self.host(wrapper)?.args([&self.runtime]);
        Ok(self.by_user(call).args(self.flags()).args(args))
    }

    /// `runtime --root ROOT args...`, called with supplementary groups.
    pub(crate) fn in_groups(&self, groups: &str, args: &[&str]) -> Outcome<Call> {
        let id = UID.to_string();
        let call = self.host(&["/usr/bin/setpriv", "--groups", groups])?;
        let call = match &self.user {
            Some(user) => user.environment(call).args(["--reuid", &id, "--regid", &id]),
            None => call,
        };
        Ok(call.args([&self.runtime]).args(self.flags()).args(args))
    }

    /// A program of the host.
    pub(crate) fn host(&self, words: &[&str]) -> Outcome<Call> {
        Ok(Call::new(Path::new(words[0]), &self.log())?.args(&words[1..]))
    }

    /// A shell script on the host, run to its end.
    pub(crate) fn host_sh(&self, script: &str) -> Outcome<Output> {
        self.host(&["/bin/sh", "-c", script])?.output()
    }

    /// Calls the runtime.
    pub(crate) fn call(&self, args: &[&str]) -> Outcome<Output> {
        self.command(args)?.output()
    }

    /// `create` with further flags, whatever comes of it; the id is returned too.
    pub(crate) fn try_create(&self, bundle: &Bundle, flags: &[&str]) -> Outcome<(String, Output)> {
        bundle.write()?;
        let id = self.id();
        let output = self.call(&words("create", bundle, flags, &id))?;
        Ok((id, output))
    }

    /// `create`, which must succeed.
    pub(crate) fn create(&self, bundle: &Bundle) -> Outcome<Container<'_>> {
        self.create_with(bundle, &[])
    }

    /// `create` with further flags, which must succeed.
    pub(crate) fn create_with(&self, bundle: &Bundle, flags: &[&str]) -> Outcome<Container<'_>> {
        bundle.write()?;
        let id = self.id();
        let log = self.path(&format!("call-{}", self.count.get() + 1));
        self.call(&words("create", bundle, flags, &id))?.ok()?;
        Container::known(self, id, log)
    }

    /// `create` and `start`.
    pub(crate) fn start(&self, bundle: &Bundle) -> Outcome<Container<'_>> {
        let container = self.create(bundle)?;
        container.start()?;
        Ok(container)
    }

    /// A running container that does nothing but wait for a signal.
    pub(crate) fn idle(&self) -> Outcome<Container<'_>> {
        let container = self.start(&self.bundle()?.args(&["/bin/sleep", "1000"]))?;
        // Some runtimes return from start a little before the program is executed.
        until("the program is executed", || {
            Process::read(container.pid).filter(|process| process.name == "sleep")
        })?;
        Ok(container)
    }

    /// `run` in the foreground.
    pub(crate) fn run(&self, bundle: &Bundle) -> Outcome<Output> {
        self.run_with(bundle, &[])
    }

    /// `run` with further flags.
    pub(crate) fn run_with(&self, bundle: &Bundle, flags: &[&str]) -> Outcome<Output> {
        bundle.write()?;
        self.call(&words("run", bundle, flags, &self.id()))
    }

    /// `run` in the foreground, not waited for.
    pub(crate) fn begin(&self, bundle: &Bundle) -> Outcome<Running> {
        bundle.write()?;
        self.command(&words("run", bundle, &[], &self.id()))?.spawn()
    }

    /// `run` prepared by a wrapper (see `through`).
    pub(crate) fn run_through(&self, wrapper: &[&str], bundle: &Bundle, flags: &[&str]) -> Outcome<Call> {
        bundle.write()?;
        self.through(wrapper, &words("run", bundle, flags, &self.id()))
    }

    /// A `run` of the bundle prints exactly `text`.
    pub(crate) fn prints(&self, bundle: &Bundle, text: &str) -> Outcome {
        same("what it prints", self.run(bundle)?.ok()?.stdout, text)
    }

    /// What a successful `run` of the bundle prints.
    pub(crate) fn output(&self, bundle: &Bundle) -> Outcome<String> {
        Ok(self.run(bundle)?.ok()?.stdout)
    }

    /// The mounts in the container of this bundle.
    pub(crate) fn mounts(&self, bundle: Bundle) -> Outcome<Vec<procfs::Mount>> {
        Ok(procfs::mounts(&self.output(&bundle.args(&["/bin/cat", "/proc/self/mountinfo"]))?))
    }

    /// The mount on `point` in the container of this bundle: the last one, which is on top.
    pub(crate) fn mount_at(&self, bundle: Bundle, point: &str) -> Outcome<procfs::Mount> {
        let found = self.mounts(bundle)?.into_iter().rev().find(|mount| mount.point == point);
        found.map_or_else(|| fail(format!("nothing is mounted on {point}")), Ok)
    }

    /// `create` of the bundle fails with exit 1 and one line that says `text`, and leaves nothing.
    pub(crate) fn rejects(&self, bundle: &Bundle, text: &str) -> Outcome {
        let (_, output) = self.try_create(bundle, &[])?;
        let output = output.refused(1, text)?;
        let lines = output.stderr.lines().filter(|line| !line.trim().is_empty()).count();
        hold(lines == 1, format!("the error has {lines} lines: {}", output.stderr))?;
        self.nothing_left()
    }

    /// Neither state nor cgroup, mount or process is there now.
    pub(crate) fn nothing_left(&self) -> Outcome {
        let leaks = self.leaks();
        hold(leaks.is_empty(), format!("left behind: {}", leaks.join("; ")))
    }

    /// Everything that was left behind up to now.
    pub(crate) fn leaks(&self) -> Vec<String> {
        self.before.leaks(&self.root, &self.tag, self.driver)
    }

    /// Deletes every container that the state directory knows.
    pub(crate) fn delete_all(&self) {
        let entries = fs::read_dir(&self.root).into_iter().flatten().flatten();
        for id in entries.filter_map(|entry| entry.file_name().into_string().ok()) {
            // A container that this does not remove is found by the leak check.
            let _ = self.call(&["delete", "--force", &id]);
        }
    }

    /// The directory of a v1 controller, or a skipped case.
    pub(crate) fn v1(&self, controller: &str) -> Outcome<PathBuf> {
        let mut hierarchies = leak::hierarchies().into_iter().filter(|mount| mount.kind == "cgroup");
        let found = hierarchies.find(|mount| mount.super_has(controller));
        found.map_or_else(
            || skip(format!("no cgroup v1 {controller} controller here")),
            |mount| Ok(mount.point.into()),
        )
    }
}

/// A mount made on the host for a case.
pub(crate) struct HostMount(PathBuf);

impl Drop for HostMount {
    fn drop(&mut self) {
        // Lazily, since a container may still use it; the leak check finds what stays.
        let _ = umount2(&self.0, MntFlags::MNT_DETACH);
    }
}

fn words<'a>(verb: &'a str, bundle: &'a Bundle, flags: &[&'a str], id: &'a str) -> Vec<&'a str> {
    let dir = bundle.dir.to_str().expect("the scratch directory has a plain name");
    [&[verb, "--bundle", dir], flags, &[id]].concat()
}
