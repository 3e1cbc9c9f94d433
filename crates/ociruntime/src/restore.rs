//! `restore`: has CRIU bring a container back from the files of a checkpoint.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use bundle::plan::{self, Start};
use container::Trace;
use container::plan::HookPoint;
use container::tree::{self, Place, Shown};
use criu::{Chamber, Notice, Session, Setting, Switch, Task};
use sys::clone::Child;
use sys::pidfd;

use crate::args::{self, Globals};
use crate::console::{Console, Relay};
use crate::create::{Blueprint, Container};
use crate::error::{Error, Result};
use crate::images::namespaces::Shared;
use crate::images::{Directories, NOTHING, streams, switches};
use crate::store::{Init, Record, Store};
use crate::wait::{self, Signals};
use crate::{delete, hooks, pid_file, process};

mod place;

/// Restores a container. Answers its exit status, 0 if it goes on without us.
pub(crate) fn restore(store: &Store, globals: &Globals, args: &args::Restore) -> Result<u8> {
    let directories = Directories::open(&args.images, "restore.log")?;
    let create = args.create();
    let blueprint =
        Blueprint::draw(store, globals, &create, Start::AtOnce, args.detach, &mut Trace::new(false))?;
    if !args.detach && !args.no_subreaper {
        sys::process::become_subreaper().map_err(Error::other)?;
    }
    // From here on no signal ends us half-way; in the foreground they are the container's.
    let signals = if args.detach { None } else { Some(Signals::take()?) };
    let mut container = blueprint.claim(store)?;
    let (child, console) = Restoration { args, blueprint: &blueprint, directories: &directories }
        .carry_out(&mut container)
        .and_then(|restored| finish(args, &blueprint, restored))
        .inspect_err(|_| end(&container))?;
    container.keep();
    blueprint.warn();
    container.entry.unlock()?;
    let Some(signals) = signals else { return Ok(0) };
    let relay = console.map(Relay::start).transpose()?;
    let exit = wait::wait(&child, &signals, relay, None)?;
    delete::destroy(&container.entry, &container.record)?;
    Ok(exit.code() as u8)
}

/// A process that has come back, and the master of its terminal if it is to stay with us.
type Restored = (Child, Option<OwnedFd>);

/// Tells whoever asked.
fn finish(args: &args::Restore, blueprint: &Blueprint<'_>, (child, console): Restored) -> Result<Restored> {
    let console = match blueprint.console {
        Console::Engine(_) => blueprint.console.deliver(console)?,
        _ => console,
    };
    args.pid_file.as_deref().map_or(Ok(()), |file| pid_file::write(file, child.pid))?;
    Ok((child, console))
}

/// Ends what has come back already.
fn end(container: &Container<'_>) {
    if let Err(error) = delete::end(&container.record) {
        tracing::warn!("end the container: {error}");
    }
}

/// What a container is brought back with.
struct Restoration<'r> {
    args: &'r args::Restore,
    blueprint: &'r Blueprint<'r>,
    directories: &'r Directories,
}

