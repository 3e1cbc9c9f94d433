//! The command line: what a person or an engine typed, resolved into plain values.
//!
//! Parsing has two stages, because errors in the second already belong in the log that the first names:
//! [`globals`] reads the flags before the command, [`command`] the command and its own flags. Only the one
//! command that was asked for is described to clap; describing all of them costs more than `state` does.

mod commands;
mod go;
mod values;

use std::ffi::OsString;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

pub(crate) use commands::{
    Checkpoint, Create, Delete, Events, Exec, Explain, Features, Globals, Images, Kill, List, Pause, Ps,
    Restore, Resume, Run, Seccomp, Spec, Start, State, Update,
};
pub(crate) use values::{CgroupManager, ExplainFormat, LogFormat, Rootless, TableFormat};

/// The command that was asked for.
#[derive(Debug)]
pub(crate) enum Command {
    /// `create ID`
    Create(Create),
    /// `start ID`
    Start(Start),
    /// `run ID`
    Run(Run),
    /// `state ID`
    State(State),
    /// `kill ID [SIGNAL]`
    Kill(Kill),
    /// `delete ID`
    Delete(Delete),
    /// `exec ID COMMAND…`
    Exec(Exec),
    /// `pause ID`
    Pause(Pause),
    /// `resume ID`
    Resume(Resume),
    /// `update ID`
    Update(Update),
    /// `checkpoint ID`
    Checkpoint(Checkpoint),
    /// `restore ID`
    Restore(Restore),
    /// `events ID`
    Events(Events),
    /// `list`
    List(List),
    /// `ps ID [PS OPTIONS…]`
    Ps(Ps),
    /// `spec`
    Spec(Spec),
    /// `features`
    Features,
    /// `explain`
    Explain(Explain),
    /// `seccomp [CALL [ARGUMENT…]]`
    Seccomp(Seccomp),
}

impl Command {
    /// What the command is about, for the error line: `create web`, `list`.
    pub(crate) fn subject(&self) -> String {
        let (name, id) = match self {
            Command::Create(create) => ("create", Some(&create.id)),
            Command::Start(start) => ("start", Some(&start.id)),
            Command::Run(run) => ("run", Some(&run.create.id)),
            Command::State(state) => ("state", Some(&state.id)),
            Command::Kill(kill) => ("kill", Some(&kill.id)),
            Command::Delete(delete) => ("delete", Some(&delete.id)),
            Command::Exec(exec) => ("exec", Some(&exec.id)),
            Command::Pause(pause) => ("pause", Some(&pause.id)),
            Command::Resume(resume) => ("resume", Some(&resume.id)),
            Command::Update(update) => ("update", Some(&update.id)),
            Command::Checkpoint(checkpoint) => ("checkpoint", Some(&checkpoint.id)),
            Command::Restore(restore) => ("restore", Some(&restore.id)),
            Command::Events(events) => ("events", Some(&events.id)),
            Command::List(_) => ("list", None),
            Command::Ps(ps) => ("ps", Some(&ps.id)),
            Command::Spec(_) => ("spec", None),
            Command::Features => ("features", None),
            Command::Explain(_) => ("explain", None),
            Command::Seccomp(_) => ("seccomp", None),
        };
        // The id has not been checked yet: it must not be able to write control characters to a terminal.
        id.map_or_else(|| name.to_owned(), |id| format!("{name} {}", id.escape_debug()))
    }

    /// The exit status of a failure of ours: that of `exec` must not look like one of the process.
    pub(crate) fn failure_status(&self) -> u8 {
        if matches!(self, Command::Exec(_)) { EXEC_FAILURE } else { 1 }
    }
}

/// The exit status of `exec` when it fails itself.
const EXEC_FAILURE: u8 = 255;

/// Why parsing ended without a command.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// `--help`, `help` or no command at all: the text for standard output, and success.
    Help(String),
    /// `--version`.
    Version,
    /// A mistake: the one line for the log, and the help text (if the mistake was in the form of the command).
    Usage {
        /// What is wrong, in runc's words where engines look for them.
        message: String,
        /// For standard output.
        help: Option<String>,
        /// The exit status.
        status: u8,
    },
}

