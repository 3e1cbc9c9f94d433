//! `create`, and the part of `run` that is the same: from a bundle to a container whose init is ready.

use std::ffi::CString;
use std::mem::ManuallyDrop;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use bundle::Spec;
use bundle::config::{Config, LoadError};
use bundle::plan::seccomp::kept::{self, Origin};
use bundle::plan::{self, Host, Planned, Request, Start};
use cgroup::{Created, Starting, Unit};
use container::Trace;
use container::launch::{Begin, Launch, Ready, WayIn};
use container::plan::{HookPoint, Plan};
use sys::fd::ProcPath;

use crate::agent::Agent;
use crate::announce::{Receiver, announce};
use crate::args::{self, Globals};
use crate::console::Console;
use crate::driver::Driver;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::store::{Entry, Init, Record, Store};
use crate::{descriptors, hooks, notify, process, time, trace, version};

/// Creates a container, whose program waits for `start`.
pub(crate) fn create(store: &Store, globals: &Globals, args: &args::Create) -> Result<()> {
    let mut timeline = Trace::new(args.trace.is_some());
    // Left for the kernel to free: what is written after the clone, be it to free it, is copied first.
    let blueprint =
        ManuallyDrop::new(Blueprint::draw(store, globals, args, Start::OnCommand, true, &mut timeline)?);
    let mut container = blueprint.build(store, &mut timeline)?;
    let ready = container.ready(&mut timeline)?;
    let init = ready.release().map_err(Error::other)?;
    let pid = init.pid;
    container.keep();
    blueprint.warn();
    trace::write_if_asked(args.trace.as_deref(), &timeline, pid);
    Ok(())
}

/// All that is known before anything is done.
pub(crate) struct Blueprint<'a> {
    args: &'a args::Create,
    id: ContainerId,
    /// Its directory, absolute.
    pub(crate) bundle: PathBuf,
    config: Config,
    /// The host's facts.
    pub(crate) host: Host,
    /// The plan and what belongs to it.
    pub(crate) planned: Planned,
    /// Where its terminal goes.
    pub(crate) console: Console,
    agent: Option<Agent>,
    start: Start,
}

