use super::values::User;
use super::*;

fn words(line: &str) -> Vec<OsString> {
    line.split_whitespace().map(OsString::from).collect()
}

fn parse(line: &str) -> Result<(Globals, Command), Stop> {
    let (globals, rest) = globals(&words(line))?;
    Ok((globals, command(&rest)?))
}

fn create(line: &str) -> Create {
    match parse(line) {
        Ok((_, Command::Create(create))) => create,
        other => panic!("{line}: {other:?}"),
    }
}

fn exec(line: &str) -> Exec {
    match parse(line) {
        Ok((_, Command::Exec(exec))) => exec,
        other => panic!("{line}: {other:?}"),
    }
}

fn signal_of(line: &str) -> i32 {
    match parse(line) {
        Ok((_, Command::Kill(kill))) => kill.signal.0,
        other => panic!("{line}: {other:?}"),
    }
}

fn complaint(line: &str) -> String {
    match parse(line) {
        Err(Stop::Usage { message, .. }) => message,
        other => panic!("{line}: {other:?}"),
    }
}

fn status(line: &str) -> u8 {
    match parse(line) {
        Err(Stop::Usage { status, .. }) => status,
        other => panic!("{line}: {other:?}"),
    }
}

fn helps(line: &str) -> bool {
    matches!(parse(line), Err(Stop::Help(_)))
}

#[test]
fn a_long_flag_may_have_two_dashes() {
    assert_eq!(create("create --bundle b web").bundle.to_str(), Some("b"));
}

#[test]
fn a_long_flag_may_have_one_dash() {
    assert_eq!(create("create -bundle b web").bundle.to_str(), Some("b"));
}

#[test]
fn a_short_flag_may_have_two_dashes() {
    assert_eq!(create("create --b b web").bundle.to_str(), Some("b"));
}

#[test]
fn a_value_may_follow_an_equals_sign() {
    assert_eq!(create("create -bundle=b web").bundle.to_str(), Some("b"));
}

#[test]
fn a_value_may_have_equals_signs() {
    assert_eq!(exec("exec -e A=B=C web sh").env, ["A=B=C"]);
}

#[test]
fn a_value_may_look_like_a_flag() {
    assert_eq!(create("create --bundle -x web").bundle.to_str(), Some("-x"));
}

#[test]
fn the_last_of_a_repeated_flag_counts() {
    assert_eq!(create("create --bundle a --bundle=b web").bundle.to_str(), Some("b"));
}

#[test]
fn the_bundle_is_the_working_directory_by_default() {
    assert_eq!(create("create web").bundle.to_str(), Some("."));
}

#[test]
fn an_empty_value_is_as_good_as_none() {
    assert_eq!(create("create --bundle= web").bundle.to_str(), Some("."));
}

#[test]
fn an_empty_value_undoes_an_earlier_one() {
    assert_eq!(create("create --pid-file a --pid-file= web").pid_file, None);
}

#[test]
fn an_empty_value_in_a_list_is_kept() {
    assert_eq!(exec("exec --env= web sh").env, [""]);
}

#[test]
fn a_boolean_is_false_by_default() {
    assert!(!create("create web").no_pivot);
}

#[test]
fn a_boolean_needs_no_value() {
    assert!(create("create --no-pivot web").no_pivot);
}

#[test]
fn a_boolean_may_be_repeated() {
    assert!(create("create --no-pivot --no-pivot web").no_pivot);
}

#[test]
fn a_boolean_may_be_said_to_be_true() {
    assert!(create("create --no-pivot=T web").no_pivot);
}

#[test]
fn a_boolean_may_be_taken_back() {
    assert!(!create("create --no-pivot --no-pivot=0 web").no_pivot);
}

#[test]
fn a_boolean_takes_no_value_without_an_equals_sign() {
    assert_eq!(create("create --no-pivot false").id, "false");
}

#[test]
fn a_boolean_that_is_neither_is_refused() {
    assert_eq!(complaint("create --no-pivot=maybe web"), "create: invalid boolean value: --no-pivot=maybe");
}

#[test]
fn flags_may_follow_the_id() {
    assert_eq!(create("create web --bundle b").bundle.to_str(), Some("b"));
}

#[test]
fn two_dashes_end_the_flags() {
    assert_eq!(create("create -- --web").id, "--web");
}

#[test]
fn flags_of_exec_end_at_the_id() {
    assert_eq!(exec("exec -t web ls -t --help").args, ["ls", "-t", "--help"]);
}

#[test]
fn two_dashes_after_the_id_belong_to_the_process() {
    assert_eq!(exec("exec web -- ls").args, ["--", "ls"]);
}

#[test]
fn exec_with_a_process_file_needs_no_command() {
    assert!(exec("exec -p f web").args.is_empty());
}

#[test]
fn lists_keep_their_order() {
    assert_eq!(exec("exec -e A=1 --env B=2 web sh").env, ["A=1", "B=2"]);
}

#[test]
fn a_list_is_not_split_at_commas() {
    assert_eq!(exec("exec --cap A,B web sh").caps, ["A,B"]);
}

#[test]
fn a_user_is_a_number() {
    assert_eq!(exec("exec -u 1 web id").user, Some(User { uid: 1, gid: None }));
}

#[test]
fn a_user_may_have_a_group() {
    assert_eq!(exec("exec -u 1:2 web id").user, Some(User { uid: 1, gid: Some(2) }));
}

