//! Finds the commit that is being built, for `--version`, and names the code that runs first.

use std::env;
use std::path::Path;
use std::process::Command;

fn main() {
    tell_commit();
    name_entry();
}

/// `sys::early` comes before libc. On other machines the executable starts in libc, as usual.
fn name_entry() {
    let machine = env::var("CARGO_CFG_TARGET_ARCH").unwrap_or_default();
    if matches!(machine.as_str(), "x86_64" | "aarch64") {
        println!("cargo::rustc-link-arg-bins=-Wl,--entry=ociruntime_entry");
    }
}

fn tell_commit() {
    println!("cargo::rerun-if-env-changed=OCIRUNTIME_COMMIT");
    // What HEAD names changes with each commit, and the log of HEAD with it.
    for file in ["HEAD", "logs/HEAD"] {
        let path = Path::new("../../.git").join(file);
        if path.exists() {
            println!("cargo::rerun-if-changed={}", path.display());
        }
    }
    let commit = env::var("OCIRUNTIME_COMMIT").ok().or_else(head);
    println!("cargo::rustc-env=OCIRUNTIME_COMMIT={}", commit.as_deref().unwrap_or("unknown"));
}

/// The commit of the working tree; none when building from an archive.
fn head() -> Option<String> {
    let output = Command::new("git").args(["rev-parse", "HEAD"]).output().ok()?;
    let commit = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !commit.is_empty()).then_some(commit)
}