impl Restoration<'_> {
    fn carry_out(&self, container: &mut Container<'_>) -> Result<Restored> {
        let blueprint = self.blueprint;
        container.write_down()?;
        let places = self.places(container)?;
        tree::make_mountpoints(&blueprint.planned.rootfs, &places).map_err(Error::other)?;
        let streams = streams::read(&self.directories.images)?;
        let joined = plan::joined_namespaces(blueprint.spec());
        let shared = Shared::open(&joined)?;
        // The state directory is the place that is certainly there, and ours.
        let root = container.entry.path().to_owned();
        let directories = self.directories.paths();
        let chamber = Chamber { root: &blueprint.planned.rootfs, place: &root, directories: &directories };
        let session = Session::start_in(chamber, &shared.descriptors());
        let (session, directories) = session.map_err(Error::other)?;
        let directories = self.directories.opened(directories)?;
        // Everything that CRIU makes is born where it is itself.
        let made = place::place(&blueprint.planned, session.pid(), &mut container.created)?;
        let mounts = mounts(&places);
        let record = container.record.clone();
        let mut settings = directories.settings(&self.args.images, &record);
        settings.push(Setting::Root(&root));
        settings.extend(self.own_settings());
        settings.extend(mounts.iter().map(|(key, value)| Setting::Mount { key, value }));
        settings.extend(place::roots(session.pid())?);
        settings.extend(shared.settings());
        settings.extend(streams::inherited(&streams));
        let mut console = None;
        let pid = session
            .carry_out(Task::Restore, &settings, &mut |notice| self.hear(container, notice, &mut console))
            .map_err(|error| self.directories.tell(error))?;
        let child = adopt(container, pid)?;
        made.into_iter().for_each(resctrl::Made::keep);
        Ok((child, console))
    }

    fn places(&self, container: &Container<'_>) -> Result<Vec<Place>> {
        let Blueprint { host, planned, bundle, .. } = self.blueprint;
        let notify = planned.notifies.then(|| container.entry.notify_directory());
        plan::tree(self.blueprint.spec(), host, &planned.cgroup, bundle, notify.as_deref())
            .map_err(Error::other)
    }

    /// What is set by flags of `restore` alone, and always.
    fn own_settings(&self) -> Vec<Setting<'_>> {
        let always = [Switch::EvasiveDevices, Switch::Sibling].map(Setting::On);
        let profile = self.args.lsm_profile.as_deref().map(Setting::LsmProfile);
        let context = self.args.lsm_mount_context.as_deref().map(Setting::LsmMountContext);
        let closed = switches(&[(self.args.tcp_close, Switch::TcpClose)]);
        always.into_iter().chain(profile).chain(context).chain(closed).collect()
    }

    fn hear(
        &self,
        container: &mut Container<'_>,
        notice: Notice,
        console: &mut Option<OwnedFd>,
    ) -> Result<(), String> {
        match (notice.stage.as_str(), notice.pid) {
            ("setup-namespaces", Some(pid)) => {
                register(container, pid).and_then(|()| self.run_hooks(&container.record))
            }
            ("post-restore", Some(pid)) => register(container, pid),
            ("orphan-pts-master", _) => {
                *console = notice.descriptor;
                Ok(())
            }
            _ => Ok(()),
        }
        .map_err(|error| error.to_string())
    }

    /// The hooks that run once there are namespaces.
    fn run_hooks(&self, record: &Record) -> Result<()> {
        let spec = self.blueprint.spec();
        let points = [HookPoint::Prestart, HookPoint::CreateRuntime];
        points.into_iter().try_for_each(|point| hooks::run(spec, record, point))
    }
}

/// Puts the init on record as soon as it is there: from then on it can be killed and deleted by force.
fn register(container: &mut Container<'_>, pid: i32) -> Result<()> {
    let start_time = process::start_time(pid)?.ok_or(Error::NotRunning)?;
    container.write_init(Init { pid, start_time })
}

/// The process that CRIU has made a child of ours.
fn adopt(container: &mut Container<'_>, pid: Option<i32>) -> Result<Child> {
    let pid = pid.ok_or_else(|| Error::Other("criu does not tell which process it has restored".into()))?;
    let pidfd = pidfd::open(pid).map_err(Error::other)?;
    register(container, pid)?;
    Ok(Child { pid, pidfd })
}

/// What the host's mounts are called in the images, and where they are.
fn mounts(places: &[Place]) -> Vec<(PathBuf, PathBuf)> {
    let of_host = places.iter().filter_map(|place| match &place.content {
        Shown::Host(source) => Some((place.path(), PathBuf::from(source.to_string_lossy().into_owned()))),
        Shown::Own | Shown::Mask => None,
    });
    of_host.chain([(NOTHING.into(), NOTHING.into())]).collect()
}
