//! The default profiles of engines.

use seccomp::{Action, Arch, Call as Named, Profile, compile, explain, syscalls};

use crate::engine_profile::{CAPABILITIES, ENGINES, Engine, NATIVES};
use crate::evaluator::Reading;
use crate::machine::{Call, run};
use crate::random::{self, Dice};

/// Every default profile, for every architecture, in two containers.
pub(crate) fn all() -> impl Iterator<Item = (Engine, Arch, Profile)> {
    ENGINES.into_iter().flat_map(|engine| {
        NATIVES.into_iter().flat_map(move |(native, go_arch)| {
            CAPABILITIES.map(|capabilities| (engine, native, engine.profile(native, go_arch, capabilities)))
        })
    })
}

#[test]
fn every_number_gets_what_the_profile_says() {
    for (engine, native, profile) in all() {
        let program = compile(&profile, native).unwrap().instructions;
        let reading = Reading::new(&profile, native);
        for arch in Arch::all() {
            let base = syscalls::number(arch, "read").unwrap() & !0xff;
            for number in (base..base + 700).chain(0x0f_0000..0x0f_0010).chain([u32::MAX]) {
                let call = Call { number, audit: arch.audit(), arguments: [0; 6] };
                let got = run(&program, &call, native.is_little_endian());
                assert_eq!(
                    got,
                    reading.judge(&call).return_value(),
                    "{} on {native:?}: {call:x?}",
                    engine.name
                );
            }
        }
    }
}

#[test]
fn random_calls_get_what_the_profile_says() {
    for (seed, (engine, native, profile)) in all().enumerate() {
        let program = compile(&profile, native).unwrap().instructions;
        let reading = Reading::new(&profile, native);
        let dice = &mut Dice::new(seed as u64);
        for _ in 0..5000 {
            let call = random::call(dice, &profile, native);
            let got = run(&program, &call, native.is_little_endian());
            assert_eq!(got, reading.judge(&call).return_value(), "{} on {native:?}: {call:x?}", engine.name);
        }
    }
}

/// What becomes of a call in a container of Docker on x86_64.
fn docker(arch: Arch, name: &str, first: u64) -> Action {
    let profile = ENGINES[0].profile(Arch::X86_64, "amd64", CAPABILITIES[0]);
    let arguments = [first, 0, 0, 0, 0, 0];
    explain(&profile, Arch::X86_64, arch, Named::Name(name), arguments).unwrap().action
}

#[test]
fn docker_allows_read() {
    assert_eq!(docker(Arch::X86_64, "read", 0), Action::Allow);
}

#[test]
fn docker_forbids_mount() {
    assert_eq!(docker(Arch::X86_64, "mount", 0), Action::Errno(1));
}

#[test]
fn docker_forbids_a_new_user_namespace() {
    assert_eq!(docker(Arch::X86_64, "clone", 0x1000_0000), Action::Errno(1));
}

#[test]
fn docker_allows_a_thread() {
    assert_eq!(docker(Arch::X86_64, "clone", 0x003d_0f00), Action::Allow);
}

#[test]
fn docker_hides_clone3() {
    assert_eq!(docker(Arch::X86_64, "clone3", 0), Action::Errno(38));
}

#[test]
fn docker_forbids_vsock() {
    assert_eq!(docker(Arch::X86_64, "socket", 40), Action::Errno(1));
}

#[test]
fn docker_allows_32_bit_calls() {
    assert_eq!(docker(Arch::X86, "_llseek", 0), Action::Allow);
}

#[test]
fn docker_hides_calls_newer_than_the_profile() {
    assert_eq!(docker(Arch::X86_64, "listmount", 0), Action::Errno(38));
}
