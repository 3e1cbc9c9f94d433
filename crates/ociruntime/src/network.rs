//! What went over a container's network interfaces, by /proc/PID/net/dev (proc_pid_net(5)).

use std::fs;

use serde::Serialize;

use crate::error::{Error, Result};

/// The counters of an interface, by the names that runc has for them.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Interface {
    name: String,
    rx_bytes: u64,
    rx_packets: u64,
    rx_errors: u64,
    rx_dropped: u64,
    tx_bytes: u64,
    tx_packets: u64,
    tx_errors: u64,
    tx_dropped: u64,
}

/// The interfaces in the network namespace of a process, without the loopback; none if the namespace is also ours, whose
/// interfaces are not the container's.
pub(crate) fn interfaces(pid: i32) -> Result<Vec<Interface>> {
    let namespace = |process: &str| fs::read_link(format!("/proc/{process}/ns/net"));
    let theirs = namespace(&pid.to_string());
    // It has ended.
    let Ok(theirs) = theirs else { return Ok(Vec::new()) };
    if theirs == namespace("self").map_err(Error::io("read", "/proc/self/ns/net"))? {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(format!("/proc/{pid}/net/dev")).unwrap_or_default();
    Ok(text.lines().filter_map(interface).filter(|interface| interface.name != "lo").collect())
}

/// A line with a name, eight counters of what came and eight of what went; the headings have no colon.
fn interface(line: &str) -> Option<Interface> {
    let (name, counters) = line.rsplit_once(':')?;
    let counters: Vec<u64> = counters.split_whitespace().map_while(|word| word.parse().ok()).collect();
    let (came, went) = counters.split_at_checked(8)?;
    Some(Interface {
        name: name.trim().to_owned(),
        rx_bytes: came[0],
        rx_packets: came[1],
        rx_errors: came[2],
        rx_dropped: came[3],
        tx_bytes: *went.first()?,
        tx_packets: *went.get(1)?,
        tx_errors: *went.get(2)?,
        tx_dropped: *went.get(3)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_eight_counters_for_each_direction() {
        let found = interface(
            "  eth0:     101       2    3    4    5     6          7         8      109      10   11   12    0     0       0          0",
        );
        let json = serde_json::to_string(&found.unwrap()).unwrap();
        let expected = concat!(
            r#"{"Name":"eth0","RxBytes":101,"RxPackets":2,"RxErrors":3,"RxDropped":4,"#,
            r#""TxBytes":109,"TxPackets":10,"TxErrors":11,"TxDropped":12}"#
        );
        assert_eq!(json, expected);
    }

    #[test]
    fn headings_are_no_interface() {
        assert_eq!(
            interface("Inter-|   Receive                                                |  Transmit"),
            None
        );
        assert_eq!(
            interface(" face |bytes    packets errs drop fifo frame compressed multicast|bytes"),
            None
        );
    }

    #[test]
    fn our_own_interfaces_are_not_told() {
        assert_eq!(interfaces(std::process::id() as i32).unwrap(), []);
    }
}
