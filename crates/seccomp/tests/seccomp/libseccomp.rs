//! Our programs beside those that libseccomp makes of the same profiles, as runc would ask it to.

use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use seccomp::{Action, Arch, Condition, Instruction, Operator, Profile, Rule, compile, syscalls};

use crate::default_profiles;
use crate::evaluator::{ENOSYS, Reading, arches};
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
            println!(
                "skipped, as libseccomp's headers are not here: {}",
                why.lines().next().unwrap_or_default()
            );
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

/// What libseccomp makes of a profile; None where it refuses one or, as happens, does not come to an end.
fn export(exporter: &PathBuf, case: &Case, optimize: u32) -> Option<Vec<Instruction>> {
    let mut child = Command::new(exporter).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(describe(case, optimize).as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    match (output.status.code(), output.status.signal()) {
        (Some(0), _) => Some(read(&output.stdout, case.native.is_little_endian())),
        (Some(REFUSED), _) | (_, Some(SIGALRM)) => None,
        _ => panic!("{}", output.status),
    }
}

/// The exit code of the exporter for a profile that libseccomp refuses, and the signal that ends one without
/// end.
const REFUSED: i32 = 3;
const SIGALRM: i32 = 14;

/// libseccomp's own number for an architecture.
fn token(arch: Arch) -> u32 {
    if arch == Arch::X32 { 0x4000_003e } else { arch.audit() }
}

/// Writes a profile as runc hands it to libseccomp: without rules that have the default action, and with a
/// rule for each condition where two test one argument.
fn describe(case: &Case, optimize: u32) -> String {
    let Case { profile, native } = case;
    let mut words = String::new();
    let default = profile.default_action.return_value();
    write!(words, "{default} {optimize} {}", token(*native)).unwrap();
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
                describe_rule(&mut words, rule.action, name, part);
            }
        }
    }
    words
}

fn describe_rule(words: &mut String, action: Action, name: &str, conditions: &[Condition]) {
    write!(words, "{} {name} {}", action.return_value(), conditions.len()).unwrap();
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

/// A program in the byte order of the kernel it is for.
fn read(bytes: &[u8], little_endian: bool) -> Vec<Instruction> {
    let instruction = |bytes: &[u8]| {
        let [a, b, jt, jf, k @ ..] = *bytes.first_chunk::<8>().unwrap();
        let code = if little_endian { u16::from_le_bytes([a, b]) } else { u16::from_be_bytes([a, b]) };
        let k = if little_endian { u32::from_le_bytes(k) } else { u32::from_be_bytes(k) };
        Instruction { code, jt, jf, k }
    };
    bytes.chunks_exact(8).map(instruction).collect()
}

/// Why the two programs may differ on a call: the numbers of the crate's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Difference {
    /// Several conditions bear on the call. Point 5: libseccomp's tree has another order for rules with
    /// different actions. And it goes wrong: after a rule that fails on a later word it goes on with that
    /// word instead of the one that its next test is for; and where bounds have an upper half in common, it
    /// loses rules.
    Tree,
    /// Point 7: a 32-bit argument is compared with a larger value.
    WideValue,
    /// Point 8: a call behind socketcall or ipc.
    Multiplexer,
    /// None that we know of.
    Unknown,
}

fn classify(case: &Case, call: &Call) -> Difference {
    let arches = arches(&case.profile, case.native).into_iter().filter(|arch| arch.audit() == call.audit);
    let is = |arch: Arch, name: &str| syscalls::number(arch, name) == Some(call.number);
    let mut conditions = 0;
    for arch in arches {
        if is(arch, "socketcall") || is(arch, "ipc") {
            return Difference::Multiplexer;
        }
        for rule in case.profile.rules.iter().filter(|rule| rule.names.iter().any(|name| is(arch, name))) {
            if !arch.is_64_bit() && rule.conditions.iter().any(is_wide) {
                return Difference::WideValue;
            }
            conditions += rule.conditions.len();
        }
    }
    if conditions > 1 { Difference::Tree } else { Difference::Unknown }
}

