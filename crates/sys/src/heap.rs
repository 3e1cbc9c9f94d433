//! Memory for a process that lives a few milliseconds: taken in small pieces, given back to nobody.
//!
//! A command makes a few thousand small values and ends. The heap of a libc is made for programs that live long: that of
//! musl maps and unmaps pages all the while. Here a piece is the next one of a room that the kernel has made with the
//! executable, without a system call; a piece that is freed waits for the next value of its size. What is large, or has no
//! room any more, is left to libc.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::mem::MaybeUninit;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much there is to take pieces from. What is never touched is no memory.
const ROOM: usize = 2 << 20;

/// What all sizes and addresses of pieces are multiples of.
const GRAIN: usize = 16;

/// Sizes up to this have a class for each multiple of [`GRAIN`], those above one for each power of two.
const FINE: usize = 1024;

/// The largest piece.
const LARGEST: usize = 16 << 10;

/// How many classes there are.
const CLASSES: usize = FINE / GRAIN + (LARGEST / FINE).ilog2() as usize;

/// The heap of an executable: `#[global_allocator] static HEAP: Heap = Heap::new();`
pub struct Heap {
    room: UnsafeCell<MaybeUninit<Room>>,
    pieces: Mutex<Pieces>,
}

#[repr(align(16))]
struct Room {
    _bytes: [u8; ROOM],
}

/// Which pieces are free.
struct Pieces {
    /// Of each class, the one that was freed last. It begins with the address of the one before.
    freed: [Option<NonNull<Freed>>; CLASSES],
    /// How much of the room was given away, ever.
    taken: usize,
}

struct Freed(Option<NonNull<Freed>>);

// SAFETY: the room is only ever lent in pieces that do not overlap; which are free is behind the lock.
unsafe impl Sync for Heap {}

// SAFETY: the addresses are of the room, which every thread may use.
unsafe impl Send for Pieces {}

impl Heap {
    /// A heap with all its room.
    pub const fn new() -> Heap {
        let room = UnsafeCell::new(MaybeUninit::uninit());
        Heap { room, pieces: Mutex::new(Pieces { freed: [None; CLASSES], taken: 0 }) }
    }

    fn start(&self) -> *mut u8 {
        self.room.get().cast()
    }

    fn owns(&self, piece: *mut u8) -> bool {
        (self.start().addr()..self.start().addr() + ROOM).contains(&piece.addr())
    }

    /// A panic cannot leave the lists half changed.
    fn pieces(&self) -> MutexGuard<'_, Pieces> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A free piece of a class; `None` if there is no room for one more.
    fn take(&self, class: Class) -> Option<NonNull<u8>> {
        let mut pieces = self.pieces();
        if let Some(piece) = pieces.freed[class.index] {
            // SAFETY: whoever frees a piece leaves this at its beginning, and nobody has it since.
            pieces.freed[class.index] = unsafe { piece.as_ref() }.0;
            return Some(piece.cast());
        }
        let start = pieces.taken;
        pieces.taken = start.checked_add(class.size).filter(|end| *end <= ROOM)?;
        // SAFETY: within the room.
        NonNull::new(unsafe { self.start().add(start) })
    }

    /// Takes a piece back.
    ///
    /// # Safety
    ///
    /// The piece must come from [`take`](Self::take) for this class, and nobody may use it any more.
    unsafe fn put(&self, piece: NonNull<u8>, class: Class) {
        let mut pieces = self.pieces();
        let freed = piece.cast::<Freed>();
        // SAFETY: every piece has room for an address and is aligned for one; it is nobody else's.
        unsafe { freed.write(Freed(pieces.freed[class.index])) };
        pieces.freed[class.index] = Some(freed);
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}

/// Values that take a piece of the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Class {
    index: usize,
    size: usize,
}

/// The class of a value; `None` if it is for libc.
fn class(layout: Layout) -> Option<Class> {
    match layout.size() {
        _ if layout.align() > GRAIN => None,
        size if size <= FINE => {
            let size = size.max(1).next_multiple_of(GRAIN);
            Some(Class { index: size / GRAIN - 1, size })
        }
        size if size <= LARGEST => {
            let size = size.next_power_of_two();
            Some(Class { index: FINE / GRAIN - 1 + (size / FINE).ilog2() as usize, size })
        }
        _ => None,
    }
}

