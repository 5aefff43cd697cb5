use super::MessageType;

#[test]
fn every_type_is_read_back_from_its_word() {
    for kind in MessageType::ALL {
        assert_eq!(MessageType::parse(kind.as_str()), Some(kind));
    }
}

#[test]
fn an_unknown_word_is_no_type() {
    for word in ["", "Chat", "chat ", "publish"] {
        assert_eq!(MessageType::parse(word), None, "{word:?}");
    }
}

#[test]
fn a_client_may_send_all_but_the_servers_three() {
    let forbidden: Vec<&str> = MessageType::ALL
        .into_iter()
        .filter(|kind| !kind.is_allowed_from_client())
        .map(MessageType::as_str)
        .collect();
    assert_eq!(forbidden, ["system", "notification", "error"]);
}
