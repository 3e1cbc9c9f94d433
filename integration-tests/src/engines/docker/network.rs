//! Scenarios of Docker: networks. The engine sets them up in a prestart hook.

use super::Docker;
use crate::case::Outcome;
use crate::engines::scenario::{Scenario, scenario};
use crate::expect::until;

/// Says hello to each who connects.
const SERVER: &[&str] = &["/bin/nc", "-ll", "-p", "7000", "-e", "/bin/echo", "hello"];

pub(super) const ALL: &[Scenario<Docker>] = &[
    scenario("a container on the bridge has an address", |d| {
        d.sh("", "ip -4 -o addr show dev eth0 | grep -c 'inet 172\\.'; ip route | grep -c default")
    }),
    scenario("two containers reach each other over the bridge", |d| {
        let server = d.alive_with("", SERVER)?;
        let address = server.inspect("{{.NetworkSettings.IPAddress}}")?;
        client(d, "", &address)
    }),
    scenario("two containers reach each other by name on a network", |d| {
        let name = d.lab.name();
        d.says(&format!("network create {name}"))?;
        let seen = d
            .alive_with(&format!("--network {name} --network-alias server"), SERVER)
            .and_then(|_server| client(d, &format!("--network {name}"), "server"));
        d.says(&format!("network rm {name}"))?;
        seen
    }),
    scenario("--network container: shares the devices", |d| {
        let server = d.alive_with("", SERVER)?;
        client(d, &format!("--network container:{}", server.name), "127.0.0.1")
    }),
    scenario("--network host", |d| d.sh("--network host", "ip link show docker0 | grep -c docker0")),
    scenario("--network none has the loopback alone", |d| {
        d.sh("--network none", "ls /sys/class/net; ip -o addr show lo | grep -c 127.0.0.1")
    }),
    scenario("a published port is reached from outside", |d| {
        let _server = d.alive_with("-p 127.0.0.1:7001:7000", SERVER)?;
        until("the port answers", || {
            d.lab.host_sh("busybox nc 127.0.0.1 7001").ok().filter(|text| text.contains("hello"))
        })
    }),
    scenario("a network connected later", |d| {
        let alive = d.alive("")?;
        let name = d.lab.name();
        d.says(&format!("network create {name}"))?;
        let seen = d
            .says(&format!("network connect {name} {}", alive.name))
            .and_then(|_| alive.sh("ls /sys/class/net"));
        d.says(&format!("network disconnect {name} {}", alive.name))?;
        d.says(&format!("network rm {name}"))?;
        seen
    }),
];

fn client(d: &Docker, flags: &str, address: &str) -> Outcome<String> {
    until("the server answers", || {
        d.sh(flags, &format!("nc -w 5 {address} 7000")).ok().filter(|text| text.contains("hello"))
    })
}
