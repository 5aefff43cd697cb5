//! The messages of an open WebSocket and of Redis.

use serde_json::Value;

use super::html::{Page, escape, escaped, members, target};

/// The parts of messages: anchor, title, and the operation of the description that has them.
const PARTS: [(&str, &str, &[&str]); 4] = [
    (
        "say",
        "Messages you send",
        &["say", "tell_presence", "ping", "pong", "join", "leave", "authenticate"],
    ),
    ("hear", "Messages you hear", &["hear", "hear_answers"]),
    ("events", "Events of the server", &["hear_events"]),
    ("redis", "On Redis", &["publish_on_bus_room", "listen_on_bus_room"]),
];

/// Every message in its part.
pub(super) fn put_messages(page: &mut Page, description: &Value) {
    for (anchor, title, operations) in PARTS {
        page.part(anchor, title);
        if anchor == "redis" {
            put_bus(page, &description["channels"]);
        }
        for name in operations {
            let operation = &description["operations"][name];
            for message in super::html::elements(&operation["messages"]) {
                let name = target(message);
                put_message(page, &description["components"]["messages"][name], operation);
            }
        }
    }
}

fn put_message(page: &mut Page, message: &Value, operation: &Value) {
    let (title, name) = (escaped(&message["title"]), escaped(&message["name"]));
    page.put(format_args!("<section>\n<h3 id=\"message-{name}\"><code>{title}</code></h3>\n"));
    page.put(format_args!("<p>{}</p>\n", escaped(&message["summary"])));
    for example in super::html::elements(&message["examples"]) {
        page.put(format_args!("<pre>{}</pre>\n", escape(&in_order(&example["payload"]))));
    }
    let answers: Vec<_> = super::html::elements(&operation["reply"]["messages"])
        .iter()
        .map(|answer| format!("<a href=\"#message-{0}\">{0}</a>", escape(target(answer))))
        .collect();
    if !answers.is_empty() {
        page.put(format_args!("<p>Answered by {}.</p>\n", answers.join(" or ")));
    }
    page.put(format_args!("<p>Shape: <a href=\"#{name}\">{name}</a></p>\n</section>\n"));
}

/// A message in one line, its members in the order in which the server writes them.
fn in_order(message: &Value) -> String {
    const ORDER: [&str; 9] =
        ["pod", "seq", "id", "type", "room", "from", "data", "timestamp", "chosen"];
    let known = ORDER.iter().filter_map(|name| Some((*name, message.get(name)?)));
    let members: Vec<_> = known.map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

fn put_bus(page: &mut Page, channels: &Value) {
    page.begin_table(&["channel", ""]);
    for (_, channel) in members(channels).filter(|(name, _)| name.starts_with("bus_")) {
        let address = format!("<code>{}</code>", escaped(&channel["address"]));
        page.row("", &[&address, &escaped(&channel["description"])]);
    }
    page.end_table();
}
