use super::*;

#[test]
fn an_id_tells_when_it_was_made_and_no_other_does() {
    let id = made_at(1_770_249_600_123, [0xff; 16]);
    assert_eq!((id.get_version_num(), unix_millis(id)), (7, Some(1_770_249_600_123)));
    for other in [Uuid::nil(), Uuid::max(), Builder::from_random_bytes([7; 16]).into_uuid()] {
        assert_eq!(unix_millis(other), None, "{other}");
    }
}
