use std::path::PathBuf;

use clap::Parser;

use super::super::Settings;
use super::*;

/// What must not be shown anywhere.
const NEEDLE: &str = "n33dle";

fn read(flags: &[&str]) -> Result<Settings, Vec<SettingFault>> {
    let flags = std::iter::once("stentor").chain(flags.iter().copied());
    Settings::read(&Arguments::try_parse_from(flags).expect("known flags"))
}

fn bus(flags: &[&str]) -> BusSettings {
    read(flags).expect("valid settings").bus.expect("a bus")
}

fn fault(flags: &[&str]) -> SettingFault {
    let faults = read(flags).expect_err("a bad setting");
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].clone()
}

/// A file of these bytes that goes with the test.
struct Pem(PathBuf);

impl Pem {
    fn with(bytes: &[u8]) -> Pem {
        let name = format!("stentor-{}-{}.pem", std::process::id(), fastrand::u64(..));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).expect("a folder for what is temporary");
        Pem(path)
    }

    fn flag(&self) -> String {
        format!("--redis-ca-file={}", self.0.display())
    }
}

impl Drop for Pem {
    fn drop(&mut self) {
        // It is in a folder for what is temporary, where one more does no harm.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn without_a_url_the_pod_is_alone() {
    for flags in [&[][..], &["--redis-url="], &["--redis-prefix=", "--ready-requires-bus=no"]] {
        let settings = read(flags).expect("valid settings");
        assert!(settings.bus.is_none() && !settings.ready_requires_bus, "{flags:?}");
        assert!(settings.warnings.is_empty(), "{flags:?}");
    }
}

#[test]
fn every_kind_of_redis_is_an_address() {
    for (url, shown) in [
        ("redis://localhost", "redis://localhost:6379"),
        ("redis-cluster://a:7000?node=b:7001", "redis-cluster://b:7001,a:7000"),
        ("redis-sentinel://a:26379?sentinelServiceName=main", "redis-sentinel://a:26379"),
    ] {
        assert_eq!(bus(&[&format!("--redis-url={url}")]).address.to_string(), shown);
    }
}

#[test]
fn channels_begin_with_the_prefix() {
    let global = |flags: &[&str]| bus(flags).names.of(&None);
    assert_eq!(global(&["--redis-url=redis://h"]), "realtime:global");
    assert_eq!(global(&["--redis-url=redis://h", "--redis-prefix=blue"]), "blue:global");
    let long = format!("--redis-prefix={}", "x".repeat(129));
    for prefix in ["--redis-prefix=a\nb", &long] {
        assert_eq!(fault(&["--redis-url=redis://h", prefix]).setting, "REDIS_PREFIX");
        assert_eq!(fault(&[prefix]).setting, "REDIS_PREFIX");
    }
}

#[test]
fn a_url_that_is_none_is_a_fault_that_does_not_repeat_it() {
    for url in [
        "n33dle",
        "http://u:n33dle@h",
        "redis://u:n33dle@",
        "redis://u:n33dle@h:port",
        "redis://u:n33dle@h:1/database",
        "redis://u:n33dle/1@h",
        "redis://u:n33dle#1@h",
        "redis://u:n33dle?1@h",
        "redis://u:%n33dle@h:1:2",
        "redis://:1/n33dle@h",
        "redis-sentinel://u:n33dle@h:26379",
        "redis-cluster://u:n33dle@h:1?node=:n33dle@i:2",
        "redis-cluster://u:n33dle@h:1?node=n33dle",
    ] {
        let fault = fault(&[&format!("--redis-url={url}")]);
        assert_eq!(fault.setting, "REDIS_URL", "{url}");
        let text = format!("{fault} {fault:?}");
        assert!(!text.contains(NEEDLE) && text.lines().count() == 1, "{url}: {text}");
    }
}

#[test]
fn a_password_is_in_nothing_that_settings_show() {
    for url in [
        "redis://u:n33dle@h",
        "redis://:n33dle@h/3",
        "redis-cluster://u:n33dle@h:1?node=i:2",
        "redis-sentinel://u:n33dle@h:1?sentinelServiceName=m&sentinelPassword=n33dle",
    ] {
        let settings = read(&[&format!("--redis-url={url}")]).expect("valid settings");
        let shown = format!("{settings:?} {:?}", settings.engine_config("pod".to_owned()));
        assert!(!shown.contains(NEEDLE), "{url}: {shown}");
    }
}

#[test]
fn certificates_are_read_for_a_url_with_tls_and_for_no_other() {
    let some = Pem::with(b"no certificate");
    assert_eq!(fault(&["--redis-url=rediss://h", &some.flag()]).setting, "REDIS_CA_FILE");
    assert_eq!(fault(&["--redis-url=redis://h", &some.flag()]).setting, "REDIS_CA_FILE");
    let large = Pem::with(&vec![b'\n'; CA_BYTES_MAX as usize + 1]);
    let text = fault(&["--redis-url=rediss://h", &large.flag()]).message;
    assert!(text.contains("is larger than 1048576 bytes"), "{text}");
}

#[test]
fn a_file_of_certificates_that_is_not_there_is_named() {
    let gone = {
        let pem = Pem::with(b"");
        pem.flag()
    };
    let fault = fault(&["--redis-url=rediss://h", &gone]);
    assert_eq!(fault.setting, "REDIS_CA_FILE");
    assert!(fault.message.contains(gone.split_once('=').expect("a flag").1), "{fault}");
    assert!(fault.message.contains("cannot be read"), "{fault}");
}

#[test]
fn only_a_cluster_has_channels_of_its_slots() {
    let cluster = "--redis-url=redis-cluster://h:1";
    assert_eq!(bus(&[cluster]).of_run("pod").mode, Mode::Classic);
    assert_eq!(bus(&[cluster, "--redis-sharded"]).of_run("pod").mode, Mode::Sharded);
    for other in [&["--redis-sharded=true"][..], &["--redis-sharded=1", "--redis-url=redis://h"]] {
        let fault = fault(other);
        assert_eq!(fault.setting, "REDIS_SHARDED");
        assert!(fault.message.contains("redis-cluster://"), "{fault}");
    }
    assert_eq!(fault(&["--redis-sharded=perhaps"]).setting, "REDIS_SHARDED");
    assert!(read(&["--redis-sharded=false"]).is_ok());
}

#[test]
fn a_pod_that_could_never_be_ready_is_refused() {
    let fault = fault(&["--ready-requires-bus"]);
    assert_eq!(fault.setting, "READY_REQUIRES_BUS");
    assert!(fault.message.contains("REDIS_URL"), "{fault}");
    let settings = read(&["--ready-requires-bus", "--redis-url=redis://h"]);
    assert!(settings.expect("valid settings").ready_requires_bus);
}

#[test]
fn what_has_no_effect_without_a_redis_is_said() {
    let settings = read(&["--redis-prefix=blue"]).expect("valid settings");
    assert_eq!(settings.warnings, ["no effect without REDIS_URL: REDIS_PREFIX"]);
}

#[test]
fn two_runs_of_a_pod_are_two_pods_to_others() {
    let bus = bus(&["--redis-url=redis://h"]);
    let (one, other) = (bus.of_run("pod"), bus.of_run("pod"));
    assert_ne!(one.pod, other.pod);
    assert_ne!(one.seed, other.seed);
}
