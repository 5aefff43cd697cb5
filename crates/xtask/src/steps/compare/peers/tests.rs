//! Peers are found by name, and started so that their process is the one that is measured.

use super::*;

#[test]
fn every_peer_is_found_by_its_name_and_no_other() {
    for peer in Peer::ALL {
        assert_eq!(Peer::named(peer.name()), Ok(peer));
    }
    let fault = Peer::named("phoenix").expect_err("no such peer");
    assert_eq!(
        fault,
        "there is no peer `phoenix`, but stentor, axum, node-ws, socket.io, nchan, nats"
    );
    assert!(Peer::named("").is_err());
}

#[test]
fn a_locked_version_is_that_of_the_very_package() {
    let lock = "[[package]]\nname = \"axum-core\"\nversion = \"0.5.6\"\n\n[[package]]\n\
        name = \"axum\"\nversion = \"0.8.9\"\n";

    assert_eq!(locked_version(lock, "axum").as_deref(), Some("0.8.9"));
    assert_eq!(locked_version(lock, "hyper"), None);
    assert_eq!(locked_version("name = \"axum\"", "axum"), None);
}

#[test]
fn a_server_is_started_on_its_core_where_there_is_one() {
    let project = Project::find().expect("the workspace");
    let words = |core| {
        let start = Start { words: vec!["nginx".into(), "-v".into()], environment: Vec::new() };
        let command = start.command(&project, core);
        command.get_args().skip(3).map(|word| word.to_string_lossy().into_owned()).collect()
    };

    let free: Vec<String> = words(None);
    let pinned: Vec<String> = words(Some(0));

    assert_eq!(free, ["nginx", "-v"]);
    assert_eq!(pinned, ["taskset", "-c", "0", "nginx", "-v"]);
}

#[test]
fn every_place_of_the_nchan_settings_is_filled() {
    let project = Project::find().expect("the workspace");
    let folder = std::env::temp_dir().join(format!("stentor-xtask-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let program = Program::Nginx { nginx: "nginx".into(), module: "/m/nchan.so".into() };
    let kit = Kit { version: String::new(), program };

    kit.start(&project, 4_711, &folder).expect("the settings are written");
    let text = std::fs::read_to_string(folder.join("nginx.conf")).expect("the settings");
    std::fs::remove_dir_all(&folder).expect("the folder goes again");

    assert!(text.contains("load_module /m/nchan.so;"), "{text}");
    assert!(text.contains("listen 127.0.0.1:4711 "), "{text}");
    let settings = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    assert!(settings.clone().count() > 10);
    assert!(settings.clone().all(|line| !line.contains('@')), "{text}");
}
