//! Which rule decides a call, and why: the profile walked by hand instead of by the program.

use std::fmt;

use crate::calls::{Calls, Clause, Decision};
use crate::conditions::Comparison;
use crate::section::{Section, Unnamed};
use crate::{Action, Arch, Operator, Problem, Profile, check, syscalls};

/// The call to explain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call<'a> {
    /// By its name on the architecture.
    Name(&'a str),
    /// By its number, as the kernel shows it in `seccomp_data.nr`.
    Number(u32),
}

/// What becomes of a call. [`Explanation::within`] is it in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The architecture that the call was looked up on.
    pub arch: Arch,
    /// The number of the call.
    pub number: u32,
    /// Its name, if the architecture has one for it.
    pub name: Option<&'static str>,
    /// What becomes of it.
    pub action: Action,
    /// What decides so.
    pub reason: Reason,
    /// The rules for this call, in the order in which they count, with what came of each.
    pub rules: Vec<Verdict>,
}

/// What decides a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The rule of this index in the profile.
    Rule(usize),
    /// No rule matches.
    DefaultAction,
    /// The number is above the newest that the profile names on the architecture.
    TooNew {
        /// That newest number.
        newest: u32,
    },
    /// The profile does not have the architecture.
    BadArchitecture,
}

/// What came of one rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Its index in the profile.
    pub rule: usize,
    /// Its action.
    pub action: Action,
    /// Whether it decides, and if not, why.
    pub outcome: Outcome,
}

/// Whether a rule decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It does, for this reason.
    Decides(String),
    /// It does not, for this reason.
    Idle(String),
    /// It would, but the rule of this index goes before it.
    Later(usize),
    /// The rule of this index has no conditions, and so the only say.
    Beside(usize),
}

/// Explains what the program of a profile does to a call.
///
/// # Errors
/// All that is wrong with the profile, as for [`crate::compile`]; or that the architecture has no
/// call of this name.
pub fn explain(
    profile: &Profile,
    native: Arch,
    arch: Arch,
    call: Call<'_>,
    arguments: [u64; 6],
) -> Result<Explanation, Vec<Problem>> {
    check::check(profile)?;
    let number = match call {
        Call::Number(number) => number,
        Call::Name(name) => syscalls::number(arch, name).ok_or_else(|| unknown(arch, name))?,
    };
    let calls = Calls::new(profile);
    let sections = Section::all(profile, native, &calls);
    let section = sections.iter().find(|section| section.audit == arch.audit());
    let (reason, rules) = match section {
        Some(section) => reason(profile, &calls, section, number, &arguments),
        None => (Reason::BadArchitecture, Vec::new()),
    };
    let action = match reason {
        Reason::Rule(index) => profile.rules[index].action,
        Reason::DefaultAction => profile.default_action,
        Reason::TooNew { newest } => Unnamed::TooNew(newest).action(profile),
        Reason::BadArchitecture => Unnamed::BadArchitecture.action(profile),
    };
    let name = syscalls::name(arch, number);
    Ok(Explanation { arch, number, name, action, reason, rules })
}

fn unknown(arch: Arch, name: &str) -> Vec<Problem> {
    vec![Problem::new("call", format!("{name:?}"), format!("a system call of {}", arch.name()))]
}

fn reason(
    profile: &Profile,
    calls: &Calls<'_>,
    section: &Section,
    number: u32,
    arguments: &[u64; 6],
) -> (Reason, Vec<Verdict>) {
    let mut rules = Vec::new();
    for member in &section.members {
        let decision = calls.decision_for(member.arch, number);
        let (reason, verdicts) = match &decision {
            Some(Decision::Rule(rule)) => (Some(Reason::Rule(*rule)), vec![certain(profile, *rule)]),
            Some(Decision::Clauses(clauses)) => by_clauses(clauses, member.arch, arguments),
            None => (None, Vec::new()),
        };
        rules.extend(verdicts);
        let mentioned = calls.mentions(member.arch, number);
        let idle: Vec<_> =
            mentioned.filter(|rule| rules.iter().all(|verdict| verdict.rule != *rule)).collect();
        rules.extend(idle.into_iter().map(|rule| without_effect(profile, rule, decision.as_ref())));
        if let Some(reason) = reason {
            return (reason, rules);
        }
    }
    let reason = match section.unnamed(number) {
        Unnamed::Default => Reason::DefaultAction,
        Unnamed::TooNew(newest) => Reason::TooNew { newest },
        Unnamed::BadArchitecture => Reason::BadArchitecture,
    };
    (reason, rules)
}

