//! Devices.

use super::*;

fn devices() -> Resources {
    Resources { devices: crate::with_default_devices(&[]), ..Resources::default() }
}

#[test]
fn device_rules_are_writes_on_v1_and_hybrid_hosts_only() {
    assert_eq!(lines(&devices(), &v1())[0], "devices.deny=a");
    assert_eq!(lines(&devices(), &hybrid())[0], "devices.deny=a");
    check(&devices(), &v2(), &[]);
}

#[test]
fn device_rules_without_cgroups_are_an_error() {
    let expected = "linux.resources.devices: this host has no devices cgroup controller";
    check_error(&devices(), &Controllers::default(), expected);
}
