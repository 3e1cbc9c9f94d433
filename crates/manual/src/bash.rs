//! The completion for bash: flags and commands by their place, ids of containers, files.

use crate::help::{Flag, Help, Verb};

/// A script to be sourced.
pub(crate) fn completion(globals: &Help, verbs: &[Verb]) -> String {
    let names: Vec<&str> = verbs.iter().map(|verb| verb.name.as_str()).collect();
    let mut cases = String::new();
    for verb in verbs {
        cases += &format!("        {}) flags='{}' ;;\n", verb.name, words(&verb.help.options));
    }
    let with_value: Vec<&Flag> = globals.options.iter().filter(|flag| flag.value.is_some()).collect();
    let skipped: Vec<String> = with_value.iter().map(|flag| format!("--{}", flag.long)).collect();
    SCRIPT
        .replace("@COMMANDS@", &names.join(" "))
        .replace("@GLOBALS@", &words(&globals.options))
        .replace("@VALUES@", &skipped.join("|"))
        .replace("@CASES@\n", &cases)
}

fn words(flags: &[Flag]) -> String {
    let all = flags.iter().flat_map(|flag| {
        let short = flag.short.map(|letter| format!("-{letter}"));
        short.into_iter().chain([format!("--{}", flag.long)])
    });
    all.collect::<Vec<_>>().join(" ")
}

const SCRIPT: &str = r#"# bash completion for ociruntime
_ociruntime() {
    local current=${COMP_WORDS[COMP_CWORD]} command= flags= index
    for ((index = 1; index < COMP_CWORD; index++)); do
        case ${COMP_WORDS[index]} in
        @VALUES@) ((index++)) ;;
        -*) ;;
        *)
            command=${COMP_WORDS[index]}
            break
            ;;
        esac
    done
    case $command in
        '') flags='@GLOBALS@ @COMMANDS@' ;;
        help) flags='@COMMANDS@' ;;
@CASES@
    esac
    if [[ $current == -* || -z $command || $command == help ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$current")
    else
        mapfile -t COMPREPLY < <(compgen -W "$(ociruntime list --quiet 2>/dev/null)" -- "$current")
        ((${#COMPREPLY[@]})) || mapfile -t COMPREPLY < <(compgen -f -- "$current")
    fi
}
complete -F _ociruntime ociruntime
"#;
