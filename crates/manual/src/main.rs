//! Writes the manual pages and the shells' completions from the help texts of the runtime: clap makes those from the one
//! table of flags, so that nothing is told twice, and the runtime does not carry what is needed once, when it is
//! installed.
//!
//! usage: manual RUNTIME DIRECTORY

mod bash;
mod fish;
mod help;
mod man;
mod zsh;

use help::{Help, Verb};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{env, fs, io};

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let [runtime, dir] = &args[..] else {
        eprintln!("usage: manual RUNTIME DIRECTORY");
        return ExitCode::from(2);
    };
    match write(runtime, Path::new(dir)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("manual: {runtime} to {dir}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn write(runtime: &str, dir: &Path) -> io::Result<()> {
    let globals = ask(runtime, &["help"])?;
    let verbs: Vec<Verb> = globals
        .commands
        .iter()
        .map(|entry| Ok(Verb { name: entry.name.clone(), help: ask(runtime, &["help", &entry.name])? }))
        .collect::<io::Result<_>>()?;
    fs::create_dir_all(dir.join("man1"))?;
    fs::write(dir.join("man1/ociruntime.1"), man::overview(&globals))?;
    for verb in &verbs {
        fs::write(dir.join(format!("man1/ociruntime-{}.1", verb.name)), man::verb(verb))?;
    }
    fs::write(dir.join("ociruntime.bash"), bash::completion(&globals, &verbs))?;
    fs::write(dir.join("_ociruntime"), zsh::completion(&globals, &verbs))?;
    fs::write(dir.join("ociruntime.fish"), fish::completion(&globals, &verbs))
}

/// What the runtime prints with these arguments, taken apart.
fn ask(runtime: &str, args: &[&str]) -> io::Result<Help> {
    let output = Command::new(runtime).args(args).output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{} fails", args.join(" "))));
    }
    Ok(Help::parse(&String::from_utf8_lossy(&output.stdout)))
}
