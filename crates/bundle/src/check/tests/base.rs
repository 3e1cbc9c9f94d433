//! The version, the root and what every config has.

use super::*;

const VERSIONS: &str = "a semantic version from 1.0.0 to 1.3.x of the runtime specification";

#[test]
fn the_unpatched_config_is_right() {
    right("{}");
}

#[test]
fn versions_that_engines_write_are_supported() {
    for version in ["1.0.0", "1.0.0-rc5", "1.0.2-dev", "1.1.0+dev", "1.2.1", "1.3.0", "1.3.1-rc.1+build.7"] {
        right(&format!(r#"{{"ociVersion": "{version}"}}"#));
    }
}

#[test]
fn other_versions_are_not() {
    for version in [
        "",
        "0.9.0",
        "1.4.0",
        "1.4.0-dev",
        "2.0.0",
        "1.0",
        "v1.0.0",
        "1.0.0.0",
        "01.0.0",
        "1.0.0-",
        "1.0.0+",
        "1.0.0-01",
        "1.0.0-a..b",
        "latest",
        "1.0.0\\n",
    ] {
        let shown = version.replace("\\\\", "\\");
        check(
            &format!(r#"{{"ociVersion": "{version}"}}"#),
            &format!("/ociVersion: found \"{shown}\", allowed: {VERSIONS}"),
        );
    }
}

#[test]
fn version_is_required() {
    check(r#"{"ociVersion": null}"#, "/ociVersion: found nothing, allowed: a string");
}

#[test]
fn root_is_required() {
    check(r#"{"root": null}"#, "/root: found nothing, allowed: an object");
}

#[test]
fn root_path_is_required() {
    check(r#"{"root": {"path": null}}"#, "/root/path: found nothing, allowed: a string");
}

#[test]
fn root_path_is_not_empty() {
    check(r#"{"root": {"path": ""}}"#, r#"/root/path: found "", allowed: the path of a directory"#);
}

#[test]
fn process_is_optional_before_start() {
    right(r#"{"process": null}"#);
}

#[test]
fn linux_is_optional() {
    right(r#"{"linux": null}"#);
}

#[test]
fn annotation_keys_are_not_empty() {
    check(r#"{"annotations": {"": "x"}}"#, r#"/annotations/: found "x", allowed: keys that are not empty"#);
}

#[test]
fn annotation_values_may_hold_anything() {
    right(r#"{"annotations": {"org.example": "\u0000\n"}}"#);
}

#[test]
fn annotation_values_may_be_empty() {
    right(r#"{"annotations": {"org.example": ""}}"#);
}

#[test]
fn a_host_name_needs_a_uts_namespace() {
    check(
        r#"{"hostname": "web", "linux": {"namespaces": []}}"#,
        r#"/hostname: found "web", allowed: only with a uts namespace in /linux/namespaces"#,
    );
}

#[test]
fn a_domain_name_needs_a_uts_namespace() {
    check(
        r#"{"domainname": "web", "linux": null}"#,
        r#"/domainname: found "web", allowed: only with a uts namespace in /linux/namespaces"#,
    );
}

#[test]
fn a_joined_uts_namespace_will_do() {
    right(r#"{"hostname": "web", "linux": {"namespaces": [{"type": "uts", "path": "/proc/1/ns/uts"}]}}"#);
}

#[test]
fn an_empty_host_name_is_none() {
    right(r#"{"hostname": "", "linux": null}"#);
}

#[test]
fn a_host_name_has_at_most_64_bytes() {
    let name = "x".repeat(65);
    check(
        &format!(r#"{{"hostname": "{name}"}}"#),
        &format!("/hostname: found \"{name}\", allowed: at most 64 bytes"),
    );
}
