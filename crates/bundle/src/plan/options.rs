//! The option words of a mount (runtime-spec config.md "Linux mount options").

use std::ffi::CString;

use container::plan::Mount;
use sys::mount::{
    ATTR_ATIME, ATTR_NOATIME, ATTR_NODEV, ATTR_NODIRATIME, ATTR_NOEXEC, ATTR_NOSUID, ATTR_NOSYMFOLLOW,
    ATTR_RDONLY, ATTR_RELATIME, ATTR_STRICTATIME, Change, Depth, MS_PRIVATE, MS_SHARED, MS_SLAVE,
    MS_UNBINDABLE,
};

use super::text::c;

/// What one word means.
#[derive(Clone, Copy, Debug)]
enum Word {
    /// An attribute of the mount is set.
    Set(u64),
    /// An attribute of the mount is cleared.
    Clear(u64),
    /// The time attribute, which is one field of several bits, gets a value.
    Time(u64),
    /// The same three for the mount and everything below it.
    SetAll(u64),
    ClearAll(u64),
    TimeAll(u64),
    /// Who sees mounts made below.
    Propagation(u64, Depth),
    /// A bind mount.
    Bind(Depth),
    /// A change to what is mounted.
    Remount,
    /// A flag of the file system itself, with its fsconfig(2) name.
    Super(&'static str),
    /// The opposite of one: what a new file system has anyway.
    NotSuper(&'static str),
    /// Says nothing.
    Nothing,
}

use Word::{
    Bind, Clear, ClearAll, NotSuper, Nothing, Propagation, Remount, Set, SetAll, Super, Time, TimeAll,
};

/// Every word that is not the file system's own.
const WORDS: &[(&str, Word)] = &[
    ("async", NotSuper("sync")),
    ("atime", Time(ATTR_RELATIME)),
    ("bind", Bind(Depth::One)),
    ("defaults", Nothing),
    ("dev", Clear(ATTR_NODEV)),
    ("diratime", Clear(ATTR_NODIRATIME)),
    ("dirsync", Super("dirsync")),
    ("exec", Clear(ATTR_NOEXEC)),
    ("iversion", Super("iversion")),
    ("lazytime", Super("lazytime")),
    ("loud", Nothing),
    ("mand", Super("mand")),
    ("noatime", Time(ATTR_NOATIME)),
    ("nodev", Set(ATTR_NODEV)),
    ("nodiratime", Set(ATTR_NODIRATIME)),
    ("noexec", Set(ATTR_NOEXEC)),
    ("noiversion", NotSuper("iversion")),
    ("nolazytime", NotSuper("lazytime")),
    ("nomand", NotSuper("mand")),
    ("norelatime", Time(ATTR_RELATIME)),
    ("nostrictatime", Time(ATTR_RELATIME)),
    ("nosuid", Set(ATTR_NOSUID)),
    ("nosymfollow", Set(ATTR_NOSYMFOLLOW)),
    ("private", Propagation(MS_PRIVATE, Depth::One)),
    ("ratime", TimeAll(ATTR_RELATIME)),
    ("rbind", Bind(Depth::Tree)),
    ("rdev", ClearAll(ATTR_NODEV)),
    ("rdiratime", ClearAll(ATTR_NODIRATIME)),
    ("relatime", Time(ATTR_RELATIME)),
    ("remount", Remount),
    ("rexec", ClearAll(ATTR_NOEXEC)),
    ("rnoatime", TimeAll(ATTR_NOATIME)),
    ("rnodev", SetAll(ATTR_NODEV)),
    ("rnodiratime", SetAll(ATTR_NODIRATIME)),
    ("rnoexec", SetAll(ATTR_NOEXEC)),
    ("rnorelatime", TimeAll(ATTR_RELATIME)),
    ("rnostrictatime", TimeAll(ATTR_RELATIME)),
    ("rnosuid", SetAll(ATTR_NOSUID)),
    ("rnosymfollow", SetAll(ATTR_NOSYMFOLLOW)),
    ("ro", Set(ATTR_RDONLY)),
    ("rprivate", Propagation(MS_PRIVATE, Depth::Tree)),
    ("rrelatime", TimeAll(ATTR_RELATIME)),
    ("rro", SetAll(ATTR_RDONLY)),
    ("rrw", ClearAll(ATTR_RDONLY)),
    ("rshared", Propagation(MS_SHARED, Depth::Tree)),
    ("rslave", Propagation(MS_SLAVE, Depth::Tree)),
    ("rstrictatime", TimeAll(ATTR_STRICTATIME)),
    ("rsuid", ClearAll(ATTR_NOSUID)),
    ("rsymfollow", ClearAll(ATTR_NOSYMFOLLOW)),
    ("runbindable", Propagation(MS_UNBINDABLE, Depth::Tree)),
    ("rw", Clear(ATTR_RDONLY)),
    ("shared", Propagation(MS_SHARED, Depth::One)),
    ("silent", Nothing),
    ("slave", Propagation(MS_SLAVE, Depth::One)),
    ("strictatime", Time(ATTR_STRICTATIME)),
    ("suid", Clear(ATTR_NOSUID)),
    ("symfollow", Clear(ATTR_NOSYMFOLLOW)),
    ("sync", Super("sync")),
    ("unbindable", Propagation(MS_UNBINDABLE, Depth::One)),
];

/// All words, for the features document.
pub fn names() -> impl Iterator<Item = &'static str> {
    WORDS.iter().map(|(word, _)| *word)
}

/// The options of one mount, resolved: of contradicting words the last wins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) change: Change,
    pub(super) recursive: Change,
    pub(super) propagation: Vec<(u64, Depth)>,
    pub(super) bind: Option<Depth>,
    pub(super) remount: bool,
    /// Flags of the file system itself.
    pub(super) flags: Vec<&'static str>,
    /// The file system's own options.
    pub(super) data: Vec<(CString, Option<CString>)>,
}

