//! What is refused, with which words and which status; help.

use super::*;

#[test]
fn the_arguments_of_containerd_parse() {
    let line = "--root /r/ns --log /b/log.json --log-format json --systemd-cgroup --rootless=false \
                create --bundle /b --pid-file /b/init.pid --console-socket /s --no-pivot --no-new-keyring web";
    assert!(parse(line).is_ok_and(|(globals, _)| globals.systemd_cgroup));
}

#[test]
fn the_arguments_of_conmon_parse() {
    let line = "--log-format=json --log /l create --bundle /b --pid-file /p --preserve-fds 1 web";
    assert_eq!(create(line).preserve_fds, 1);
}

#[test]
fn a_flag_of_the_command_is_none_before_it() {
    assert_eq!(complaint("--bundle b create web"), "flag provided but not defined: -bundle");
}

#[test]
fn a_global_flag_is_none_after_the_command() {
    assert_eq!(complaint("state --debug web"), "state: flag provided but not defined: -debug");
}

#[test]
fn a_missing_value_is_told_in_the_words_of_go() {
    assert_eq!(complaint("create --bundle"), "create: flag needs an argument: --bundle");
}

#[test]
fn too_many_dashes_are_bad_syntax() {
    assert_eq!(complaint("state ---x web"), "state: bad flag syntax: ---x");
}

#[test]
fn a_missing_id_is_counted() {
    assert_eq!(complaint("state"), "\"state\" requires exactly 1 argument(s)");
}

#[test]
fn one_id_too_many_is_counted() {
    assert_eq!(complaint("delete a b"), "\"delete\" requires exactly 1 argument(s)");
}

#[test]
fn a_missing_id_of_exec_is_counted_from_below() {
    assert_eq!(complaint("exec"), "\"exec\" requires a minimum of 1 argument(s)");
}

#[test]
fn one_signal_too_many_is_counted_from_above() {
    assert_eq!(complaint("kill web 9 15"), "\"kill\" requires a maximum of 2 argument(s)");
}

#[test]
fn features_takes_nothing() {
    assert_eq!(complaint("features x"), "\"features\" requires exactly 0 argument(s)");
}

#[test]
fn a_wrong_count_shows_the_help() {
    assert!(matches!(parse("state"), Err(Stop::Usage { help: Some(_), .. })));
}

#[test]
fn an_unknown_command_is_named() {
    assert_eq!(complaint("fly web"), "unknown command \"fly\": see `ociruntime --help`");
}

#[test]
fn no_command_gets_help() {
    assert!(helps(""));
}

#[test]
fn every_command_has_help() {
    assert!(VERBS.iter().all(|verb| helps(&format!("{} --help", verb.name))));
}

#[test]
fn every_flag_of_every_command_has_a_long_name() {
    let nameless = |arg: &clap::Arg| !arg.is_positional() && arg.get_long().is_none();
    assert!(!VERBS.iter().any(|verb| (verb.flags)().get_arguments().any(nameless)));
}

#[test]
fn every_description_is_one_that_clap_accepts() {
    VERBS.iter().for_each(|verb| (verb.flags)().debug_assert());
}

#[test]
fn help_names_every_command() {
    let Err(Stop::Help(text)) = parse("--help") else { panic!("no help") };
    assert!(VERBS.iter().all(|verb| text.contains(verb.name)));
}

#[test]
fn version_has_a_short_flag() {
    assert!(matches!(parse("-v"), Err(Stop::Version)));
}

#[test]
fn an_argument_that_is_not_text_is_refused() {
    use std::os::unix::ffi::OsStringExt;
    let args = [OsString::from("state"), OsString::from_vec(vec![0xff])];
    assert!(matches!(command(&args), Err(Stop::Usage { .. })));
}

#[test]
fn an_id_cannot_write_control_characters() {
    let args = [OsString::from("state"), OsString::from("a\nb")];
    assert_eq!(command(&args).map(|command| command.subject()), Ok("state a\\nb".to_owned()));
}
