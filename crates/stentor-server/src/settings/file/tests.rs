use proptest::prelude::*;

use super::*;

fn faults(content: impl AsRef<[u8]>) -> Vec<String> {
    let faults = SettingsFile::parse(content.as_ref()).err().expect("a bad file");
    faults.iter().map(ToString::to_string).collect()
}

fn value(line: &str, name: &str) -> Option<String> {
    let file = SettingsFile::parse(line.as_bytes()).unwrap_or_else(|faults| panic!("{faults:?}"));
    file.value(name).map(str::to_owned)
}

#[test]
fn comments_and_empty_lines_say_nothing_and_a_value_is_what_stands_behind_the_first_equals_sign() {
    let text = "\u{feff}# PORT=1\n\n  # PORT=2\r\nPORT=3\r\nAPI_KEY=a=b#c\n  HOST = ::1\n";
    assert_eq!(
        faults(text),
        ["SETTINGS_FILE: line 6 has a space before the =: it is written HOST=value"]
    );
    let text = text.replace("HOST = ::1", "HOST=  ::1  ");
    assert_eq!(value(&text, "PORT").as_deref(), Some("3"));
    assert_eq!(value(&text, "API_KEY").as_deref(), Some("a=b#c"));
    assert_eq!(value(&text, "HOST").as_deref(), Some("::1"));
    assert_eq!(value(&text, "SHARDS"), None);
}

#[test]
fn the_example_is_a_file_of_settings_whether_its_lines_are_comments_or_not() {
    let example = include_str!("../../../../../deploy/.env.example");
    assert_eq!(value(example, "PORT"), None);
    let uncommented: String = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(setting) if setting.split('=').next().is_some_and(is_name) => setting,
            _ => line,
        })
        .flat_map(|line| [line, "\n"])
        .collect();
    assert_eq!(value(&uncommented, "PORT").as_deref(), Some("8080"));
    assert_eq!(value(&uncommented, "API_KEY"), None);
}

#[test]
fn one_pair_of_quotes_is_taken_away_and_nothing_within_is_special() {
    for (written, meant) in [
        (r#""a b""#, Some("a b")),
        ("'a b'", Some("a b")),
        (r#"'"x"'"#, Some(r#""x""#)),
        (r#"a"b"#, Some(r#"a"b"#)),
        (r#""$HOME\n""#, Some(r"$HOME\n")),
        ("", None),
        (r#""""#, None),
        ("''", None),
    ] {
        let read = value(&format!("JWT_SECRET={written}"), "JWT_SECRET");
        assert_eq!(read.as_deref(), meant, "{written}");
    }
    for (written, fault) in [
        (r#""n33dle"#, "begins with \" and does not end with it"),
        ("'n33dle", "begins with ' and does not end with it"),
        (r#""n33dle" # why"#, "goes on behind its second \""),
        (r#"""""#, "goes on behind its second \""),
    ] {
        let told = faults(format!("\nJWT_SECRET={written}"));
        let expected = format!("SETTINGS_FILE: line 2 sets JWT_SECRET to a value that {fault}");
        assert_eq!(told, [expected], "{written}");
    }
}

#[test]
fn every_bad_line_is_told_by_its_number_and_none_is_shown() {
    let text = "API_KYE=n33dle\nPORT\nPORT=1\nMIIn33dle==\nexport API_KEY=n33dle\nPORT=n33dle\n\
                RUST_LOG=n33dle\nSETTINGS_FILE=n33dle\nHOST=\nHOST=\n";
    assert_eq!(
        faults([text.as_bytes(), b"LOG_LEVEL=\xff\n"].concat()),
        [
            "SETTINGS_FILE: line 1 sets what is no setting; is API_KEY meant?",
            "SETTINGS_FILE: line 2 has no =; it is written KEY=value",
            "SETTINGS_FILE: line 4 sets what is no setting",
            "SETTINGS_FILE: line 5 begins with export; it is written KEY=value",
            "SETTINGS_FILE: line 6 sets PORT again, which line 3 has set",
            "SETTINGS_FILE: line 7 sets RUST_LOG, which is no setting",
            "SETTINGS_FILE: line 8 names another file of settings, which only the environment may",
            "SETTINGS_FILE: line 10 sets HOST again, which line 9 has set",
            "SETTINGS_FILE: line 11 is not UTF-8",
        ]
    );
}

#[test]
fn of_many_bad_lines_some_are_told_and_the_others_counted() {
    let told = faults("x\n".repeat(1_000));
    assert_eq!(told.len(), FAULTS_TOLD_MAX + 1);
    assert_eq!(told[FAULTS_TOLD_MAX], "SETTINGS_FILE: 984 more lines are wrong");
}

#[test]
fn what_cannot_be_read_is_told_without_its_name() {
    for path in ["/nowhere/n33dle", "/", "/dev/zero"] {
        let faults = SettingsFile::read(path).err().expect("no file");
        assert_eq!(faults.len(), 1);
        let text = faults[0].to_string();
        let is_told = text.contains("cannot be read") || text.contains("larger than 262144 bytes");
        assert!(is_told && !text.contains("n33dle"), "{text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_value_without_quotes_and_spaces_around_comes_back_in_quotes_and_without(
        text in "[^\"'\\pC\\s]([^\"'\\pC]*[^\"'\\pC\\s])?",
    ) {
        for line in [format!("API_KEY={text}"), format!("API_KEY='{text}'"), format!("API_KEY=\"{text}\"")] {
            prop_assert_eq!(value(&line, "API_KEY"), Some(text.clone()));
        }
    }

    #[test]
    fn no_bytes_are_too_strange_to_be_judged(content in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Err(faults) = SettingsFile::parse(&content) {
            prop_assert!(!faults.is_empty());
        }
    }
}
