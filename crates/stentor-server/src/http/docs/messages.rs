//! The messages of an open WebSocket and of Redis.

use serde_json::Value;

use super::html::{Page, elements, escape, escaped, members, target};

/// A part of the page: its anchor, its title, and the operations whose messages it shows.
type Part = (&'static str, &'static str, &'static [&'static str]);

const OF_WEB_SOCKETS: [Part; 3] = [
    (
        "say",
        "Messages you send",
        &["say", "tell_presence", "ping", "pong", "join", "leave", "authenticate"],
    ),
    ("hear", "Messages you hear", &["hear", "hear_answers"]),
    ("events", "Events of the server", &["hear_events"]),
];

const OF_BUS: [&str; 2] = ["publish_on_bus_room", "listen_on_bus_room"];

/// The messages of a WebSocket, part by part.
pub(super) fn put_messages(page: &mut Page, description: &Value) {
    for (anchor, title, operations) in OF_WEB_SOCKETS {
        page.part(anchor, title);
        put_operations(page, description, operations);
    }
}

/// The channels on Redis and their messages.
pub(super) fn put_bus(page: &mut Page, description: &Value) {
    page.part("redis", "On Redis");
    page.begin_table(&["channel", ""]);
    for (_, channel) in
        members(&description["channels"]).filter(|(name, _)| name.starts_with("bus_"))
    {
        let address = format!("<code>{}</code>", escaped(&channel["address"]));
        page.row("", &[&address, &escaped(&channel["description"])]);
    }
    page.end_table();
    put_operations(page, description, &OF_BUS);
}

fn put_operations(page: &mut Page, description: &Value, names: &[&str]) {
    for name in names {
        let operation = &description["operations"][name];
        for message in elements(&operation["messages"]) {
            let message = &description["components"]["messages"][target(message)];
            put_message(page, message, operation);
        }
    }
}

fn put_message(page: &mut Page, message: &Value, operation: &Value) {
    let (title, name) = (escaped(&message["title"]), escaped(&message["name"]));
    page.put(format_args!("<section>\n<h3 id=\"message-{name}\"><code>{title}</code></h3>\n"));
    page.put(format_args!("<p>{}</p>\n", escaped(&message["summary"])));
    for example in elements(&message["examples"]) {
        page.put(format_args!(
            "<pre class=\"message\">{}</pre>\n",
            escape(&in_order(&example["payload"]))
        ));
    }
    let answers: Vec<_> = elements(&operation["reply"]["messages"])
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
