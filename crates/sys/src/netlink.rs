//! Network devices and their addresses: rtnetlink(7), as far as moving a device needs it.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, OwnedFd};

use crate::{Call, Errno, Error, Result, socket};

/// `IFF_LOOPBACK` (netdevice(7)).
const LOOPBACK: u32 = 0x8;
/// `IFF_UP`.
const UP: u32 = 0x1;
/// `IFA_F_PERMANENT` (linux/if_addr.h).
const PERMANENT: u32 = 0x80;

/// Kinds of messages (linux/rtnetlink.h).
const NEW_LINK: u16 = 16;
const GET_LINK: u16 = 18;
const SET_LINK: u16 = 19;
const NEW_ADDRESS: u16 = 20;
const GET_ADDRESS: u16 = 22;
/// The end of an answer: an errno, 0 for none (linux/netlink.h).
const STATUS: u16 = 2;
/// The end of a list.
const DONE: u16 = 3;

/// Flags of messages: every message of ours has the first.
const REQUEST: u16 = 0x1;
const ACKNOWLEDGE: u16 = 0x4;
/// In an answer: the list changed while it was read.
const INTERRUPTED: u16 = 0x10;
/// As `NLM_F_DUMP`, a list is asked for; as `NLM_F_CREATE | NLM_F_EXCL`, something new is made.
const LIST: u16 = 0x300;
const CREATE: u16 = 0x600;

/// Attributes of devices (linux/if_link.h).
const DEVICE_NAME: u16 = 3;
const NAMESPACE_OF: u16 = 19;
/// Attributes of addresses (linux/if_addr.h) that are set again: peer or own, own, broadcast, metric, who set it.
const ADDRESS_KEPT: &[u16] = &[1, 2, 4, 9, 11];
const ADDRESS_FLAGS: u16 = 8;

/// The kernel's own flags of an address, which nobody sets: `IFA_F_SECONDARY`, `DADFAILED`, `DEPRECATED`, `TENTATIVE`.
const ADDRESS_STATE: u32 = 0x01 | 0x08 | 0x20 | 0x40;

const HEADER: usize = 16;
const DEVICE_HEADER: usize = 16;
const ADDRESS_HEADER: usize = 8;

/// A network device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// By which the kernel knows it in its namespace.
    pub index: u32,
    /// Its name, at most 15 bytes.
    pub name: CString,
    flags: u32,
}

impl Device {
    /// A device of which only the name is known.
    pub fn named(name: &CStr) -> Device {
        Device { index: 0, name: name.into(), flags: 0 }
    }

    /// Whether it is a loopback device, which cannot leave its namespace.
    pub fn is_loopback(&self) -> bool {
        self.flags & LOOPBACK != 0
    }

    /// Whether it is up.
    pub fn is_up(&self) -> bool {
        self.flags & UP != 0
    }
}

/// An address of a device, of any family, as the kernel describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    family: u8,
    prefix: u8,
    attributes: Vec<u8>,
}

/// A socket that speaks for the network namespace in which it was opened, whoever uses it.
pub fn open() -> Result<OwnedFd> {
    socket::netlink(libc::NETLINK_ROUTE)
}

/// The device of this name. ENODEV if there is none.
pub fn device(socket: impl AsFd, name: &CStr) -> Result<Device> {
    let mut message = Message::new(GET_LINK, ACKNOWLEDGE).device(0, 0);
    message.attribute(DEVICE_NAME, name.to_bytes_with_nul());
    let mut found = None;
    transact(socket, Call::NetlinkGetLink, message, |kind, body| {
        if kind == NEW_LINK {
            found = parse_device(body);
        }
    })?;
    found.ok_or(Error { call: Call::NetlinkGetLink, errno: Errno::ENODEV })
}

/// All devices of the namespace.
pub fn devices(socket: impl AsFd) -> Result<Vec<Device>> {
    let mut devices = Vec::new();
    list(
        socket,
        Call::NetlinkGetLink,
        || Message::new(GET_LINK, LIST).device(0, 0),
        &mut devices,
        |kind, body| parse_device(body).filter(|_| kind == NEW_LINK),
    )?;
    Ok(devices)
}

/// Moves a device to the network namespace of a process, where it gets this name. It is down afterwards.
pub fn move_device(socket: impl AsFd, index: u32, process: i32, name: &CStr) -> Result<()> {
    let mut message = Message::new(SET_LINK, ACKNOWLEDGE).device(index, 0);
    message.attribute(NAMESPACE_OF, &process.to_ne_bytes());
    message.attribute(DEVICE_NAME, name.to_bytes_with_nul());
    transact(socket, Call::NetlinkSetLink, message, |_, _| {})
}

/// Brings a device up.
pub fn set_up(socket: impl AsFd, index: u32) -> Result<()> {
    transact(socket, Call::NetlinkSetLink, Message::new(SET_LINK, ACKNOWLEDGE).device(index, UP), |_, _| {})
}