impl Options {
    /// Reads the words in order.
    pub(super) fn parse(words: &[String]) -> Options {
        let mut options = Options::default();
        for word in words {
            match WORDS.binary_search_by_key(&word.as_str(), |(known, _)| known) {
                Ok(index) => options.apply(WORDS[index].1),
                // An unknown word is the file system's own (runtime-spec config.md).
                Err(_) => options.data.push(key_and_value(word)),
            }
        }
        options
    }

    fn apply(&mut self, word: Word) {
        match word {
            Set(bit) => set(&mut self.change, bit),
            Clear(bit) => clear(&mut self.change, bit),
            Time(value) => time(&mut self.change, value),
            SetAll(bit) => set(&mut self.recursive, bit),
            ClearAll(bit) => clear(&mut self.recursive, bit),
            TimeAll(value) => time(&mut self.recursive, value),
            Propagation(flags, depth) => self.propagation.push((flags, depth)),
            Bind(depth) => self.bind = Some(self.bind.map_or(depth, |before| deeper(before, depth))),
            Remount => self.remount = true,
            Super(flag) => {
                self.flags.retain(|known| *known != flag);
                self.flags.push(flag);
            }
            NotSuper(flag) => self.flags.retain(|known| *known != flag),
            Nothing => {}
        }
    }

    /// Puts the attributes onto a mount.
    pub(super) fn dress(&self, mount: &mut Mount) {
        mount.change = self.change;
        mount.recursive = self.recursive;
        mount.propagation.clone_from(&self.propagation);
    }
}

fn deeper(one: Depth, other: Depth) -> Depth {
    if one == Depth::Tree { one } else { other }
}

fn set(change: &mut Change, bit: u64) {
    change.set |= bit;
    change.clear &= !bit;
}

fn clear(change: &mut Change, bit: u64) {
    change.set &= !bit;
    change.clear |= bit;
}

/// mount_setattr(2): to give the field a value, all of it must be cleared.
fn time(change: &mut Change, value: u64) {
    change.set = change.set & !ATTR_ATIME | value;
    change.clear |= ATTR_ATIME;
}

fn key_and_value(word: &str) -> (CString, Option<CString>) {
    match word.split_once('=') {
        Some((key, value)) => (c(key), Some(c(value))),
        None => (c(word), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Options {
        Options::parse(&words.split(',').map(String::from).collect::<Vec<_>>())
    }

    #[track_caller]
    fn check(words: &str, change: Change) {
        assert_eq!(parse(words).change, change);
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(WORDS.is_sorted_by_key(|(word, _)| *word));
    }

    #[test]
    fn flags_add_up() {
        check("nosuid,nodev,ro", Change { set: ATTR_NOSUID | ATTR_NODEV | ATTR_RDONLY, ..Change::default() });
    }

    #[test]
    fn the_last_of_two_contradicting_words_wins() {
        check("ro,rw", Change { clear: ATTR_RDONLY, ..Change::default() });
        check("rw,ro", Change { set: ATTR_RDONLY, ..Change::default() });
    }

    #[test]
    fn a_time_word_sets_the_whole_field() {
        check(
            "noatime,strictatime",
            Change { set: ATTR_STRICTATIME, clear: ATTR_ATIME, ..Change::default() },
        );
        check("noatime,relatime", Change { set: 0, clear: ATTR_ATIME, ..Change::default() });
    }

    #[test]
    fn rbind_is_deeper_than_bind_in_any_order() {
        assert_eq!(parse("rbind,bind").bind, Some(Depth::Tree));
        assert_eq!(parse("bind,rbind").bind, Some(Depth::Tree));
    }

    #[test]
    fn unknown_words_are_the_file_systems_own() {
        assert_eq!(
            parse("mode=755,newinstance").data,
            [(c"mode".into(), Some(c"755".into())), (c"newinstance".into(), None)]
        );
    }

    #[test]
    fn async_takes_back_sync() {
        assert_eq!(parse("sync,async").flags, Vec::<&str>::new());
    }

    #[test]
    fn propagation_words_keep_their_order() {
        assert_eq!(parse("rslave,shared").propagation, [(MS_SLAVE, Depth::Tree), (MS_SHARED, Depth::One)]);
    }
}
