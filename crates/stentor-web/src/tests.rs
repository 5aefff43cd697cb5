//! The promises of the embedded files: complete, self-contained, text that is never markup.

use std::collections::BTreeSet;
use std::path::Path;

use super::{ASSETS, Asset, CLIENT_PATH, DASHBOARD_PATH, asset, chat_page, dashboard_page};

fn text(asset: &Asset) -> &'static str {
    std::str::from_utf8(asset.body).expect("every embedded file is text")
}

/// What stands between `before` and the next quote, for each place where `before` occurs.
fn quoted_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn the_root_is_the_chat_page() {
    let page = asset("/").expect("the chat page is embedded");
    assert!(page.content_type.starts_with("text/html"));
    assert!(text(page).contains("Stentor"));
}

#[test]
fn pages_tell_their_scripts_where_the_routes_begin() {
    for page in [chat_page, dashboard_page] {
        assert_eq!(quoted_after(&page("/api"), "\"stentor-base\" content=\""), ["./api"]);
        assert_eq!(quoted_after(&page(""), "\"stentor-base\" content=\""), ["."]);
    }
}

#[test]
fn an_unknown_path_is_nothing() {
    for path in ["", "/chat.html", "/assets/", "/assets/../chat.js", "/assets/chat.js?x"] {
        assert_eq!(asset(path), None, "{path}");
    }
}

#[test]
fn paths_are_unique_and_lie_under_assets() {
    let paths: BTreeSet<_> = ASSETS.iter().map(|asset| asset.path).collect();
    assert_eq!(paths.len(), ASSETS.len());
    let is_elsewhere = |path: &&str| !path.starts_with("/assets/");
    assert!(paths.into_iter().filter(is_elsewhere).eq(["/", DASHBOARD_PATH, CLIENT_PATH]));
}

#[test]
fn every_file_of_the_folder_is_embedded() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).expect("the folder of static files") {
        let file = entry.expect("an entry of the folder").path();
        let body = std::fs::read(&file).expect("a static file");
        assert!(
            ASSETS.iter().any(|asset| asset.body == body),
            "{} is not embedded",
            file.display()
        );
        files += 1;
    }
    // The client stands beside its package, not in that folder.
    assert_eq!(files + 1, ASSETS.len());
}

#[test]
fn the_package_for_npm_has_the_version_of_this_crate() {
    let package = include_str!("../package.json");
    assert_eq!(quoted_after(package, "\"version\": \""), [env!("CARGO_PKG_VERSION")]);
}

#[test]
fn pages_load_only_what_is_embedded() {
    for page in ["/", DASHBOARD_PATH] {
        let page = text(asset(page).expect("the page is embedded"));
        let mut wanted = quoted_after(page, "href=\"");
        wanted.extend(quoted_after(page, "src=\""));
        assert!(wanted.len() >= 3, "{wanted:?}");
        for path in wanted {
            assert!(asset(&format!("/{path}")).is_some(), "{path} is not embedded");
        }
    }
}

#[test]
fn every_import_of_a_script_is_embedded() {
    let mut imports = 0;
    for script in ASSETS.iter().filter(|asset| asset.path.ends_with(".js")) {
        for path in quoted_after(text(script), "from \"./") {
            assert!(asset(&format!("/assets/{path}")).is_some(), "{} wants {path}", script.path);
            imports += 1;
        }
        for path in quoted_after(text(script), "from \"../") {
            assert!(asset(&format!("/{path}")).is_some(), "{} wants {path}", script.path);
            imports += 1;
        }
    }
    assert!(imports > 1, "the chat imports its modules and the client");
}

#[test]
fn nothing_comes_from_another_host() {
    for asset in ASSETS.iter() {
        let foreign = text(asset).replace("http://www.w3.org/2000/svg", "");
        for mark in ["http://", "https://", "url(//", "src=\"//", "@import"] {
            assert!(!foreign.contains(mark), "{} reaches for {mark}", asset.path);
        }
    }
}

#[test]
fn scripts_never_turn_text_into_markup() {
    for script in ASSETS.iter().filter(|asset| asset.path.ends_with(".js")) {
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!text(script).contains(way), "{} uses {way}", script.path);
        }
    }
}

#[test]
fn the_page_has_the_elements_that_tests_rely_on() {
    let page = text(asset("/").expect("the chat page is embedded"));
    for id in ["room", "name", "message", "send", "messages", "state"] {
        assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "#{id}");
    }
}
