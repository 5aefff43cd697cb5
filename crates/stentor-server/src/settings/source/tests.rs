use super::*;

fn source(said: &Arguments, content: &str) -> SettingsSource {
    let path = std::env::temp_dir().join(format!("stentor-source-{}", uuid::Uuid::now_v7()));
    std::fs::write(&path, content).expect("a folder for tests");
    let settings_file = Some(path.to_string_lossy().into_owned());
    let source = SettingsSource::read(&Arguments { settings_file, ..said.clone() });
    std::fs::remove_file(&path).expect("a file");
    source.unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn said(port: &str) -> Arguments {
    Arguments { port: Some(port.to_owned()), ..Arguments::default() }
}

#[test]
fn what_was_said_counts_before_the_file_and_an_empty_value_is_none() {
    let overruled = source(&said("1"), "PORT=2\nHOST=::1\n");
    assert_eq!(overruled.whole().port.as_deref(), Some("1"));
    assert_eq!(overruled.whole().host.as_deref(), Some("::1"));
    assert_eq!(overruled.said().host, None);
    let warning = overruled.warning().expect("a line without effect");
    assert!(warning.ends_with(": PORT"), "{warning}");
    for (said, content) in [(said(""), "PORT=2"), (said("2"), "PORT=2"), (said("2"), "PORT=")] {
        let source = source(&said, content);
        assert_eq!(source.whole().port.as_deref(), Some("2"));
        assert_eq!(source.warning(), None);
    }
}

#[test]
fn what_is_another_text_than_before_has_changed() {
    let before = source(&said("1"), "API_KEY=a\nHOST=::1\nRATE_LIMIT=\n");
    let mut after = source(&said("1"), "API_KEY=b\nHOST=::1\nSHARDS=2\nPORT=7\n");
    after.whole.settings_file.clone_from(&before.whole.settings_file);
    assert_eq!(before.changes(&before), Vec::<&str>::new());
    assert_eq!(before.changes(&after), ["API_KEY", "SHARDS"]);
}

#[test]
fn the_settings_that_name_files_are_known_and_a_key_in_place_is_none() {
    assert_eq!(SettingsSource::default().files(), Vec::<&str>::new());
    let all = source(&said("1"), "JWT_PUBLIC_KEY=key.pem\nJWT_JWKS_FILE=keys.json\n");
    assert_eq!(all.files(), ["SETTINGS_FILE", "JWT_PUBLIC_KEY", "JWT_JWKS_FILE"]);
    let inline = source(&said("1"), "JWT_PUBLIC_KEY=\"-----BEGIN PUBLIC KEY-----\\n\"\n");
    assert_eq!(inline.files(), ["SETTINGS_FILE"]);
}
