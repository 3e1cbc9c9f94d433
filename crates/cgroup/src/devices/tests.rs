use super::program::{Instruction, device_program};
use super::*;
use crate::limits::Write;

/// A device and what is wanted of it.
#[derive(Clone, Copy, Debug)]
struct Request {
    kind: DeviceKind,
    major: u32,
    minor: u32,
    access: Access,
}

/// The rules as the specification words them: each access is decided by the last rule that speaks of it.
fn evaluate(rules: &[DeviceRule], request: Request) -> bool {
    let Request { kind, major, minor, .. } = request;
    let speaks = |rule: &DeviceRule, bit: Access| {
        (rule.kind == DeviceKind::All || rule.kind == kind)
            && rule.major.is_none_or(|m| m == major)
            && rule.minor.is_none_or(|m| m == minor)
            && rule.access.shares(bit)
    };
    let allowed = |bit| rules.iter().rev().find(|rule| speaks(rule, bit)).is_some_and(|rule| rule.allow);
    let wanted =
        [Access::READ, Access::WRITE, Access::MKNOD].into_iter().filter(|bit| request.access.shares(*bit));
    wanted.into_iter().all(allowed)
}

/// The kernel's v1 list, as security/device_cgroup.c keeps it.
#[derive(Default)]
struct KernelList {
    default_allow: bool,
    exceptions: Vec<DeviceRule>,
}

impl KernelList {
    fn after(writes: &[Write]) -> KernelList {
        let mut list = KernelList::default();
        writes.iter().for_each(|write| list.take(write.file == "devices.allow", &write.value));
        list
    }

    fn take(&mut self, allow: bool, value: &str) {
        if value == "a" {
            *self = KernelList { default_allow: allow, exceptions: Vec::new() };
            return;
        }
        let rule = parse(allow, value);
        assert_ne!(allow, self.default_allow, "only exceptions are written");
        self.exceptions.push(rule);
    }

    fn allows(&self, request: Request) -> bool {
        let device = DeviceRule {
            allow: true,
            kind: request.kind,
            major: Some(request.major),
            minor: Some(request.minor),
            access: request.access,
        };
        let mut matching = self.exceptions.iter().filter(|exception| exception.covers(&device));
        match self.default_allow {
            true => !matching.any(|exception| exception.access.shares(request.access)),
            false => matching.any(|exception| request.access.without(exception.access).is_empty()),
        }
    }
}

fn parse(allow: bool, text: &str) -> DeviceRule {
    let mut words = text.split([' ', ':']);
    let kind = words.next();
    let mut number = || words.next().and_then(|word| word.parse().ok());
    let (major, minor) = (number(), number());
    DeviceRule::parse(allow, kind, major, minor, words.next()).unwrap()
}

/// Runs the program as the kernel would: a small machine for the instructions that it is made of.
fn run(program: &[Instruction], request: Request) -> bool {
    let kind = match request.kind {
        DeviceKind::Block => 1,
        DeviceKind::Char => 2,
        DeviceKind::All => unreachable!("a device has one kind"),
    };
    let context = [kind | u32::from(request.access.bits()) << 16, request.major, request.minor];
    let mut registers = [0u64; 11];
    let mut at = 0usize;
    loop {
        let [code, both, o0, o1, i0, i1, i2, i3] = program[at];
        let (to, from) = (usize::from(both & 15), usize::from(both >> 4));
        let offset = i16::from_ne_bytes([o0, o1]);
        let value = i64::from(i32::from_ne_bytes([i0, i1, i2, i3])) as u64;
        at += 1;
        let jumps = match code {
            0x61 => {
                registers[to] = u64::from(context[offset as usize / 4]);
                false
            }
            0xb7 => {
                registers[to] = value;
                false
            }
            0xbf => {
                registers[to] = registers[from];
                false
            }
            0x57 => {
                registers[to] &= value;
                false
            }
            0x77 => {
                registers[to] >>= value;
                false
            }
            0x55 => registers[to] != value,
            0x15 => registers[to] == value,
            0x05 => true,
            0x95 => return registers[0] != 0,
            other => panic!("instruction {other:#x}"),
        };
        assert!(offset >= 0, "the program has no loops");
        at += if jumps { offset as usize } else { 0 };
    }
}

