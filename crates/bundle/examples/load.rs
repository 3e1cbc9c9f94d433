//! Prints how long a config takes to load: `cargo run --release -p bundle --example load [FILE]...`
//!
//! Without files: the default config, and one as large as an engine writes with a seccomp profile.

use std::time::{Duration, Instant};

use bundle::config::Config;
use serde_json::{Value, json};

const ROUNDS: u32 = 2000;

fn main() -> std::io::Result<()> {
    let files: Vec<String> = std::env::args().skip(1).collect();
    for file in &files {
        report(file, &std::fs::read(file)?);
    }
    if files.is_empty() {
        report("default config", bundle::default::spec(None).get().as_bytes());
        report("engine's config", large().to_string().as_bytes());
    }
    Ok(())
}

fn report(name: &str, text: &[u8]) {
    let first = load(text);
    let all: Duration = (0..ROUNDS).map(|_| load(text)).sum();
    let first = first.as_secs_f64() * 1e6;
    let mean = all.as_secs_f64() * 1e6 / f64::from(ROUNDS);
    println!("{name}: {} bytes, first {first:.1} µs, then {mean:.1} µs", text.len());
}

fn load(text: &[u8]) -> Duration {
    let text = text.to_vec();
    let start = Instant::now();
    let config = Config::parse(text);
    let spent = start.elapsed();
    if let Err(error) = config {
        eprintln!("{error}");
    }
    spent
}

/// The default config with 400 system calls allowed by name, rules on arguments, more mounts and devices.
fn large() -> Value {
    let mut config: Value = serde_json::from_str(bundle::default::spec(None).get()).expect("JSON");
    let rule =
        |names: Vec<String>, args: Value| json!({"names": names, "action": "SCMP_ACT_ALLOW", "args": args});
    let names = |count: u32| (0..count).map(|n| format!("syscall_{n}")).collect();
    let argument = |value: u32| json!([{"index": 0, "value": value, "op": "SCMP_CMP_EQ"}]);
    let mut rules = vec![rule(names(360), json!(null))];
    rules.extend((0..8).map(|value| rule(names(1), argument(value))));
    rules.extend((0..12).map(|_| rule(names(4), json!(null))));
    config["linux"]["seccomp"] = json!({
        "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
        "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"], "syscalls": rules,
    });
    let device =
        |n: u32| json!({"path": format!("/dev/x{n}"), "type": "c", "major": 1, "minor": n, "fileMode": 438});
    config["linux"]["devices"] = (0..8).map(device).collect();
    let mount = |n: u32| json!({"destination": format!("/etc/{n}"), "type": "bind", "source": format!("/run/engine/{n}"), "options": ["rbind", "rprivate"]});
    let mounts = config["mounts"].as_array_mut().expect("an array");
    mounts.extend((0..6).map(mount));
    config
}
