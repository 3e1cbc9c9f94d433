//! Device rules as unit properties. They are enforced by our own means, exactly; systemd is told of them so that its
//! own program (v2) or its own writing to the lists (v1), which it repeats on `daemon-reload`, takes nothing away that
//! the rules allow.

use dbus::Value;

use super::Property;
use crate::devices::{DeviceKind, DeviceRule, FIELD, List};

/// The names of device drivers by number: /proc/devices (proc_devices(5)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceGroups(Vec<(DeviceKind, u32, String)>);

impl DeviceGroups {
    /// Reads the table.
    pub fn parse(table: &str) -> DeviceGroups {
        let mut kind = DeviceKind::Char;
        let mut groups = Vec::new();
        for line in table.lines() {
            match line.trim() {
                "Character devices:" => kind = DeviceKind::Char,
                "Block devices:" => kind = DeviceKind::Block,
                entry => {
                    let entry =
                        entry.split_once(' ').and_then(|(major, name)| Some((major.parse().ok()?, name)));
                    groups.extend(entry.map(|(major, name)| (kind, major, name.to_owned())));
                }
            }
        }
        DeviceGroups(groups)
    }

    fn name(&self, kind: DeviceKind, major: u32) -> Option<&str> {
        self.0.iter().find(|(of, number, _)| (*of, *number) == (kind, major)).map(|(.., name)| name.as_str())
    }
}

/// The properties for these rules; none for no rules. Pure.
///
/// systemd knows no exception from what is allowed. Where rules amount to one, it is told to allow all.
pub fn device_properties(rules: &[DeviceRule], groups: &DeviceGroups) -> Vec<Property> {
    if rules.is_empty() {
        return Vec::new();
    }
    let entries = match List::fold(rules) {
        Ok(List { default_allow: false, exceptions }) => {
            exceptions.iter().map(|rule| entry(rule, groups)).collect()
        }
        Ok(List { default_allow: true, .. }) | Err(_) => Vec::new(),
    };
    let policy = if entries.is_empty() { "auto" } else { "strict" };
    let pairs = Value::Array("(ss)".into(), entries);
    [("DevicePolicy", Value::str(policy)), ("DeviceAllow", pairs)]
        .map(|(name, value)| Property { field: FIELD.into(), ..Property::new(name, value) })
        .into()
}

/// One node is a path that need not exist; all nodes of a driver go by its name. A driver that is not loaded has none,
/// and may be any: too much here takes nothing from what we enforce.
fn entry(rule: &DeviceRule, groups: &DeviceGroups) -> Value {
    let kind = if rule.kind == DeviceKind::Block { "block" } else { "char" };
    let node = match (rule.major, rule.minor) {
        (Some(major), Some(minor)) => format!("/dev/{kind}/{major}:{minor}"),
        (Some(major), None) => format!("{kind}-{}", groups.name(rule.kind, major).unwrap_or("*")),
        (None, _) => format!("{kind}-*"),
    };
    Value::Struct(vec![Value::Str(node), Value::Str(rule.access.to_string())])
}
