//! The completion for fish.

use crate::help::{Flag, Help, Verb};

/// A script for `vendor_completions.d`.
pub(crate) fn completion(globals: &Help, verbs: &[Verb]) -> String {
    let names: Vec<&str> = verbs.iter().map(|verb| verb.name.as_str()).collect();
    let none_yet = format!("not __fish_seen_subcommand_from {}", names.join(" "));
    let mut script = String::from("# fish completion for ociruntime\ncomplete -c ociruntime -f\n");
    for flag in &globals.options {
        script += &option(&none_yet, flag);
    }
    for verb in verbs {
        script += &format!(
            "complete -c ociruntime -n {} -a {} -d {}\n",
            quoted(&none_yet),
            verb.name,
            quoted(&verb.help.about)
        );
        let seen = format!("__fish_seen_subcommand_from {}", verb.name);
        if !verb.help.arguments.is_empty() {
            script += &format!(
                "complete -c ociruntime -n {} -a '(ociruntime list --quiet 2>/dev/null)'\n",
                quoted(&seen)
            );
        }
        for flag in &verb.help.options {
            script += &option(&seen, flag);
        }
    }
    script
}

fn option(condition: &str, flag: &Flag) -> String {
    let short = flag.short.map(|letter| format!(" -s {letter}")).unwrap_or_default();
    let value = match flag.value {
        Some(_) if flag.takes_path() => " -r -F",
        Some(_) => " -x",
        None => "",
    };
    let (condition, text) = (quoted(condition), quoted(&flag.text));
    format!("complete -c ociruntime -n {condition}{short} -l {}{value} -d {text}\n", flag.long)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}
