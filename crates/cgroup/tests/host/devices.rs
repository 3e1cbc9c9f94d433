//! Device rules of v2, enforced by the kernel. A hybrid host has what this needs too.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use cgroup::{DeviceProgram, DeviceRule};
use sys::bpf;

use crate::own::Own;

/// `r0 = 1; exit`: everything is allowed.
const ALLOW_ALL: [[u8; 8]; 2] = [[0xb7, 0, 0, 0, 1, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];

const NULL: i64 = 3;
const ZERO: i64 = 5;

/// All is denied but one of the memory devices, mem(4).
fn only(minor: i64) -> DeviceProgram {
    let allow = DeviceRule::parse(true, Some("c"), Some(1), Some(minor), Some("rw")).unwrap();
    DeviceProgram::of(vec![allow]).unwrap()
}

impl Own {
    /// What a shell in the cgroup has to say about opening a file to read.
    fn open(&self, device: &str) -> String {
        let mut shell = Command::new("sh");
        let shell = shell.args(["-c", &format!("read _; : <{device}")]).env("LC_ALL", "C");
        let mut shell = shell.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        self.cgroup.place(shell.id() as i32).unwrap();
        shell.stdin.take().unwrap().write_all(b"go\n").unwrap();
        String::from_utf8(shell.wait_with_output().unwrap().stderr).unwrap()
    }

    fn attached(&self) -> Vec<OwnedFd> {
        bpf::device_programs(self.directory()).unwrap()
    }

    fn attach(&self, code: &[[u8; 8]]) {
        let program = bpf::load_device_program(code).unwrap();
        bpf::attach_device_program(self.directory(), program, None).unwrap();
    }

    fn directory(&self) -> File {
        File::open(&self.directories()[0]).unwrap()
    }
}

#[test]
fn an_allowed_device_is_opened() {
    let Some(own) = Own::create_unified("devices-allowed") else { return };
    own.cgroup.enforce_devices(&only(NULL)).unwrap();
    assert_eq!(own.open("/dev/null"), "");
}

#[test]
fn a_denied_device_is_not() {
    let Some(own) = Own::create_unified("devices-denied") else { return };
    own.cgroup.enforce_devices(&only(NULL)).unwrap();
    let words = own.open("/dev/zero");
    assert!(words.contains("Operation not permitted"), "{words}");
}

#[test]
fn new_rules_take_the_place_of_the_old() {
    let Some(own) = Own::create_unified("devices-replaced") else { return };
    own.cgroup.enforce_devices(&only(NULL)).unwrap();
    own.cgroup.enforce_devices(&only(ZERO)).unwrap();
    assert_eq!(own.attached().len(), 1);
    assert_eq!(own.open("/dev/zero"), "");
}

#[test]
fn new_rules_take_the_place_of_several_programs() {
    let Some(own) = Own::create_unified("devices-several") else { return };
    own.attach(&ALLOW_ALL);
    own.attach(&ALLOW_ALL);
    own.cgroup.enforce_devices(&only(NULL)).unwrap();
    assert_eq!(own.attached().len(), 1);
    assert_ne!(own.open("/dev/zero"), "");
}

#[test]
fn a_cgroup_below_is_not_granted_more() {
    let Some(own) = Own::create_unified("devices-below") else { return };
    own.cgroup.enforce_devices(&only(NULL)).unwrap();
    let below = Own { cgroup: own.create_below("below") };
    below.cgroup.enforce_devices(&only(ZERO)).unwrap();
    assert_ne!(below.open("/dev/zero"), "");
}