/// The addresses of a device that last and that the whole world may use: permanent ones of universal scope.
pub fn lasting_addresses(socket: impl AsFd, index: u32) -> Result<Vec<Address>> {
    let mut addresses = Vec::new();
    list(
        socket,
        Call::NetlinkGetAddr,
        || Message::new(GET_ADDRESS, LIST).address(0, 0, 0),
        &mut addresses,
        |kind, body| parse_address(body, index).filter(|_| kind == NEW_ADDRESS),
    )?;
    Ok(addresses)
}

/// Gives a device an address. EEXIST if it has it.
pub fn add_address(socket: impl AsFd, index: u32, address: &Address) -> Result<()> {
    let mut message = Message::new(NEW_ADDRESS, ACKNOWLEDGE | CREATE);
    message = message.address(address.family, address.prefix, index);
    message.0.extend_from_slice(&address.attributes);
    transact(socket, Call::NetlinkNewAddr, message, |_, _| {})
}

fn parse_device(body: &[u8]) -> Option<Device> {
    let (index, flags) = (u32_at(body, 4)?, u32_at(body, 8)?);
    let mut attributes = attributes(body.get(DEVICE_HEADER..)?);
    let (_, name) = attributes.find(|(kind, _)| *kind == DEVICE_NAME)?;
    Some(Device { index, name: CStr::from_bytes_until_nul(name).ok()?.into(), flags })
}

fn parse_address(body: &[u8], wanted: u32) -> Option<Address> {
    const UNIVERSE: u8 = 0;
    let [family, prefix, low_flags, scope] = *body.first_chunk()?;
    let index = u32_at(body, 4)?;
    let body = body.get(ADDRESS_HEADER..)?;
    // The flags of the header are the lowest eight of those of the attribute, which old kernels do not have.
    let all_flags = attributes(body).find(|(kind, _)| *kind == ADDRESS_FLAGS);
    let flags = all_flags.and_then(|(_, bytes)| u32_at(bytes, 0)).unwrap_or(low_flags.into());
    if index != wanted || scope != UNIVERSE || flags & PERMANENT == 0 {
        return None;
    }
    let mut kept = Message(Vec::new());
    for (kind, bytes) in attributes(body).filter(|(kind, _)| ADDRESS_KEPT.contains(kind)) {
        kept.attribute(kind, bytes);
    }
    kept.attribute(ADDRESS_FLAGS, &(flags & !ADDRESS_STATE).to_ne_bytes());
    Some(Address { family, prefix, attributes: kept.0 })
}

/// A message in the making: a header whose length is filled in at the end, a body, attributes.
struct Message(Vec<u8>);

impl Message {
    fn new(kind: u16, flags: u16) -> Message {
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&(REQUEST | flags).to_ne_bytes());
        Message(bytes)
    }

    /// An `ifinfomsg`, which sets these flags.
    fn device(mut self, index: u32, flags: u32) -> Message {
        for word in [0, index, flags, flags] {
            self.0.extend_from_slice(&word.to_ne_bytes());
        }
        self
    }

    /// An `ifaddrmsg` of universal scope.
    fn address(mut self, family: u8, prefix: u8, index: u32) -> Message {
        self.0.extend_from_slice(&[family, prefix, 0, 0]);
        self.0.extend_from_slice(&index.to_ne_bytes());
        self
    }

    /// An attribute, padded to a multiple of four.
    fn attribute(&mut self, kind: u16, value: &[u8]) {
        let length = 4 + value.len() as u16;
        self.0.extend_from_slice(&length.to_ne_bytes());
        self.0.extend_from_slice(&kind.to_ne_bytes());
        self.0.extend_from_slice(value);
        self.0.resize(self.0.len().next_multiple_of(4), 0);
    }

    fn finish(mut self) -> Vec<u8> {
        let length = (self.0.len() as u32).to_ne_bytes();
        self.0[..4].copy_from_slice(&length);
        self.0
    }
}

/// Kind and value of each attribute.
fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (length, kind) = (u16_at(bytes, 0)? as usize, u16_at(bytes, 2)?);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        // The two highest bits say how the value is made up.
        Some((kind & 0x3fff, value))
    })
}

/// A whole list; asked for again if it changed while the kernel told it.
fn list<T>(
    socket: impl AsFd,
    call: Call,
    question: impl Fn() -> Message,
    items: &mut Vec<T>,
    parse: impl Fn(u16, &[u8]) -> Option<T>,
) -> Result<()> {
    const ATTEMPTS: usize = 16;
    for _ in 0..ATTEMPTS {
        items.clear();
        match transact(&socket, call, question(), |kind, body| items.extend(parse(kind, body))) {
            Err(Error { errno: Errno::EINTR, .. }) => continue,
            result => return result,
        }
    }
    Err(Error { call, errno: Errno::EINTR })
}

