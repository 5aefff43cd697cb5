use std::time::Duration;

use clap::{CommandFactory, Parser};

use super::*;

fn read(flags: &[&str]) -> Result<Settings, Vec<SettingFault>> {
    let flags = std::iter::once("stentor").chain(flags.iter().copied());
    Settings::read(&Arguments::try_parse_from(flags).expect("known flags"))
}

fn faulty_settings(flags: &[&str]) -> Vec<&'static str> {
    read(flags).expect_err("a bad setting").iter().map(|fault| fault.setting).collect()
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let settings = Settings::default();
    assert_eq!(settings.address.to_string(), "0.0.0.0:8080");
    assert_eq!(settings.base_path.as_str(), "/api/chat-api");
    assert_eq!(settings.allowed_origins, Origins::Any);
    assert_eq!(settings.rate_limit, 100);
    assert_eq!(settings.slow_consumer, SlowConsumer::Auto);
    assert_eq!(settings.flush_gap_max, Duration::from_millis(5));
    assert_eq!(settings.ping_interval, Duration::from_secs(25));
    assert_eq!(settings.pong_timeout, Duration::from_secs(60));
    assert_eq!(settings.drain_timeout, Duration::from_secs(10));
    assert!(settings.api_key.is_none() && settings.warnings.is_empty());
    assert!(settings.shards >= 1 && settings.connections_max >= 1);
}

#[test]
fn every_flag_has_its_environment_variable_and_a_heading() {
    for argument in Arguments::command().get_arguments() {
        let flag = argument.get_long().expect("a setting is a flag");
        let variable = argument.get_env().expect(flag).to_string_lossy().into_owned();
        assert_eq!(variable, flag.replace('-', "_").to_uppercase());
        assert!(argument.get_help_heading().is_some(), "{flag}");
        assert!(argument.get_help().is_some(), "{flag}");
        assert!(argument.is_hide_env_values_set(), "{flag} could show a secret");
    }
}

#[test]
fn a_bad_value_is_a_fault_of_its_setting() {
    let cases = [
        ("--host", "nowhere", "HOST"),
        ("--port", "abc", "PORT"),
        ("--port", "65536", "PORT"),
        ("--shards", "0", "SHARDS"),
        ("--shards", "65", "SHARDS"),
        ("--base-path", "api", "BASE_PATH"),
        ("--base-path", "/a b", "BASE_PATH"),
        ("--base-path", "/ws", "BASE_PATH"),
        ("--api-key", "a b", "API_KEY"),
        ("--allowed-origins", "example.com", "ALLOWED_ORIGINS"),
        ("--max-connections", "0", "MAX_CONNECTIONS"),
        ("--rate-limit", "-1", "RATE_LIMIT"),
        ("--rate-limit", "100001", "RATE_LIMIT"),
        ("--slow-consumer", "maybe", "SLOW_CONSUMER"),
        ("--flush-gap-max", "5", "FLUSH_GAP_MAX"),
        ("--ping-interval", "25", "PING_INTERVAL"),
        ("--ping-interval", "0s", "PING_INTERVAL"),
        ("--pong-timeout", "soon", "PONG_TIMEOUT"),
        ("--pong-timeout", "2days", "PONG_TIMEOUT"),
        ("--drain-timeout", "1.5", "DRAIN_TIMEOUT"),
        ("--log-level", "loud", "LOG_LEVEL"),
        ("--log-format", "xml", "LOG_FORMAT"),
        ("--history-size", "many", "HISTORY_SIZE"),
    ];
    for (flag, value, setting) in cases {
        assert_eq!(faulty_settings(&[&format!("{flag}={value}")]), [setting], "{flag}={value}");
    }
}

#[test]
fn all_faults_are_told_at_once() {
    assert_eq!(
        faulty_settings(&["--port=x", "--log-level=x", "--redis-url=redis"]),
        ["PORT", "LOG_LEVEL", "REDIS_URL"]
    );
}

#[test]
fn a_plain_number_as_duration_is_refused_with_a_hint() {
    let faults = read(&["--ping-interval=25"]).expect_err("no unit");
    assert!(faults[0].to_string().contains("25ms, 25s or 25m"), "{}", faults[0]);
}

