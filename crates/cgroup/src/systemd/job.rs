//! Starts and stops a container's unit.
//!
//! systemd works while the container is set up: what it is asked for is sent ([`Unit::order`], [`Order::start`]) and
//! waited for only where the container must be in its cgroup ([`Starting::wait`]).

use dbus::Value;

use super::bus::{Bus, said};
use super::{Property, Unit};
use crate::Error;

const UNIT_EXISTS: &str = "org.freedesktop.systemd1.UnitExists";
const NO_SUCH_UNIT: &str = "org.freedesktop.systemd1.NoSuchUnit";

/// A connection to systemd on which a unit is about to be asked for.
#[derive(Debug)]
pub struct Order<'u> {
    unit: &'u Unit,
    bus: Bus,
}

/// A unit that was asked for. Dropped without having been waited for, it is stopped again.
#[derive(Debug)]
pub struct Starting<'u> {
    unit: &'u Unit,
    bus: Bus,
    arguments: Vec<Value>,
    serial: u32,
    state: State,
}

/// What is known of a unit that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing.
    Asked,
    /// systemd refused; what there is of that name is somebody else's.
    Refused,
    /// systemd made it, whatever became of it.
    Ours,
}

impl Unit {
    /// Connects to systemd and has it tell of the unit's jobs. Waits for nothing.
    ///
    /// # Errors
    /// If nobody listens at the bus.
    pub fn order(&self) -> Result<Order<'_>, Error> {
        let mut bus = self.connect().map_err(|error| self.cannot("start", error))?;
        bus.listen(&self.name).map_err(|error| self.cannot("start", error))?;
        Ok(Order { unit: self, bus })
    }

    /// Stops the unit and has systemd forget it, also as a failed one. A unit that is not there is stopped.
    ///
    /// # Errors
    /// If systemd does not do it in time. Where nobody listens at the bus any more, as after the end of a user's
    /// session, there are no units.
    pub(crate) fn stop(&self) -> Result<(), Error> {
        match self.try_stop() {
            Err(error) if error.is(NO_SUCH_UNIT) || error.is_absent() => Ok(()),
            // A user's bus takes nobody else, root neither. Without processes the unit ends by itself.
            Err(dbus::Error::Rejected(_)) => Ok(()),
            result => result.map_err(|error| self.cannot("stop", error)),
        }
    }

    fn try_stop(&self) -> Result<(), dbus::Error> {
        let mut bus = self.connect()?;
        bus.listen(&self.name)?;
        stop_on(&mut bus, &self.name)
    }

    /// Tells systemd what the unit's properties are from now on, until the machine is restarted.
    ///
    /// # Errors
    /// If systemd refuses one; then all stay as they were.
    pub(crate) fn set_properties(&self, properties: &[Property]) -> Result<(), Error> {
        if properties.is_empty() {
            return Ok(());
        }
        let arguments = [Value::str(&self.name), Value::Bool(true), Property::list(properties)];
        let set = || {
            let mut bus = self.connect()?;
            let serial = bus.call("SetUnitProperties", &arguments)?;
            bus.done(serial)
        };
        set().map_err(|error| self.cannot("set properties of", error))
    }

    /// Has systemd move a process into the unit, for a user who may not: from a session, that leads through cgroups of
    /// root's. Only systemd itself can tell that it is the user's process that goes to the user's unit.
    ///
    /// # Errors
    /// If systemd refuses.
    pub(crate) fn attach(&self, pid: i32) -> Result<(), Error> {
        let pids = Value::Array("u".into(), vec![Value::U32(pid as u32)]);
        let below = self.subgroup.as_ref().map_or_else(String::new, |name| format!("/{name}"));
        let attach = || {
            let mut bus = self.connect()?;
            let serial =
                bus.call("AttachProcessesToUnit", &[Value::str(&self.name), Value::str(below), pids])?;
            bus.done(serial)
        };
        attach().map_err(|error| self.cannot("move a process into", error))
    }

    fn connect(&self) -> Result<Bus, dbus::Error> {
        Bus::connect(self.who, &self.bus)
    }

    fn cannot(&self, verb: &str, error: dbus::Error) -> Error {
        said(&format!("{verb} unit {}", self.name), self.who, &self.bus, error)
    }

    /// What every unit of ours has, besides limits.
    pub fn properties(&self, id: &str) -> Vec<Property> {
        let mut properties = vec![
            Property::new("Description", Value::str(format!("container {id}"))),
            // Else shutdown would stop containers before who looks after them has a chance to.
            Property::new("DefaultDependencies", Value::Bool(false)),
            // A unit whose process was killed by the OOM killer has failed, and would stay as such.
            Property::new("CollectMode", Value::str("inactive-or-failed")),
        ];
        if let Some(slice) = &self.slice {
            properties.push(Property::new("Slice", Value::str(slice)));
            properties.push(Property::new("Delegate", Value::Bool(true)));
        }
        let io = if self.tree.hierarchies().is_empty() { "IOAccounting" } else { "BlockIOAccounting" };
        let accounts = ["CPUAccounting", "MemoryAccounting", "TasksAccounting", io];
        properties.extend(accounts.map(|name| Property::new(name, Value::Bool(true))));
        properties
    }
}