impl<'a> Blueprint<'a> {
    /// Reads and checks the bundle, and plans. Touches nothing.
    pub(crate) fn draw(
        store: &Store,
        globals: &Globals,
        args: &'a args::Create,
        start: Start,
        detach: bool,
        timeline: &mut Trace,
    ) -> Result<Blueprint<'a>> {
        let id = ContainerId::parse(&args.id)?;
        let bundle = std::path::absolute(&args.bundle).map_err(Error::io("resolve", &args.bundle))?;
        let config = timeline.span(|| "load config.json".into(), || load(&bundle, args.config.as_deref()))?;
        if config.spec.process().is_none() && start == Start::AtOnce {
            return Err(Error::Other("/process: found nothing, allowed: a process to run".into()));
        }
        let host = timeline.span(|| "look at the host".into(), Host::read).map_err(Error::other)?;
        let driver = timeline.span(|| "find systemd".into(), || Driver::choose(globals, &host))?;
        let notify = notify::is_wanted().then(|| store.path_of(&id).join(Entry::NOTIFY));
        let request = Request {
            id: &args.id,
            bundle: &bundle,
            no_pivot: args.no_pivot,
            no_new_keyring: args.no_new_keyring,
            preserve_fds: args.preserve_fds,
            notify: notify.as_deref(),
            start,
            rootless: driver.rootless,
            systemd: driver.systemd.as_ref(),
        };
        let planned = timeline.span(|| "plan".into(), || plan::create(&config.spec, &host, &request));
        let planned = planned.map_err(|error| named(args.config.as_deref(), error))?;
        check_rootfs(&planned.rootfs)?;
        descriptors::check_preserved(host.listen_fds, args.preserve_fds)?;
        let console = Console::choose(planned.terminal, detach, args.console_socket.as_deref())?;
        let agent = planned.agent.as_ref().map(Agent::find).transpose()?;
        Ok(Blueprint { args, id, bundle, config, host, planned, console, agent, start })
    }

    /// Takes the id, makes the cgroup, and brings up the init. What was made is undone unless the container is kept.
    pub(crate) fn build(&self, store: &Store, timeline: &mut Trace) -> Result<Container<'_>> {
        let mut container = self.claim(store)?;
        container.bring_up(timeline)?;
        Ok(container)
    }

    /// Takes the id, and no more.
    pub(crate) fn claim(&self, store: &Store) -> Result<Container<'_>> {
        self.planned.details.iter().for_each(|detail| tracing::debug!("{detail}"));
        tell_steps(&self.planned.plan);
        if let Some(group) = &self.planned.rdt {
            // Before the record says that it is the container's, to be removed with it.
            group.check_free().map_err(|error| Error::Other(format!("linux.intelRdt: {error}")))?;
        }
        Ok(Container {
            blueprint: self,
            record: self.record(),
            entry: store.create(&self.id)?,
            created: None,
            ready: None,
            kept: false,
        })
    }

    /// Tells what stops nothing, now that nothing has gone wrong: engines read one message of a failure.
    pub(crate) fn warn(&self) {
        for warning in self.config.warnings.iter().chain(&self.planned.warnings) {
            tracing::warn!("{warning}");
        }
    }

    /// The config.
    pub(crate) fn spec(&self) -> &Spec {
        &self.config.spec
    }

    fn record(&self) -> Record {
        let text = |path: &Path| path.to_string_lossy().into_owned();
        let annotations = self.config.spec.annotations().iter().flatten();
        Record {
            oci_version: bundle::OCI_VERSION.into(),
            id: self.args.id.clone(),
            bundle: text(&self.bundle),
            rootfs: text(&self.planned.rootfs),
            created: time::now(),
            owner: self.host.uid,
            annotations: annotations.map(|(name, value)| (name.clone(), value.clone())).collect(),
            init: None,
            cgroup: self.planned.cgroup.clone(),
            rdt: self.planned.rdt.clone(),
            parents: self.planned.cgroup.missing_parents(),
            namespaces: self.planned.made,
            joined: self.planned.joined,
            agent: self.agent.clone(),
            has_process: self.config.spec.process().is_some(),
            shares_cgroup: self.planned.cgroup.exists(),
            own_keyring: !self.args.no_new_keyring,
            late_hooks: self.planned.late_hooks,
            steps: self.late_steps(),
        }
    }

    /// The steps that init takes after create, with their numbers.
    fn late_steps(&self) -> Vec<(u32, String)> {
        let steps = self.planned.plan.steps.iter().enumerate();
        let waits = |step: &container::plan::Step| matches!(step.action, container::plan::Action::AwaitStart);
        let late = steps.skip_while(|(_, step)| !waits(step)).skip(1);
        late.map(|(number, step)| (number as u32, step.label())).collect()
    }
}

/// The config of a bundle, or the one that a flag names in its place.
pub(crate) fn load(bundle: &Path, file: Option<&Path>) -> Result<Config> {
    file.map_or_else(|| Config::load(bundle), Config::load_file).map_err(Error::other)
}

/// Says of which file there is no plan.
pub(crate) fn named(file: Option<&Path>, error: plan::Error) -> Error {
    match (error, file) {
        (plan::Error::Problems(problems), Some(file)) => {
            Error::other(LoadError::Problems { file: file.to_string_lossy().into_owned(), problems })
        }
        (error, _) => Error::other(error),
    }
}

/// For `--debug`: what will be done.
pub(crate) fn tell_steps(plan: &Plan) {
    for step in &plan.steps {
        tracing::debug!("{}", step.label());
    }
}

fn check_rootfs(path: &Path) -> Result<()> {
    let metadata = std::fs::metadata(path).map_err(Error::io("root.path: open", path))?;
    if metadata.is_dir() {
        return Ok(());
    }
    Err(Error::Other(format!("root.path: {} is not a directory", path.display())))
}

/// A container in the making. Dropped before it is kept, it leaves nothing behind.
pub(crate) struct Container<'b> {
    blueprint: &'b Blueprint<'b>,
    /// What later commands will know of it.
    pub(crate) record: Record,
    /// Its state directory.
    pub(crate) entry: Entry,
    /// What there is to undo of its cgroup.
    pub(crate) created: Option<Created>,
    ready: Option<Ready<'b>>,
    kept: bool,
}

