//! A 32-bit program for x86, put together by hand: no compiler of the host has to know that architecture.

/// Where it is loaded.
const BASE: u32 = 0x0804_8000;

/// Sizes of the ELF header and of the one program header (elf(5)).
const HEADERS: u32 = 52 + 32;

const CODE: u32 = 28;

/// A static executable that makes the directory `/tmp/made` by system call 39, mkdir of i386, and ends with the errno
/// that this fails with, or 0.
pub(crate) fn mkdir() -> Vec<u8> {
    let path = b"/tmp/made\0";
    let size = HEADERS + CODE + path.len() as u32;
    [header(), program_header(size), code(BASE + HEADERS + CODE), path.to_vec()].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

fn header() -> Vec<u8> {
    // 32 bits, little-endian, version 1; an executable (2) for the 386 (3).
    let start = [b"\x7fELF\x01\x01\x01", [0; 9].as_slice(), &[2, 0, 3, 0]].concat();
    let middle = words(&[1, BASE + HEADERS, 52, 0, 0]);
    // Sizes of this header and of a program header, of which there is one; no section headers.
    let end = [52u16, 32, 1, 0, 0, 0].into_iter().flat_map(u16::to_le_bytes).collect();
    [start, middle, end].concat()
}

/// All of the file, to be read and executed.
fn program_header(size: u32) -> Vec<u8> {
    words(&[1, 0, BASE, BASE, size, size, 5, 0x1000])
}

fn code(path: u32) -> Vec<u8> {
    let mut code = vec![0xb8, 39, 0, 0, 0]; // mov eax, mkdir
    code.push(0xbb); // mov ebx, path
    code.extend(path.to_le_bytes());
    code.extend([0xb9, 0xed, 1, 0, 0]); // mov ecx, 0755
    code.extend([0xcd, 0x80]); // int 0x80
    code.extend([0xf7, 0xd8]); // neg eax
    code.extend([0x89, 0xc3]); // mov ebx, eax
    code.extend([0xb8, 1, 0, 0, 0]); // mov eax, exit
    code.extend([0xcd, 0x80]); // int 0x80
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_stands_behind_the_code() {
        assert_eq!(code(0).len(), CODE as usize);
    }

    #[test]
    fn the_code_stands_behind_the_headers() {
        assert_eq!(header().len() + program_header(0).len(), HEADERS as usize);
    }
}