impl<'u> Order<'u> {
    /// Asks for the unit with this process in it, and does not wait.
    ///
    /// # Errors
    /// If the bus hangs up.
    pub fn start(mut self, pid: i32, properties: &[Property]) -> Result<Starting<'u>, Error> {
        let mut properties = properties.to_vec();
        if !self.unit.is_slice() {
            let pids = Value::Array("u".into(), vec![Value::U32(pid as u32)]);
            properties.push(Property::new("PIDs", pids));
        }
        let arguments = vec![
            Value::str(&self.unit.name),
            Value::str("replace"),
            Property::list(&properties),
            Value::Array("(sa(sv))".into(), Vec::new()),
        ];
        let serial = self.bus.call("StartTransientUnit", &arguments);
        let serial = serial.map_err(|error| self.unit.cannot("start", error))?;
        Ok(Starting { unit: self.unit, bus: self.bus, arguments, serial, state: State::Asked })
    }
}

impl Starting<'_> {
    /// Waits until the unit runs. A unit that failed or is about to end under the same name is cleared away first.
    ///
    /// # Errors
    /// If a unit of that name is in use, a property is refused, or the job fails or takes too long. See
    /// [`is_ours`](Self::is_ours) for whether there is something to stop.
    pub fn wait(&mut self) -> Result<(), Error> {
        let started = match self.outcome() {
            Err(error) if error.is(UNIT_EXISTS) => {
                self.make_way()?;
                self.ask_again().and_then(|()| self.outcome())
            }
            outcome => outcome,
        };
        match started.map_err(|error| self.unit.cannot("start", error))?.as_str() {
            "done" => Ok(()),
            result => {
                let unit = &self.unit.name;
                Err(Error::rule(format!(
                    "start unit {unit}: the job ended as {result}: see journalctl -u {unit}"
                )))
            }
        }
    }

    /// Whether systemd made the unit for us.
    pub fn is_ours(&self) -> bool {
        self.state == State::Ours
    }

    fn outcome(&mut self) -> Result<String, dbus::Error> {
        self.state = State::Refused;
        let job = self.bus.text(self.serial)?;
        self.state = State::Ours;
        self.bus.end_of(&job)
    }

    fn ask_again(&mut self) -> Result<(), dbus::Error> {
        self.serial = self.bus.call("StartTransientUnit", &self.arguments)?;
        Ok(())
    }

    /// Clears away a unit of the same name in which nobody lives.
    fn make_way(&mut self) -> Result<(), Error> {
        let unit = &self.unit.name;
        let cleared = match self.bus.state_of(unit).as_deref() {
            Ok("active" | "activating" | "reloading") => {
                return Err(Error::rule(format!(
                    "start unit {unit}: there is one of that name, and it is in use"
                )));
            }
            // It has gone in the meantime, or it has to go.
            _ => stop_on(&mut self.bus, unit),
        };
        match cleared {
            Err(error) if !error.is(NO_SUCH_UNIT) => Err(self.unit.cannot("stop the earlier", error)),
            _ => Ok(()),
        }
    }
}

impl Drop for Starting<'_> {
    /// The container ended before it had to be in its cgroup.
    fn drop(&mut self) {
        if self.state == State::Asked && self.outcome().is_ok() {
            // Without a process the unit ends by itself; this only makes it sooner.
            let _ = self.unit.stop();
        }
    }
}

/// A failed unit is not running, but systemd remembers it until that is reset.
fn stop_on(bus: &mut Bus, unit: &str) -> Result<(), dbus::Error> {
    let stop = bus.call("StopUnit", &[Value::str(unit), Value::str("replace")])?;
    bus.call("ResetFailedUnit", &[Value::str(unit)])?;
    let job = bus.text(stop)?;
    bus.end_of(&job).map(drop)
}
