//! What single commands take.

use super::*;

#[test]
fn run_has_the_flags_of_create() {
    match parse("run -d --bundle b web") {
        Ok((_, Command::Run(run))) => assert_eq!((run.detach, run.create.bundle.to_str()), (true, Some("b"))),
        other => panic!("{other:?}"),
    }
}

#[test]
fn kill_sends_term_by_default() {
    assert_eq!(signal_of("kill web"), 15);
}

#[test]
fn kill_takes_a_name() {
    assert_eq!(signal_of("kill web KILL"), 9);
}

#[test]
fn kill_takes_a_number_and_the_hidden_flag() {
    assert_eq!(signal_of("kill --all web 9"), 9);
}

#[test]
fn kill_refuses_an_unknown_signal() {
    assert_eq!(complaint("kill web FOO"), "kill: unknown signal \"FOO\"");
}

#[test]
fn a_signal_with_a_dash_is_no_signal() {
    assert_eq!(complaint("kill web -9"), "kill: unknown signal \"-9\"");
}

#[test]
fn a_signal_with_a_dash_before_the_id_is_no_flag() {
    assert_eq!(complaint("kill -9 web"), "kill: flag provided but not defined: -9");
}

#[test]
fn options_of_ps_follow_the_id() {
    match parse("ps -f json web -o pid") {
        Ok((_, Command::Ps(ps))) => {
            assert_eq!((ps.format, ps.options), (TableFormat::Json, vec!["-o".to_owned(), "pid".to_owned()]))
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unknown_format_is_refused() {
    assert_eq!(complaint("list -f xml"), "list: invalid format option \"xml\": want table or json");
}

#[test]
fn an_unknown_log_format_is_refused() {
    assert_eq!(complaint("--log-format xml list"), "invalid log-format: xml");
}

#[test]
fn an_empty_log_format_is_text() {
    assert!(parse("--log-format= list").is_ok_and(|(globals, _)| globals.log_format == LogFormat::Text));
}

#[test]
fn rootless_takes_a_word() {
    assert!(parse("--rootless true list").is_ok_and(|(globals, _)| globals.rootless == Rootless::True));
}

#[test]
fn rootless_is_decided_by_default() {
    assert!(parse("list").is_ok_and(|(globals, _)| globals.rootless == Rootless::Auto));
}

#[test]
fn the_host_is_no_root() {
    assert_eq!(complaint("--root /run/.. list"), "Option --root argument should not be set to /");
}

#[test]
fn a_root_becomes_absolute() {
    assert!(parse("--root a/../b list").is_ok_and(|(globals, _)| {
        globals
            .root
            .is_some_and(|root| root.is_absolute() && root.ends_with("b") && !root.ends_with("a/../b"))
    }));
}