fn certain(profile: &Profile, rule: usize) -> Verdict {
    Verdict {
        rule,
        action: profile.rules[rule].action,
        outcome: Outcome::Decides("whatever the arguments".to_owned()),
    }
}

fn by_clauses(clauses: &[Clause], arch: Arch, arguments: &[u64; 6]) -> (Option<Reason>, Vec<Verdict>) {
    let mut decider: Option<usize> = None;
    let mut verdicts = Vec::new();
    for clause in clauses {
        let failing = clause.comparisons.iter().find(|comparison| !comparison.holds(arguments, arch));
        let outcome = match (failing, decider) {
            (Some(comparison), _) => {
                Outcome::Idle(format!("does not match: {}", Unmet { comparison, arguments }))
            }
            (None, Some(rule)) => Outcome::Later(rule),
            (None, None) => Outcome::Decides(matching(clause)),
        };
        if failing.is_none() {
            decider.get_or_insert(clause.rule);
        }
        verdicts.push(Verdict { rule: clause.rule, action: clause.action, outcome });
    }
    (Some(decider.map_or(Reason::DefaultAction, Reason::Rule)), verdicts)
}

fn matching(clause: &Clause) -> String {
    match clause.through {
        Some(call) => {
            format!("this is {call} by another way, on which its conditions cannot be checked")
        }
        None => "all its conditions hold".to_owned(),
    }
}

/// Why a rule that names the call has no say in it.
fn without_effect(profile: &Profile, rule: usize, decision: Option<&Decision>) -> Verdict {
    let action = profile.rules[rule].action;
    let outcome = match decision {
        _ if action == profile.default_action => {
            Outcome::Idle("makes no difference: its action is the default one".to_owned())
        }
        Some(Decision::Rule(decider)) => Outcome::Beside(*decider),
        _ => Outcome::Idle(
            "does not hold: its conditions cannot be checked in this way, and it is laxer than the default"
                .to_owned(),
        ),
    };
    Verdict { rule, action, outcome }
}

impl Explanation {
    /// The explanation in words, several lines for a person. Rules are named by their JSON pointers, `place` being
    /// that of the profile.
    pub fn within<'e>(&'e self, place: &'e str) -> impl fmt::Display {
        Within { explanation: self, place }
    }
}

struct Within<'e> {
    explanation: &'e Explanation,
    place: &'e str,
}

impl fmt::Display for Within<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { arch, number, name, action, reason, rules } = self.explanation;
        let place = self.place;
        writeln!(f, "{} {} ({number}): {action}", arch.name(), name.unwrap_or("unknown call"))?;
        match reason {
            Reason::Rule(rule) => writeln!(f, "decided by {place}/syscalls/{rule}")?,
            Reason::DefaultAction => writeln!(f, "decided by {place}/defaultAction: no rule matches")?,
            Reason::TooNew { newest } => writeln!(
                f,
                "newer than {newest}, the newest call that the profile names: fails as on a kernel without it"
            )?,
            Reason::BadArchitecture => writeln!(f, "the profile does not have this architecture")?,
        }
        rules.iter().try_for_each(|verdict| self.verdict(verdict, f))
    }
}

impl Within<'_> {
    fn verdict(&self, verdict: &Verdict, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place;
        write!(f, "  {place}/syscalls/{} {} ", verdict.rule, verdict.action)?;
        match &verdict.outcome {
            Outcome::Decides(why) => writeln!(f, "decides: {why}"),
            Outcome::Idle(why) => writeln!(f, "{why}"),
            Outcome::Later(rule) => writeln!(f, "matches, but {place}/syscalls/{rule} goes before it"),
            Outcome::Beside(rule) => {
                writeln!(f, "has no say beside {place}/syscalls/{rule}, which has no conditions")
            }
        }
    }
}

/// A condition that an argument does not meet.
struct Unmet<'a> {
    comparison: &'a Comparison,
    arguments: &'a [u64; 6],
}

impl fmt::Display for Unmet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Comparison { index, operator, mask, value } = *self.comparison;
        let argument = self.arguments[index as usize];
        let relation = match operator {
            Operator::MaskedEq => {
                return write!(f, "argument {index} is {argument:#x}, not {value:#x} in {mask:#x}");
            }
            Operator::Ne => "different from",
            Operator::Eq => "equal to",
            Operator::Lt => "less than",
            Operator::Le => "at most",
            Operator::Ge => "at least",
            Operator::Gt => "greater than",
        };
        write!(f, "argument {index} is {argument:#x}, not {relation} {value:#x}")
    }
}

#[cfg(test)]
mod tests;