// SAFETY: a piece is as large as its class, aligned to the grain, and lent to one caller at a time; whose a block is can
// be told by its address.
unsafe impl GlobalAlloc for Heap {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class(layout).and_then(|class| self.take(class)) {
            Some(piece) => piece.as_ptr(),
            // SAFETY: the caller's promise.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        let piece = NonNull::new(block).filter(|_| self.owns(block));
        match piece.zip(class(layout)) {
            // SAFETY: the caller's promise: the block was taken for this layout, and so for this class.
            Some((piece, class)) => unsafe { self.put(piece, class) },
            // SAFETY: what is not in the room is libc's.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller's promise: the size does not overflow when rounded up to the alignment.
        let wanted = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        match (self.owns(block), class(wanted)) {
            (true, there) if there == class(layout) => return block,
            // SAFETY: what is not in the room is libc's.
            (false, None) => return unsafe { System.realloc(block, layout, size) },
            _ => {}
        }
        // SAFETY: two blocks, each as large as what is copied; the old one is the caller's to free.
        unsafe {
            let moved = self.alloc(wanted);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, size.min(layout.size()));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static HEAP: Heap = Heap::new();

    fn layout(size: usize) -> Layout {
        Layout::from_size_align(size, 1).unwrap()
    }

    fn check(size: usize, wanted: Option<usize>) {
        assert_eq!(class(layout(size)).map(|class| class.size), wanted, "{size}");
    }

    /// Allocates and frees, with what is to be done between.
    fn with<T>(heap: &Heap, size: usize, between: impl FnOnce(*mut u8) -> T) -> T {
        // SAFETY: the layout is the same, and the block is not used after.
        unsafe {
            let block = heap.alloc(layout(size));
            assert!(!block.is_null());
            let result = between(block);
            heap.dealloc(block, layout(size));
            result
        }
    }

    #[test]
    fn a_piece_has_room_for_its_value() {
        [(1, 16), (16, 16), (17, 32), (1024, 1024), (1025, 2048), (16384, 16384)]
            .into_iter()
            .for_each(|(size, piece)| check(size, Some(piece)));
    }

    #[test]
    fn what_is_large_is_left_to_libc() {
        check(LARGEST + 1, None);
    }

    #[test]
    fn what_wants_more_alignment_is_left_to_libc() {
        assert_eq!(class(Layout::from_size_align(8, 64).unwrap()), None);
    }

    #[test]
    fn no_two_classes_share_a_list() {
        let mut last = None;
        for size in 1..=LARGEST {
            let class = class(layout(size)).unwrap();
            assert!(class.index < CLASSES && class.size >= size);
            assert!(last.is_none_or(|last: Class| last == class || last.index + 1 == class.index));
            last = Some(class);
        }
        assert_eq!(last.map(|class| class.index), Some(CLASSES - 1));
    }

    #[test]
    fn a_freed_piece_is_the_next_of_its_class() {
        let heap = Box::new(Heap::new());
        let first = with(&heap, 40, |block| block);
        assert_eq!(with(&heap, 48, |block| block), first);
    }

    #[test]
    fn two_values_do_not_overlap() {
        with(&HEAP, 24, |one| with(&HEAP, 24, |other| assert!(one.addr().abs_diff(other.addr()) >= 24)));
    }

    #[test]
    fn a_full_room_is_no_end() {
        let heap = Box::new(Heap::new());
        // SAFETY: nothing is freed.
        let blocks = (0..ROOM / LARGEST + 1).map(|_| unsafe { heap.alloc(layout(LARGEST)) });
        let outside = blocks.filter(|block| !heap.owns(*block)).count();
        assert_eq!(outside, 1);
    }

    #[test]
    fn a_value_that_grows_keeps_its_bytes() {
        // SAFETY: each size is the last one that was asked for, and the last block is freed.
        unsafe {
            let mut block = HEAP.alloc(layout(1));
            block.write(7);
            let mut size = 1;
            while size < 4 * LARGEST {
                block = HEAP.realloc(block, layout(size), size * 2);
                size *= 2;
                assert_eq!(block.read(), 7);
            }
            HEAP.dealloc(block, layout(size));
        }
    }
}
