//! Our programs beside those that libseccomp makes of the same profiles, as runc would ask it to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use seccomp::{Action, Arch, Condition, Instruction, Operator, Profile, Rule, compile, syscalls};

use crate::evaluator::{self, arches, is_too_new};
use crate::machine::{Call, run};
use crate::random::{self, Dice, Kind};

/// The program that prints libseccomp's programs; None, with a line that says why, where it cannot be built.
fn exporter() -> Option<&'static PathBuf> {
    static EXPORTER: OnceLock<Option<PathBuf>> = OnceLock::new();
    EXPORTER.get_or_init(build).as_ref()
}

fn build() -> Option<PathBuf> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/libseccomp/export.c");
    let program = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("libseccomp-export");
    let built = Command::new("cc").args(["-O1", source, "-lseccomp", "-o"]).arg(&program).output();
    match built {
        Ok(output) if output.status.success() => Some(program),
        Ok(output) => {
            let why = String::from_utf8_lossy(&output.stderr);
            println!("skipped, as libseccomp's headers are not here: {}", why.lines().next().unwrap_or_default());
            None
        }
        Err(error) => {
            println!("skipped, as there is no C compiler: {error}");
            None
        }
    }
}

/// A profile for a kernel.
struct Case {
    profile: Profile,
    native: Arch,
}

/// What libseccomp makes of profiles; None where it refuses one.
fn export(exporter: &PathBuf, cases: &[Case], optimize: u32) -> Vec<Option<Vec<Instruction>>> {
    let mut words = String::new();
    for case in cases {
        describe(&mut words, case, optimize);
    }
    if let Ok(f) = std::env::var("DUMP") { std::fs::write(f, &words).unwrap(); }
    let mut child = Command::new(exporter).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(words.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success());
    let mut bytes = &output.stdout[..];
    cases.iter().map(|case| read(&mut bytes, case.native.is_little_endian())).collect()
}

/// Writes a profile as runc hands it to libseccomp: without rules that have the default action, and with a rule
/// for each condition where two test one argument.
fn describe(words: &mut String, case: &Case, optimize: u32) {
    let Case { profile, native } = case;
    let token = |arch: Arch| if arch == Arch::X32 { 0x4000_003e } else { arch.audit() };
    let default = profile.default_action.return_value();
    write!(words, "profile {default} {optimize} {}", token(*native)).unwrap();
    for arch in arches(profile, *native) {
        write!(words, " {}", token(arch)).unwrap();
    }
    words.push_str(" 0\n");
    for rule in profile.rules.iter().filter(|rule| rule.action != profile.default_action) {
        for name in &rule.names {
            let conditions = &rule.conditions;
            let repeated = (1..conditions.len())
                .any(|at| conditions[..at].iter().any(|other| other.index == conditions[at].index));
            let parts: Vec<_> = if repeated { conditions.chunks(1).collect() } else { vec![&conditions[..]] };
            for part in parts {
                describe_rule(words, rule.action, name, part);
            }
        }
    }
    words.push_str("end\n");
}

fn describe_rule(words: &mut String, action: Action, name: &str, conditions: &[Condition]) {
    write!(words, "rule {} {name} {}", action.return_value(), conditions.len()).unwrap();
    for Condition { index, operator, value, value_two } in conditions {
        // enum scmp_compare of seccomp.h
        let operator = match operator {
            Operator::Ne => 1,
            Operator::Lt => 2,
            Operator::Le => 3,
            Operator::Eq => 4,
            Operator::Ge => 5,
            Operator::Gt => 6,
            Operator::MaskedEq => 7,
        };
        write!(words, " {index} {operator} {value} {value_two}").unwrap();
    }
    words.push('\n');
}

/// Takes a program off the output. Its instructions are in the byte order of the kernel they are for.
fn read(bytes: &mut &[u8], little_endian: bool) -> Option<Vec<Instruction>> {
    let count = u32::from_le_bytes(take(bytes));
    if count == u32::MAX {
        return None;
    }
    let half = |bytes: [u8; 2]| if little_endian { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) };
    let word = |bytes: [u8; 4]| if little_endian { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) };
    let instruction = |_| {
        let code = half(take(bytes));
        let [jt, jf] = take(bytes);
        Instruction { code, jt, jf, k: word(take(bytes)) }
    };
    Some((0..count).map(instruction).collect())
}

