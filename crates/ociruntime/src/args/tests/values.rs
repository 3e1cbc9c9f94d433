//! The values of flags: users, groups, numbers, words.

use super::*;

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
fn a_log_is_a_file_with_and_without_the_word() {
    for line in ["--log /var/log/x list", "--log=file:/var/log/x list"] {
        assert_eq!(globals(&words(line)).unwrap().0.log, Some("/var/log/x".into()), "{line}");
    }
}

#[test]
fn a_log_that_is_no_file_is_refused() {
    assert_eq!(
        complaint("--log journald:web list"),
        "invalid log \"journald:web\": there is no journald here, want FILE or file:FILE"
    );
}

#[test]
fn the_cgroup_manager_is_one_of_two() {
    let manager = |line: &str| globals(&words(line)).unwrap().0.cgroup_manager;
    assert_eq!(manager("list"), None);
    assert_eq!(manager("--cgroup-manager systemd list"), Some(CgroupManager::Systemd));
    assert_eq!(manager("--cgroup-manager=cgroupfs list"), Some(CgroupManager::Cgroupfs));
    assert_eq!(
        complaint("--cgroup-manager disabled list"),
        "invalid cgroup-manager \"disabled\": want cgroupfs or systemd"
    );
}

#[test]
fn another_config_may_be_named() {
    assert_eq!(create("create web").config, None);
    assert_eq!(create("create -f other.json web").config, Some("other.json".into()));
    assert_eq!(create("create --config=other.json web").config, Some("other.json".into()));
}