fn is_wide(condition: &Condition) -> bool {
    condition.value > 0xffff_ffff || condition.value & condition.value_two > 0xffff_ffff
}

/// Runs both programs of each profile on so many calls and counts the differences by their reason.
fn compare(exporter: &PathBuf, cases: &[Case], calls: u64) -> BTreeMap<Difference, u64> {
    let mut differences = BTreeMap::new();
    let (mut refused, mut count) = (0, 0);
    for (seed, case) in cases.iter().enumerate() {
        let Some(theirs) = export(exporter, case, 2) else {
            refused += 1;
            continue;
        };
        let Case { profile, native } = case;
        let ours = compile(profile, *native).unwrap().instructions;
        let reading = Reading::new(profile, *native);
        let dice = &mut Dice::new(seed as u64);
        for _ in 0..calls {
            let call = random::call(dice, profile, *native);
            let mine = run(&ours, &call, native.is_little_endian());
            let other = if reading.is_too_new(&call) {
                ENOSYS.return_value()
            } else {
                run(&theirs, &call, native.is_little_endian())
            };
            count += 1;
            // Where it makes a program for the other byte order, libseccomp swaps the bytes of some actions
            // twice.
            if mine != other && (native.is_little_endian() || mine != other.swap_bytes()) {
                let difference = classify(case, &call);
                if difference == Difference::Unknown {
                    println!("{mine:#x} here, {other:#x} there: {call:x?} under {profile:#?}");
                }
                *differences.entry(difference).or_default() += 1;
            }
        }
    }
    println!(
        "{count} calls of {} profiles, {refused} more refused by libseccomp: {differences:?}",
        cases.len()
    );
    differences
}

/// The architectures that libseccomp 2.5.4 knows.
const KNOWN: &[Arch] = {
    use Arch::*;
    &[
        X86,
        X86_64,
        X32,
        Arm,
        Aarch64,
        Mips,
        Mips64,
        Mips64N32,
        Mipsel,
        Mipsel64,
        Mipsel64N32,
        Ppc,
        Ppc64,
        Ppc64le,
        S390,
        S390x,
        Parisc,
        Parisc64,
        Riscv64,
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
    assert_eq!(differences.get(&Difference::Unknown), None);
}

#[test]
fn an_ordinary_profile_differs_behind_multiplexers_only() {
    let Some(exporter) = exporter() else { return };
    let cases = random_cases(Kind::Ordinary, KNOWN, 2000);
    let mut differences = compare(exporter, &cases, 300);
    differences.remove(&Difference::Multiplexer);
    assert_eq!(differences, BTreeMap::new());
}

/// Two rules for one call with different actions, one condition each.
fn contradiction(seed: u64) -> Case {
    let dice = &mut Dice::new(seed);
    let mut rule = |action| {
        let operator = *dice.pick(&random::OPERATORS);
        let value = dice.below(if operator == Operator::MaskedEq { 16 } else { 6 }) as u64 | 1;
        let condition =
            Condition { index: dice.below(2) as u32, operator, value, value_two: dice.below(6) as u64 };
        Rule { names: vec!["personality".to_owned()], action, conditions: vec![condition] }
    };
    let rules = vec![rule(Action::Log), rule(Action::Trap)];
    let native = if seed.is_multiple_of(2) { Arch::X86_64 } else { Arch::X86 };
    Case {
        profile: Profile { default_action: Action::Allow, architectures: vec![], flags: None, rules },
        native,
    }
}

/// Whether both rules test one 64-bit argument, one of them by a mask. Their upper halves tell libseccomp
/// nothing then, and it takes them in the order of the profile; on 32 bits in that of this crate.
fn is_undecided(Case { profile, native }: &Case) -> bool {
    let [a, b] = [0, 1].map(|rule| profile.rules[rule].conditions[0]);
    let masked = [a, b].iter().filter(|condition| condition.operator == Operator::MaskedEq).count();
    let bounds = [a, b].iter().any(|condition| {
        matches!(condition.operator, Operator::Lt | Operator::Le | Operator::Ge | Operator::Gt)
    });
    native.is_64_bit() && a.index == b.index && masked == 1 && !bounds
}

#[test]
fn contradicting_rules_rank_as_in_libseccomp() {
    let Some(exporter) = exporter() else { return };
    for case in (0..1000).map(contradiction).filter(|case| !is_undecided(case)) {
        let Some(theirs) = export(exporter, &case, 1) else { continue };
        let ours = compile(&case.profile, case.native).unwrap().instructions;
        let number = syscalls::number(case.native, "personality").unwrap();
        for (a, b) in (0..9).flat_map(|a| (0..9).map(move |b| (a, b))) {
            let call = Call { number, audit: case.native.audit(), arguments: [a, b, 0, 0, 0, 0] };
            assert_eq!(
                run(&ours, &call, true),
                run(&theirs, &call, true),
                "{call:x?} under {:#?}",
                case.profile
            );
        }
    }
}

/// The numbers that libseccomp gives to names; below zero what it or the architecture does not have, and
/// between -300 and -100 what it reaches through a multiplexer.
fn numbers<'a>(exporter: &PathBuf, arch: Arch, names: impl Iterator<Item = &'a str>) -> Vec<(String, i64)> {
    let output = Command::new(exporter).arg(token(arch).to_string()).args(names).output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    let lines = output.lines().map(|line| line.split_once(' ').unwrap());
    lines.map(|(name, number)| (name.to_owned(), number.parse().unwrap())).collect()
}

