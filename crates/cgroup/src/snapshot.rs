//! What limits are at present, so that a failed update can be taken back.

use crate::cgroup::Cgroup;
use crate::limits::{Absent, Rule, Write};
use crate::{Error, control};

impl Cgroup {
    /// The writes that would set again what the files of `writes` hold now. A file that does not exist needs
    /// none.
    ///
    /// # Errors
    /// If a file is there and cannot be read.
    pub fn snapshot(&self, writes: &[Write]) -> Result<Vec<Write>, Error> {
        let mut present = Vec::new();
        for write in writes {
            present.extend(self.present(write).map_err(|error| error.of(write.field.clone()))?);
        }
        Ok(present)
    }

    /// Whether its file holds this value now.
    pub(crate) fn holds(&self, write: &Write) -> bool {
        self.present(write).is_ok_and(|now| now.is_some_and(|now| now.value == write.value))
    }

    fn present(&self, write: &Write) -> Result<Option<Write>, Error> {
        let Some(directory) = self.directory(write.version, &write.controller) else { return Ok(None) };
        let instead = match &write.absent {
            Absent::Instead { file, .. } => Some(file),
            Absent::Fails | Absent::IsFine => None,
        };
        for file in std::iter::once(&write.file).chain(instead) {
            if let Some(contents) = control::read_if_there(&format!("{directory}/{file}"))? {
                let value = value(file, &write.value, &contents);
                let rule = if write.rule == Rule::Bound { Rule::Bound } else { Rule::Plain };
                let absent = Absent::Fails;
                return Ok(value.map(|value| Write {
                    file: file.clone(),
                    value,
                    rule,
                    absent,
                    ..write.clone()
                }));
            }
        }
        Ok(None)
    }
}

/// What to write for the contents to be as they are, where `wanted` would be written.
fn value(file: &str, wanted: &str, contents: &str) -> Option<String> {
    match (file, wanted.split_once(' ')) {
        ("memory.oom_control", _) => {
            control::keyed(contents, "oom_kill_disable").map(|flag| flag.to_string())
        }
        // A quota and its period; all other values of several words begin with the name of what they are
        // about.
        ("cpu.max", _) | (_, None) => Some(contents.trim().to_string()),
        (_, Some((name, _))) => line(contents, name).or_else(|| unset(file, name)),
    }
}

fn line(contents: &str, name: &str) -> Option<String> {
    contents.lines().find(|line| line.split(' ').next() == Some(name)).map(str::to_string)
}

/// What lifts the limit of a device that has none.
fn unset(file: &str, device: &str) -> Option<String> {
    match file {
        "io.max" => Some(format!("{device} rbps=max wbps=max riops=max wiops=max")),
        "io.weight" | "io.bfq.weight" => Some(format!("{device} default")),
        _ if file.starts_with("blkio.") => Some(format!("{device} 0")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(file: &str, wanted: &str, contents: &str, expected: &str) {
        assert_eq!(value(file, wanted, contents).as_deref(), Some(expected));
    }

    #[test]
    fn a_single_value_is_written_again() {
        check("memory.max", "4096", "max\n", "max");
    }

    #[test]
    fn quota_and_period_belong_together() {
        check("cpu.max", "50000 100000", "max 100000\n", "max 100000");
    }

    #[test]
    fn an_empty_cpuset_stays_empty() {
        check("cpuset.cpus", "0", "\n", "");
    }

    #[test]
    fn the_line_of_the_device_is_written_again() {
        check("io.max", "8:0 rbps=1", "8:16 rbps=7\n8:0 rbps=5 wbps=max\n", "8:0 rbps=5 wbps=max");
        check(
            "rdma.max",
            "mlx hca_handle=1",
            "mlx hca_handle=max hca_object=max\n",
            "mlx hca_handle=max hca_object=max",
        );
    }

    #[test]
    fn a_device_without_a_limit_gets_none() {
        check("io.max", "8:0 rbps=1", "", "8:0 rbps=max wbps=max riops=max wiops=max");
        check("blkio.throttle.read_bps_device", "8:0 1", "8:16 7\n", "8:0 0");
        check("io.bfq.weight", "8:0 7", "default 100\n", "8:0 default");
    }

    #[test]
    fn the_oom_killer_is_one_word_of_its_file() {
        check("memory.oom_control", "1", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n", "0");
    }
}
