//! What is counted and announced.

use cgroup::Memory;

use crate::own::{Own, memory};

#[test]
fn what_is_used_is_counted() {
    let Some(own) = Own::create("stats") else { return };
    let _sleeper = own.sleeper();
    let stats = own.cgroup.stats().unwrap();
    assert_eq!(stats.pids.current, u64::from(own.has("pids")));
    assert_eq!(stats.memory.usage.limit > 0, own.has("memory"));
    assert_eq!(stats.memory.raw.is_empty(), !own.has("memory"));
}

/// More than the limit that these tests set.
const GREEDY: &str = "head -c 64m /dev/zero | tail -c 64m >/dev/null";

fn eight_megabytes() -> cgroup::Resources {
    memory(Memory { limit: Some(8 << 20), swap: Some(8 << 20), ..Memory::default() })
}

#[test]
fn the_oom_killer_leaves_word() {
    let Some(own) = Own::create("oom").filter(|own| own.has("memory")) else { return };
    own.set(&eight_megabytes()).unwrap();
    assert!(!own.cgroup.was_oom_killed());
    own.run(GREEDY);
    assert!(own.cgroup.was_oom_killed());
}

#[test]
fn an_out_of_memory_event_is_announced() {
    let Some(own) = Own::create("oom-event").filter(|own| own.has("memory")) else { return };
    own.set(&eight_megabytes()).unwrap();
    let mut events = own.cgroup.oom_events().unwrap();
    assert!(!events.take().unwrap());
    own.run(GREEDY);
    assert!(events.take().unwrap());
}

#[test]
fn the_end_of_the_cgroup_is_no_out_of_memory_event() {
    let Some(own) = Own::create("oom-end").filter(|own| own.has("memory")) else { return };
    let mut events = own.cgroup.oom_events().unwrap();
    own.cgroup.remove().unwrap();
    assert!(!events.take().unwrap());
}