impl Stop {
    fn usage(message: impl Into<String>) -> Stop {
        Stop::Usage { message: message.into(), help: None, status: 1 }
    }
}

/// A command as the table knows it.
struct Verb {
    name: &'static str,
    flags: fn() -> clap::Command,
    build: fn(&ArgMatches) -> Result<Command, clap::Error>,
}

/// Every command, in the order of the lifecycle.
const VERBS: &[Verb] = &[
    Verb {
        name: "create",
        flags: Create::command,
        build: |matches| Create::from_arg_matches(matches).map(Command::Create),
    },
    Verb {
        name: "start",
        flags: Start::command,
        build: |matches| Start::from_arg_matches(matches).map(Command::Start),
    },
    Verb {
        name: "run",
        flags: Run::command,
        build: |matches| Run::from_arg_matches(matches).map(Command::Run),
    },
    Verb {
        name: "state",
        flags: State::command,
        build: |matches| State::from_arg_matches(matches).map(Command::State),
    },
    Verb {
        name: "kill",
        flags: Kill::command,
        build: |matches| Kill::from_arg_matches(matches).map(Command::Kill),
    },
    Verb {
        name: "delete",
        flags: Delete::command,
        build: |matches| Delete::from_arg_matches(matches).map(Command::Delete),
    },
    Verb {
        name: "exec",
        flags: Exec::command,
        build: |matches| Exec::from_arg_matches(matches).map(Command::Exec),
    },
    Verb {
        name: "pause",
        flags: Pause::command,
        build: |matches| Pause::from_arg_matches(matches).map(Command::Pause),
    },
    Verb {
        name: "resume",
        flags: Resume::command,
        build: |matches| Resume::from_arg_matches(matches).map(Command::Resume),
    },
    Verb {
        name: "update",
        flags: Update::command,
        build: |matches| Update::from_arg_matches(matches).map(Command::Update),
    },
    Verb {
        name: "checkpoint",
        flags: Checkpoint::command,
        build: |matches| Checkpoint::from_arg_matches(matches).map(Command::Checkpoint),
    },
    Verb {
        name: "restore",
        flags: Restore::command,
        build: |matches| Restore::from_arg_matches(matches).map(Command::Restore),
    },
    Verb {
        name: "events",
        flags: Events::command,
        build: |matches| Events::from_arg_matches(matches).map(Command::Events),
    },
    Verb {
        name: "list",
        flags: List::command,
        build: |matches| List::from_arg_matches(matches).map(Command::List),
    },
    Verb { name: "ps", flags: Ps::command, build: |matches| Ps::from_arg_matches(matches).map(Command::Ps) },
    Verb {
        name: "spec",
        flags: Spec::command,
        build: |matches| Spec::from_arg_matches(matches).map(Command::Spec),
    },
    Verb {
        name: "features",
        flags: Features::command,
        build: |matches| Features::from_arg_matches(matches).map(|_| Command::Features),
    },
    Verb {
        name: "explain",
        flags: Explain::command,
        build: |matches| Explain::from_arg_matches(matches).map(Command::Explain),
    },
    Verb {
        name: "seccomp",
        flags: Seccomp::command,
        build: |matches| Seccomp::from_arg_matches(matches).map(Command::Seccomp),
    },
];

/// Reads the flags that stand before the command; returns them and the rest, the command first.
///
/// `args` is the argument vector without the program's name.
pub(crate) fn globals(args: &[OsString]) -> Result<(Globals, Vec<OsString>), Stop> {
    let flags = Globals::command();
    let sorted = go::sort(&flags, args, go::Flags::BeforePositionals)?;
    if sorted.help {
        return Err(Stop::Help(overview()));
    }
    let matches = matched(flags, &sorted.flags)?;
    let globals = Globals::from_arg_matches(&matches).map_err(one_line)?;
    if globals.version { Err(Stop::Version) } else { Ok((globals, sorted.positionals)) }
}

