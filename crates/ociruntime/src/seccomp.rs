//! `seccomp`: says what a seccomp profile does to a system call, and why; and what program it becomes.

use std::fmt::Write;

use bundle::config::{Config, LoadError, parse_profile};
use bundle::plan::seccomp::{self as plan, NATIVE};
use seccomp::{Arch, Call, Flags, Profile, Program, explain, listing};

use crate::args;
use crate::error::{Error, Result};
use crate::output;

/// A profile, and where in which file it is.
struct Source {
    profile: Profile,
    file: String,
    place: &'static str,
}

/// Prints what becomes of a call under a profile; or what there is to say about the profile itself.
pub(crate) fn seccomp(args: &args::Seccomp) -> Result<()> {
    let source = match &args.profile {
        Some(file) => Source::of_file(file)?,
        None => Source::of_bundle(&args.bundle)?,
    };
    let program =
        plan::compile(&source.profile, source.place).map_err(|problems| source.refused(problems))?;
    let mut text = match &args.call {
        Some(call) => source.explained(args, call)?,
        None => source.summary(&program),
    };
    if args.program {
        text.push_str(&listing(&program.instructions, NATIVE));
    }
    output::print(&text)
}

impl Source {
    fn of_bundle(bundle: &std::path::Path) -> Result<Source> {
        const PLACE: &str = "/linux/seccomp";
        let spec = Config::load(bundle).map_err(Error::other)?.spec;
        let wanted = spec.linux().as_ref().and_then(|linux| linux.seccomp().as_ref());
        let wanted =
            wanted.ok_or_else(|| Error::Other(format!("{PLACE}: found nothing, allowed: a profile")))?;
        Source::new(wanted, bundle.join(bundle::config::FILE).display().to_string(), PLACE)
    }

    fn of_file(file: &std::path::Path) -> Result<Source> {
        let text = std::fs::read(file).map_err(Error::io("read", file))?;
        let name = file.display().to_string();
        let wanted = parse_profile(&name, &text).map_err(Error::other)?;
        Source::new(&wanted, name, "")
    }

    fn new(wanted: &bundle::SeccompProfile, file: String, place: &'static str) -> Result<Source> {
        match plan::profile(wanted, place) {
            Ok(profile) => Ok(Source { profile, file, place }),
            Err(problems) => Err(Error::other(LoadError::Problems { file, problems })),
        }
    }

    fn refused(&self, problems: Vec<bundle::problem::Problem>) -> Error {
        Error::other(LoadError::Problems { file: self.file.clone(), problems })
    }

    fn explained(&self, args: &args::Seccomp, call: &str) -> Result<String> {
        let arch = args.arch.unwrap_or(NATIVE);
        let call = call.parse().map_or(Call::Name(call), Call::Number);
        let mut arguments = [0; 6];
        for (to, from) in arguments.iter_mut().zip(&args.arguments) {
            *to = from.0;
        }
        match explain(&self.profile, NATIVE, arch, call, arguments) {
            Ok(explanation) => Ok(explanation.within(self.place).to_string()),
            Err(problems) => Err(Error::Other(unknown_call(&problems))),
        }
    }

    fn summary(&self, program: &Program) -> String {
        let Source { profile, file, place } = self;
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "profile       {file} {place}");
        let _ = writeln!(text, "program       {} instructions", program.instructions.len());
        let _ = writeln!(text, "architectures {}", listed(architectures(profile)));
        let _ = writeln!(text, "default       {}", profile.default_action);
        let _ = writeln!(text, "rules         {}", profile.rules.len());
        let flags = profile.flags.unwrap_or(Flags::SPEC_ALLOW);
        let _ = writeln!(text, "flags         {}", listed(flags.set()));
        let _ = writeln!(text, "listener      {}", if program.needs_listener { "yes" } else { "no" });
        let _ = writeln!(text, "unknown calls {}", listed(program.skipped.iter().map(String::as_str)));
        text
    }
}

fn architectures(profile: &Profile) -> impl Iterator<Item = &'static str> {
    let others = profile.architectures.iter().filter(|arch| **arch != NATIVE);
    [NATIVE.name()].into_iter().chain(others.map(|arch| arch.name()))
}

fn listed<'t>(words: impl Iterator<Item = &'t str>) -> String {
    let words: Vec<&str> = words.collect();
    if words.is_empty() { "none".into() } else { words.join(", ") }
}

/// The profile has been compiled: what is left to be wrong is the call.
fn unknown_call(problems: &[seccomp::Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// The architecture of a word of the command line: `SCMP_ARCH_X86`, or `x86` for short.
pub(crate) fn architecture(word: &str) -> Result<Arch, String> {
    let upper = word.to_ascii_uppercase();
    let name = if upper.starts_with("SCMP_ARCH_") { upper } else { format!("SCMP_ARCH_{upper}") };
    Arch::from_name(&name).ok_or_else(|| {
        let names: Vec<&str> = Arch::all().map(|arch| arch.name().trim_start_matches("SCMP_ARCH_")).collect();
        format!("unknown architecture {word:?}: want one of {}", names.join(", ").to_ascii_lowercase())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_architecture_has_a_short_name() {
        assert_eq!(architecture("x86"), Ok(Arch::X86));
    }

    #[test]
    fn an_architecture_has_a_long_name() {
        assert_eq!(architecture("SCMP_ARCH_AARCH64"), Ok(Arch::Aarch64));
    }

    #[test]
    fn an_unknown_architecture_is_refused() {
        assert!(architecture("pdp11").is_err_and(|error| error.contains("\"pdp11\"")));
    }
}
