//! A machine for classic BPF as the kernel restricts it for seccomp (seccomp_check_filter in
//! kernel/seccomp.c).

use seccomp::Instruction;

/// `struct seccomp_data`, without the instruction pointer, which no filter here reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    pub(crate) number: u32,
    pub(crate) audit: u32,
    pub(crate) arguments: [u64; 6],
}

impl Call {
    fn word(&self, offset: u32, little_endian: bool) -> u32 {
        match offset {
            0 => self.number,
            4 => self.audit,
            16..64 if offset.is_multiple_of(4) => {
                let argument = self.arguments[(offset as usize - 16) / 8];
                let is_first = offset.is_multiple_of(8);
                if is_first == little_endian { argument as u32 } else { (argument >> 32) as u32 }
            }
            _ => panic!("load from {offset}"),
        }
    }
}

/// Runs a program and gives what it returns.
pub(crate) fn run(program: &[Instruction], call: &Call, little_endian: bool) -> u32 {
    let (mut at, mut accumulator) = (0, None);
    loop {
        let Instruction { code, jt, jf, k } = program[at];
        let value = || accumulator.expect("the accumulator has been loaded");
        let jump = |holds: bool| usize::from(if holds { jt } else { jf });
        at += 1;
        match code {
            0x20 => accumulator = Some(call.word(k, little_endian)),
            0x54 => accumulator = Some(value() & k),
            0x05 => at += k as usize,
            0x15 => at += jump(value() == k),
            0x25 => at += jump(value() > k),
            0x35 => at += jump(value() >= k),
            0x45 => at += jump(value() & k != 0),
            0x06 => return k,
            _ => panic!("instruction {code:#x} at {at}"),
        }
    }
}