/// Reads the command and its own flags from what [`globals`] left.
pub(crate) fn command(args: &[OsString]) -> Result<Command, Stop> {
    let Some((name, args)) = args.split_first() else {
        return Err(Stop::Help(overview()));
    };
    if name == "help" || name == "h" {
        return Err(Stop::Help(args.first().map_or_else(|| Ok(overview()), |name| Ok(help(verb(name)?)))?));
    }
    let verb = verb(name)?;
    let flags = (verb.flags)();
    let sorted = go::sort(&flags, args, flag_places(verb)).map_err(|stop| named(verb, stop))?;
    if sorted.help {
        return Err(Stop::Help(help(verb)));
    }
    check_count(verb, &flags, sorted.positionals.len())?;
    let matches = matched(flags, &sorted.argv()).map_err(|stop| refused(verb, stop))?;
    (verb.build)(&matches).map_err(one_line)
}

/// What follows the id of `exec` and `ps` belongs to another program.
fn flag_places(verb: &Verb) -> go::Flags {
    if matches!(verb.name, "exec" | "ps") { go::Flags::BeforePositionals } else { go::Flags::Anywhere }
}

fn verb(name: &OsString) -> Result<&'static Verb, Stop> {
    let found = VERBS.iter().find(|verb| *name == verb.name);
    found.ok_or_else(|| Stop::usage(format!("unknown command {name:?}: see `ociruntime --help`")))
}

/// Puts the command's name in front of a complaint about its flags.
fn named(verb: &Verb, stop: Stop) -> Stop {
    match stop {
        Stop::Usage { message, help, status } => {
            Stop::Usage { message: format!("{}: {message}", verb.name), help, status }
        }
        other => other,
    }
}

/// The same for a value that does not do, which `exec` counts as a failure of its own.
fn refused(verb: &Verb, stop: Stop) -> Stop {
    match named(verb, stop) {
        Stop::Usage { message, help, .. } if verb.name == "exec" => {
            Stop::Usage { message, help, status: EXEC_FAILURE }
        }
        other => other,
    }
}

/// Compares the number of positionals with the command's definition, with runc's three sentences.
fn check_count(verb: &Verb, flags: &clap::Command, count: usize) -> Result<(), Stop> {
    let least = flags.get_positionals().filter(|arg| arg.is_required_set()).count();
    let open_ended = flags.get_positionals().any(|arg| matches!(arg.get_action(), clap::ArgAction::Append));
    let most = if open_ended { usize::MAX } else { flags.get_positionals().count() };
    let (rule, bound) = match (count < least, count > most) {
        (false, false) => return Ok(()),
        _ if least == most => ("exactly", least),
        (true, _) => ("a minimum of", least),
        (_, true) => ("a maximum of", most),
    };
    let message = format!("{:?} requires {rule} {bound} argument(s)", verb.name);
    Err(Stop::Usage { message, help: Some(help(verb)), status: 1 })
}

fn matched(flags: clap::Command, argv: &[OsString]) -> Result<ArgMatches, Stop> {
    flags.no_binary_name(true).try_get_matches_from(argv).map_err(one_line)
}

/// clap explains itself in paragraphs; a log has room for one line. Our own value parsers say it all.
fn one_line(error: clap::Error) -> Stop {
    if let Some(reason) = std::error::Error::source(&error) {
        return Stop::usage(reason.to_string());
    }
    let text = error.to_string();
    let line = text.lines().next().unwrap_or("cannot parse the command line");
    Stop::usage(line.trim_start_matches("error: "))
}

/// `ociruntime help`: the global flags and all commands.
fn overview() -> String {
    let commands = VERBS.iter().map(|verb| (verb.flags)().name(verb.name));
    Globals::command().subcommands(commands).render_help().to_string()
}

/// `ociruntime help COMMAND`.
fn help(verb: &Verb) -> String {
    (verb.flags)().name(verb.name).bin_name(format!("ociruntime {}", verb.name)).render_help().to_string()
}

#[cfg(test)]
mod made_up;
#[cfg(test)]
mod tests;
