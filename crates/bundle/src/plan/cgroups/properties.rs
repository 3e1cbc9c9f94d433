//! What systemd is told of a container's unit: the customary, the limits, the devices, and what annotations add or
//! replace.

use cgroup::{DeviceRule, Property, Unit, Write, device_properties, limit_properties, put};
use oci_spec::runtime::Spec;

use crate::plan::{Error, Host};
use crate::problem::{At, Problem};

/// All properties; the annotations have the last word.
pub(super) fn of(
    unit: &Unit,
    spec: &Spec,
    host: &Host,
    id: &str,
    writes: &[Write],
    devices: &[DeviceRule],
) -> Result<Vec<Property>, Error> {
    let mut properties = unit.properties(id);
    properties.extend(limit_properties(writes));
    if !devices.is_empty() {
        properties.extend(device_properties(devices, host.device_groups()));
    }
    for property in annotated(spec).map_err(Error::Problems)? {
        put(&mut properties, property);
    }
    Ok(properties)
}

/// The properties that annotations ask for, by name, or all that is wrong with them.
fn annotated(spec: &Spec) -> Result<Vec<Property>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut annotations: Vec<(&String, &String)> = spec.annotations().iter().flatten().collect();
    annotations.sort_unstable();
    let parsed = annotations.into_iter().filter_map(|(key, text)| {
        let parsed = Property::of_annotation(key, text);
        parsed.map_err(|wrong| problems.push(problem(key, wrong))).ok().flatten()
    });
    let properties = parsed.collect();
    if problems.is_empty() { Ok(properties) } else { Err(problems) }
}

fn problem(key: &str, wrong: cgroup::InvalidProperty) -> Problem {
    let at = At::Root.key("annotations").key(key).to_string();
    Problem { pointer: at, found: wrong.found, allowed: wrong.allowed }
}
