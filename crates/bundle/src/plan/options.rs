//! The option words of a mount (runtime-spec config.md "Linux mount options").

use std::ffi::CString;

use container::plan::{DestinationLink, Links, Mount, SourceLink};
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
    /// It loses this value, and so gets the kernel's default, relatime.
    NotTime(u64),
    /// The same four for the mount and everything below it.
    SetAll(u64),
    ClearAll(u64),
    TimeAll(u64),
    NotTimeAll(u64),
    /// Who sees mounts made below.
    Propagation(u64, Depth),
    /// A bind mount.
    Bind(Depth),
    /// A change to what is mounted.
    Remount,
    /// Owners show by an id map.
    Idmap(Depth),
    /// A source that is a symbolic link is not followed.
    Source(SourceLink),
    /// Nor is a destination.
    Destination(DestinationLink),
    /// A tmpfs begins with a copy of what it covers.
    CopyUp,
    /// A flag of the file system itself, with its fsconfig(2) name.
    Super(&'static str),
    /// The opposite of one: what a new file system has anyway.
    NotSuper(&'static str),
    /// Says nothing.
    Nothing,
}

use Word::{
    Bind, Clear, ClearAll, CopyUp, Destination, Idmap, NotSuper, NotTime, NotTimeAll, Nothing, Propagation,
    Remount, Set, SetAll, Source, Super, Time, TimeAll,
};

/// Every word that is not the file system's own.
const WORDS: &[(&str, Word)] = &[
    ("async", NotSuper("sync")),
    ("atime", NotTime(ATTR_NOATIME)),
    ("bind", Bind(Depth::One)),
    ("copy-symlink", Source(SourceLink::Copied)),
    ("defaults", Nothing),
    ("dest-nofollow", Destination(DestinationLink::Covered)),
    ("dev", Clear(ATTR_NODEV)),
    ("diratime", Clear(ATTR_NODIRATIME)),
    ("dirsync", Super("dirsync")),
    ("exec", Clear(ATTR_NOEXEC)),
    ("idmap", Idmap(Depth::One)),
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
    ("norelatime", Nothing),
    ("nostrictatime", NotTime(ATTR_STRICTATIME)),
    ("nosuid", Set(ATTR_NOSUID)),
    ("nosymfollow", Set(ATTR_NOSYMFOLLOW)),
    ("private", Propagation(MS_PRIVATE, Depth::One)),
    ("ratime", NotTimeAll(ATTR_NOATIME)),
    ("rbind", Bind(Depth::Tree)),
    ("rdev", ClearAll(ATTR_NODEV)),
    ("rdiratime", ClearAll(ATTR_NODIRATIME)),
    ("relatime", Time(ATTR_RELATIME)),
    ("remount", Remount),
    ("rexec", ClearAll(ATTR_NOEXEC)),
    ("ridmap", Idmap(Depth::Tree)),
    ("rnoatime", TimeAll(ATTR_NOATIME)),
    ("rnodev", SetAll(ATTR_NODEV)),
    ("rnodiratime", SetAll(ATTR_NODIRATIME)),
    ("rnoexec", SetAll(ATTR_NOEXEC)),
    ("rnorelatime", Nothing),
    ("rnostrictatime", NotTimeAll(ATTR_STRICTATIME)),
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
    ("src-nofollow", Source(SourceLink::Mounted)),
    ("strictatime", Time(ATTR_STRICTATIME)),
    ("suid", Clear(ATTR_NOSUID)),
    ("symfollow", Clear(ATTR_NOSYMFOLLOW)),
    ("sync", Super("sync")),
    ("tmpcopyup", CopyUp),
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
    pub(super) links: Links,
    pub(super) copy_up: bool,
    pub(super) idmap: Option<Depth>,
    /// What came after `idmap=` or `ridmap=`: a map of its own, as crun(1) has it.
    pub(super) id_map: Option<String>,
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
                Err(_) => options.other(word),
            }
        }
        options
    }

    /// An unknown word is the file system's own (runtime-spec config.md).
    fn other(&mut self, word: &str) {
        let depth = match word.split_once('=') {
            Some(("idmap", _)) => Depth::One,
            Some(("ridmap", _)) => Depth::Tree,
            _ => return self.data.push(key_and_value(word)),
        };
        self.idmap = Some(depth);
        self.id_map = word.split_once('=').map(|(_, map)| map.into());
    }

    fn apply(&mut self, word: Word) {
        match word {
            Set(bit) => set(&mut self.change, bit),
            Clear(bit) => clear(&mut self.change, bit),
            Time(value) => time(&mut self.change, value),
            NotTime(value) => not_time(&mut self.change, value),
            SetAll(bit) => set(&mut self.recursive, bit),
            ClearAll(bit) => clear(&mut self.recursive, bit),
            TimeAll(value) => time(&mut self.recursive, value),
            NotTimeAll(value) => not_time(&mut self.recursive, value),
            Propagation(flags, depth) => self.propagation.push((flags, depth)),
            Bind(depth) => self.bind = Some(self.bind.map_or(depth, |before| deeper(before, depth))),
            Remount => self.remount = true,
            Idmap(depth) => self.idmap = Some(self.idmap.map_or(depth, |before| deeper(before, depth))),
            Source(link) => self.links.source = link,
            Destination(link) => self.links.destination = link,
            CopyUp => self.copy_up = true,
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

/// As mount(2) has it: a value that was set stays, if it is not the one that is taken back.
fn not_time(change: &mut Change, value: u64) {
    if change.clear & ATTR_ATIME == 0 || change.set & ATTR_ATIME == value {
        time(change, ATTR_RELATIME);
    }
}

/// Mount labels are written in quotes, which keep mount(2) from splitting them; fsconfig(2) takes them as they are.
const LABELS: &[&str] = &["context", "defcontext", "fscontext", "rootcontext"];

fn key_and_value(word: &str) -> (CString, Option<CString>) {
    match word.split_once('=') {
        Some((key, value)) if LABELS.contains(&key) => (c(key), Some(c(value.trim_matches('"')))),
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
    fn taking_one_time_word_back_leaves_another() {
        check("noatime,nostrictatime", Change { set: ATTR_NOATIME, clear: ATTR_ATIME, ..Change::default() });
        check("noatime,atime", Change { set: 0, clear: ATTR_ATIME, ..Change::default() });
        check("strictatime,atime", Change { set: ATTR_STRICTATIME, clear: ATTR_ATIME, ..Change::default() });
    }

    #[test]
    fn a_map_may_come_with_the_word() {
        let options = parse("ridmap=uids=0-1-2");
        assert_eq!((options.idmap, options.id_map.as_deref()), (Some(Depth::Tree), Some("uids=0-1-2")));
    }

    #[test]
    fn a_label_loses_its_quotes() {
        assert_eq!(parse("context=\"a:b\"").data, [(c"context".into(), Some(c"a:b".into()))]);
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
