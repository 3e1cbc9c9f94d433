//! `linux.resources.rdma`; the same file on both versions.

use std::collections::BTreeMap;

use crate::Error;
use crate::controllers::Controllers;
use crate::limits::Write;
use crate::resources::Rdma;

const FIELD: &str = "linux.resources.rdma";

pub(super) fn writes(
    devices: &BTreeMap<String, Rdma>,
    controllers: &Controllers,
) -> Result<Vec<Write>, Error> {
    devices
        .iter()
        .map(|(device, limits)| {
            let field = format!("{FIELD}.{device}");
            let version = controllers.find("rdma", "rdma", FIELD)?;
            let line = line(device, limits).ok_or_else(|| {
                Error::rule("at least one of hcaHandles and hcaObjects must be set").of(field.clone())
            })?;
            Ok(Write::new(version, "rdma", "rdma.max", line, field))
        })
        .collect()
}

fn line(device: &str, limits: &Rdma) -> Option<String> {
    let handles = limits.hca_handles.map(|count| format!(" hca_handle={count}"));
    let objects = limits.hca_objects.map(|count| format!(" hca_object={count}"));
    let both: String = [handles, objects].into_iter().flatten().collect();
    (!both.is_empty()).then(|| format!("{device}{both}"))
}
