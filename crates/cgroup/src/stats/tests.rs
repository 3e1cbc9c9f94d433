use super::*;

/// A directory that looks like a cgroup: files with contents.
struct Tree(std::path::PathBuf);

impl Tree {
    fn new(name: &str, files: &[(&str, &str)]) -> Tree {
        let tree = Tree(std::env::temp_dir().join(format!("cgroup-stats-{}-{name}", std::process::id())));
        std::fs::create_dir(&tree.0).unwrap();
        files.iter().for_each(|(file, contents)| std::fs::write(tree.0.join(file), contents).unwrap());
        tree
    }

    fn unified(&self) -> Stats {
        let mount = self.0.to_str().unwrap().to_string();
        let unified = Unified { controllers: String::new(), mount, path: String::new() };
        Cgroup::V2(unified).stats().unwrap()
    }

    fn v1(&self, controllers: &str) -> Stats {
        let mount = self.0.to_str().unwrap().to_string();
        let hierarchy = crate::Hierarchy { controllers: controllers.to_string(), mount, path: String::new() };
        Cgroup::V1 { hierarchies: vec![hierarchy], unified: None }.stats().unwrap()
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn nothing_counted_looks_as_in_runc() {
    let expected = concat!(
        r#"{"cpu":{"usage":{"kernel":0,"user":0},"throttling":{}},"#,
        r#""cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,"#,
        r#""memory_spread_page":0,"memory_spread_slab":0,"memory_pressure":0,"sched_load_balance":0,"#,
        r#""sched_relax_domain_level":0},"#,
        r#""memory":{"usage":{"limit":0,"failcnt":0},"swap":{"limit":0,"failcnt":0},"#,
        r#""kernel":{"limit":0,"failcnt":0},"kernelTCP":{"limit":0,"failcnt":0}},"#,
        r#""pids":{},"blkio":{},"hugetlb":{}}"#,
    );
    assert_eq!(json(&Stats::default()), expected);
}

#[test]
fn cpu_time_of_v2_becomes_nanoseconds() {
    let stat =
        "usage_usec 30\nuser_usec 20\nsystem_usec 10\nnr_periods 4\nnr_throttled 3\nthrottled_usec 2\n";
    let cpu = Tree::new("cpu-v2", &[("cpu.stat", stat)]).unified().cpu;
    let expected = r#"{"usage":{"total":30000,"kernel":10000,"user":20000},"throttling":{"periods":4,"throttledPeriods":3,"throttledTime":2000}}"#;
    assert_eq!(json(&cpu), expected);
}

#[test]
fn cpu_time_of_v1_comes_from_two_controllers() {
    let files = [
        ("cpu.stat", "nr_periods 4\nnr_throttled 3\nthrottled_time 2\n"),
        ("cpuacct.usage", "30\n"),
        ("cpuacct.usage_percpu", "10 20 \n"),
        ("cpuacct.usage_percpu_sys", "1 2 \n"),
        ("cpuacct.usage_percpu_user", "9 18 \n"),
        ("cpuacct.stat", "user 2\nsystem 1\n"),
    ];
    let cpu = Tree::new("cpu-v1", &files).v1("cpu,cpuacct").cpu;
    let expected = r#"{"usage":{"total":30,"percpu":[10,20],"percpu_kernel":[1,2],"percpu_user":[9,18],"kernel":10000000,"user":20000000},"throttling":{"periods":4,"throttledPeriods":3,"throttledTime":2}}"#;
    assert_eq!(json(&cpu), expected);
}

#[test]
fn swap_of_v2_is_told_as_a_sum() {
    let files = [
        ("memory.current", "100\n"),
        ("memory.max", "200\n"),
        ("memory.peak", "150\n"),
        ("memory.events", "low 0\nmax 7\n"),
        ("memory.swap.current", "10\n"),
        ("memory.swap.max", "50\n"),
        ("memory.stat", "anon 5\nfile 6\n"),
    ];
    let memory = Tree::new("memory-v2", &files).unified().memory;
    assert_eq!(memory.usage, MemoryEntry { limit: 200, usage: 100, max: 150, failcnt: 7 });
    assert_eq!(memory.swap, MemoryEntry { limit: 250, usage: 110, max: 0, failcnt: 0 });
    assert_eq!(memory.cache, 6);
}

#[test]
fn no_limit_is_the_largest_number() {
    let memory =
        Tree::new("memory-max", &[("memory.max", "max\n"), ("memory.swap.max", "max\n")]).unified().memory;
    assert_eq!((memory.usage.limit, memory.swap.limit), (u64::MAX, u64::MAX));
}

#[test]
fn memory_of_v1_has_four_kinds() {
    let files = [
        ("memory.usage_in_bytes", "1\n"),
        ("memory.memsw.usage_in_bytes", "2\n"),
        ("memory.kmem.usage_in_bytes", "3\n"),
        ("memory.kmem.tcp.usage_in_bytes", "4\n"),
        ("memory.stat", "cache 9\n"),
    ];
    let memory = Tree::new("memory-v1", &files).v1("memory").memory;
    let usages = [&memory.usage, &memory.swap, &memory.kernel, &memory.kernel_tcp].map(|entry| entry.usage);
    assert_eq!((usages, memory.cache), ([1, 2, 3, 4], 9));
}

#[test]
fn no_process_limit_is_zero() {
    let pids = Tree::new("pids", &[("pids.current", "3\n"), ("pids.max", "max\n")]).unified().pids;
    assert_eq!(json(&pids), r#"{"current":3}"#);
}

#[test]
fn io_stat_becomes_the_tables_of_v1() {
    let stat = "8:16 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\n8:0 cost.usage=7\n";
    let blkio = Tree::new("io", &[("io.stat", stat)]).unified().blkio;
    let values = |entries: &[BlkioEntry]| -> Vec<_> {
        entries.iter().map(|e| format!("{}:{} {} {}", e.major, e.minor, e.op, e.value)).collect()
    };
    let bytes = ["8:16 Read 1", "8:16 Write 2", "8:16 Discard 5"];
    assert_eq!(values(&blkio.io_service_bytes_recursive), bytes);
    assert_eq!(values(&blkio.io_serviced_recursive), ["8:16 Read 3", "8:16 Write 4", "8:16 Discard 6"]);
}

#[test]
fn block_statistics_of_v1_leave_out_the_sum_over_devices() {
    let table = "8:0 Read 4096\n8:0 Total 4096\nTotal 4096\n";
    let files = [("blkio.throttle.io_serviced_recursive", table)];
    let blkio = Tree::new("blkio", &files).v1("blkio").blkio;
    let ops: Vec<_> = blkio.io_serviced_recursive.iter().map(|entry| entry.op.as_str()).collect();
    assert_eq!(ops, ["Read", "Total"]);
}

#[test]
fn an_empty_scheduler_gives_way_to_the_throttling_statistics() {
    let files = [
        ("blkio.bfq.io_serviced_recursive", "Total 0\n"),
        ("blkio.throttle.io_serviced_recursive", "8:0 Read 5\n"),
    ];
    assert_eq!(Tree::new("blkio-bfq", &files).v1("blkio").blkio.io_serviced_recursive[0].value, 5);
}

#[test]
fn reserved_huge_pages_are_preferred() {
    let files =
        [("hugetlb.2MB.current", "1\n"), ("hugetlb.2MB.rsvd.current", "2\n"), ("hugetlb.1GB.current", "3\n")];
    let hugetlb = Tree::new("hugetlb", &files).unified().hugetlb;
    assert_eq!((hugetlb["2MB"].usage, hugetlb["1GB"].usage), (2, 3));
}

#[test]
fn pressure_is_read_where_the_kernel_has_it() {
    let pressure =
        "some avg10=1.50 avg60=0.20 avg300=0.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=4\n";
    let psi = Tree::new("psi", &[("memory.pressure", pressure)]).unified().memory.psi.unwrap();
    assert_eq!((psi.some.avg10, psi.some.total, psi.full.total), (1.5, 123, 4));
}

#[test]
fn rdma_usage_is_by_device() {
    let rdma = Tree::new("rdma", &[("rdma.current", "mlx4_0 hca_handle=2 hca_object=2000\n")]).unified().rdma;
    assert_eq!(rdma["mlx4_0"], RdmaStats { hca_handles: 2, hca_objects: 2000 });
}

#[test]
fn a_cpuset_is_told_number_by_number() {
    let files =
        [("cpuset.cpus", "0-2,7\n"), ("cpuset.mems", "0\n"), ("cpuset.sched_relax_domain_level", "-1\n")];
    let cpuset = Tree::new("cpuset", &files).v1("cpuset").cpuset;
    assert_eq!((cpuset.cpus, cpuset.mems, cpuset.sched_relax_domain_level), (vec![0, 1, 2, 7], vec![0], -1));
}