/// A small generator with a fixed seed (xorshift), so that a failure comes again.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }

    fn rule(&mut self) -> DeviceRule {
        let allow = self.below(2) == 0;
        if self.below(8) == 0 {
            return DeviceRule::all(allow);
        }
        let kind = [DeviceKind::All, DeviceKind::Char, DeviceKind::Block][self.below(3) as usize];
        let number = |dice: &mut Dice| (dice.below(3) != 0).then(|| dice.below(3) as u32);
        let (major, minor) = (number(self), number(self));
        DeviceRule { allow, kind, major, minor, access: Access(1 + self.below(7) as u8) }
    }

    fn rules(&mut self) -> Vec<DeviceRule> {
        (0..self.below(9)).map(|_| self.rule()).collect()
    }
}

fn every_request() -> impl Iterator<Item = Request> {
    let kinds = [DeviceKind::Char, DeviceKind::Block];
    let numbers = |kind| (0..16).map(move |n| (kind, n / 4, n % 4));
    let devices = kinds.into_iter().flat_map(numbers);
    devices.flat_map(|(kind, major, minor)| {
        (1..8).map(move |bits| Request { kind, major, minor, access: Access(bits) })
    })
}

/// The kernel's verifier refuses a program with an instruction that no way leads to.
fn assert_reachable(program: &[Instruction]) {
    let mut reached = vec![false; program.len()];
    reached[0] = true;
    for (at, [code, _, o0, o1, ..]) in program.iter().enumerate().filter(|(_, [code, ..])| *code != 0x95) {
        reached[at + 1] |= reached[at] && *code != 0x05;
        if matches!(code, 0x55 | 0x15 | 0x05) {
            reached[at + 1 + i16::from_ne_bytes([*o0, *o1]) as usize] |= reached[at];
        }
    }
    assert!(reached.iter().all(|reached| *reached), "{program:x?}");
}

#[test]
fn every_instruction_is_reachable() {
    let mut dice = Dice(0xdead);
    (0..4000).for_each(|_| assert_reachable(&device_program(&dice.rules()).unwrap()));
}

#[test]
fn the_program_decides_as_the_rules_for_every_device_and_access() {
    let mut dice = Dice(0x5eed);
    for _ in 0..4000 {
        let rules = dice.rules();
        let program = device_program(&rules).unwrap();
        for request in every_request() {
            assert_eq!(run(&program, request), evaluate(&rules, request), "{rules:?} {request:?}");
        }
    }
}

#[test]
fn the_list_of_v1_decides_as_the_rules_or_says_that_it_cannot() {
    let mut dice = Dice(0xd1ce);
    let mut expressed = 0;
    for _ in 0..4000 {
        let rules = dice.rules();
        let Ok(writes) = writes(&rules) else { continue };
        expressed += 1;
        let list = KernelList::after(&writes);
        for request in every_request().filter(|request| decided_by_one(&list, *request)) {
            assert_eq!(list.allows(request), evaluate(&rules, request), "{rules:?} {request:?}");
        }
    }
    assert!(expressed > 1500, "only {expressed} lists were tried");
}

/// Where two exceptions overlap and neither is the wider, v1 grants no access that needs both.
fn decided_by_one(list: &KernelList, request: Request) -> bool {
    let device = DeviceRule {
        allow: true,
        kind: request.kind,
        major: Some(request.major),
        minor: Some(request.minor),
        access: request.access,
    };
    let matching: Vec<_> = list.exceptions.iter().filter(|exception| exception.covers(&device)).collect();
    list.default_allow
        || matching.iter().any(|narrowest| matching.iter().all(|other| other.covers(narrowest)))
        || matching.is_empty()
}

fn values(rules: &[DeviceRule]) -> Vec<String> {
    writes(rules).unwrap().iter().map(|write| format!("{} {}", write.file, write.value)).collect()
}