fn take<const N: usize>(bytes: &mut &[u8]) -> [u8; N] {
    let (first, rest) = bytes.split_first_chunk().unwrap();
    *bytes = rest;
    *first
}

/// Why the two programs may differ on a call: the numbers of the crate's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// Point 5: rules with different actions match, and libseccomp's tree has another order for them.
    Precedence,
    /// Point 7: a 32-bit argument is compared with a larger value.
    WideValue,
    /// Point 8: a call behind socketcall or ipc.
    Multiplexer,
    /// Point 9: a rule names the multiplexer, the number of which is above the newest named.
    None,
}

fn classify(case: &Case, call: &Call) -> Difference {
    let Case { profile, native } = case;
    let arches: Vec<_> =
        arches(profile, *native).into_iter().filter(|arch| arch.audit() == call.audit).collect();
    let is = |name: &str| arches.iter().any(|arch| syscalls::number(*arch, name) == Some(call.number));
    if is("socketcall") || is("ipc") {
        return Difference::Multiplexer;
    }
    let rules: Vec<&Rule> =
        profile.rules.iter().filter(|rule| rule.names.iter().any(|name| is(name))).collect();
    let wide = |c: &Condition| c.value > 0xffff_ffff || c.value & c.value_two > 0xffff_ffff;
    if arches.iter().all(|arch| !arch.is_64_bit()) && rules.iter().any(|rule| rule.conditions.iter().any(wide)) {
        return Difference::WideValue;
    }
    let matches = |rule: &&&Rule| {
        arches.iter().any(|arch| rule.conditions.iter().any(|c| evaluator::holds(c, *arch, &call.arguments)))
    };
    let mut actions: Vec<_> = rules.iter().filter(matches).map(|rule| rule.action.return_value()).collect();
    actions.sort_unstable();
    actions.dedup();
    if actions.len() > 1 { Difference::Precedence } else { Difference::None }
}

/// Runs both programs of each profile on so many calls and counts the differences by their reason.
fn compare(exporter: &PathBuf, cases: &[Case], calls: u64) -> BTreeMap<Difference, u64> {
    let mut differences = BTreeMap::new();
    let (mut refused, mut count) = (0, 0);
    let theirs = export(exporter, cases, 2);
    for (seed, (case, theirs)) in cases.iter().zip(theirs).enumerate() {
        let Some(theirs) = theirs else {
            refused += 1;
            continue;
        };
        let Case { profile, native } = case;
        let ours = compile(profile, *native).unwrap().instructions;
        let arches = arches(profile, *native);
        let dice = &mut Dice::new(seed as u64);
        for _ in 0..calls {
            let call = random::call(dice, profile, *native);
            let mine = run(&ours, &call, native.is_little_endian());
            let other = if is_too_new(profile, &arches, &call) {
                evaluator::ENOSYS.return_value()
            } else {
                run(&theirs, &call, native.is_little_endian())
            };
            count += 1;
            if mine != other {
                let difference = classify(case, &call);
                if difference == Difference::None {
                    println!("{mine:#x} here, {other:#x} there: {call:x?} {profile:#?}");
                }
                *differences.entry(difference).or_default() += 1;
            }
        }
    }
    println!("{count} calls of {} profiles, {refused} more refused by libseccomp: {differences:?}", cases.len());
    differences
}

/// The architectures that libseccomp 2.5.4 knows.
const KNOWN: &[Arch] = {
    use Arch::*;
    &[
        X86, X86_64, X32, Arm, Aarch64, Mips, Mips64, Mips64N32, Mipsel, Mipsel64, Mipsel64N32, Ppc, Ppc64, Ppc64le,
        S390, S390x, Parisc, Parisc64, Riscv64,
    ]
};

fn random_cases(kind: Kind, natives: &[Arch], count: u64) -> Vec<Case> {
    let case = |seed| {
        let dice = &mut Dice::new(seed);
        let native = *dice.pick(natives);
        let mut profile = random::profile(dice, kind, native);
        profile.architectures.retain(|arch| KNOWN.contains(arch));
        profile.rules.retain(|rule| !rule.names.is_empty());
        Case { profile, native }
    };
    (0..count).map(case).collect()
}

#[test]
fn any_profile_differs_for_known_reasons_only() {
    let Some(exporter) = exporter() else { return };
    let cases = random_cases(Kind::Anything, KNOWN, 2000);
    let differences = compare(exporter, &cases, 300);
    assert_eq!(differences.get(&Difference::None), None);
}
