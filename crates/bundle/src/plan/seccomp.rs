//! `linux.seccomp`: the profile in the words of the seccomp crate, compiled.

pub mod kept;

use std::path::PathBuf;

use container::plan::Filter;
use oci_spec::runtime::{LinuxSeccomp, LinuxSeccompAction, LinuxSyscall, Spec};
use seccomp::{Action, ActionError, Arch, Condition, Flags, Operator, Profile, Rule};
use sys::seccomp::Instruction;

use super::{Error, Host};
use crate::annotations;
use crate::problem::Problem;

/// The architecture of this build.
pub const NATIVE: Arch = match Arch::native() {
    Some(native) => native,
    None => panic!("there is no seccomp for this architecture"),
};

/// Where the profile stands in a config.
const PLACE: &str = "/linux/seccomp";

/// Who is sent the listener of a filter (config-linux.md, "Seccomp").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The socket on which it waits: `listenerPath`, or what an annotation says instead.
    pub path: PathBuf,
    /// What it is to be told: `listenerMetadata`.
    pub metadata: Option<String>,
}

/// The agent of a config. A path that no rule needs is ignored, as the specification has it.
pub(super) fn agent(spec: &Spec) -> Option<Agent> {
    if annotations::raw_filter(spec).is_some() {
        return None;
    }
    let profile = spec.linux().as_ref()?.seccomp().as_ref()?;
    let mut rules = profile.syscalls().iter().flatten();
    rules.find(|rule| rule.action() == LinuxSeccompAction::ScmpActNotify)?;
    let path = profile.listener_path().clone().filter(|path| !path.as_os_str().is_empty());
    let path = path.or_else(|| annotations::seccomp_receiver(spec))?;
    Some(Agent { path, metadata: profile.listener_metadata().clone() })
}

/// What the filter comes from.
pub(super) fn field(spec: &Spec) -> &'static str {
    if annotations::raw_filter(spec).is_some() {
        "annotations[run.oci.seccomp_bpf_data]"
    } else {
        "linux.seccomp"
    }
}

/// The compiled filter, if the config has a profile; or the one that stands there compiled.
pub(super) fn filter(
    spec: &Spec,
    host: &Host,
    warnings: &mut Vec<String>,
    details: &mut Vec<String>,
) -> Result<Option<Filter>, Error> {
    if let Some(program) = annotations::raw_filter(spec) {
        return Ok(Some(Filter { program: kept::instructions(&program), flags: 0, agent: None }));
    }
    let Some(wanted) = spec.linux().as_ref().and_then(|linux| linux.seccomp().as_ref()) else {
        return Ok(None);
    };
    let profile = profile(wanted, PLACE).map_err(Error::Problems)?;
    check_actions(&profile, host).map_err(Error::Problems)?;
    let program = compile(&profile, PLACE).map_err(Error::Problems)?;
    if annotations::fails_unknown_calls(spec) {
        refuse_unknown(wanted, &program.skipped).map_err(Error::Problems)?;
    }
    details.extend(
        program.skipped.iter().map(|name| format!("linux.seccomp.syscalls: no call is named {name}")),
    );
    let agent = agent(spec);
    if program.needs_listener && agent.is_none() {
        return Err(Error::Problems(vec![without_agent()]));
    }
    let instruction =
        |from: &seccomp::Instruction| Instruction { code: from.code, jt: from.jt, jf: from.jf, k: from.k };
    Ok(Some(Filter {
        program: program.instructions.iter().map(instruction).collect(),
        flags: (program.flags & !unknown_flags(&profile, host, warnings).bits()).into(),
        agent: agent.map(|agent| agent.path),
    }))
}

