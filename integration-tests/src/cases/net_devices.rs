//! Network devices of the host that move into the container. The host of these cases is a network namespace of their
//! own, in which a script makes the devices.

use crate::bundle::Bundle;
use crate::case::{Case, Outcome, case};
use crate::console::arg;
use crate::expect::{contains, hold, lacks, same};
use crate::runtime::Output;
use crate::test::Test;
use serde_json::{Value, json};

const RULE: &str = "config-linux.md: Network Devices";

pub(crate) const CASES: &[Case] = &[
    case("a network device moves into the container", RULE, |t| {
        contains("the container's devices", &devices(t, json!({"host0": {}}))?, "host0\n")
    })
    .differs("runc", "new in 1.4"),
    case("a network device is gone from the host", RULE, |t| {
        let bundle = moving(t, json!({"host0": {}}))?.sh("");
        lacks("the host's devices", &on_host(t, &bundle, "", "ip link")?.ok()?.stdout, "host0")
    })
    .differs("runc", "new in 1.4"),
    case("a network device is renamed", RULE, |t| {
        let found = devices(t, json!({"host0": {"name": "inside"}}))?;
        contains("the container's devices", &found, "inside\n")?;
        lacks("the container's devices", &found, "host0\n")
    })
    .differs("runc", "new in 1.4"),
    case("a network device is up in the container", RULE, |t| {
        let bundle = moving(t, json!({"host0": {"name": "inside"}}))?.sh("ip link show dev inside");
        contains("ip link", &on_host(t, &bundle, "", "")?.ok()?.stdout, ",UP")
    })
    .differs("runc", "new in 1.4"),
    case("a network device keeps its lasting addresses", RULE, |t| {
        let text =
            addresses(t, "ip addr add 10.9.8.7/24 broadcast + dev host0; ip addr add fd00::7/64 dev host0")?;
        contains("ip addr", &text, "inet 10.9.8.7/24 brd 10.9.8.255 scope global inside\n")?;
        contains("ip addr", &text, "inet6 fd00::7/64 scope global")
    })
    .differs("runc", "new in 1.4"),
    case("a network device keeps the peer of an address", RULE, |t| {
        let text = addresses(t, "ip addr add 10.9.8.7 peer 10.9.8.6 dev host0")?;
        contains("ip addr", &text, "inet 10.9.8.7 peer 10.9.8.6/32 scope global")
    })
    .differs("runc", "new in 1.4"),
    case("a network device loses addresses of a narrower scope", RULE, |t| {
        let text = addresses(
            t,
            "ip addr add 169.254.1.1/16 scope link dev host0; ip addr add 10.9.8.7/24 dev host0",
        )?;
        contains("ip addr", &text, "10.9.8.7")?;
        lacks("ip addr", &text, "169.254.1.1")
    })
    .differs("runc", "new in 1.4"),
    case("a network device keeps its MTU and hardware address", RULE, |t| {
        let bundle =
            moving(t, json!({"host0": {}}))?.sh("cat /sys/class/net/host0/mtu /sys/class/net/host0/address");
        let setup = "ip link set host0 mtu 1234 address 02:00:00:00:00:07";
        same("MTU and address", on_host(t, &bundle, setup, "")?.ok()?.stdout, "1234\n02:00:00:00:00:07\n")
    })
    .differs("runc", "new in 1.4"),
    case("several network devices move", RULE, |t| {
        let found = devices(t, json!({"host0": {"name": "one"}, "veth0": {"name": "two"}}))?;
        same("the container's devices", found, "lo\none\ntwo\n")
    })
    .differs("runc", "new in 1.4"),
    case("a template becomes the first free name", RULE, |t| {
        let found = devices(t, json!({"host0": {"name": "net%d"}, "veth0": {"name": "net%d"}}))?;
        same("the container's devices", found, "lo\nnet0\nnet1\n")
    })
    .differs("runc", "new in 1.4"),
    case("a network device moves into a user namespace's network", RULE, |t| {
        let bundle = moving(t, json!({"host0": {"name": "inside"}}))?.user_namespace()?;
        let output =
            on_host(t, &bundle.sh("ip addr show dev inside"), "ip addr add 10.9.8.7/24 dev host0", "")?;
        contains("ip addr", &output.ok()?.stdout, "inet 10.9.8.7/24")
    })
    .differs("runc", "new in 1.4"),
    case("a network device moves into a joined network namespace and stays there", RULE, |t| {
        let first = t.idle()?;
        let bundle = moving(t, json!({"host0": {}}))?.join("network", &format!("/proc/{}/ns/net", first.pid));
        // Asked while the host is there: with its last process, the other end of the pair ends both.
        let look = format!("/usr/bin/nsenter --net=/proc/{}/ns/net {} ip link", first.pid, arg(t.busybox()));
        let output = on_host(t, &bundle.sh(""), "", &look)?.ok()?;
        contains("devices of the first container", &output.stdout, "host0@")
    })
    .differs("runc", "new in 1.4"),
    case("a network device that is not there is an error", RULE, |t| {
        let bundle = moving(t, json!({"nowhere0": {}}))?;
        on_host(t, &bundle, "", "")?.refused(1, "nowhere0")?;
        t.nothing_left()
    })
    .differs("runc", "1.1 ignores the field"),
    case("a loopback device is refused", RULE, |t| {
        let bundle = moving(t, json!({"lo": {"name": "lo1"}}))?;
        on_host(t, &bundle, "", "")?.refused(1, "loopback")?;
        t.nothing_left()
    })
    .differs("runc", "1.1 ignores the field"),
    case("a name that is in use in the container is an error", RULE, |t| {
        let bundle = moving(t, json!({"host0": {"name": "lo"}}))?;
        let output = on_host(t, &bundle, "", "ip link")?.refused(1, "already")?;
        contains("the host's devices", &output.stdout, "host0@")?;
        t.nothing_left()
    })
    .differs("runc", "1.1 ignores the field"),
    case("a network device goes back when the container cannot be made", "runtime.md: Errors", |t| {
        let bundle = moving(t, json!({"host0": {"name": "inside"}}))?.args(&["/no/such/program"]);
        let setup = "ip addr add 10.9.8.7/24 dev host0; ip link set host0 up";
        let output = on_host(t, &bundle, setup, "ip addr show dev host0")?.refused(1, "/no/such/program")?;
        contains("the host's ip addr", &output.stdout, ",UP")?;
        contains("the host's ip addr", &output.stdout, "inet 10.9.8.7/24")?;
        t.nothing_left()
    }),
    case("a network device without a network namespace is an error", RULE, |t| {
        t.rejects(&moving(t, json!({"host0": {}}))?.without_namespace("network"), "netDevices")
    })
    .differs("runc", "1.1 ignores the field"),
    case("features announces network devices", "features-linux.md: NetDevices", |t| {
        let text = t.bare(&["features"])?.output()?.ok()?.stdout;
        let document = crate::expect::json(&text)?;
        hold(document["linux"]["netDevices"]["enabled"] == true, "netDevices is not enabled")
    })
    .differs("runc", "new in 1.4"),
];