#[test]
fn a_user_with_a_letter_is_refused() {
    assert_eq!(status("exec -u 1x web id"), 255);
}

#[test]
fn a_user_with_a_sign_is_refused() {
    assert_eq!(
        complaint("exec -u -1 web id"),
        "exec: invalid user \"-1\": want UID or UID:GID, each a number"
    );
}

#[test]
fn a_user_with_a_plus_is_refused() {
    assert_eq!(status("exec -u +1 web id"), 255);
}

#[test]
fn a_user_beyond_32_bits_is_refused() {
    assert_eq!(status("exec -u 4294967296 web id"), 255);
}

#[test]
fn the_user_that_means_no_change_is_refused() {
    assert_eq!(status("exec -u 4294967295 web id"), 255);
}

#[test]
fn a_user_with_an_empty_group_is_refused() {
    assert_eq!(status("exec -u 1: web id"), 255);
}

#[test]
fn a_user_with_two_groups_is_refused() {
    assert_eq!(status("exec -u 1:2:3 web id"), 255);
}

#[test]
fn groups_are_numbers() {
    assert_eq!(exec("exec -g 1 -g 2 web id").additional_gids, [1, 2]);
}

#[test]
fn a_group_with_a_letter_is_refused() {
    assert_eq!(status("exec -g 1x web id"), 255);
}

#[test]
fn preserved_descriptors_are_none_by_default() {
    assert_eq!(create("create web").preserve_fds, 0);
}

#[test]
fn preserved_descriptors_are_counted() {
    assert_eq!(create("create --preserve-fds 3 web").preserve_fds, 3);
}

#[test]
fn fewer_than_no_descriptors_are_refused() {
    assert_eq!(
        complaint("create --preserve-fds=-1 web"),
        "create: invalid value \"-1\" for flag --preserve-fds: want a number"
    );
}

#[test]
fn more_descriptors_than_an_int_are_refused() {
    assert_eq!(
        complaint("create --preserve-fds 2147483648 web"),
        "create: invalid value \"2147483648\" for flag --preserve-fds: too many"
    );
}

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

fn update(line: &str) -> Update {
    match parse(line) {
        Ok((_, Command::Update(update))) => update,
        other => panic!("{line}: {other:?}"),
    }
}

#[track_caller]
fn check_amount(text: &str, bytes: i64) {
    assert_eq!(update(&format!("update --memory {text} web")).memory, Some(bytes));
}

#[test]
fn an_amount_is_in_bytes() {
    check_amount("4096", 4096);
}

#[test]
fn units_are_powers_of_1024_in_any_spelling() {
    ["64m", "64M", "64mb", "64MB", "64MiB", "64mib"].iter().for_each(|text| check_amount(text, 64 << 20));
    check_amount("3k", 3 << 10);
    check_amount("2g", 2 << 30);
    check_amount("1t", 1 << 40);
    check_amount("7b", 7);
}

#[test]
fn an_amount_may_have_a_fraction() {
    check_amount("1.5g", 3 << 29);
}

#[test]
fn a_whole_amount_loses_nothing() {
    check_amount("9007199254740993", (1 << 53) + 1);
}

#[test]
fn an_amount_of_minus_one_is_no_limit() {
    check_amount("-1", -1);
}

#[test]
fn what_is_no_amount_is_refused() {
    for text in ["x", "m", "1z", "-2", "1.2.3", "1e3", "9223372036854775807k", "99999999999999999999"] {
        let expected = format!(
            "update: invalid value \"{text}\" for flag --memory: want bytes such as 4096, 64m or 1.5g, or -1"
        );
        assert_eq!(complaint(&format!("update --memory {text} web")), expected);
    }
}

#[test]
fn a_number_names_its_flag() {
    assert_eq!(
        complaint("update --cpu-period 1.5 web"),
        "update: invalid value \"1.5\" for flag --cpu-period: want a whole number"
    );
}

#[test]
fn an_empty_limit_is_none() {
    assert_eq!(update("update --memory= web").memory, None);
}

#[track_caller]
fn check_interval(text: &str, milliseconds: u128) {
    match parse(&format!("events --interval {text} web")) {
        Ok((_, Command::Events(events))) => assert_eq!(events.interval.as_millis(), milliseconds, "{text}"),
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn an_interval_is_a_duration_of_go() {
    check_interval("5s", 5000);
    check_interval("500ms", 500);
    check_interval("1m30s", 90_000);
    check_interval("1.5h", 5_400_000);
    check_interval("2000us", 2);
    check_interval("2000\u{b5}s", 2);
    check_interval("+1s", 1000);
    check_interval(".5s", 500);
}

#[test]
fn without_a_flag_the_interval_is_five_seconds() {
    assert!(
        matches!(parse("events web"), Ok((_, Command::Events(events))) if events.interval.as_secs() == 5)
    );
}

#[test]
fn an_interval_must_be_above_zero() {
    for text in ["0", "0s", "-1s"] {
        let line = format!("events --interval={text} web");
        assert_eq!(complaint(&line), "events: duration interval must be greater than 0");
    }
}

#[test]
fn what_is_no_duration_is_refused() {
    for text in ["5", "s", "5x", "1s5", "1..5s", "-"] {
        let line = format!("events --interval={text} web");
        assert!(complaint(&line).contains("want a duration such as 500ms, 5s or 1m30s"), "{text}");
    }
}
