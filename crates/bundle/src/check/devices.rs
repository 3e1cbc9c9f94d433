//! `linux.devices` (config-linux.md, "Devices").

use oci_spec::runtime::{Linux, LinuxDevice, LinuxDeviceType as Type};

use super::Findings;
use crate::problem::At;

/// Widths of the kernel's `dev_t`: 12 bits of major, 20 of minor number.
const MAJORS: std::ops::Range<i64> = 0..1 << 12;
const MINORS: std::ops::Range<i64> = 0..1 << 20;

pub(super) fn check(linux: &Linux, at: &At<'_>, findings: &mut Findings) {
    let devices = linux.devices().as_deref().unwrap_or_default();
    for (index, device) in devices.iter().enumerate() {
        let at = at.index(index);
        findings.must(device.path().is_absolute(), &at.key("path"), device.path(), "an absolute path");
        numbers(device, &at, findings);
        once(device, &devices[..index], &at, findings);
    }
}

fn numbers(device: &LinuxDevice, at: &At<'_>, findings: &mut Findings) {
    if device.typ() != Type::P {
        let (major, minor) = (device.major(), device.minor());
        findings.must(MAJORS.contains(&major), &at.key("major"), &major, "a whole number from 0 to 4095");
        findings.must(MINORS.contains(&minor), &at.key("minor"), &minor, "a whole number from 0 to 1048575");
    }
}

/// A path may be listed twice only for the same device: a second, different one would find the first in its
/// place.
fn once(device: &LinuxDevice, before: &[LinuxDevice], at: &At<'_>, findings: &mut Findings) {
    let same = |other: &LinuxDevice| identity(other) == identity(device);
    let clash = before.iter().position(|other| other.path() == device.path() && !same(other));
    if let Some(other) = clash.filter(|_| findings.is_sound(at)) {
        let allowed = format!("a path that entry {other} does not give to another device");
        findings.must(false, &at.key("path"), device.path(), &allowed);
    }
}

/// Type, major and minor; "c" and "u" are the same type (mknod(1)), and a FIFO has no numbers.
fn identity(device: &LinuxDevice) -> (&'static str, i64, i64) {
    match device.typ() {
        Type::P => ("p", 0, 0),
        Type::B => ("b", device.major(), device.minor()),
        Type::A | Type::C | Type::U => ("c", device.major(), device.minor()),
    }
}
