use super::*;
use crate::settings::Arguments;

fn file(content: &str) -> Arguments {
    let path = std::env::temp_dir().join(format!("stentor-reload-{}", uuid::Uuid::now_v7()));
    std::fs::write(&path, content).expect("a folder for tests");
    Arguments { settings_file: Some(path.to_string_lossy().into_owned()), ..Arguments::default() }
}

fn rewritten(arguments: &Arguments, content: &str) -> Settings {
    let path = arguments.settings_file.as_deref().expect("a file");
    std::fs::write(path, content).expect("a folder for tests");
    Settings::read(arguments).expect("good settings")
}

#[test]
fn what_may_change_is_taken_and_what_may_not_is_told_each_time() {
    let arguments = file("RATE_LIMIT=1\nAPI_KEY=a\nSHARDS=1\n");
    let mut settings = Settings::read(&arguments).expect("good settings");
    let started = settings.source.clone();
    let newer = rewritten(&arguments, "RATE_LIMIT=2\nAPI_KEY=a\nSHARDS=2\nLOG_LEVEL=warn\n");

    let first = merge(&started, &mut settings, &newer, true);
    let second = merge(&started, &mut settings, &newer, true);

    assert_eq!(first.taken, ["RATE_LIMIT", "LOG_LEVEL"]);
    assert_eq!((settings.rate_limit, settings.shards), (2, 1));
    assert_eq!(second, Outcome { taken: vec![], needs_restart: vec!["SHARDS"] });
    assert_eq!(first.needs_restart, second.needs_restart);
    let newer = rewritten(&arguments, "SHARDS=1\n");
    let back = merge(&started, &mut settings, &newer, true);
    assert_eq!(back.taken, ["API_KEY", "RATE_LIMIT", "LOG_LEVEL"]);
    assert_eq!(back.needs_restart, Vec::<&str>::new());
    assert!(settings.api_key.is_none() && settings.rate_limit == 100);
}

#[test]
fn a_level_that_an_embedding_program_has_set_stays() {
    let arguments = file("");
    let mut settings = Settings::read(&arguments).expect("good settings");
    let started = settings.source.clone();
    let newer = rewritten(&arguments, "LOG_LEVEL=debug\n");
    let outcome = merge(&started, &mut settings, &newer, false);
    assert_eq!(outcome, Outcome { taken: vec![], needs_restart: vec!["LOG_LEVEL"] });
    assert_eq!(settings.log_level, Settings::default().log_level);
}

#[test]
fn what_a_program_has_set_itself_stays_where_the_file_says_nothing_of_it() {
    let arguments = file("RATE_LIMIT=1\n");
    let mut settings = Settings::read(&arguments).expect("good settings");
    settings.rate_limit_user = 7;
    let started = settings.source.clone();
    let newer = rewritten(&arguments, "RATE_LIMIT=2\n");
    merge(&started, &mut settings, &newer, true);
    assert_eq!((settings.rate_limit, settings.rate_limit_user), (2, 7));
}
