//! The device rules of a container: what `linux.resources.devices` says, between a denial of everything and the
//! devices that every container has.
//!
//! They hold without linux.resources as well: a container never has the host's devices merely because its config is
//! silent. They are left out, as in runc, only where the runtime is an ordinary user or in a user namespace itself: the
//! kernel lets neither load a device program, nor make or open a device node that the user could not open anyway.

use cgroup::{DeviceRule, with_default_devices};
use oci_spec::runtime::{LinuxDeviceCgroup, LinuxResources};

use crate::plan::{Error, Host};
use crate::problem::Problem;

/// The rules to enforce; none where they are left out. A wrong one is an error in any case.
pub(super) fn rules(resources: Option<&LinuxResources>, host: &Host) -> Result<Vec<DeviceRule>, Error> {
    let listed = listed(resources).map_err(Error::Problems)?;
    Ok(if host.is_rootless() { Vec::new() } else { with_default_devices(&listed) })
}

/// The rules of the config, or all that is wrong with them.
fn listed(resources: Option<&LinuxResources>) -> Result<Vec<DeviceRule>, Vec<Problem>> {
    let listed = resources.and_then(|resources| resources.devices().as_deref()).unwrap_or_default();
    let mut problems = Vec::new();
    let parsed = listed.iter().enumerate().map(|(index, rule)| parse(index, rule));
    let rules = parsed.filter_map(|rule| rule.map_err(|problem| problems.push(problem)).ok()).collect();
    if problems.is_empty() { Ok(rules) } else { Err(problems) }
}

fn parse(index: usize, rule: &LinuxDeviceCgroup) -> Result<DeviceRule, Problem> {
    let kind = rule.typ();
    let kind = kind.as_ref().map(|kind| kind.as_str());
    let parsed = DeviceRule::parse(rule.allow(), kind, rule.major(), rule.minor(), rule.access().as_deref());
    parsed.map_err(|wrong| Problem {
        pointer: format!("/linux/resources/devices/{index}/{}", wrong.field),
        found: wrong.found,
        allowed: wrong.allowed.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed_in(devices: &str) -> Result<Vec<DeviceRule>, Vec<Problem>> {
        let resources = serde_json::from_str(&format!(r#"{{"devices": {devices}}}"#)).unwrap();
        listed(Some(&resources))
    }

    #[track_caller]
    fn check(devices: &str, expected: &[&str]) {
        let rules = listed_in(devices).unwrap();
        let words = |rule: &DeviceRule| format!("{} {rule}", if rule.allow { "allow" } else { "deny" });
        assert_eq!(rules.iter().map(words).collect::<Vec<_>>(), expected);
    }

    #[track_caller]
    fn check_problems(devices: &str, expected: &[&str]) {
        let problems = listed_in(devices).unwrap_err();
        assert_eq!(problems.iter().map(Problem::to_string).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn rules_stay_in_order() {
        let devices = r#"[{"allow": false, "access": "rwm"},
            {"allow": true, "type": "c", "major": 10, "minor": 200, "access": "rw"}]"#;
        check(devices, &["deny a *:* rwm", "allow c 10:200 rw"]);
    }

    #[test]
    fn minus_one_is_every_number() {
        check(
            r#"[{"allow": true, "type": "b", "major": 8, "minor": -1, "access": "r"}]"#,
            &["allow b 8:* r"],
        );
    }

    #[test]
    fn every_wrong_field_is_named_with_its_rule() {
        let devices = r#"[{"allow": true, "type": "c"}, {"allow": true, "access": "r"},
            {"allow": true, "type": "p", "access": "r"}, {"allow": true, "major": 99999999999, "access": "r"}]"#;
        let expected = [
            r#"/linux/resources/devices/0/access: found "", allowed: one or more letters of "rwm""#,
            r#"/linux/resources/devices/2/type: found "p", allowed: a, b or c"#,
            "/linux/resources/devices/3/major: found 99999999999, allowed: a device number, or -1 for all",
        ];
        check_problems(devices, &expected);
    }

    #[test]
    fn a_config_without_resources_lists_none() {
        assert_eq!(listed(None), Ok(Vec::new()));
    }
}
