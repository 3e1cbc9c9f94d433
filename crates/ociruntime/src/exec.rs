//! `exec`: one more process in a running container.

mod process;

use std::mem::ManuallyDrop;
use std::os::fd::OwnedFd;

use bundle::config::{Config, ProcessFile};
use bundle::plan::Host;
use bundle::plan::exec::{Entry as Planned, Target, enter};
use bundle::plan::seccomp::kept::{self, Origin};
use bundle::{Process, Spec};
use cgroup::Cgroup;
use container::Trace;
use container::launch::{Launch, Ready, WayIn};
use container::plan::Filter;
use sys::Errno;

use crate::agent::hand_over;
use crate::announce::{Receiver, announce};
use crate::args;
use crate::console::{Console, Relay};
use crate::create::tell_steps;
use crate::error::{Error, Result};
use crate::id::ContainerId;
use crate::status::{self, Status};
use crate::store::{Entry, Record, Store};
use crate::wait::{self, Signals};
use crate::{descriptors, trace, version};

/// Runs the process. Answers its exit status, 0 if it goes on without us.
pub(crate) fn exec(store: &Store, args: &args::Exec) -> Result<u8> {
    let entry = store.find(&ContainerId::parse(&args.id)?)?;
    let record = entry.read()?;
    let status = status::observe(&entry, &record)?;
    match status {
        Status::Stopped | Status::Creating => {
            return Err(Error::Other("cannot exec in a stopped container".into()));
        }
        Status::Paused if !args.ignore_paused => {
            return Err(Error::Other(
                "cannot exec in a paused container (use --ignore-paused to override)".into(),
            ));
        }
        _ => {}
    }
    let init = record.open_init()?;
    let config = Config::parse(entry.snapshot()?).map_err(Error::other)?;
    let process = process::wanted(args, &config.spec)?;
    let filter = kept_filter(&entry, &config);
    // Left for the kernel to free, as in `create`.
    let container = ManuallyDrop::new(Container { record, status, spec: config.spec, filter });
    run(args, &container, init, &process)
}

/// The container that is entered.
struct Container {
    record: Record,
    status: Status,
    spec: Spec,
    filter: Option<Filter>,
}

/// The seccomp filter that `create` kept, if it is of this build.
fn kept_filter(entry: &Entry, config: &Config) -> Option<Filter> {
    config.spec.linux().as_ref()?.seccomp().as_ref()?;
    let origin = Origin { build: version::BUILD, config: &config.text };
    kept::from_bytes(&entry.filter()?, origin, &config.spec)
}

fn run(args: &args::Exec, container: &Container, init: OwnedFd, wanted: &ProcessFile) -> Result<u8> {
    let Container { record, status, .. } = container;
    let mut timeline = Trace::new(args.trace.is_some());
    descriptors::check_preserved(0, args.preserve_fds)?;
    let planned = ManuallyDrop::new(plan(args, container, &wanted.process)?);
    tell_steps(&planned.plan);
    let console = Console::choose(planned.terminal, args.detach, args.console_socket.as_deref())?;
    let mut ready = launch(args, record, init, &planned, &mut timeline)?;
    let master = console.deliver(ready.take_console())?;
    announce(&ready, Receiver::by_flag(args.pidfd_socket.as_deref()), args.pid_file.as_deref())?;
    let signals = if args.detach { None } else { Some(Signals::take()?) };
    let relay = master.map(Relay::start).transpose()?;
    let mut agent = hand_over(record, *status, ready.pid().map_err(Error::other)?);
    let child = ready.execute(&record.cgroup, &mut timeline, &mut agent).map_err(Error::other)?;
    wanted.warnings.iter().chain(&planned.warnings).for_each(|warning| tracing::warn!("{warning}"));
    trace::write_if_asked(args.trace.as_deref(), &timeline, child.pid);
    let Some(signals) = signals else { return Ok(0) };
    let exit = wait::wait(&child, &signals, relay, None).inspect_err(|_| {
        // What nobody waits for is not left running. It has ended if it cannot be killed.
        let _ = sys::pidfd::kill(&child.pidfd);
    })?;
    Ok(exit.code() as u8)
}

fn plan(args: &args::Exec, container: &Container, process: &Process) -> Result<Planned> {
    let Container { record, spec, filter, .. } = container;
    let target = Target {
        spec,
        namespaces: foreign(record)?,
        has_cgroup: !matches!(record.cgroup, Cgroup::Unmanaged),
        rdt: record.rdt.as_ref(),
        preserve_fds: args.preserve_fds,
        filter: filter.clone(),
        keyring: record.own_keyring.then_some(record.id.as_str()),
    };
    let host = Host::without_cgroups();
    enter(process, &target, &host).map_err(|error| process::named(args, error))
}

/// The container's namespaces as clone flags, without a user namespace that is also ours: setns(2) refuses it, and
/// with it everything else that is asked for in the same call.
fn foreign(record: &Record) -> Result<u64> {
    const CLONE_NEWUSER: u64 = 0x1000_0000;
    let all = record.namespaces | record.joined;
    if all & CLONE_NEWUSER == 0 {
        return Ok(all);
    }
    let pid = record.init.map_or(0, |init| init.pid);
    let namespace = |of: String| std::fs::read_link(&of).map_err(Error::io("read", of));
    let is_ours = namespace(format!("/proc/{pid}/ns/user"))? == namespace("/proc/self/ns/user".into())?;
    Ok(if is_ours { all & !CLONE_NEWUSER } else { all })
}

/// Brings the process up in the cgroup that the flags name. Where nobody can go there any more, it goes to where init is.
fn launch<'p>(
    args: &args::Exec,
    record: &Record,
    init: OwnedFd,
    planned: &'p Planned,
    timeline: &mut Trace,
) -> Result<Ready<'p>> {
    if !args.cgroup.is_empty() && matches!(record.cgroup, Cgroup::Unmanaged) {
        return Err(Error::Other("--cgroup: the container has no cgroup of its own".into()));
    }
    let cgroup = record.cgroup.below(&args.cgroup).map_err(Error::other)?;
    let launched = match launch_in(&cgroup, init, planned, !args.ignore_paused, timeline) {
        Err(error) if args.cgroup.is_empty() && is_deserted(&error) => {
            let init = record.open_init()?;
            let beside_init = Cgroup::of_process(record.init.map_or(0, |init| init.pid));
            launch_in(&beside_init.map_err(Error::other)?, init, planned, !args.ignore_paused, timeline)
        }
        launched => launched,
    };
    launched.map_err(Error::other)
}

fn launch_in<'p>(
    cgroup: &Cgroup,
    init: OwnedFd,
    planned: &'p Planned,
    shuns_freezer: bool,
    timeline: &mut Trace,
) -> container::Result<Ready<'p>> {
    let launch = Launch {
        plan: &planned.plan,
        cgroup,
        way_in: WayIn::Doors(cgroup.doors()?),
        init: Some(init),
        listener: None,
        meanwhile: None,
        shuns_freezer,
        private: Vec::new(),
        leftover: sys::early::mount(),
    };
    launch.launch(timeline)
}

/// Whether init is elsewhere by now. EBUSY: on v2 a container that made cgroups of its own may let nobody into the one
/// above them (cgroups(7), "no internal processes"). ENOENT, ENODEV: on v1 systemd moves the processes of a whole slice when
/// the slice begins or ceases to use a controller, also those of cgroups that it did not make, and removes what is empty then.
fn is_deserted(error: &container::Error) -> bool {
    let container::Error::Cgroup(error) = error else { return false };
    matches!(error.errno, Some(Errno::EBUSY | Errno::ENOENT | Errno::ENODEV))
}
