//! Flags in all spellings, and what ends them.

use super::*;

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
