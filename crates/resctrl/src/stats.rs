//! What a container uses and may use, as runc's `events` prints it (`intel_rdt`).

use std::fs;
use std::path::Path;
use std::str::FromStr;

use serde::Serialize;

use crate::{Group, schema};

/// `intel_rdt` of a `stats` event. What the machine does not have is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    #[serde(skip_serializing_if = "Option::is_none")]
    l3_cache_info: Option<CacheInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    l3_cache_schema_root: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    l3_cache_schema: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_bw_info: Option<BandwidthInfo>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_bw_schema_root: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_bw_schema: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    schemata: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mbm_stats: Vec<Bandwidth>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cmt_stats: Vec<Occupancy>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct CacheInfo {
    cbm_mask: String,
    min_cbm_bits: u64,
    num_closids: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct BandwidthInfo {
    bandwidth_gran: u64,
    delay_linear: u64,
    min_bandwidth: u64,
    num_closids: u64,
}

/// Bytes that went through one domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Bandwidth {
    mbm_total_bytes: u64,
    mbm_local_bytes: u64,
}

/// Bytes that are in the cache of one domain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Occupancy {
    llc_occupancy: u64,
}

impl Group {
    /// What the kernel says of the group at the moment. A file that cannot be read counts as not there.
    pub fn stats(&self) -> Stats {
        let info = self.root().join("info");
        let all = text(&self.root().join("schemata")).unwrap_or_default();
        let own = text(&self.directory().join("schemata")).unwrap_or_default();
        let line = |present: &str, resource| schema::line_of(present, resource).map(String::from);
        let (mbm_stats, cmt_stats) = usage(&self.monitored().join("mon_data"));
        Stats {
            l3_cache_info: cache(&info.join("L3")),
            l3_cache_schema_root: line(&all, "L3"),
            l3_cache_schema: line(&own, "L3"),
            mem_bw_info: bandwidth(&info.join("MB")),
            mem_bw_schema_root: line(&all, "MB"),
            mem_bw_schema: line(&own, "MB"),
            schemata: own.lines().map(|line| line.trim().to_owned()).collect(),
            mbm_stats,
            cmt_stats,
        }
    }
}

fn cache(info: &Path) -> Option<CacheInfo> {
    Some(CacheInfo {
        cbm_mask: text(&info.join("cbm_mask"))?.trim().into(),
        min_cbm_bits: number(&info.join("min_cbm_bits"))?,
        num_closids: number(&info.join("num_closids"))?,
    })
}

fn bandwidth(info: &Path) -> Option<BandwidthInfo> {
    Some(BandwidthInfo {
        bandwidth_gran: number(&info.join("bandwidth_gran"))?,
        delay_linear: number(&info.join("delay_linear"))?,
        min_bandwidth: number(&info.join("min_bandwidth"))?,
        num_closids: number(&info.join("num_closids"))?,
    })
}

/// Of each domain, in the order of their names: `mon_L3_00`, `mon_L3_01`.
fn usage(data: &Path) -> (Vec<Bandwidth>, Vec<Occupancy>) {
    let entries = fs::read_dir(data).into_iter().flatten().flatten();
    let mut domains: Vec<_> = entries.map(|entry| entry.path()).collect();
    domains.sort();
    let traffic = domains.iter().filter_map(|domain| {
        let total = number(&domain.join("mbm_total_bytes"))?;
        Some(Bandwidth { mbm_total_bytes: total, mbm_local_bytes: number(&domain.join("mbm_local_bytes"))? })
    });
    let cached = domains.iter().filter_map(|domain| number(&domain.join("llc_occupancy")));
    (traffic.collect(), cached.map(|llc_occupancy| Occupancy { llc_occupancy }).collect())
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// A counter may also say "Unavailable" for a moment.
fn number(path: &Path) -> Option<u64> {
    u64::from_str(text(path)?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, files: &[(&str, &str)]) {
        for (name, text) in files {
            let path = root.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    #[test]
    fn what_the_machine_has_is_told() {
        let root = std::env::temp_dir().join(format!("resctrl-stats-{}", std::process::id()));
        write(
            &root,
            &[
                ("schemata", "    L3:0=fff\n"),
                ("web/schemata", "    L3:0=00f\n"),
                ("info/L3/cbm_mask", "fff\n"),
                ("info/L3/min_cbm_bits", "1\n"),
                ("info/L3/num_closids", "16\n"),
                ("web/mon_data/mon_L3_00/llc_occupancy", "4096\n"),
                ("web/mon_data/mon_L3_01/llc_occupancy", "Unavailable\n"),
            ],
        );
        let stats = Group::new(root.clone(), None, "web", false).stats();
        fs::remove_dir_all(root).unwrap();
        assert_eq!(
            serde_json::to_string(&stats).unwrap(),
            r#"{"l3_cache_info":{"cbm_mask":"fff","min_cbm_bits":1,"num_closids":16},"l3_cache_schema_root":"L3:0=fff","l3_cache_schema":"L3:0=00f","schemata":["L3:0=00f"],"cmt_stats":[{"llc_occupancy":4096}]}"#
        );
    }

    #[test]
    fn a_machine_without_anything_says_nothing() {
        let stats = Group::new("/nowhere".into(), None, "web", false).stats();
        assert_eq!(stats, Stats::default());
    }
}
