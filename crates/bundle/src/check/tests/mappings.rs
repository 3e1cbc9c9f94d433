//! Id mappings of the container and of mounts.

use super::*;

/// A new user namespace with these uid mappings, and one mapping of the gid 0.
fn uids(mappings: &str) -> String {
    format!(
        r#"{{"linux": {{"namespaces": [{{"type": "user"}}], "uidMappings": [{mappings}],
        "gidMappings": [{{"containerID": 0, "hostID": 100, "size": 1}}]}}}}"#
    )
}

#[test]
fn a_user_namespace_needs_mappings() {
    check(
        &uids(""),
        "/linux/uidMappings: found nothing, allowed: at least one mapping for the new user namespace",
    );
}

#[test]
fn a_user_namespace_with_mappings_is_right() {
    right(&uids(
        r#"{"containerID": 0, "hostID": 1000, "size": 1}, {"containerID": 1, "hostID": 100000, "size": 65536}"#,
    ));
}

#[test]
fn mappings_need_a_user_namespace() {
    check(
        r#"{"linux": {"uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}}"#,
        "/linux/uidMappings: found an array, allowed: only with a user namespace in /linux/namespaces",
    );
}

#[test]
fn a_joined_user_namespace_may_repeat_its_mappings() {
    right(
        r#"{"linux": {"namespaces": [{"type": "user", "path": "/proc/9/ns/user"}],
        "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}}"#,
    );
}

#[test]
fn a_joined_user_namespace_needs_none() {
    right(r#"{"linux": {"namespaces": [{"type": "user", "path": "/proc/9/ns/user"}]}}"#);
}

#[test]
fn a_size_is_not_zero() {
    check(
        &uids(r#"{"containerID": 0, "hostID": 1, "size": 1}, {"containerID": 5, "hostID": 9, "size": 0}"#),
        "/linux/uidMappings/1/size: found 0, allowed: 1 or more",
    );
}

#[test]
fn a_size_is_required() {
    check(
        &uids(r#"{"containerID": 0, "hostID": 1}"#),
        "/linux/uidMappings/0/size: found nothing, allowed: a whole number from 0 to 4294967295",
    );
}

#[test]
fn a_range_ends_before_the_last_id() {
    check(
        &uids(r#"{"containerID": 0, "hostID": 4294967000, "size": 296}"#),
        "/linux/uidMappings/0/size: found 296, allowed: at most 295 after these first ids",
    );
}

#[test]
fn all_ids_may_be_mapped() {
    right(&uids(r#"{"containerID": 0, "hostID": 0, "size": 4294967295}"#));
}

#[test]
fn container_ids_do_not_overlap() {
    check(
        &uids(
            r#"{"containerID": 0, "hostID": 100, "size": 10}, {"containerID": 9, "hostID": 200, "size": 1}"#,
        ),
        "/linux/uidMappings/1/containerID: found 9, allowed: ids that entry 0 does not map",
    );
}

#[test]
fn host_ids_do_not_overlap() {
    check(
        &uids(
            r#"{"containerID": 0, "hostID": 100, "size": 10}, {"containerID": 10, "hostID": 109, "size": 1}"#,
        ),
        "/linux/uidMappings/1/hostID: found 109, allowed: ids that entry 0 does not map",
    );
}

#[test]
fn there_are_at_most_340_entries() {
    let entries: Vec<_> =
        (0..341).map(|n| format!(r#"{{"containerID": {n}, "hostID": {n}, "size": 1}}"#)).collect();
    check(&uids(&entries.join(",")), "/linux/uidMappings: found 341 entries, allowed: at most 340");
}

#[test]
fn the_user_is_mapped() {
    let config = uids(r#"{"containerID": 5, "hostID": 100, "size": 10}"#);
    check(&config, "/process/user/uid: found 0, allowed: an id that /linux/uidMappings maps");
}

#[test]
fn additional_groups_are_mapped() {
    check(
        r#"{"process": {"user": {"additionalGids": [0, 7]}}, "linux": {"namespaces": [{"type": "user"}],
        "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 7}]}}"#,
        "/process/user/additionalGids/1: found 7, allowed: an id that /linux/gidMappings maps",
    );
}
