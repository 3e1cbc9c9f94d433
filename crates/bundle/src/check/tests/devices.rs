//! Devices.

use super::*;

fn device(fields: &str) -> String {
    format!(r#"{{"linux": {{"devices": [{{{fields}}}]}}}}"#)
}

#[test]
fn a_type_is_known() {
    check(
        &device(r#""type": "a", "path": "/dev/x", "major": 1, "minor": 3"#),
        r#"/linux/devices/0/type: found "a", allowed: c, b, u, p"#,
    );
}

#[test]
fn a_path_is_absolute() {
    check(
        &device(r#""type": "c", "path": "dev/x", "major": 1, "minor": 3"#),
        r#"/linux/devices/0/path: found "dev/x", allowed: an absolute path"#,
    );
}

#[test]
fn a_major_number_is_required() {
    check(
        &device(r#""type": "c", "path": "/dev/x", "minor": 3"#),
        "/linux/devices/0/major: found nothing, allowed: a whole number",
    );
}

#[test]
fn a_fifo_has_no_numbers() {
    right(&device(r#""type": "p", "path": "/dev/x""#));
}

#[test]
fn a_major_number_has_twelve_bits() {
    check(
        &device(r#""type": "b", "path": "/dev/x", "major": 4096, "minor": 3"#),
        "/linux/devices/0/major: found 4096, allowed: a whole number from 0 to 4095",
    );
}

#[test]
fn a_minor_number_has_twenty_bits() {
    check(
        &device(r#""type": "u", "path": "/dev/x", "major": 1, "minor": -1"#),
        "/linux/devices/0/minor: found -1, allowed: a whole number from 0 to 1048575",
    );
}

#[test]
fn a_path_has_one_device() {
    check(
        r#"{"linux": {"devices": [{"type": "c", "path": "/dev/x", "major": 1, "minor": 3}, {"type": "c", "path": "/dev/x", "major": 1, "minor": 5}]}}"#,
        r#"/linux/devices/1/path: found "/dev/x", allowed: a path that entry 0 does not give to another device"#,
    );
}

#[test]
fn a_device_may_be_repeated() {
    right(
        r#"{"linux": {"devices": [{"type": "c", "path": "/dev/x", "major": 1, "minor": 3}, {"type": "u", "path": "/dev/x", "major": 1, "minor": 3}]}}"#,
    );
}

#[test]
fn a_default_device_may_be_replaced() {
    right(&device(r#""type": "c", "path": "/dev/random", "major": 1, "minor": 9, "fileMode": 8630"#));
}
