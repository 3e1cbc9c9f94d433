//! A low-level OCI container runtime: the command line.
//!
//! The outermost layer. It alone prints errors, exits, and knows the state directory and the log; the crates below
//! are handed values and descriptors.

#![cfg_attr(not(test), no_main)]

mod agent;
mod announce;
mod args;
mod checkpoint;
mod console;
mod create;
mod delete;
mod descriptors;
mod driver;
mod error;
mod events;
mod exec;
mod explain;
mod features;
mod hooks;
mod id;
mod images;
mod kill;
mod list;
mod log;
mod members;
mod network;
mod notify;
mod output;
mod pause;
mod pid_file;
mod process;
mod ps;
mod restore;
mod run;
mod seal;
mod seccomp;
mod signal;
mod spec;
mod start;
mod state;
mod status;
mod store;
mod time;
mod trace;
mod update;
mod users;
mod version;
mod wait;

use args::{Command, Globals, Stop};
use error::Result;
use store::Store;

/// The exit status of what went wrong before a command was known.
const FAILURE: u8 = 1;

#[cfg(not(test))]
sys::main!(run);

#[cfg(not(test))]
#[global_allocator]
static HEAP: sys::heap::Heap = sys::heap::Heap::new();

/// The whole life of the process; answers its exit status.
#[cfg_attr(test, expect(dead_code, reason = "the test harness has a main of its own"))]
fn run() -> u8 {
    let args = sys::start::arguments().get(1..).unwrap_or_default();
    if let Err(error) = seal::reenter(args) {
        log::complain(&format!("put the runtime out of the container's reach: {error}"));
        return FAILURE;
    }
    let (globals, rest) = match args::globals(args) {
        Ok(parsed) => parsed,
        Err(stop) => return stopped(stop, log::complain),
    };
    if let Err(error) = log::start(&globals) {
        log::complain(&error.to_string());
        return FAILURE;
    }
    let command = match args::command(&rest) {
        Ok(command) => command,
        Err(stop) => return stopped(stop, |message| tracing::error!("{message}")),
    };
    match carry_out(&globals, &command) {
        Ok(status) => status,
        Err(error) => {
            tracing::error!("{}: {error}", command.subject());
            command.failure_status()
        }
    }
}

/// Ends without a command: help and version are what was asked for, all else is a mistake.
fn stopped(stop: Stop, report: impl Fn(&str)) -> u8 {
    let printed = match stop {
        Stop::Help(text) => output::print(&text),
        Stop::Version => output::print(&version::text()),
        Stop::Usage { message, help, status } => {
            report(&message);
            // The mistake has been told; help that cannot be shown adds nothing to it.
            let _ = help.map(|text| output::print(&text));
            return status;
        }
    };
    match printed {
        Ok(()) => 0,
        Err(error) => {
            report(&error.to_string());
            FAILURE
        }
    }
}

/// Does what was asked; returns the exit status.
fn carry_out(globals: &Globals, command: &Command) -> Result<u8> {
    let store = Store::open(globals);
    match command {
        Command::State(args) => state::state(&store, args)?,
        Command::Kill(args) => kill::kill(&store, args)?,
        Command::Delete(args) => delete::delete(&store, args)?,
        Command::Pause(args) => pause::pause(&store, args)?,
        Command::Resume(args) => pause::resume(&store, args)?,
        Command::Update(args) => update::update(&store, args)?,
        Command::Checkpoint(args) => checkpoint::checkpoint(&store, args)?,
        Command::Restore(args) => return restore::restore(&store, globals, args),
        Command::Events(args) => events::events(&store, args)?,
        Command::List(args) => list::list(&store, args)?,
        Command::Ps(args) => ps::ps(&store, args)?,
        Command::Spec(args) => spec::spec(args)?,
        Command::Features => features::features()?,
        Command::Create(args) => create::create(&store, globals, args)?,
        Command::Start(args) => start::start(&store, args)?,
        Command::Run(args) => return run::run(&store, globals, args),
        Command::Exec(args) => return exec::exec(&store, args),
        Command::Explain(args) => explain::explain(globals, args)?,
        Command::Seccomp(args) => seccomp::seccomp(args)?,
    }
    Ok(0)
}