#[test]
fn a_pong_timeout_that_leaves_no_time_for_a_ping_contradicts() {
    let faults = read(&["--ping-interval=30s", "--pong-timeout=30s"]).expect_err("contradiction");
    let text = faults[0].to_string();
    assert!(text.starts_with("PONG_TIMEOUT: ") && text.contains("PING_INTERVAL"), "{text}");
}

#[test]
fn durations_and_zero_are_read_as_written() {
    let settings = read(&["--flush-gap-max=0", "--ping-interval=250ms", "--pong-timeout=2m"])
        .expect("valid settings");
    assert_eq!(settings.flush_gap_max, Duration::ZERO);
    assert_eq!(settings.ping_interval, Duration::from_millis(250));
    assert_eq!(settings.pong_timeout, Duration::from_secs(120));
}

#[test]
fn the_highest_rate_and_none_at_all_are_rates() {
    for rate in [0, 100_000] {
        let settings = read(&[&format!("--rate-limit={rate}")]).expect("a valid rate");
        assert_eq!(settings.rate_limit, rate);
    }
}

#[test]
fn a_port_is_shared_only_where_it_is_said_and_without_redis_with_a_warning() {
    assert!(!Settings::default().engine_config("pod".to_owned()).shares_port);
    let alone = read(&["--share-port"]).expect("valid settings");
    assert!(alone.engine_config("pod".to_owned()).shares_port);
    assert!(alone.warnings[0].starts_with("SHARE_PORT"), "{:?}", alone.warnings);
    let heard = read(&["--share-port", "--redis-url=redis://h"]).expect("valid settings");
    assert_eq!(heard.warnings, Vec::<String>::new());
    assert_eq!(faulty_settings(&["--share-port=perhaps"]), ["SHARE_PORT"]);
}

#[test]
fn an_empty_value_counts_as_unset() {
    let settings = read(&["--port=", "--api-key=", "--redis-url=", "--auth-enabled="]);
    let settings = settings.expect("valid settings");
    assert_eq!(settings.address.port(), 8080);
    assert!(settings.api_key.is_none());
}

#[test]
fn more_connections_than_descriptors_are_fitted_with_a_warning() {
    let settings = read(&["--max-connections=100000000"]).expect("valid settings");
    assert!(settings.connections_max < 100_000_000);
    assert!(settings.warnings[0].starts_with("MAX_CONNECTIONS"), "{:?}", settings.warnings);
}

#[test]
fn a_key_is_not_shown() {
    let settings = read(&["--api-key=hunter2"]).expect("valid settings");
    assert!(!format!("{settings:?}").contains("hunter2"));
}

#[test]
fn a_base_path_loses_the_slash_at_its_end_and_may_be_the_root() {
    assert_eq!(read(&["--base-path=/a/b/"]).expect("valid").base_path.as_str(), "/a/b");
    assert_eq!(read(&["--base-path=/"]).expect("valid").base_path.as_str(), "");
}

#[test]
fn addresses_of_both_families_and_localhost_are_hosts() {
    for (host, address) in
        [("::1", "[::1]:8080"), ("[::]", "[::]:8080"), ("localhost", "127.0.0.1:8080")]
    {
        let settings = read(&[&format!("--host={host}")]).expect("valid");
        assert_eq!(settings.address.to_string(), address);
    }
}

#[test]
fn the_example_of_an_environment_has_every_setting_with_its_default() {
    let example = include_str!("../../../../deploy/.env.example");
    let lines = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let told: Vec<(&str, &str)> = lines.filter(|(name, _)| is_name(name)).collect();
    let command = Arguments::command();
    let known: Vec<_> = command
        .get_arguments()
        .filter_map(|argument| Some((argument.get_env()?.to_str()?, argument.get_long()?)))
        .collect();
    let names = |pairs: &[(&str, &str)]| {
        let mut names: Vec<String> = pairs.iter().map(|(name, _)| (*name).to_owned()).collect();
        names.sort_unstable();
        names
    };
    assert_eq!(names(&told), names(&known));
    let flags: Vec<String> = told
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| {
            let (_, flag) = known.iter().find(|(known, _)| known == name).expect("compared above");
            format!("--{flag}={value}")
        })
        .collect();
    assert!(flags.len() > 20, "{flags:?}");
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let mut as_told = read(&flags).expect("good settings");
    // Those that say nothing without another setting are warned of.
    as_told.warnings.clear();
    assert_eq!(format!("{as_told:?}"), format!("{:?}", read(&[]).expect("the defaults")));
}
