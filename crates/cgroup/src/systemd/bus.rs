//! systemd's interface on D-Bus (org.freedesktop.systemd1(5)), as much of it as the driver needs.

use std::time::Duration;

use dbus::{Call, Connection, Identity, Kind, Value};
use sys::time::monotonic;

use super::manager::Who;
use crate::Error;

const SYSTEMD: &str = "org.freedesktop.systemd1";
pub(super) const MANAGER: &str = "org.freedesktop.systemd1.Manager";
pub(super) const MANAGER_PATH: &str = "/org/freedesktop/systemd1";

/// How long systemd may take for an answer or a job: as long as the other runtimes give it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where systemd answers itself. Not meant for others (systemd(1)), but the one way on a machine without a bus.
const PRIVATE: &str = "/run/systemd/private";

/// A connection on which systemd can be called.
#[derive(Debug)]
pub(super) struct Bus {
    pub(super) connection: Connection,
    is_private: bool,
}

impl Bus {
    /// Connects; nothing is waited for.
    pub(super) fn connect(who: Who, socket: &str) -> Result<Bus, dbus::Error> {
        match Connection::open(socket, Identity::AsSeen) {
            Ok(mut connection) => {
                connection.hello()?;
                Ok(Bus { connection, is_private: false })
            }
            Err(error) if error.is_absent() && who == Who::System => {
                let connection = Connection::open(PRIVATE, Identity::Root).map_err(|_| error)?;
                Ok(Bus { connection, is_private: true })
            }
            Err(error) => Err(error),
        }
    }

    /// Has the end of the unit's jobs told. To be called before a job is asked for, or its end may be missed. The rule
    /// names the unit: on a busy machine there are many jobs of others.
    pub(super) fn listen(&mut self, unit: &str) -> Result<(), dbus::Error> {
        if !self.is_private {
            self.connection.add_match(&format!(
                "type='signal',sender='{SYSTEMD}',interface='{MANAGER}',member='JobRemoved',arg2='{unit}'"
            ))?;
            self.call("Subscribe", &[])?;
        }
        Ok(())
    }

    /// Calls a method of the manager; the answer will bear the serial.
    pub(super) fn call(&mut self, member: &str, arguments: &[Value]) -> Result<u32, dbus::Error> {
        self.connection.send(&Call {
            destination: SYSTEMD,
            path: MANAGER_PATH,
            interface: MANAGER,
            member,
            arguments,
        })
    }

    /// Asks for a property of an object.
    pub(super) fn get(&mut self, path: &str, arguments: &[Value]) -> Result<u32, dbus::Error> {
        let interface = "org.freedesktop.DBus.Properties";
        self.connection.send(&Call { destination: SYSTEMD, path, interface, member: "Get", arguments })
    }

    /// Waits for the text that a call answers with, be it in a variant.
    pub(super) fn text(&mut self, serial: u32) -> Result<String, dbus::Error> {
        let answer = self.connection.answer(serial, monotonic() + PATIENCE)?;
        answer.text(0).map(str::to_owned).ok_or(dbus::Error::Malformed)
    }

    /// Waits for an answer without content.
    pub(super) fn done(&mut self, serial: u32) -> Result<(), dbus::Error> {
        self.connection.answer(serial, monotonic() + PATIENCE).map(drop)
    }

    /// Waits for the end of a job: its result, which is `done` if all is well.
    pub(super) fn end_of(&mut self, job: &str) -> Result<String, dbus::Error> {
        let deadline = monotonic() + PATIENCE;
        loop {
            let signal = self.connection.signal(deadline)?;
            let is_removal = matches!(&signal.kind, Kind::Signal { member, .. } if member == "JobRemoved");
            // The arguments: number, path, unit, result.
            if is_removal && signal.text(1) == Some(job) {
                return signal.text(3).map(str::to_owned).ok_or(dbus::Error::Malformed);
            }
        }
    }

    /// What a unit is doing: `active`, `failed`…
    pub(super) fn state_of(&mut self, unit: &str) -> Result<String, dbus::Error> {
        let found = self.call("GetUnit", &[Value::str(unit)])?;
        let path = self.text(found)?;
        let arguments = [Value::str("org.freedesktop.systemd1.Unit"), Value::str("ActiveState")];
        let serial = self.get(&path, &arguments)?;
        self.text(serial)
    }
}

/// An error in the words of who wanted something of systemd.
pub(super) fn said(operation: &str, who: Who, socket: &str, error: dbus::Error) -> Error {
    match error {
        dbus::Error::Socket(error) => {
            Error::kernel(format!("{operation}: {}: {socket}", error.call.name()), error.errno)
        }
        dbus::Error::TimedOut => {
            let (seconds, user) = (PATIENCE.as_secs(), if who == Who::User { " --user" } else { "" });
            let look = format!("see systemctl{user} list-jobs and journalctl{user} -b");
            Error::rule(format!("{operation}: systemd has not done it in {seconds} s: {look}"))
        }
        dbus::Error::Refused { name, text } if name.ends_with(".PropertyReadOnly") => {
            Error::rule(format!("{operation}: this version of systemd does not know a property: {text}"))
        }
        error => Error::rule(format!("{operation}: {error}")),
    }
}
