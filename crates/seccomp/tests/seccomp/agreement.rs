//! Random profiles and calls: the program, a plain reading of the profile and the explanation agree.

use seccomp::{Arch, Call as Named, compile, explain};

use crate::evaluator::Reading;
use crate::machine::run;
use crate::random::{self, Dice, Kind};

/// Checks this many calls of each of so many random profiles for one native architecture.
fn check(native: Arch, profiles: u64, calls: u64) {
    for seed in 0..profiles {
        let dice = &mut Dice::new(seed + native as u64 * 1_000_000);
        let profile = random::profile(dice, Kind::Anything, native);
        if profile.rules.iter().any(|rule| rule.names.is_empty()) {
            continue;
        }
        let program =
            compile(&profile, native).unwrap_or_else(|problems| panic!("{problems:?}: {profile:?}"));
        let reading = Reading::new(&profile, native);
        for _ in 0..calls {
            let call = random::call(dice, &profile, native);
            let expected = reading.judge(&call);
            let got = run(&program.instructions, &call, native.is_little_endian());
            assert_eq!(got, expected.return_value(), "{call:x?} should be {expected} under {profile:#?}");
        }
    }
}

#[test]
fn the_program_for_x86_64_does_what_the_profile_says() {
    check(Arch::X86_64, 1500, 300);
}

#[test]
fn the_program_for_a_big_endian_kernel_does_what_the_profile_says() {
    check(Arch::S390x, 500, 300);
}

#[test]
fn the_program_for_a_32_bit_kernel_does_what_the_profile_says() {
    check(Arch::X86, 500, 300);
}

#[test]
fn the_program_for_arm_does_what_the_profile_says() {
    check(Arch::Arm, 500, 300);
}

#[test]
fn the_explanation_names_the_action_of_the_program() {
    let native = Arch::X86_64;
    for seed in 0..300 {
        let dice = &mut Dice::new(seed);
        let profile = random::profile(dice, Kind::Anything, native);
        let program = compile(&profile, native).unwrap().instructions;
        for _ in 0..100 {
            let call = random::call(dice, &profile, native);
            let arch = Arch::all().find(|arch| arch.audit() == call.audit).unwrap();
            let explanation =
                explain(&profile, native, arch, Named::Number(call.number), call.arguments).unwrap();
            let got = run(&program, &call, true);
            assert_eq!(explanation.action.return_value(), got, "{explanation:?} under {profile:#?}");
        }
    }
}