/// Sends a message and hands on what comes back, up to the status or the end of the list. EINTR for a list that
/// changed meanwhile.
fn transact(
    socket: impl AsFd,
    call: Call,
    message: Message,
    mut heard: impl FnMut(u16, &[u8]),
) -> Result<()> {
    // The kernel's own limit for a part of a list.
    let mut buffer = vec![0; 32 * 1024];
    socket::send(&socket, &message.finish(), None)?;
    let mut interrupted = false;
    loop {
        let (length, _) = socket::receive(&socket, &mut buffer)?;
        let mut rest = &buffer[..length];
        while let Some((kind, flags, body)) = next_message(&mut rest) {
            interrupted |= flags & INTERRUPTED != 0;
            match kind {
                STATUS | DONE => return status(body, interrupted).map_err(|errno| Error { call, errno }),
                kind => heard(kind, body),
            }
        }
        if length == 0 {
            return Err(Error { call, errno: Errno::EPROTO });
        }
    }
}

/// Kind, flags and body of the next message.
fn next_message<'b>(bytes: &mut &'b [u8]) -> Option<(u16, u16, &'b [u8])> {
    let length = u32_at(bytes, 0)? as usize;
    let (kind, flags) = (u16_at(bytes, 4)?, u16_at(bytes, 6)?);
    let body = bytes.get(HEADER..length)?;
    *bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((kind, flags, body))
}

/// The errno that ends an answer, as a negative number.
fn status(body: &[u8], interrupted: bool) -> Result<(), Errno> {
    match u32_at(body, 0).unwrap_or(0) as i32 {
        0 if interrupted => Err(Errno::EINTR),
        0 => Ok(()),
        errno => Err(Errno::from_raw(errno.saturating_neg())),
    }
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(scope: u8, flags: u32) -> Vec<u8> {
        let mut message = Message(vec![2, 24, 0, scope]);
        message.0.extend_from_slice(&7_u32.to_ne_bytes());
        message.attribute(2, &[10, 0, 0, 1]);
        message.attribute(3, b"eth0:1\0");
        message.attribute(ADDRESS_FLAGS, &flags.to_ne_bytes());
        message.0
    }

    #[test]
    fn the_loopback_device_is_found_and_known() {
        let found = device(open().unwrap(), c"lo").unwrap();
        assert!(found.is_loopback() && found.name.as_c_str() == c"lo");
    }

    #[test]
    fn the_list_has_the_loopback_device() {
        assert!(devices(open().unwrap()).unwrap().iter().any(Device::is_loopback));
    }

    #[test]
    fn a_device_that_is_not_there_is_enodev() {
        let error = device(open().unwrap(), c"no-such-device").unwrap_err();
        assert_eq!(error, Error { call: Call::NetlinkGetLink, errno: Errno::ENODEV });
    }

    #[test]
    fn the_loopback_address_is_of_the_host_alone() {
        let socket = open().unwrap();
        let lo = device(&socket, c"lo").unwrap();
        assert_eq!(lasting_addresses(&socket, lo.index).unwrap(), []);
    }

    #[test]
    fn a_lasting_address_is_kept_without_its_label() {
        let kept = parse_address(&address(0, PERMANENT), 7).unwrap();
        let kinds: Vec<u16> = attributes(&kept.attributes).map(|(kind, _)| kind).collect();
        assert_eq!((kept.family, kept.prefix, kinds), (2, 24, vec![2, ADDRESS_FLAGS]));
    }

    #[test]
    fn an_address_that_ends_is_not_kept() {
        assert_eq!(parse_address(&address(0, 0), 7), None);
    }

    #[test]
    fn an_address_of_the_link_is_not_kept() {
        assert_eq!(parse_address(&address(253, PERMANENT), 7), None);
    }

    #[test]
    fn an_address_of_another_device_is_not_kept() {
        assert_eq!(parse_address(&address(0, PERMANENT), 8), None);
    }

    #[test]
    fn what_the_kernel_found_out_is_not_set_again() {
        let kept = parse_address(&address(0, PERMANENT | ADDRESS_STATE), 7).unwrap();
        let flags = attributes(&kept.attributes).find(|(kind, _)| *kind == ADDRESS_FLAGS);
        assert_eq!(flags.and_then(|(_, bytes)| u32_at(bytes, 0)), Some(PERMANENT));
    }

    #[test]
    fn attributes_are_padded() {
        let mut message = Message(Vec::new());
        message.attribute(3, b"a\0");
        message.attribute(4, b"abcd");
        assert_eq!(message.0.len(), 16);
        assert_eq!(attributes(&message.0).collect::<Vec<_>>(), [(3, &b"a\0"[..]), (4, &b"abcd"[..])]);
    }

    #[test]
    fn broken_attributes_end_the_list() {
        assert_eq!(attributes(&[200, 0, 1, 0, 9]).count(), 0);
        assert_eq!(attributes(&[0, 0, 0, 0]).count(), 0);
    }
}
