//! Strings and lists where neither an allocator nor `memcpy` may be used: every byte is read and written by itself,
//! volatile, so that the compiler makes no call of a loop.

use std::ffi::{CStr, c_char};
use std::mem::MaybeUninit;

use super::raw;

/// What a new process finds on its stack.
#[derive(Clone, Copy)]
pub(super) struct Stack {
    pub(super) pointer: usize,
    pub(super) arguments: List,
    pub(super) environment: List,
    pub(super) auxiliary: Auxiliary,
}

impl Stack {
    /// # Safety
    ///
    /// `pointer` must be the stack pointer of a new process: the argument count and three lists, each with a null at its end
    /// (System V ABI, "Process Initialization").
    pub(super) unsafe fn at(pointer: *const usize) -> Stack {
        // SAFETY: the caller's promise: each list follows the end of the one before.
        unsafe {
            let arguments = List(pointer.add(1).cast());
            let environment = List(arguments.0.add(pointer.read() + 1));
            let auxiliary = Auxiliary(environment.0.add(environment.iter().count() + 1).cast());
            Stack { pointer: pointer.expose_provenance(), arguments, environment, auxiliary }
        }
    }
}

/// One terminated string of the process's arguments or environment.
#[derive(Clone, Copy)]
pub(super) struct Word(*const c_char);

impl Word {
    /// Whether the string is this one.
    pub(super) fn is(self, text: &CStr) -> bool {
        self.begins(text) && self.byte(text.count_bytes()) == 0
    }

    /// Whether the string is a variable of this name.
    pub(super) fn is_named(self, name: &CStr) -> bool {
        self.begins(name) && self.byte(name.count_bytes()) == b'='
    }

    /// The address behind the string and its terminator.
    fn end(self) -> usize {
        let mut index = 0;
        while self.byte(index) != 0 {
            index += 1;
        }
        self.0.expose_provenance() + index + 1
    }

    /// Goes no further than the first difference, and so never beyond the end.
    fn begins(self, text: &CStr) -> bool {
        text.to_bytes().iter().enumerate().all(|(index, byte)| self.byte(index) == *byte)
    }

    fn byte(self, index: usize) -> u8 {
        // SAFETY: whoever asks has seen every byte before this one, none of them the end.
        unsafe { self.0.add(index).cast::<u8>().read_volatile() }
    }
}

/// A list of strings that ends with a null: the arguments, or the environment.
#[derive(Clone, Copy)]
pub(super) struct List(*const *const c_char);

impl List {
    pub(super) fn as_ptr(self) -> *const *const c_char {
        self.0
    }

    /// Where its strings are, if they lie one behind the other, as the kernel puts them there.
    pub(super) fn strings(self) -> Option<Span> {
        let (first, last) = (self.iter().next()?, self.iter().last()?);
        Some(Span { start: first.0.expose_provenance() as u64, end: last.end() as u64 })
    }

    pub(super) fn iter(self) -> impl Iterator<Item = Word> {
        // SAFETY: goes on only while the end has not been seen.
        let at = move |index| unsafe { self.0.add(index).read_volatile() };
        (0..).map(at).take_while(|word| !word.is_null()).map(Word)
    }
}

/// What the kernel tells a new process of itself (getauxval(3)): pairs of a type and a value, until the type is null.
#[derive(Clone, Copy)]
pub(super) struct Auxiliary(*const [usize; 2]);

impl Auxiliary {
    /// The headers of the executable as they are in memory.
    pub(super) fn program_headers(self) -> Option<&'static [libc::Elf64_Phdr]> {
        let (start, count) = (self.get(libc::AT_PHDR)?, self.get(libc::AT_PHNUM)?);
        // SAFETY: the kernel has found them there, and they are never unmapped.
        Some(unsafe { std::slice::from_raw_parts(std::ptr::with_exposed_provenance(start), count) })
    }

    /// A power of two.
    pub(super) fn page_size(self) -> Option<usize> {
        self.get(libc::AT_PAGESZ)
    }

    fn get(self, wanted: libc::c_ulong) -> Option<usize> {
        // SAFETY: goes on only while the end has not been seen.
        let at = |index| unsafe { self.0.add(index).read_volatile() };
        let mut pairs = (0..).map(at).take_while(|[kind, _]| *kind != libc::AT_NULL as usize);
        pairs.find(|[kind, _]| *kind == wanted as usize).map(|[_, value]| value)
    }
}

/// Writes zeroes.
///
/// # Safety
///
/// The memory must be writable, and nobody's.
pub(super) unsafe fn clear(start: usize, length: usize) {
    let start: *mut u8 = std::ptr::with_exposed_provenance_mut(start);
    for index in 0..length {
        // SAFETY: the caller's promise.
        unsafe { start.add(index).write_volatile(0) };
    }
}

