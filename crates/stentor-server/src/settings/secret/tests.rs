use super::*;

#[test]
fn a_secret_matches_itself_and_no_other_text_of_any_length() {
    let secret = Secret::new("open-sesame");
    assert!(secret.matches(b"open-sesame"));
    for other in ["", "open-sesam", "open-sesame ", "open-sesamE", "open-sesame\0"] {
        assert!(!secret.matches(other.as_bytes()), "{other:?}");
    }
}

#[test]
fn a_secret_shows_neither_itself_nor_its_hash() {
    assert_eq!(format!("{:?}", Secret::new("open-sesame")), "(secret)");
}
