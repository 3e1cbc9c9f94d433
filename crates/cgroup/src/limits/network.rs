//! `linux.resources.network`: two controllers that only v1 has.

use crate::Error;
use crate::controllers::{Controllers, Version};
use crate::limits::{Write, only_v1};
use crate::resources::Network;

const CLASS_ID: &str = "linux.resources.network.classID";
const PRIORITIES: &str = "linux.resources.network.priorities";

pub(super) fn writes(network: &Network, controllers: &Controllers) -> Result<Vec<Write>, Error> {
    let mut writes = Vec::new();
    // Zero is "no class", which is what a cgroup starts with and what a host without the controller has.
    if let Some(class) = network.class_id.filter(|&class| class != 0) {
        find(controllers, "net_cls", CLASS_ID)?;
        writes.push(Write::new(Version::V1, "net_cls", "net_cls.classid", class, CLASS_ID));
    }
    for interface in &network.priorities {
        find(controllers, "net_prio", PRIORITIES)?;
        let line = format!("{} {}", interface.name, interface.priority);
        writes.push(Write::new(Version::V1, "net_prio", "net_prio.ifpriomap", line, PRIORITIES));
    }
    Ok(writes)
}

/// On a host with v2 alone the reason is not the host.
fn find(controllers: &Controllers, controller: &str, field: &'static str) -> Result<(), Error> {
    match controllers.is_unified_alone() {
        true => Err(only_v1(field)),
        false => controllers.find_v1(controller, field),
    }
}
