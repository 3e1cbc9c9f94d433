//! Amounts of memory and durations.

use super::*;

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
