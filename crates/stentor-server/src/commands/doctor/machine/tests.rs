use std::fs;
use std::path::{Path, PathBuf};

impl Machine {
    /// One that holds what is asked, as far as this many descriptors go.
    pub(in super::super) fn roomy(descriptors: u64) -> Machine {
        Machine {
            descriptors: Some(Descriptors { soft: 1024, hard: descriptors }),
            accept_queue_max: Some(4096),
            outgoing_ports: Some((32_768, 60_999)),
            tcp_bytes_max: Some(8 << 30),
            send_buffer_max: Some(1 << 20),
            memory_available: Some(16 << 30),
            memory_left_by_cgroup: None,
            tracked_max: None,
        }
    }
}

use super::{Descriptors, Machine};

/// A made-up root that goes with the test.
struct Root(PathBuf);

impl Root {
    fn with(name: &str, files: &[(&str, &str)]) -> Root {
        let folder = format!("stentor-doctor-{name}-{}", std::process::id());
        let root = Root(std::env::temp_dir().join(folder));
        for (path, text) in files {
            let file = root.0.join(path);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder that is made");
            fs::write(file, text).expect("a file that is written");
        }
        root
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // It may have been empty, and then was never made.
        let _ = fs::remove_dir_all(&self.0);
    }
}

const LIMITS: &str = "\
Limit                     Soft Limit           Hard Limit           Units
Max cpu time              unlimited            unlimited            seconds
Max open files            1024                 524288               files
";

#[test]
fn every_figure_is_read_in_bytes() {
    let root = Root::with(
        "whole",
        &[
            ("proc/self/limits", LIMITS),
            ("proc/sys/net/core/somaxconn", "4096\n"),
            ("proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n"),
            ("proc/sys/net/ipv4/tcp_mem", "100\t200\t300\n"),
            ("proc/sys/net/ipv4/tcp_wmem", "4096\t16384\t4194304\n"),
            ("proc/sys/net/netfilter/nf_conntrack_max", "65536\n"),
            ("proc/meminfo", "MemTotal:  9 kB\nMemFree:  1 kB\nMemAvailable:   2048 kB\n"),
            ("proc/self/cgroup", "0::/system.slice/stentor.service\n"),
            ("sys/fs/cgroup/system.slice/stentor.service/memory.max", "max\n"),
            ("sys/fs/cgroup/system.slice/stentor.service/memory.current", "5\n"),
            ("sys/fs/cgroup/system.slice/memory.max", "1000\n"),
            ("sys/fs/cgroup/system.slice/memory.current", "400\n"),
        ],
    );
    let machine = Machine::read(&root.0, 4096);
    let expected = Machine {
        descriptors: Some(Descriptors { soft: 1024, hard: 524_288 }),
        accept_queue_max: Some(4096),
        outgoing_ports: Some((32_768, 60_999)),
        tcp_bytes_max: Some(300 * 4096),
        send_buffer_max: Some(4_194_304),
        memory_available: Some(2 << 20),
        memory_left_by_cgroup: Some(600),
        tracked_max: Some(65_536),
    };
    assert_eq!(machine, expected);
}

#[test]
fn cgroups_of_version_1_and_of_a_container_are_found() {
    let of_version_1 = Root::with(
        "version-1",
        &[
            ("proc/self/cgroup", "5:cpu,cpuacct:/a\n4:memory:/docker/b\n0::/\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n"),
            ("sys/fs/cgroup/memory/memory.usage_in_bytes", "6000\n"),
        ],
    );
    assert_eq!(Machine::read(&of_version_1.0, 1).memory_left_by_cgroup, Some(0));
    let of_container = Root::with(
        "container",
        &[
            ("proc/self/cgroup", "0::/../../elsewhere\n"),
            ("sys/fs/cgroup/memory.max", "5000\n"),
            ("sys/fs/cgroup/memory.current", "2000\n"),
        ],
    );
    assert_eq!(Machine::read(&of_container.0, 1).memory_left_by_cgroup, Some(3000));
}

#[test]
fn what_is_not_there_or_makes_no_sense_is_not_known() {
    assert_eq!(Machine::read(Path::new("/nowhere"), 4096), Machine::default());
    let root = Root::with(
        "nonsense",
        &[
            ("proc/self/limits", "Max open files  many more files\n"),
            ("proc/sys/net/core/somaxconn", "-1\n"),
            ("proc/sys/net/ipv4/ip_local_port_range", "1\n"),
            ("proc/sys/net/ipv4/tcp_mem", "1 2 3 4\n"),
            ("proc/sys/net/ipv4/tcp_wmem", "1 2 x\n"),
            ("proc/meminfo", "MemAvailable: 99999999999999999999 kB\n"),
            ("proc/self/cgroup", "\u{0}\n::\n0::/\n"),
        ],
    );
    assert_eq!(Machine::read(&root.0, 4096), Machine::default());
}

#[test]
fn a_limit_without_end_is_a_large_one() {
    let line = "Max open files            1024            unlimited            files\n";
    let root = Root::with("unlimited", &[("proc/self/limits", line)]);
    let expected = Descriptors { soft: 1024, hard: u64::MAX };
    assert_eq!(Machine::read(&root.0, 4096).descriptors, Some(expected));
}
