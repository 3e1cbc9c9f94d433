//! `checkpoint`: has CRIU freeze a container into files, from which `restore` brings it back.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use bundle::config::Config;
use bundle::plan::{self, Host};
use cgroup::Cgroup;
use container::tree::Shown;
use criu::{Notice, Session, Setting, Switch, Task};

use crate::args;
use crate::delete;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::images::{self, Directories, namespaces, streams, switches};
use crate::status::{self, Status};
use crate::store::{Entry, Record, Store};

/// Checkpoints a container, which has ended and is deleted afterwards unless it is told to run on.
pub(crate) fn checkpoint(store: &Store, args: &args::Checkpoint) -> Result<()> {
    let entry = store.find(&ContainerId::parse(&args.id)?)?;
    entry.lock()?;
    let record = entry.read()?;
    match status::observe(&entry, &record)? {
        Status::Running | Status::Paused => {}
        other => {
            return Err(Error::Other(format!("Container cannot be checkpointed in {other} state")));
        }
    }
    let init = record.init.ok_or(Error::NotRunning)?.pid;
    let mut ready = args.status_fd.map(status_file).transpose()?;
    images::make_for(&args.images.image_path, init)?;
    check_parent(args)?;
    let directories = Directories::open(&args.images, "dump.log")?;
    let task = if args.pre_dump { Task::PreDump } else { Task::Dump };
    let session = start(args).map_err(Error::other)?;
    let outside = match task {
        Task::PreDump => Outside::default(),
        _ => Outside::of(&entry, &record, init)?,
    };
    if task == Task::Dump {
        streams::write(&directories.images, &outside.streams)?;
    }
    let mut settings = directories.settings(&args.images, &record);
    settings.extend([Setting::Pid(init), Setting::Root(Path::new(&record.rootfs))]);
    settings.extend(own_settings(args, &record));
    settings.extend(outside.settings());
    session
        .carry_out(task, &settings, &mut |notice| hear(&notice, &mut ready))
        .map_err(|error| directories.tell(error))?;
    if args.leave_running || args.pre_dump {
        return Ok(());
    }
    delete::end(&record)?;
    delete::destroy(&entry, &record)
}

/// A CRIU that can do what is asked for.
fn start(args: &args::Checkpoint) -> criu::Result<Session> {
    let session = Session::start()?;
    if args.pre_dump {
        session.require_memory_tracking()?;
    }
    if args.images.lazy_pages {
        session.require_lazy_pages()?;
    }
    Ok(session)
}

/// The descriptor of `--status-fd`, to be written to.
fn status_file(number: i32) -> Result<File> {
    let opened = OpenOptions::new().write(true).open(format!("/proc/self/fd/{number}"));
    opened.map_err(|error| Error::Other(format!("invalid --status-fd argument {number}: {error}")))
}

/// CRIU would take a parent that is not there for none, and write everything.
fn check_parent(args: &args::Checkpoint) -> Result<()> {
    let Some(parent) = &args.parent_path else { return Ok(()) };
    let parent = args.images.image_path.join(parent);
    match std::fs::metadata(&parent) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Error::Other(format!("invalid --parent-path: {} is not a directory", parent.display()))),
        Err(error) => Err(Error::io("invalid --parent-path: open", parent)(error)),
    }
}

/// What is set by flags of `checkpoint` alone, and by the container's cgroup.
fn own_settings<'s>(args: &'s args::Checkpoint, record: &Record) -> Vec<Setting<'s>> {
    let mut settings: Vec<Setting<'s>> = switches(&[
        (args.leave_running, Switch::LeaveRunning),
        (args.tcp_skip_in_flight, Switch::TcpSkipInFlight),
        (args.link_remap, Switch::LinkRemap),
        (args.parent_path.is_some(), Switch::TrackMemory),
    ]);
    settings.extend(args.parent_path.as_deref().map(Setting::ParentImages));
    let server = args.page_server.as_ref();
    settings.extend(server.map(|server| Setting::PageServer { address: &server.address, port: server.port }));
    // In a cgroup with others, these would be taken for the container's.
    settings.extend(freezer(&record.cgroup).filter(|_| !record.shares_cgroup).map(Setting::Freezer));
    settings
}

/// The directory of the cgroup that has the freezer.
fn freezer(cgroup: &Cgroup) -> Option<String> {
    let v1 = cgroup.hierarchies().iter().find(|hierarchy| hierarchy.has("freezer"));
    v1.map(cgroup::Hierarchy::directory).or_else(|| cgroup.unified().map(cgroup::Unified::directory))
}

/// What the container has of the host's, which is not written.
#[derive(Debug, Default)]
struct Outside {
    /// Where it is in the mount namespace, and its name in the images.
    mounts: Vec<(PathBuf, PathBuf)>,
    namespaces: Vec<Setting<'static>>,
    streams: Vec<String>,
}

impl Outside {
    fn of(entry: &Entry, record: &Record, init: i32) -> Result<Outside> {
        let spec = Config::parse(entry.snapshot()?).map_err(Error::other)?.spec;
        let host = Host::read().map_err(Error::other)?;
        let notify = Some(entry.notify_directory()).filter(|directory| directory.exists());
        let bundle = Path::new(&record.bundle);
        let places = plan::tree(&spec, &host, &record.cgroup, bundle, notify.as_deref());
        let mounts = places.map_err(Error::other)?.into_iter().filter_map(|place| {
            let name = match place.content {
                Shown::Own => return None,
                Shown::Host(_) => place.path(),
                Shown::Mask => images::NOTHING.into(),
            };
            Some((place.find(init)?, name))
        });
        Ok(Outside {
            mounts: mounts.collect(),
            namespaces: namespaces::external(&plan::joined_namespaces(&spec), init)?,
            streams: streams::names(init),
        })
    }

    fn settings(&self) -> Vec<Setting<'_>> {
        let mut settings: Vec<Setting<'_>> = self.namespaces.clone();
        settings.extend(self.mounts.iter().map(|(key, value)| Setting::Mount { key, value }));
        settings.extend(streams::external(&self.streams));
        settings
    }
}

/// Passes on that pages can be served. All else that CRIU tells of is as it should be.
fn hear(notice: &Notice, ready: &mut Option<File>) -> Result<(), String> {
    match (notice.stage.as_str(), ready.take()) {
        ("status-ready", Some(mut file)) => {
            file.write_all(&[0]).map_err(|error| format!("write to --status-fd: {error}"))
        }
        (_, unused) => {
            *ready = unused;
            Ok(())
        }
    }
}
