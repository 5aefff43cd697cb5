//! What a program said last is found, whatever it wrote.

use super::last_line;

#[test]
fn the_last_line_of_a_log_is_what_a_program_said_last() {
    let path = std::env::temp_dir().join(format!("stentor-xtask-log-{}", std::process::id()));
    for (text, last) in [
        (&b"one\n  two \n\n"[..], "two"),
        (b"\n\n", "it said nothing"),
        (b"bad \xff\n", "bad \u{fffd}"),
    ] {
        std::fs::write(&path, text).expect("a file");
        assert_eq!(last_line(&path), last);
    }
    std::fs::remove_file(&path).expect("the file goes again");
    assert_eq!(last_line(&path), "it said nothing");
}