/// From one address to another.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Span {
    pub(super) start: u64,
    pub(super) end: u64,
}

/// How many variables an environment may have. A longer one is left to those who can allocate.
const MOST: usize = 1024;

/// A list of our own.
pub(super) struct Environment {
    words: [MaybeUninit<*const c_char>; MOST],
    length: usize,
}

impl Environment {
    pub(super) fn new() -> Environment {
        Environment { words: [const { MaybeUninit::uninit() }; MOST], length: 0 }
    }

    /// The words of a list, then one more and the end. `None` if they are too many.
    pub(super) fn fill(&mut self, list: List, last: *const c_char) -> Option<List> {
        for Word(word) in list.iter() {
            self.push(word)?;
        }
        self.push(last)?;
        self.push(std::ptr::null())?;
        Some(List(self.words.as_ptr().cast()))
    }

    fn push(&mut self, word: *const c_char) -> Option<()> {
        let slot = self.words.get_mut(self.length)?;
        // SAFETY: the slot is ours.
        unsafe { slot.as_mut_ptr().write_volatile(word) };
        self.length += 1;
        Some(())
    }
}

/// Room for a path, and a little more.
const ROOM: usize = libc::PATH_MAX as usize + 64;

/// A string in the making. What does not fit is left out, and the end with it.
pub(super) struct Text {
    bytes: [MaybeUninit<u8>; ROOM],
    length: usize,
}

impl Text {
    pub(super) fn new() -> Text {
        Text { bytes: [const { MaybeUninit::uninit() }; ROOM], length: 0 }
    }

    /// Fills in what a link leads to.
    pub(super) fn read_link(&mut self, path: &CStr) -> Option<&CStr> {
        self.length = raw::read_link(path, &mut self.bytes)?;
        self.end()
    }

    pub(super) fn push(&mut self, byte: u8) -> &mut Text {
        if let Some(slot) = self.bytes.get_mut(self.length) {
            // SAFETY: the slot is ours.
            unsafe { slot.as_mut_ptr().write_volatile(byte) };
        }
        self.length += 1;
        self
    }

    pub(super) fn push_all(&mut self, bytes: &[u8]) -> &mut Text {
        for byte in bytes {
            self.push(*byte);
        }
        self
    }

    /// A number as `format!("{number:x}")` has it.
    pub(super) fn push_hex(&mut self, number: u64) -> &mut Text {
        let digits = (64 - (number | 1).leading_zeros()).div_ceil(4);
        for digit in (0..digits).rev() {
            let value = (number >> (4 * digit)) as u8 & 0xf;
            self.push(if value < 10 { b'0' + value } else { b'a' + value - 10 });
        }
        self
    }

    /// Ends the string; `None` if there was no room for all of it.
    pub(super) fn end(&mut self) -> Option<&CStr> {
        self.push(0);
        let bytes = self.bytes.get(..self.length)?;
        // SAFETY: all of them were written, the null at the end just now; nothing that is pushed contains another.
        Some(unsafe {
            let bytes = std::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len());
            CStr::from_bytes_with_nul_unchecked(bytes)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &CStr) -> Word {
        Word(text.as_ptr())
    }

    fn hex(number: u64) -> String {
        let mut text = Text::new();
        text.push_hex(number).end().unwrap().to_str().unwrap().to_owned()
    }

    #[test]
    fn numbers_are_written_as_format_writes_them() {
        for number in [0, 1, 9, 10, 15, 16, 255, 4096, 0xdead_beef, u64::MAX] {
            assert_eq!(hex(number), format!("{number:x}"));
        }
    }

    #[test]
    fn a_word_is_the_whole_text() {
        assert!(word(c"run").is(c"run"));
    }

    #[test]
    fn a_word_that_goes_on_is_another() {
        assert!(!word(c"runs").is(c"run"));
    }

    #[test]
    fn a_word_that_ends_early_is_another() {
        assert!(!word(c"ru").is(c"run"));
    }

    #[test]
    fn a_variable_is_known_by_its_name() {
        assert!(word(c"PATH=/bin").is_named(c"PATH"));
    }

    #[test]
    fn a_variable_of_a_longer_name_is_another() {
        assert!(!word(c"PATHS=/bin").is_named(c"PATH"));
    }

    #[test]
    fn a_variable_is_added_at_the_end() {
        let words = [c"a=1".as_ptr(), c"b=2".as_ptr(), std::ptr::null()];
        let mut marked = Environment::new();
        let list = marked.fill(List(words.as_ptr()), c"c=3".as_ptr()).unwrap();
        assert!(list.iter().map(|word| word.is(c"c=3")).eq([false, false, true]));
    }

    #[test]
    fn a_text_without_room_has_no_end() {
        let mut text = Text::new();
        assert!(text.push_all(&[b'x'; ROOM]).end().is_none());
    }
}