impl<'b> Container<'b> {
    fn bring_up(&mut self, timeline: &mut Trace) -> Result<()> {
        let blueprint = self.blueprint;
        timeline.span(|| "write the state".into(), || self.write_down())?;
        let listener = self.listen()?;
        let way_in =
            timeline.span(|| "make the cgroup".into(), || way_in(&blueprint.planned, &mut self.created));
        let launch = Launch {
            plan: &blueprint.planned.plan,
            cgroup: &blueprint.planned.cgroup,
            way_in: way_in.map_err(Error::other)?,
            init: None,
            listener,
            meanwhile: keep_filter(blueprint, &self.entry),
            shuns_freezer: false,
            private: vec![self.entry.as_fd()],
            leftover: sys::early::mount(),
        };
        self.ready = Some(launch.launch(timeline).map_err(Error::other)?);
        Ok(())
    }

    /// Puts on record what is about to be done.
    pub(crate) fn write_down(&self) -> Result<()> {
        self.entry.write_snapshot(&self.blueprint.config.text)?;
        self.entry.write(&self.record)?;
        if self.blueprint.planned.notifies { self.entry.make_notify_directory() } else { Ok(()) }
    }

    /// The socket on which `start` will knock, in the state directory. By way of /proc, since the path of a
    /// socket is limited to 107 bytes.
    fn listen(&self) -> Result<Option<OwnedFd>> {
        if self.blueprint.start == Start::AtOnce {
            return Ok(None);
        }
        // Only whoever made the container may start it.
        let umask = sys::process::set_umask(0o177);
        let listener = sys::socket::listen(&socket_path(&self.entry));
        sys::process::set_umask(umask);
        listener
            .map(Some)
            .map_err(Error::file("listen on", self.entry.path().join(self.entry.start_socket())))
    }

    /// The init, ready: on record, announced to whoever asked.
    pub(crate) fn ready(&mut self, timeline: &mut Trace) -> Result<Ready<'b>> {
        let mut ready = self.ready.take().ok_or_else(|| Error::Other("the container is not ready".into()))?;
        timeline.span(|| "write the state".into(), || self.register(&ready))?;
        self.deliver(&mut ready)?;
        Ok(ready)
    }

    fn register(&mut self, ready: &Ready<'_>) -> Result<()> {
        let pid = ready.pid().map_err(Error::other)?;
        let died = || Error::other(ready.died(&self.record.cgroup));
        let start_time = process::start_time(pid)?.ok_or_else(died)?;
        self.write_init(Init { pid, start_time })
    }

    /// Puts the init on record, and what was made for it.
    pub(crate) fn write_init(&mut self, init: Init) -> Result<()> {
        self.record.init = Some(init);
        if let Some(created) = &self.created {
            self.record.parents = created.above(&self.record.cgroup);
        }
        self.entry.write(&self.record)
    }

    fn deliver(&self, ready: &mut Ready<'_>) -> Result<()> {
        let args = self.blueprint.args;
        if matches!(self.blueprint.console, Console::Engine(_)) {
            self.blueprint.console.deliver(ready.take_console())?;
        }
        let by_flag = Receiver::by_flag(args.pidfd_socket.as_deref());
        let by_annotation = Receiver::by_annotation(self.blueprint.planned.pidfd_receiver.as_deref());
        announce(ready, by_flag.into_iter().chain(by_annotation), args.pid_file.as_deref())
    }

    /// From here on the container stays until it is deleted.
    pub(crate) fn keep(&mut self) {
        self.kept = true;
    }
}

/// Keeps the seccomp filter for `exec`, which can do without: a file that cannot be written, or only in part, is no
/// failure.
fn keep_filter<'k>(blueprint: &'k Blueprint<'_>, entry: &'k Entry) -> Option<Box<dyn FnOnce() + 'k>> {
    let filter = blueprint.planned.plan.filter()?;
    let origin = Origin { build: version::BUILD, config: &blueprint.config.text };
    Some(Box::new(move || drop(entry.write_filter(&kept::to_bytes(filter, origin)))))
}

