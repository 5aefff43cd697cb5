use super::Draft;
use stentor_wire::message_type::MessageType;
use uuid::Uuid;

#[test]
fn what_is_not_said_is_left_out() {
    assert_eq!(Draft::new(MessageType::Ping).to_text(), r#"{"type":"ping"}"#);
}

#[test]
fn a_room_is_named_everybody_is_null_and_data_is_json() {
    let room = Draft::chat(&["a"]).expect("JSON").room("a \"b\"").id(Uuid::from_u128(7));
    let everybody = Draft::chat(&()).expect("JSON").everybody();

    assert_eq!(
        room.to_text(),
        r#"{"id":"00000000-0000-0000-0000-000000000007","type":"chat","room":"a \"b\"","data":["a"]}"#
    );
    assert_eq!(everybody.to_text(), r#"{"type":"chat","room":null,"data":null}"#);
}

#[test]
fn what_is_no_json_is_an_error() {
    let keyed = std::collections::BTreeMap::from([([1, 2], 3)]);

    assert!(Draft::chat(&keyed).is_err());
}
