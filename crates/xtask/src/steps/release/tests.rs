use serde_json::json;

use super::*;

fn metadata(licence: &str, rust: Option<&str>) -> Value {
    json!({
        "workspace_members": ["own"],
        "packages": [
            {"id": "own", "name": "own", "version": "1.0.0", "rust_version": "1.91"},
            {"id": "x", "name": "x", "version": "2.0.0", "license": licence, "rust_version": rust},
        ],
    })
}

#[test]
fn a_licence_that_asks_for_more_is_refused_by_name() {
    for good in ["MIT", "MIT/Apache-2.0", "MIT OR GPL-3.0-only", "MIT AND BSD-3-Clause"] {
        assert_eq!(licences(&metadata(good, None)), Ok(()), "{good}");
    }
    for bad in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "", "of my own"] {
        let fault = licences(&metadata(bad, None)).unwrap_err();
        assert!(fault.starts_with("x 2.0.0: "), "{fault}");
    }
}

#[test]
fn a_dependency_that_wants_a_newer_rust_is_refused_by_name() {
    for good in [None, Some("1.56"), Some("1.91"), Some("1.91.0")] {
        assert_eq!(minimum_rust(&metadata("MIT", good)), Ok(()), "{good:?}");
    }
    for newer in ["1.92", "1.91.1", "2.0"] {
        let fault = minimum_rust(&metadata("MIT", Some(newer))).unwrap_err();
        assert!(fault.starts_with("x 2.0.0 wants Rust"), "{fault}");
    }
}

#[test]
fn nothing_to_judge_is_no_success() {
    let nothing = json!({"workspace_members": [], "packages": []});
    assert!(licences(&nothing).is_err() && minimum_rust(&nothing).is_err());
}
