//! By which id map a mount shows owners: `uidMappings` and `gidMappings`, `idmap` and `ridmap`.

use container::plan::{IdView, Mount, MountSource};
use oci_spec::runtime::{LinuxIdMapping, LinuxIdMappingBuilder, Mount as Wanted, Spec};
use sys::mount::Depth;
use sys::namespace::NEWUSER;

use super::super::namespaces::{self, Namespaces};
use super::super::options::Options;
use super::super::{Error, Host};
use crate::problem::Problem;

/// Whose ids there are.
pub(super) struct Users<'s> {
    pub(super) spec: &'s Spec,
    pub(super) host: &'s Host,
    pub(super) namespaces: &'s Namespaces,
}

/// The map of a mount, if it has one. A file system that the container's own user namespace makes has that one's anyway.
pub(super) fn view(
    index: usize,
    wanted: &Wanted,
    mount: &Mount,
    options: &Options,
    users: &Users<'_>,
) -> Result<Option<(IdView, Depth)>, Error> {
    let uids = wanted.uid_mappings().as_deref().unwrap_or_default();
    let gids = wanted.gid_mappings().as_deref().unwrap_or_default();
    let depth = options.idmap.unwrap_or(Depth::One);
    let view = if let Some(map) = &options.id_map {
        let (uids, gids) = parse(map, users.spec).ok_or_else(|| unreadable(index, map))?;
        own(&uids, &gids, users)
    } else if !uids.is_empty() {
        own(uids, gids, users)
    } else if options.idmap.is_some() {
        IdView::Container
    } else {
        return Ok(None);
    };
    let is_fresh = matches!(mount.source, MountSource::FileSystem { .. });
    Ok((view != IdView::Container || !is_fresh).then_some((view, depth)))
}

/// Maps that are the container's need no user namespace of their own.
fn own(uids: &[LinuxIdMapping], gids: &[LinuxIdMapping], users: &Users<'_>) -> IdView {
    let maps = namespaces::maps(uids, gids, users.host);
    let is_containers =
        users.namespaces.makes(NEWUSER) && maps == namespaces::id_maps(users.spec, users.host);
    if is_containers { IdView::Container } else { IdView::Own(maps) }
}

fn unreadable(index: usize, map: &str) -> Error {
    Error::Problems(vec![Problem {
        pointer: format!("/mounts/{index}/options"),
        found: format!("idmap={map}"),
        allowed:
            "idmap=uids=ID-HOST-COUNT[#ID-HOST-COUNT...];gids=..., with @ before what is relative to the \
                  container's user namespace"
                .into(),
    }])
}

type Lists = (Vec<LinuxIdMapping>, Vec<LinuxIdMapping>);

/// Reads a map in the form of crun(1): `uids=0-1000-10#20-2000-5;gids=@0-0-10`.
fn parse(map: &str, spec: &Spec) -> Option<Lists> {
    let linux = spec.linux().as_ref();
    let (mut uids, mut gids) = (Vec::new(), Vec::new());
    for part in map.split(';').filter(|part| !part.is_empty()) {
        match part.split_once('=')? {
            ("uids", list) => uids = entries(list, linux.and_then(|l| l.uid_mappings().as_deref()))?,
            ("gids", list) => gids = entries(list, linux.and_then(|l| l.gid_mappings().as_deref()))?,
            _ => return None,
        }
    }
    (!uids.is_empty() && !gids.is_empty()).then_some((uids, gids))
}

fn entries(list: &str, container: Option<&[LinuxIdMapping]>) -> Option<Vec<LinuxIdMapping>> {
    list.split('#')
        .filter(|entry| !entry.is_empty())
        .map(|text| entry(text, container.unwrap_or_default()))
        .collect()
}

/// One range. The id of the host in a relative one is the container's, and becomes what the host calls it.
fn entry(text: &str, container: &[LinuxIdMapping]) -> Option<LinuxIdMapping> {
    let (is_relative, text) = text.strip_prefix('@').map_or((false, text), |text| (true, text));
    let mut numbers = text.split('-').map(str::parse::<u32>);
    let (id, host, size) = (numbers.next()?.ok()?, numbers.next()?.ok()?, numbers.next()?.ok()?);
    let host = if is_relative { on_host(host, container)? } else { host };
    let range = LinuxIdMappingBuilder::default().container_id(id).host_id(host).size(size).build().ok()?;
    (numbers.next().is_none() && size > 0).then_some(range)
}

fn on_host(id: u32, container: &[LinuxIdMapping]) -> Option<u32> {
    container.iter().find_map(|range| {
        let offset = id.checked_sub(range.container_id()).filter(|offset| *offset < range.size())?;
        range.host_id().checked_add(offset)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(id: u32, host: u32, size: u32) -> LinuxIdMapping {
        LinuxIdMappingBuilder::default().container_id(id).host_id(host).size(size).build().unwrap()
    }

    #[track_caller]
    fn check(map: &str, expected: Option<(&[LinuxIdMapping], &[LinuxIdMapping])>) {
        let found = parse(map, &Spec::default());
        assert_eq!(found.as_ref().map(|(uids, gids)| (uids.as_slice(), gids.as_slice())), expected);
    }

    #[test]
    fn ranges_are_read() {
        check(
            "uids=0-1-10#10-11-10;gids=0-100-10",
            Some((&[range(0, 1, 10), range(10, 11, 10)], &[range(0, 100, 10)])),
        );
    }

    #[test]
    fn one_kind_of_id_alone_is_no_map() {
        check("uids=0-1-10", None);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        check("uids=0-1;gids=0-1-1", None);
        check("uids=0-1-1-1;gids=0-1-1", None);
        check("uids=0-1-0;gids=0-1-1", None);
        check("users=0-1-1", None);
        check("nonsense", None);
    }

    #[test]
    fn a_relative_id_becomes_the_hosts() {
        assert_eq!(entry("@1-3-10", &[range(0, 0, 1), range(1, 2, 1000)]), Some(range(1, 4, 10)));
    }

    #[test]
    fn a_relative_id_that_the_container_lacks_is_refused() {
        assert_eq!(entry("@1-3-10", &[range(0, 0, 1)]), None);
    }
}
