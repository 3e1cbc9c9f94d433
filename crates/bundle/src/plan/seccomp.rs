//! `linux.seccomp`: the profile in the words of the seccomp crate, compiled.

use std::fmt::Display;

use container::plan::Filter;
use oci_spec::runtime::{LinuxSeccomp, LinuxSyscall, Spec};
use seccomp::{Action, ActionError, Arch, Condition, Flags, Operator, Profile, Rule};
use sys::seccomp::Instruction;

use super::Error;
use crate::problem::Problem;

/// The architecture of this build.
const NATIVE: Arch = if cfg!(target_arch = "aarch64") { Arch::Aarch64 } else { Arch::X86_64 };

/// The compiled filter, if the config has a profile.
pub(super) fn filter(spec: &Spec) -> Result<Option<Filter>, Error> {
    spec.linux().as_ref().and_then(|linux| linux.seccomp().as_ref()).map(compile).transpose()
}

fn compile(wanted: &LinuxSeccomp) -> Result<Filter, Error> {
    let profile = profile(wanted).map_err(|problem| Error::Problems(vec![problem]))?;
    let program = seccomp::compile(&profile, NATIVE).map_err(|problems| {
        Error::Problems(
            problems.into_iter().map(|problem| at(&pointer(&problem.path), problem.message)).collect(),
        )
    })?;
    if program.needs_listener {
        return Err(Error::Problems(vec![Problem {
            pointer: "/linux/seccomp".into(),
            found: "SCMP_ACT_NOTIFY".into(),
            allowed: "every other action: this version hands no listener over".into(),
        }]));
    }
    let instruction =
        |from: &seccomp::Instruction| Instruction { code: from.code, jt: from.jt, jf: from.jf, k: from.k };
    Ok(Filter {
        program: program.instructions.iter().map(instruction).collect(),
        flags: program.flags.into(),
    })
}

fn profile(wanted: &LinuxSeccomp) -> Result<Profile, Problem> {
    let architectures = wanted.architectures().iter().flatten().enumerate().filter_map(|(index, arch)| {
        let name = arch.to_string();
        (name != "SCMP_ARCH_NATIVE")
            .then(|| known(Arch::from_name(&name), &format!("/architectures/{index}"), name))
    });
    let flags = wanted.flags().as_ref().map(|flags| {
        flags.iter().enumerate().try_fold(Flags::default(), |all, (index, flag)| {
            Ok(all | known(Flags::from_name(&flag.to_string()), &format!("/flags/{index}"), flag)?)
        })
    });
    let rules = wanted.syscalls().iter().flatten().enumerate().map(|(index, rule)| self::rule(rule, index));
    Ok(Profile {
        default_action: action(&wanted.default_action(), wanted.default_errno_ret(), "/defaultAction")?,
        architectures: architectures.collect::<Result<_, _>>()?,
        flags: flags.transpose()?,
        rules: rules.collect::<Result<_, _>>()?,
    })
}

fn rule(wanted: &LinuxSyscall, index: usize) -> Result<Rule, Problem> {
    let place = format!("/syscalls/{index}");
    let conditions = wanted.args().iter().flatten().enumerate().map(|(argument, condition)| {
        let place = format!("{place}/args/{argument}");
        Ok(Condition {
            index: u32::try_from(condition.index()).unwrap_or(u32::MAX),
            operator: known(Operator::from_name(&condition.op().to_string()), &place, condition.op())?,
            value: condition.value(),
            value_two: condition.value_two().unwrap_or(0),
        })
    });
    Ok(Rule {
        names: wanted.names().clone(),
        action: action(&wanted.action(), wanted.errno_ret(), &format!("{place}/action"))?,
        conditions: conditions.collect::<Result<_, _>>()?,
    })
}

fn action(name: &impl Display, errno: Option<u32>, place: &str) -> Result<Action, Problem> {
    Action::from_name(&name.to_string(), errno).map_err(|error: ActionError| at(place, error.to_string()))
}

fn known<T>(found: Option<T>, place: &str, name: impl Display) -> Result<T, Problem> {
    found.ok_or_else(|| at(place, format!("{name} is not supported")))
}

fn at(place: &str, message: String) -> Problem {
    Problem {
        pointer: format!("/linux/seccomp{place}"),
        found: message,
        allowed: "see the runtime specification".into(),
    }
}

/// `syscalls[3].args[0]` as `/syscalls/3/args/0`.
fn pointer(path: &str) -> String {
    format!("/{}", path.replace(['.', '['], "/").replace(']', ""))
}