fn moving(t: &Test, devices: Value) -> Outcome<Bundle> {
    Ok(t.bundle()?.set("/linux/netDevices", devices))
}

/// The devices of a container that gets these of the host's.
fn devices(t: &Test, wanted: Value) -> Outcome<String> {
    let bundle = moving(t, wanted)?.args(&["ls", "/sys/class/net"]);
    Ok(on_host(t, &bundle, "", "")?.ok()?.stdout)
}

/// The addresses in the container of a device that has those of `setup` on the host.
fn addresses(t: &Test, setup: &str) -> Outcome<String> {
    let bundle = moving(t, json!({"host0": {"name": "inside"}}))?.sh("ip addr show dev inside");
    Ok(on_host(t, &bundle, setup, "")?.ok()?.stdout)
}

/// `run` on a host with the devices `host0` and `veth0`, after one script and before another.
fn on_host(t: &Test, bundle: &Bundle, setup: &str, after: &str) -> Outcome<Output> {
    let script = format!(
        "ip() {{ {} ip \"$@\"; }}; ip link add host0 type veth; {setup}; \"$@\"; status=$?; {after}; exit $status",
        arg(t.busybox())
    )
    .replace("; ;", ";");
    t.run_through(&["/usr/bin/unshare", "--net", "/bin/sh", "-c", &script, "sh"], bundle, &[])?.output()
}