/// Makes the cgroup, or as much of it as must be there before the clone. `created` tells what there is to undo.
fn way_in<'c>(planned: &'c Planned, created: &'c mut Option<Created>) -> container::Result<WayIn<'c>> {
    if let Some(unit) = planned.cgroup.unit() {
        return way_into_unit(unit, planned, created);
    }
    if !planned.meanwhile {
        *created = Some(planned.cgroup.create()?);
        planned.cgroup.apply(&planned.early)?;
        return Ok(WayIn::Doors(planned.cgroup.doors()?));
    }
    let (now, later) = planned.cgroup.halves();
    let created = created.insert(now.create()?);
    let into = now.doors()?.into;
    let begin: Begin<'_> = Box::new(move |_| {
        created.extend(later.create()?);
        planned.cgroup.apply(&planned.early)?;
        let tasks = later.doors()?.tasks;
        Ok(Box::new(move || Ok(tasks)))
    });
    Ok(WayIn::Meanwhile { into, begin })
}

/// systemd moves a live process into the unit, and does so while the child makes its namespaces.
fn way_into_unit<'c>(
    unit: &'c Unit,
    planned: &'c Planned,
    created: &'c mut Option<Created>,
) -> container::Result<WayIn<'c>> {
    let order = unit.order()?;
    let begin: Begin<'_> = Box::new(move |pid| {
        let starting = order.start(pid, &planned.properties)?;
        Ok(Box::new(move || {
            enter_unit(unit, planned, starting, pid, created)?;
            Ok(unit.beside().doors()?.tasks)
        }))
    });
    Ok(WayIn::Meanwhile { into: None, begin })
}

/// Waits until systemd has moved the process. Then the cgroups are made that systemd leaves to us, and the limits set,
/// those that systemd knows as well: exactly, and with an error that names the field.
pub(crate) fn enter_unit(
    unit: &Unit,
    planned: &Planned,
    mut starting: Starting<'_>,
    pid: i32,
    created: &mut Option<Created>,
) -> Result<(), cgroup::Error> {
    let started = starting.wait();
    // A unit that failed to start is there to be undone; one that was refused is somebody else's.
    *created = starting.is_ours().then(Created::default);
    started?;
    created.get_or_insert_default().extend(planned.cgroup.create()?);
    if unit.subgroup.is_some() {
        // First: a subgroup of v2 has no controllers before.
        unit.place(pid)?;
    }
    planned.cgroup.apply(&planned.early)?;
    if unit.is_slice() && unit.subgroup.is_none() {
        unit.place(pid)?;
    }
    Ok(())
}

/// The socket of the start handshake as a path that is short enough.
pub(crate) fn socket_path(entry: &Entry) -> CString {
    let directory = ProcPath::new(entry);
    let name = entry.start_socket().as_os_str().as_encoded_bytes();
    CString::new([directory.as_c_str().to_bytes(), b"/", name].concat()).unwrap_or_default()
}

impl Drop for Container<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // First the init and all that it made, then what was made for it (runtime-spec "Lifecycle", step 12).
        self.ready = None;
        if !self.entry.is_current() {
            // Somebody deleted it by force meanwhile; id and cgroup may be another container's by now.
            return;
        }
        let undone = match &self.created {
            // A cgroup that was there before may have been refused for what is in it.
            Some(created) if self.record.shares_cgroup && self.record.init.is_none() => {
                created.undo();
                Ok(())
            }
            Some(created) => {
                let emptied = self.record.cgroup.kill().and_then(|()| self.record.cgroup.remove());
                created.undo();
                emptied
            }
            None => Ok(()),
        };
        if let Some(group) = self.record.rdt.as_ref().filter(|_| self.record.init.is_some())
            && let Err(error) = group.remove()
        {
            tracing::warn!("undo create: {error}");
        }
        if let Err(error) = undone {
            tracing::warn!("undo create: {error}");
        }
        if let Err(error) = self.entry.remove().or_else(|_| self.entry.clear()) {
            tracing::warn!("undo create: {error}");
        }
        if self.created.is_some() {
            hooks::run_all(&self.blueprint.config.spec, &self.record, HookPoint::Poststop);
        }
    }
}
