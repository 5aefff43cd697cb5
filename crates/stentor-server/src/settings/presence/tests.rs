use clap::Parser;

use super::super::{SettingFault, Settings};
use super::*;

fn read(flags: &[&str]) -> Result<Settings, Vec<SettingFault>> {
    let flags = std::iter::once("stentor").chain(flags.iter().copied());
    Settings::read(&Arguments::try_parse_from(flags).expect("known flags"))
}

#[test]
fn what_is_set_reaches_the_engine_and_nothing_is_the_documented_default() {
    let config = read(&[]).expect("valid settings").engine_config("pod".to_owned());
    assert_eq!(config.presence, Presence::default());
    let flags = ["--presence-grace=0", "--presence-members-max=0"];
    let config = read(&flags).expect("valid settings").engine_config("pod".to_owned());
    assert_eq!(config.presence, Presence { grace: Duration::ZERO, members_max: 0 });
}

#[test]
fn a_bad_value_is_a_fault_of_its_setting() {
    for (flag, setting) in [
        ("--presence-grace=5", "PRESENCE_GRACE"),
        ("--presence-grace=11m", "PRESENCE_GRACE"),
        ("--presence-members-max=1025", "PRESENCE_MEMBERS_MAX"),
        ("--presence-members-max=-1", "PRESENCE_MEMBERS_MAX"),
    ] {
        let faults = read(&[flag]).expect_err(flag);
        let settings: Vec<&str> = faults.iter().map(|fault| fault.setting).collect();
        assert_eq!(settings, [setting], "{flag}");
    }
}
