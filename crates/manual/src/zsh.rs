//! The completion for zsh.

use crate::help::{Flag, Help, Verb};

/// A function to be put into `$fpath`.
pub(crate) fn completion(globals: &Help, verbs: &[Verb]) -> String {
    let mut commands = String::new();
    let mut cases = String::new();
    for verb in verbs {
        commands += &format!("        {}\n", quoted(&format!("{}:{}", verb.name, verb.help.about)));
        let rest = if verb.help.arguments.is_empty() {
            ""
        } else {
            " '1:container:_ociruntime_ids' '*::argument:_default'"
        };
        cases += &format!("        {}) _arguments{}{rest} ;;\n", verb.name, specs(&verb.help.options));
    }
    SCRIPT
        .replace("@COMMANDS@\n", &commands)
        .replace("@GLOBALS@", &specs(&globals.options))
        .replace("@CASES@\n", &cases)
}

fn specs(flags: &[Flag]) -> String {
    flags.iter().map(spec).collect()
}

/// The specification of one flag for `_arguments` (zshcompsys(1)).
fn spec(flag: &Flag) -> String {
    let text = flag.text.replace(['[', ']'], "").replace(':', "\\:");
    let action = if flag.takes_path() { "_files" } else { "" };
    let value = flag.value.as_deref().map(|value| format!(":{}:{action}", value.replace(':', "\\:")));
    let tail = format!("[{text}]{}", value.unwrap_or_default());
    let long = quoted(&format!("*--{}{tail}", flag.long));
    let short = flag.short.map(|letter| format!(" {}", quoted(&format!("*-{letter}{tail}"))));
    format!(" \\\n            {long}{}", short.unwrap_or_default())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

const SCRIPT: &str = r#"#compdef ociruntime
_ociruntime_ids() {
    local -a ids
    ids=(${(f)"$(ociruntime list --quiet 2>/dev/null)"})
    compadd -a ids
}
_ociruntime() {
    local state line
    local -a commands
    commands=(
@COMMANDS@
    )
    _arguments -C @GLOBALS@ \
            '1:command:->command' '*::argument:->argument'
    case $state in
    command) _describe command commands ;;
    argument)
        case $line[1] in
        help) _describe command commands ;;
@CASES@
        esac
        ;;
    esac
}
_ociruntime "$@"
"#;

#[cfg(test)]
mod tests {
    use super::{Flag, spec};

    #[test]
    fn a_flag_with_a_directory() {
        let flag = Flag {
            short: Some('b'),
            long: "bundle".into(),
            value: Some("DIR".into()),
            text: "It's [here]".into(),
        };
        assert_eq!(
            spec(&flag),
            " \\\n            '*--bundle[It'\\''s here]:DIR:_files' '*-b[It'\\''s here]:DIR:_files'"
        );
    }
}
