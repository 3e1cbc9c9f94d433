//! Network.

use super::*;

#[test]
fn network_classes_and_priorities_are_of_v1() {
    let network = Network {
        class_id: Some(0x10_0001),
        priorities: vec![InterfacePriority { name: "eth0".into(), priority: 500 }],
    };
    let network = Resources { network, ..Resources::default() };
    check(&network, &v1(), &["net_cls.classid=1048577", "net_prio.ifpriomap=eth0 500"]);
    check_error(
        &network,
        &v2(),
        "linux.resources.network.classID: cgroup v2 has nothing that corresponds to it",
    );
    check_error(
        &network,
        &hybrid(),
        "linux.resources.network.classID: this host has no net_cls cgroup controller",
    );
}
