use clap::CommandFactory;

use super::*;

#[test]
fn the_table_names_every_setting_and_its_own_field() {
    let command = Arguments::command();
    let known: Vec<_> =
        command.get_arguments().map(|argument| argument.get_env().expect("a variable")).collect();
    assert_eq!(NAMES.to_vec(), known);
    for (at, name) in NAMES.into_iter().enumerate() {
        let flag = format!("--{}=said", name.to_ascii_lowercase().replace('_', "-"));
        let arguments = <Arguments as clap::Parser>::parse_from(["stentor", &flag]);
        assert_eq!(arguments.texts()[at].as_deref(), Some("said"), "{name}");
        assert_eq!(arguments.clone().texts_mut()[at].as_deref(), Some("said"), "{name}");
    }
}

#[test]
fn a_name_a_letter_or_two_off_is_taken_for_what_was_meant() {
    for (wrong, meant) in [
        ("API_KYE", "API_KEY"),
        ("api_key", "API_KEY"),
        ("api-key", "API_KEY"),
        ("RATE_LIMITS", "RATE_LIMIT"),
        ("ALOWED_ORIGIN", "ALLOWED_ORIGINS"),
        ("MAXCONNECTIONS", "MAX_CONNECTIONS"),
    ] {
        assert_eq!(nearest_name(wrong), Some(meant), "{wrong}");
    }
    for far in ["", "RUST_LOG", "PATH", "KEY", &"X".repeat(100_000)] {
        assert_eq!(nearest_name(far), None, "{far:.20}");
    }
}
