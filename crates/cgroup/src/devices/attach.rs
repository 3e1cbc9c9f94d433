//! Enforces device rules on v2: a program that is attached to the container's cgroup.

use std::fmt;
use std::fs::File;
use std::os::fd::AsFd;

use sys::{Errno, bpf, errno_of};

use super::FIELD;
use super::program::{Instruction, device_program};
use crate::cgroup::Cgroup;
use crate::controllers::absent;
use crate::{DeviceRule, Error};

/// Device rules, and the program that decides as they do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceProgram {
    rules: Vec<DeviceRule>,
    code: Vec<Instruction>,
}

impl DeviceProgram {
    /// Builds the program. Pure; what no rule speaks of is denied.
    ///
    /// # Errors
    /// If there are more rules than a jump of the program can reach over, some thousands.
    pub fn of(rules: Vec<DeviceRule>) -> Result<DeviceProgram, Error> {
        Ok(DeviceProgram { code: device_program(&rules)?, rules })
    }
}

/// For plans and traces: `deny a *:* rwm, allow c 1:3 rwm`.
impl fmt::Display for DeviceProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, rule) in self.rules.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{} {rule}", if rule.allow { "allow" } else { "deny" })?;
        }
        Ok(())
    }
}

impl Cgroup {
    /// Has the program decide about devices in this cgroup and in all below, instead of what was attached by us before.
    /// A program of somebody else's, such as systemd's, stays and decides too. Meanwhile nothing is granted that the old or the new program denies: it takes the place of one program in one
    /// step, and of several by way of all of them at once.
    ///
    /// # Errors
    /// If there is no v2 here; if the kernel refuses, as it does in a user namespace (CAP_BPF, CAP_NET_ADMIN).
    pub fn enforce_devices(&self, program: &DeviceProgram) -> Result<(), Error> {
        let unified = self.unified().ok_or_else(|| absent("devices").of(FIELD))?;
        let directory = unified.directory();
        let attached = File::open(&directory)
            .map_err(|error| errno_of(&error))
            .and_then(|cgroup| replace(cgroup, program).map_err(|error| error.errno));
        let operation = || format!("attach a device program to {directory}");
        attached.map_err(|errno| Error::kernel(operation(), errno).of(FIELD))
    }
}

fn replace(cgroup: File, program: &DeviceProgram) -> sys::Result<()> {
    let program = bpf::load_device_program(&program.code)?;
    let before = bpf::device_programs(&cgroup)?;
    if let [only] = before.as_slice() {
        match bpf::attach_device_program(&cgroup, &program, Some(only.as_fd())) {
            // Before Linux 5.6 a program cannot take the place of another.
            Err(error) if error.errno == Errno::EINVAL => {}
            result => return result,
        }
    }
    bpf::attach_device_program(&cgroup, &program, None)?;
    before.iter().try_for_each(|old| bpf::detach_device_program(&cgroup, old))
}
