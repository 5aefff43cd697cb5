use super::*;

#[test]
fn an_id_tells_its_talker_and_sequence() {
    let run = RunId::new(0x0123_abcd);
    for (talker, sequence) in [(0, 1), (0xffff, 7), (0x10000, u32::MAX), (0xfff_ffff, 0)] {
        let id = MessageId { talker, sequence };

        assert_eq!(MessageId::parse(&id.text(run), run), Some(id));
    }
}

#[test]
fn the_id_is_a_uuid_of_version_8() {
    let text = MessageId { talker: 0x2_0003, sequence: 9 }.text(RunId::new(1));

    assert_eq!(text, "00000001-0003-8002-8000-000000000009");
}

#[test]
fn what_is_no_id_of_this_run_is_none() {
    let run = RunId::new(1);
    let others = MessageId { talker: 1, sequence: 1 }.text(RunId::new(2));
    let odd = ["", "00000001-0003-7002-8000-000000000009", "00000001-0003-8002-8000-00000000000é"];
    for text in [&[others.as_str()], &odd[..]].concat() {
        assert_eq!(MessageId::parse(text, run), None, "{text}");
    }
}
