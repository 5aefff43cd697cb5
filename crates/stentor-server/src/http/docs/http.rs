//! The HTTP side: every route, and how to say who one is.

use serde_json::Value;

use super::html::{Page, elements, escape, escaped, members, targets};

/// Every operation.
pub(super) fn put_operations(page: &mut Page, paths: &Value) {
    page.part("http", "HTTP");
    for (path, methods) in members(paths) {
        for (method, operation) in members(methods) {
            put_operation(page, path, method, operation);
        }
    }
}

/// Every security scheme.
pub(super) fn put_security(page: &mut Page, schemes: &Value) {
    page.part("identity", "Who you are");
    page.begin_table(&["scheme", "type", "in", ""]);
    for (name, scheme) in members(schemes) {
        let place = match scheme["in"].as_str() {
            Some(place) => format!("{} {}", escape(place), escaped(&scheme["name"])),
            None => format!("header Authorization: {}", escaped(&scheme["scheme"])),
        };
        let name = escape(name);
        let (kind, text) = (escaped(&scheme["type"]), escaped(&scheme["description"]));
        page.row(&name, &[&format!("<code>{name}</code>"), &kind, &place, &text]);
    }
    page.end_table();
}

fn put_operation(page: &mut Page, path: &str, method: &str, operation: &Value) {
    let (method, path) = (escape(&method.to_uppercase()), escape(path));
    page.put(format_args!("<section>\n<h3><b>{method}</b> <code>{path}</code></h3>\n"));
    page.put(format_args!("<p>{}</p>\n", escaped(&operation["summary"])));
    let parameters = elements(&operation["parameters"]);
    if !parameters.is_empty() {
        page.begin_table(&["parameter", "in", ""]);
        for parameter in parameters {
            let name = format!("<code>{}</code>", escaped(&parameter["name"]));
            let text = escaped(&parameter["description"]);
            page.row("", &[&name, &escaped(&parameter["in"]), &text]);
        }
        page.end_table();
    }
    let taken = links(&operation["requestBody"]);
    if !taken.is_empty() {
        page.put(format_args!("<p>Takes {taken}.</p>\n"));
    }
    let names: Vec<String> = elements(&operation["security"])
        .iter()
        .flat_map(members)
        .map(|(name, _)| format!("<a href=\"#{0}\">{0}</a>", escape(name)))
        .collect();
    if !names.is_empty() {
        let names = names.join(" or ");
        page.put(format_args!("<p>Where the server asks who you are: {names}.</p>\n"));
    }
    page.begin_table(&["answer", ""]);
    for (status, response) in members(&operation["responses"]) {
        page.row("", &[&escape(status), &answer(response)]);
    }
    page.end_table();
    page.put(format_args!("</section>\n"));
}

/// What an answer says, with links to its shapes.
fn answer(response: &Value) -> String {
    let text = escaped(&response["description"]);
    let shapes = links(&response["content"]);
    if shapes.is_empty() { text } else { format!("{text} {shapes}") }
}

/// Links to the shapes that a part of the description refers to, each once.
fn links(part: &Value) -> String {
    let mut names = targets(part);
    names.dedup();
    let link = |name: &&str| format!("<a href=\"#{0}\">{0}</a>", escape(name));
    names.iter().map(link).collect::<Vec<_>>().join(" or ")
}
