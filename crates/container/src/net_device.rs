//! Moves devices of the host's network into the container's (config-linux.md "Network Devices").
//!
//! The parent does it, since the host's devices are its; the child lends the socket that speaks for its namespace.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;

use sys::netlink::{self, Address, Device};
use sys::{Call, Errno, Error as CallError, process};

use crate::error::{Error, Result};
use crate::plan::NetDevice;

/// Devices that were moved; they go back unless they are kept.
#[derive(Debug, Default)]
pub(crate) struct Moved(Vec<Move>);

/// A device on its way.
#[derive(Debug)]
struct Move {
    /// As it was on the host.
    device: Device,
    addresses: Vec<Address>,
    /// As it is called in the container.
    name: CString,
    /// The devices that the container had before, by index.
    others: Vec<u32>,
    here: OwnedFd,
    there: OwnedFd,
}

impl Moved {
    /// Moves a device to the network namespace of `child`, for which `there` speaks.
    pub(crate) fn take(&mut self, wanted: &NetDevice, child: i32, there: OwnedFd) -> Result<()> {
        let moving = Move::prepare(wanted, there)?;
        let carried = moving.carry_over(child);
        // Also after a failure: it may have been half the way.
        self.0.push(moving);
        carried.map_err(Error::doing("move it"))
    }

    /// The container is there: its devices stay.
    pub(crate) fn keep(mut self) {
        self.0.clear();
    }
}

impl Drop for Moved {
    fn drop(&mut self) {
        for moved in self.0.iter().rev() {
            // Best effort, as what will be told is the failure that led here. The kernel gives a physical device back
            // when the namespace ends.
            let _ = moved.bring_back();
        }
    }
}

impl Move {
    fn prepare(wanted: &NetDevice, there: OwnedFd) -> Result<Move> {
        let here = netlink::open().map_err(Error::doing("ask for network devices"))?;
        let device = netlink::device(&here, &wanted.host).map_err(Error::doing("look for it on the host"))?;
        if device.is_loopback() {
            return Err(Error::Plain("a loopback device cannot leave its network namespace".into()));
        }
        let addresses =
            netlink::lasting_addresses(&here, device.index).map_err(Error::doing("ask for its addresses"))?;
        let others = netlink::devices(&there).map_err(Error::doing("ask for the container's devices"))?;
        let name = free_name(&wanted.name, &others)?;
        let others = others.into_iter().map(|other| other.index).collect();
        Ok(Move { device, addresses, name, others, here, there })
    }

    fn carry_over(&self, child: i32) -> Result<(), CallError> {
        netlink::move_device(&self.here, self.device.index, child, &self.name)?;
        let moved = netlink::device(&self.there, &self.name)?;
        give(&self.there, moved.index, &self.addresses)?;
        netlink::set_up(&self.there, moved.index)
    }

    fn bring_back(&self) -> Result<(), CallError> {
        if netlink::device(&self.here, &self.device.name).is_ok() {
            return Ok(());
        }
        // It has its new name, or its old one still if somebody else took the new one meanwhile.
        let is_ours = |other: &Device| {
            !self.others.contains(&other.index) && [&self.name, &self.device.name].contains(&&other.name)
        };
        let lost = netlink::devices(&self.there)?.into_iter().find(is_ours);
        let lost = lost.ok_or(CallError { call: Call::NetlinkGetLink, errno: Errno::ENODEV })?;
        netlink::move_device(&self.there, lost.index, process::pid(), &self.device.name)?;
        let back = netlink::device(&self.here, &self.device.name)?;
        give(&self.here, back.index, &self.addresses)?;
        if self.device.is_up() { netlink::set_up(&self.here, back.index) } else { Ok(()) }
    }
}

fn give(socket: &OwnedFd, device: u32, addresses: &[Address]) -> Result<(), CallError> {
    addresses.iter().try_for_each(|address| netlink::add_address(socket, device, address))
}

/// The name itself if no device has it, or for a template with `%d` the first that is free, as the kernel numbers.
/// Not left to the kernel: it looks at the name after the move, and would count the device itself.
fn free_name(wanted: &CStr, others: &[Device]) -> Result<CString> {
    let is_taken = |name: &CStr| others.iter().any(|other| other.name.as_c_str() == name);
    let text = wanted.to_string_lossy();
    let Some((head, tail)) = text.split_once("%d") else {
        if is_taken(wanted) {
            return Err(Error::Plain(format!("the container has a device {text} already")));
        }
        return Ok(wanted.into());
    };
    let mut names =
        (0..=others.len()).filter_map(|number| CString::new(format!("{head}{number}{tail}")).ok());
    let free = names.find(|name| !is_taken(name));
    free.ok_or_else(|| Error::Plain(format!("no name like {text} is free in the container")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(wanted: &CStr, others: &[&CStr], expected: Result<&CStr, &str>) {
        let others: Vec<Device> = others.iter().map(|name| Device::named(name)).collect();
        let name = free_name(wanted, &others).map_err(|error| error.to_string());
        assert_eq!(name.as_deref(), expected.map_err(String::from).as_ref().copied());
    }

    #[test]
    fn a_free_name_is_taken_as_it_is() {
        check(c"eth0", &[c"lo"], Ok(c"eth0"));
    }

    #[test]
    fn a_name_in_use_is_an_error() {
        check(c"lo", &[c"lo"], Err("the container has a device lo already"));
    }

    #[test]
    fn a_template_gets_the_first_free_number() {
        check(c"eth%d", &[c"lo"], Ok(c"eth0"));
        check(c"eth%d", &[c"eth0", c"eth1", c"eth3"], Ok(c"eth2"));
    }

    #[test]
    fn a_number_may_stand_inside_the_name() {
        check(c"a%db", &[c"a0b"], Ok(c"a1b"));
    }
}
