//! `linux.netDevices` (config-linux.md, "Network Devices").

use std::collections::BTreeMap;

use oci_spec::runtime::{Linux, LinuxNamespaceType as Kind};

use super::Findings;
use super::namespaces::{Listed, needs};
use super::text::is_interface_name;
use crate::problem::At;

pub(super) fn check(linux: &Linux, at: &At<'_>, namespaces: &Listed<'_>, findings: &mut Findings) {
    let Some(devices) = linux.net_devices() else { return };
    needs(Kind::Network, !devices.is_empty(), at, devices, namespaces, findings);
    let names: BTreeMap<&str, &str> =
        devices.iter().map(|(host, device)| (host.as_str(), target(host, device.name()))).collect();
    for (host, name) in &names {
        let at = at.key(host);
        findings.must(
            is_interface_name(host),
            &at,
            host,
            "an interface name: 1 to 15 bytes, no slash, colon or blank",
        );
        findings.must(is_target(name), &at.key("name"), name, "an interface name, at most one %d in it");
        let taken = names.range(..*host).any(|(_, other)| other == name) && !name.contains('%');
        findings.must(!taken, &at.key("name"), name, "each name once in the container");
    }
}

/// The name inside the container: the host's unless another is given.
fn target<'a>(host: &'a str, name: &'a Option<String>) -> &'a str {
    name.as_deref().filter(|name| !name.is_empty()).unwrap_or(host)
}

/// A name, or a template that the kernel numbers: it takes one `%d` and no other per cent sign.
fn is_target(name: &str) -> bool {
    is_interface_name(name) && name.matches('%').count() <= 1 && name.contains('%') == name.contains("%d")
}