#[test]
fn a_new_container_denies_all_and_allows_the_defaults() {
    assert_eq!(
        values(&with_default_devices(&[]))[..3],
        ["devices.deny a", "devices.allow c *:* m", "devices.allow b *:* m"]
    );
}

#[test]
fn the_defaults_have_no_network_tunnel_and_no_console_of_the_machine() {
    for (major, minor) in [(10, 200), (5, 1)] {
        let request = Request { kind: DeviceKind::Char, major, minor, access: Access::READ };
        assert!(!evaluate(&with_default_devices(&[]), request));
    }
}

#[test]
fn the_devices_every_container_has_are_allowed() {
    for (major, minor) in [(1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 2), (136, 7)] {
        let request = Request { kind: DeviceKind::Char, major, minor, access: Access::ALL };
        assert!(evaluate(&with_default_devices(&[]), request));
    }
}

#[test]
fn no_rules_are_no_writes() {
    assert!(writes(&[]).unwrap().is_empty());
}

#[test]
fn rules_before_the_last_that_decides_all_are_not_written() {
    let rules = [parse(true, "c 1:3 rwm"), DeviceRule::all(true)];
    assert_eq!(values(&rules), ["devices.allow a"]);
}

#[test]
fn a_repeated_rule_is_written_once() {
    let rules = [DeviceRule::all(false), parse(true, "c 1:3 r"), parse(true, "c 1:3 w")];
    assert_eq!(values(&rules), ["devices.deny a", "devices.allow c 1:3 rw"]);
}

#[test]
fn v1_refuses_a_hole_in_a_wildcard() {
    let rules = [DeviceRule::all(false), parse(true, "c 1:* rwm"), parse(false, "c 1:3 w")];
    assert_eq!(
        writes(&rules).unwrap_err().to_string(),
        "linux.resources.devices: cgroup v1 cannot deny c 1:3 w out of allow c 1:* rwm"
    );
}

#[test]
fn an_unrestricted_program_is_as_short_as_it_can_be() {
    assert_eq!(device_program(&[DeviceRule::all(true)]).unwrap().len(), 2);
}

/// The kernel's verifier takes time by the instruction on every way through the program.
#[test]
fn the_program_of_a_new_container_is_short() {
    assert_eq!(device_program(&with_default_devices(&[])).unwrap().len(), 28);
}

#[test]
fn more_rules_than_a_jump_reaches_are_an_error() {
    let minors = (0..200).map(|minor| parse(true, &format!("c *:{minor} r")));
    let majors = (0..200).map(|major| parse(true, &format!("c {major}:* w")));
    let rules: Vec<_> = minors.chain(majors).collect();
    assert!(device_program(&rules).is_err());
}

#[track_caller]
fn check_field(kind: Option<&str>, major: Option<i64>, access: Option<&str>, expected: &str) {
    let error = DeviceRule::parse(true, kind, major, None, access).unwrap_err();
    assert_eq!(error.to_string(), expected);
}

#[test]
fn wrong_fields_are_named() {
    const LETTERS: &str = "one or more letters of \"rwm\"";
    check_field(Some("u"), None, Some("r"), "type: found \"u\", allowed: a, b or c");
    check_field(None, None, None, &format!("access: found \"\", allowed: {LETTERS}"));
    check_field(None, None, Some("rx"), &format!("access: found \"rx\", allowed: {LETTERS}"));
    let words = "major: found 1099511627776, allowed: a device number, or -1 for all";
    check_field(None, Some(1 << 40), Some("r"), words);
}

#[test]
fn a_program_reads_as_its_rules() {
    let rules = vec![DeviceRule::all(false), parse(true, "c 1:3 rw")];
    assert_eq!(DeviceProgram::of(rules).unwrap().to_string(), "deny a *:* rwm, allow c 1:3 rw");
}

#[test]
fn a_negative_number_is_a_wildcard() {
    assert_eq!(DeviceRule::parse(true, Some("c"), Some(-1), None, Some("r")).unwrap().to_string(), "c *:* r");
}
