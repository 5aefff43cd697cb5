//! The generator's own limit: what is fed is audited on both ways.

use crate::{assert_verdict, run};

const SHAPE: [&str; 5] =
    ["intake", "--members=6", "--messages=500", "--talkers=2", "--frames-per-send=7"];

#[test]
fn all_that_is_fed_is_taken_in_and_passes() {
    for by in ["--by=sendfile", "--by=write"] {
        for content in ["--content-bytes=40", "--content-bytes=5000"] {
            let output = run(&[&SHAPE[..], &[by, content]].concat());

            assert_verdict(&output, 0, "verdict: passed");
            for way in ["from memory delivered", "through sockets delivered"] {
                assert_verdict(&output, 0, way);
            }
            assert_eq!(crate::figure(&crate::text(&output.stdout), "from memory d"), "3,000");
            assert_eq!(crate::figure(&crate::text(&output.stdout), "through sockets d"), "3,000");
        }
    }
}

#[test]
fn a_message_that_is_left_out_is_found_on_both_ways() {
    let output = run(&[&SHAPE[..], &["--leave-out=251"]].concat());

    for way in ["from memory", "through sockets"] {
        assert_verdict(&output, 1, &format!("fault: {way}: 6 deliveries lost"));
        let named = "room r0 member 0: message 126 of talker 0 in r0 never came";
        assert_verdict(&output, 1, &format!("fault: {way}: {named}"));
    }
}
