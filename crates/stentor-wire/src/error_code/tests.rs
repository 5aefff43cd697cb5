use std::collections::HashSet;

use super::ErrorCode;

#[test]
fn every_code_has_its_own_snake_case_word_and_meaning() {
    let words: HashSet<&str> = ErrorCode::ALL.into_iter().map(ErrorCode::as_str).collect();
    let meanings: HashSet<&str> = ErrorCode::ALL.into_iter().map(ErrorCode::meaning).collect();
    assert_eq!(words.len(), ErrorCode::ALL.len());
    assert_eq!(meanings.len(), ErrorCode::ALL.len());
    assert!(words.iter().all(|word| word.bytes().all(|b| b == b'_' || b.is_ascii_lowercase())));
}

#[test]
fn the_depth_in_the_meaning_is_the_bound_in_force() {
    let depth = crate::JSON_DEPTH_MAX.to_string();
    assert!(ErrorCode::InvalidJson.meaning().contains(&depth));
}
