//! Puts the sealed file under the running program, in the place of the one that it was executed from.
//!
//! The same bytes are mapped over themselves, segment by segment, and then the kernel is told which file it is that runs
//! (PR_SET_MM_MAP, made for programs that are restored from a checkpoint). It agrees only once nothing of the former file
//! is mapped any more, so that its word is proof. An execve comes to the same, but makes a new address space for it and
//! does away with the old one.

use libc::Elf64_Phdr;

use super::memory::{Span, Stack, clear};
use super::raw::{Descriptor, call};

/// What the kernel keeps of a program's layout, and the file that it says is executed: `prctl_mm_map` of linux/prctl.h.
#[repr(C)]
struct Layout {
    code: Span,
    data: Span,
    heap: Span,
    stack: u64,
    arguments: Span,
    environment: Span,
    auxiliary: u64,
    auxiliary_size: u32,
    executable: u32,
}

/// Has the process run from `file` from now on. If that fails, it may still execute it: what is mapped of it does no
/// harm.
///
/// # Safety
///
/// The file must have the bytes of the executable, and nobody may have written to a variable of the program yet.
pub(super) unsafe fn executable(file: &Descriptor, stack: Stack) -> Option<()> {
    let headers = stack.auxiliary.program_headers()?;
    // A loader or a relocation would have written to what is about to be mapped anew.
    if headers.iter().any(|header| matches!(header.p_type, libc::PT_INTERP | libc::PT_DYNAMIC)) {
        return None;
    }
    let page = stack.auxiliary.page_size()?;
    let segments = || headers.iter().filter(|header| header.p_type == libc::PT_LOAD);
    for segment in segments() {
        // SAFETY: the caller's promise.
        unsafe { map(file, segment, page)? };
    }
    let layout = layout(segments, file, stack)?;
    let (option, what) = (libc::PR_SET_MM as usize, libc::PR_SET_MM_MAP as usize);
    let arguments = [option.into(), what.into(), (&raw const layout).into(), size_of::<Layout>().into()];
    // SAFETY: the layout outlives the call, and its size is passed.
    unsafe { call(libc::SYS_prctl, arguments) }.map(drop)
}

/// Maps a segment as execve did (elf(5), "Program header").
///
/// # Safety
///
/// As for [`executable`]; no two segments share a page.
unsafe fn map(file: &Descriptor, segment: &Elf64_Phdr, page: usize) -> Option<()> {
    let (address, length) = (segment.p_vaddr as usize, segment.p_filesz as usize);
    let into_page = address & (page - 1);
    let arguments = [
        (address - into_page).into(),
        (length + into_page).into(),
        protection(segment.p_flags).into(),
        ((libc::MAP_PRIVATE | libc::MAP_FIXED) as usize).into(),
        file.number(),
        (segment.p_offset as usize - into_page).into(),
    ];
    // SAFETY: what comes there is what is there, by the caller's promise.
    unsafe { call(libc::SYS_mmap, arguments) }?;
    if is_writable(segment) && segment.p_memsz > segment.p_filesz {
        // The variables that begin as zero start in the last page, where the file goes on with something else.
        let end = address + length;
        // SAFETY: the rest of that page, which is writable, and nobody has written to a variable.
        unsafe { clear(end, end.wrapping_neg() & (page - 1)) };
    }
    Some(())
}

fn is_writable(segment: &Elf64_Phdr) -> bool {
    segment.p_flags & libc::PF_W != 0
}

fn is_code(segment: &Elf64_Phdr) -> bool {
    segment.p_flags & libc::PF_X != 0
}

/// What mmap(2) calls what a program header allows.
fn protection(flags: u32) -> usize {
    let allowed = |flag, protection| if flags & flag == 0 { 0 } else { protection };
    let read = allowed(libc::PF_R, libc::PROT_READ);
    (read | allowed(libc::PF_W, libc::PROT_WRITE) | allowed(libc::PF_X, libc::PROT_EXEC)) as usize
}

/// The layout that execve has made, with another executable.
fn layout<'s, S>(segments: impl Fn() -> S, file: &Descriptor, stack: Stack) -> Option<Layout>
where
    S: Iterator<Item = &'s Elf64_Phdr>,
{
    // SAFETY: to ask for the end of the heap changes nothing; nobody has moved it from its start.
    let heap = unsafe { call(libc::SYS_brk, [0.into()]) }? as u64;
    let arguments = stack.arguments.strings()?;
    Some(Layout {
        code: bounds(segments().filter(|segment| is_code(segment)))?,
        data: bounds(segments().filter(|segment| is_writable(segment)))?,
        heap: Span { start: heap, end: heap },
        stack: stack.pointer as u64,
        arguments,
        environment: stack.environment.strings().unwrap_or(Span { start: arguments.end, end: arguments.end }),
        auxiliary: 0,
        auxiliary_size: 0,
        executable: file.field(),
    })
}

/// From the first address of some segments to the end of what the file has of the last one.
fn bounds<'s>(segments: impl Iterator<Item = &'s Elf64_Phdr>) -> Option<Span> {
    let spans =
        segments.map(|segment| Span { start: segment.p_vaddr, end: segment.p_vaddr + segment.p_filesz });
    spans.reduce(|all, one| Span { start: all.start.min(one.start), end: all.end.max(one.end) })
}
