//! Mounts and their options.

use super::*;

fn mount(fields: &str) -> String {
    format!(r#"{{"mounts": [{{{fields}}}]}}"#)
}

#[test]
fn a_destination_is_required() {
    check(&mount(r#""type": "tmpfs""#), "/mounts/0/destination: found nothing, allowed: a string");
}

#[test]
fn a_destination_is_not_empty() {
    check(
        &mount(r#""destination": "", "type": "tmpfs""#),
        r#"/mounts/0/destination: found "", allowed: an absolute path"#,
    );
}

#[test]
fn a_relative_destination_is_deprecated() {
    warns(
        &mount(r#""destination": "tmp", "type": "tmpfs""#),
        r#"/mounts/0/destination: relative path "tmp" is deprecated: taken from "/""#,
    );
}

#[test]
fn a_relative_destination_starts_at_the_root() {
    let config = parse(&mount(r#""destination": "tmp/x", "type": "tmpfs""#)).expect("right");
    let destination = config.spec.mounts().iter().flatten().map(|mount| mount.destination().clone()).next();
    assert_eq!(destination, Some("/tmp/x".into()));
}

#[test]
fn a_bind_needs_a_source() {
    check(
        &mount(r#""destination": "/x", "options": ["rbind"]"#),
        "/mounts/0/source: found nothing, allowed: the path to bind",
    );
}

#[test]
fn anything_else_needs_a_type() {
    check(
        &mount(r#""destination": "/x", "source": "/y""#),
        "/mounts/0/type: found nothing, allowed: the type of a filesystem, or the option bind or rbind",
    );
}

#[test]
fn a_bind_needs_no_type() {
    right(&mount(r#""destination": "/x", "source": "/y", "options": ["bind", "ro"]"#));
}

#[test]
fn a_remount_needs_neither() {
    right(&mount(r#""destination": "/x", "options": ["remount", "ro"]"#));
}

#[test]
fn a_propagation_needs_neither() {
    right(&mount(r#""destination": "/x", "options": ["rslave"]"#));
}

#[test]
fn uid_mappings_need_gid_mappings() {
    check(
        &mount(
            r#""destination": "/x", "source": "/y", "options": ["bind", "idmap"], "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]"#,
        ),
        "/mounts/0/gidMappings: found nothing, allowed: mappings, since there are uidMappings",
    );
}

#[test]
fn gid_mappings_need_uid_mappings() {
    check(
        &mount(
            r#""destination": "/x", "source": "/y", "options": ["bind", "idmap"], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]"#,
        ),
        "/mounts/0/uidMappings: found nothing, allowed: mappings, since there are gidMappings",
    );
}

#[test]
fn idmap_needs_mappings_or_a_user_namespace() {
    check(
        &mount(r#""destination": "/x", "source": "/y", "options": ["bind", "idmap"]"#),
        "/mounts/0/options: found an array, allowed: idmap only with uidMappings and gidMappings or a user namespace",
    );
}

#[test]
fn idmap_may_take_the_mappings_of_the_user_namespace() {
    right(
        r#"{"mounts": [{"destination": "/x", "source": "/y", "options": ["rbind", "ridmap"]}],
        "linux": {"namespaces": [{"type": "user"}],
        "uidMappings": [{"containerID": 0, "hostID": 1, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}]}}"#,
    );
}

#[test]
fn mappings_of_a_mount_do_not_overlap() {
    check(
        &mount(
            r#""destination": "/x", "source": "/y", "options": ["bind", "idmap"], "gidMappings": [{"containerID": 0, "hostID": 1, "size": 1}],
            "uidMappings": [{"containerID": 0, "hostID": 1, "size": 5}, {"containerID": 4, "hostID": 9, "size": 5}]"#,
        ),
        "/mounts/0/uidMappings/1/containerID: found 4, allowed: ids that entry 0 does not map",
    );
}

#[test]
fn a_second_fault_in_another_mount_is_found() {
    let faults = problems(r#"{"mounts": [{"destination": ""}, {"type": 3, "destination": 4}]}"#);
    assert_eq!(faults.len(), 4, "{faults:?}");
}