/// A problem for each name in the profile that is no system call's.
fn refuse_unknown(wanted: &LinuxSeccomp, skipped: &[String]) -> Result<(), Vec<Problem>> {
    let rules = wanted.syscalls().iter().flatten().enumerate();
    let names = rules.flat_map(|(rule, listed)| {
        listed.names().iter().enumerate().map(move |(index, name)| (rule, index, name))
    });
    let unknown = names.filter(|(.., name)| skipped.contains(name));
    let problems: Vec<Problem> = unknown
        .map(|(rule, index, name)| Problem {
            pointer: format!("{PLACE}/syscalls/{rule}/names/{index}"),
            found: format!("{name:?}"),
            allowed: "the name of a system call that this version knows".into(),
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

fn without_agent() -> Problem {
    Problem {
        pointer: format!("{PLACE}/listenerPath"),
        found: "nothing".into(),
        allowed: "the socket of the agent that SCMP_ACT_NOTIFY puts calls to".into(),
    }
}

/// The flags that a profile names and the kernel does not know. They make a filter faster or logs longer; it is as
/// strict without them.
fn unknown_flags(profile: &Profile, host: &Host, warnings: &mut Vec<String>) -> Flags {
    let Some(named) = profile.flags.filter(|flags| *flags != Flags::empty()) else { return Flags::empty() };
    let unknown = named.without(host.filters().flags);
    warnings
        .extend(unknown.set().map(|flag| format!("linux.seccomp.flags: the kernel does not know {flag}")));
    unknown
}

/// An action that the kernel does not know would kill the process.
fn check_actions(profile: &Profile, host: &Host) -> Result<(), Vec<Problem>> {
    let rules = profile.rules.iter().enumerate();
    let actions = rules.map(|(index, rule)| (format!("/syscalls/{index}/action"), rule.action));
    let unknown = [("/defaultAction".to_owned(), profile.default_action)]
        .into_iter()
        .chain(actions)
        .filter(|(_, action)| !host.knows_action(*action));
    let problems: Vec<Problem> = unknown
        .map(|(place, action)| Problem {
            pointer: format!("{PLACE}{place}"),
            found: action.to_string(),
            allowed: "the actions that this kernel knows".into(),
        })
        .collect();
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Compiles a profile for this machine. `place` is where it stands, for errors.
pub fn compile(profile: &Profile, place: &str) -> Result<seccomp::Program, Vec<Problem>> {
    let program = seccomp::compile(profile, NATIVE);
    let program = program.and_then(|program| seccomp::check_hand_over(profile, NATIVE).map(|()| program));
    program.map_err(|problems| problems.into_iter().map(|problem| placed(problem, place)).collect())
}

/// A problem of the seccomp crate where it is in a document: `syscalls[3].args[0]` is `/syscalls/3/args/0` there.
pub fn placed(problem: seccomp::Problem, place: &str) -> Problem {
    let path = problem.path.replace(['.', '['], "/").replace(']', "");
    Problem { pointer: format!("{place}/{path}"), found: problem.found, allowed: problem.allowed }
}

/// The profile in the words of the seccomp crate. `place` is where it stands, for errors.
pub fn profile(wanted: &LinuxSeccomp, place: &str) -> Result<Profile, Vec<Problem>> {
    words(wanted, place).map_err(|problem| vec![problem])
}

fn words(wanted: &LinuxSeccomp, place: &str) -> Result<Profile, Problem> {
    let architectures = wanted.architectures().iter().flatten().enumerate().filter_map(|(index, arch)| {
        let name = arch.to_string();
        (name != "SCMP_ARCH_NATIVE")
            .then(|| known(Arch::from_name(&name), format!("{place}/architectures/{index}"), name))
    });
    let flags = wanted.flags().as_ref().map(|flags| {
        flags.iter().enumerate().try_fold(Flags::empty(), |all, (index, flag)| {
            let name = flag.to_string();
            Ok(all | known(Flags::from_name(&name), format!("{place}/flags/{index}"), name)?)
        })
    });
    let rules = wanted.syscalls().iter().flatten().enumerate();
    let rules = rules.map(|(index, rule)| self::rule(rule, &format!("{place}/syscalls/{index}")));
    Ok(Profile {
        default_action: action(
            wanted.default_action(),
            wanted.default_errno_ret(),
            place,
            ["defaultAction", "defaultErrnoRet"],
        )?,
        architectures: architectures.collect::<Result<_, _>>()?,
        flags: flags.transpose()?,
        rules: rules.collect::<Result<_, _>>()?,
    })
}

fn rule(wanted: &LinuxSyscall, place: &str) -> Result<Rule, Problem> {
    let conditions = wanted.args().iter().flatten().enumerate().map(|(argument, condition)| {
        let name = condition.op().to_string();
        Ok(Condition {
            index: u32::try_from(condition.index()).unwrap_or(u32::MAX),
            operator: known(Operator::from_name(&name), format!("{place}/args/{argument}/op"), name)?,
            value: condition.value(),
            value_two: condition.value_two().unwrap_or(0),
        })
    });
    Ok(Rule {
        names: wanted.names().clone(),
        action: action(wanted.action(), wanted.errno_ret(), place, ["action", "errnoRet"])?,
        conditions: conditions.collect::<Result<_, _>>()?,
    })
}

/// An action with the errno that goes with it. `fields` are the names of the two below `place`.
fn action(
    wanted: LinuxSeccompAction,
    errno: Option<u32>,
    place: &str,
    fields: [&str; 2],
) -> Result<Action, Problem> {
    let name = wanted.to_string();
    let [action, errno_ret] = fields.map(|field| move || format!("{place}/{field}"));
    let found = errno.unwrap_or(0).to_string();
    Action::from_name(&name, errno).map_err(|error| match error {
        ActionError::Unknown(_) => unknown(action(), name),
        ActionError::TakesNoErrno(_) => {
            Problem { pointer: errno_ret(), found, allowed: format!("nothing: {error}") }
        }
        ActionError::TooLarge(_) => {
            Problem { pointer: errno_ret(), found, allowed: "a whole number from 0 to 65535".into() }
        }
    })
}

fn known<T>(found: Option<T>, place: String, name: String) -> Result<T, Problem> {
    found.ok_or_else(|| unknown(place, name))
}

/// Cannot be while the shape of a config knows the words that the seccomp crate does; if they ever part, this says so.
fn unknown(pointer: String, name: String) -> Problem {
    Problem { pointer, found: format!("{name:?}"), allowed: "a word that this version knows".into() }
}
