//! Manual pages (man(7)).

use crate::help::{Entry, Flag, Help, Verb};

/// `ociruntime(1)`: the global options and the list of commands.
pub(crate) fn overview(help: &Help) -> String {
    let mut page = head("ociruntime", &help.about, &help.usage);
    page += ".SH COMMANDS\n";
    for Entry { name, text } in &help.commands {
        page += &format!(".TP\n.BR ociruntime\\-{} (1)\n{}\n", escaped(name), line(text));
    }
    page + &options(&help.options) + &notes(&help.notes) + FILES
}

/// `ociruntime-VERB(1)`.
pub(crate) fn verb(verb: &Verb) -> String {
    let help = &verb.help;
    let mut page = head(&format!("ociruntime-{}", verb.name), &help.about, &help.usage);
    if !help.arguments.is_empty() {
        page += ".SH ARGUMENTS\n";
        for Entry { name, text } in &help.arguments {
            page += &format!(".TP\n.I {}\n{}\n", escaped(name), line(text));
        }
    }
    page + &options(&help.options) + &notes(&help.notes) + ".SH SEE ALSO\n.BR ociruntime (1)\n"
}

const FILES: &str = ".SH FILES\n.TP\n.I /run/ociruntime/ID\nThe state of a container.\n\
    .SH EXIT STATUS\n.B run\nand\n.B exec\nend with the status of the program, or 128 and the number of the signal that \
    ended it. A failure of the runtime itself is 1, and 255 from\n.BR exec .\n\
    .SH SEE ALSO\nThe OCI runtime specification: https://github.com/opencontainers/runtime\\-spec\n";

fn head(name: &str, about: &str, usage: &str) -> String {
    let name = escaped(name);
    format!(
        ".TH {} 1\n.SH NAME\n{name} \\- {}\n.SH SYNOPSIS\n.B {}\n",
        name.to_uppercase(),
        escaped(about.trim_end_matches('.')),
        escaped(usage)
    )
}

fn options(flags: &[Flag]) -> String {
    let mut text = ".SH OPTIONS\n".to_owned();
    for flag in flags {
        let short = flag.short.map(|letter| format!("\\-{letter}, ")).unwrap_or_default();
        let value =
            flag.value.as_deref().map(|value| format!(" \\fI{}\\fP", escaped(value))).unwrap_or_default();
        let long = escaped(&flag.long);
        text += &format!(".TP\n\\fB{short}\\-\\-{long}\\fP{value}\n{}\n", line(&flag.text));
    }
    text
}

fn notes(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(".SH NOTES\n{}\n", line(text)) }
}

/// Text in which no character means something to roff.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\e").replace('-', "\\-")
}

/// The same for a line of its own: a full stop or an apostrophe at its beginning would make it a request.
fn line(text: &str) -> String {
    format!("\\&{}", escaped(text))
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_is_never_a_request() {
        assert_eq!(line(".so a-b"), "\\&.so a\\-b");
    }
}
