//! Prints how long it takes to compile Docker's default profile for a container on x86_64, and how long the
//! result is.

use std::hint::black_box;
use std::time::Instant;

use seccomp::compile;

#[path = "../tests/seccomp/engine_profile.rs"]
mod engine_profile;

use engine_profile::{CAPABILITIES, ENGINES, NATIVES};

const RUNS: u32 = 2000;

fn main() {
    for engine in ENGINES {
        let [(native, go_arch), ..] = NATIVES;
        let profile = engine.profile(native, go_arch, CAPABILITIES[0]);
        let mut times: Vec<_> = (0..RUNS)
            .map(|_| {
                let start = Instant::now();
                black_box(compile(black_box(&profile), native)).expect("a good profile");
                start.elapsed()
            })
            .collect();
        let first = times[0];
        times.sort_unstable();
        let (best, median) = (times[0], times[times.len() / 2]);
        let length = compile(&profile, native).expect("a good profile").instructions.len();
        println!(
            "{}: {length} instructions; first {first:.1?}, median {median:.1?}, best {best:.1?}",
            engine.name
        );
    }
}