#[test]
fn no_number_differs_from_that_of_libseccomp() {
    let Some(exporter) = exporter() else { return };
    for arch in KNOWN {
        let base = syscalls::number(*arch, "read").unwrap() & !0xff;
        let ours = (base..base + 700).chain(0x0f_0000..0x0f_0010);
        let names: Vec<_> = ours.filter_map(|number| syscalls::name(*arch, number)).collect();
        for (name, number) in numbers(exporter, *arch, names.into_iter()) {
            let ours = syscalls::number(*arch, &name).map(i64::from);
            assert!(number < 0 || ours == Some(number), "{arch:?} {name}: {ours:?} here, {number} there");
        }
    }
}

/// The names of a profile that have the same number here as with this version of libseccomp, which may be too
/// old to know some.
fn known(exporter: &PathBuf, profile: &Profile, arch: Arch) -> HashSet<String> {
    let names = profile.rules.iter().flat_map(|rule| &rule.names).map(String::as_str);
    let is_same = |(name, number): &(String, i64)| match syscalls::number(arch, name) {
        Some(here) => i64::from(here) == *number || (-300..=-100).contains(number),
        None => *number < 0,
    };
    numbers(exporter, arch, names).into_iter().filter(is_same).map(|(name, _)| name).collect()
}

/// The default profiles, less the names that this version of libseccomp does not know.
fn default_cases(exporter: &PathBuf) -> Vec<Case> {
    let case = |(_, native, mut profile): (_, Arch, Profile)| {
        for arch in arches(&profile, native) {
            let known = known(exporter, &profile, arch);
            profile.rules.iter_mut().for_each(|rule| rule.names.retain(|name| known.contains(name)));
        }
        profile.rules.retain(|rule| !rule.names.is_empty());
        Case { profile, native }
    };
    default_profiles::all().map(case).collect()
}

#[test]
fn the_default_profiles_do_not_differ() {
    let Some(exporter) = exporter() else { return };
    assert_eq!(compare(exporter, &default_cases(exporter), 30_000), BTreeMap::new());
}

#[test]
fn no_default_program_is_longer_than_that_of_libseccomp() {
    let Some(exporter) = exporter() else { return };
    for case in default_cases(exporter) {
        let lengths = [1, 2].map(|optimize| export(exporter, &case, optimize).unwrap().len());
        let ours = compile(&case.profile, case.native).unwrap().instructions.len();
        println!(
            "{:?}: {ours} instructions here, there {} or as a tree {}",
            case.native, lengths[0], lengths[1]
        );
        assert!(ours <= lengths[0].min(lengths[1]));
    }
}
