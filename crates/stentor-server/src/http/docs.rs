//! `GET /docs`: the description of the API as a page for people.
//!
//! It is rendered here, from the same document as `/openapi.json`, so that it needs neither
//! scripts nor files of other hosts.

use std::fmt::Write;

use bytes::Bytes;
use serde_json::Value;

use super::App;
use super::answer::{Answer, text};
use super::pages::secure;

const STYLE: &str = include_str!("docs/docs.css");

/// The page.
pub(super) fn docs(app: &App) -> Answer {
    let mut answer = text("text/html; charset=utf-8", app.docs.clone());
    secure(answer.headers_mut());
    answer
}

/// Its style.
pub(super) fn style() -> Answer {
    let mut answer = text("text/css; charset=utf-8", Bytes::from_static(STYLE.as_bytes()));
    secure(answer.headers_mut());
    answer
}

/// Renders a description as HTML.
pub(super) fn page(description: &Value) -> String {
    let mut page = String::from(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Stentor: HTTP API</title>\n<link rel=\"stylesheet\" href=\"/docs.css\">\n\
         </head>\n<body>\n<main>\n",
    );
    let info = &description["info"];
    put(&mut page, format_args!("<h1>{}</h1>\n", escaped(&info["title"])));
    put(&mut page, format_args!("<p>{}</p>\n", escaped(&info["description"])));
    put(&mut page, format_args!("<p><a href=\"/openapi.json\">openapi.json</a></p>\n"));
    for (path, methods) in members(&description["paths"]) {
        for (method, operation) in members(methods) {
            put_operation(&mut page, path, method, operation);
        }
    }
    put_security(&mut page, &description["components"]["securitySchemes"]);
    put(&mut page, format_args!("<h2>Shapes</h2>\n"));
    for (name, schema) in members(&description["components"]["schemas"]) {
        put(&mut page, format_args!("<h3 id=\"{0}\">{0}</h3>\n", escape(name)));
        put(&mut page, format_args!("<pre>{}</pre>\n", escape(&format!("{schema:#}"))));
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn put_security(page: &mut String, schemes: &Value) {
    put(page, format_args!("<h2>Who you are</h2>\n<table>\n"));
    put(page, format_args!("<tr><th>scheme</th><th>type</th><th>in</th><th></th></tr>\n"));
    for (name, scheme) in members(schemes) {
        let kind = escaped(&scheme["type"]);
        let place = match scheme["in"].as_str() {
            Some(place) => format!("{} {}", escape(place), escaped(&scheme["name"])),
            None => format!("header Authorization: {}", escaped(&scheme["scheme"])),
        };
        let text = escaped(&scheme["description"]);
        let name = escape(name);
        put(
            page,
            format_args!(
                "<tr><td id=\"{name}\"><code>{name}</code></td><td>{kind}</td><td>{place}</td>\
                 <td>{text}</td></tr>\n"
            ),
        );
    }
    put(page, format_args!("</table>\n"));
}

fn put_operation(page: &mut String, path: &str, method: &str, operation: &Value) {
    let (method, path) = (escape(&method.to_uppercase()), escape(path));
    put(page, format_args!("<section>\n<h2><b>{method}</b> <code>{path}</code></h2>\n"));
    put(page, format_args!("<p>{}</p>\n", escaped(&operation["summary"])));
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        put(page, format_args!("<table>\n<tr><th>parameter</th><th>in</th><th></th></tr>\n"));
        for parameter in parameters {
            put(
                page,
                format_args!(
                    "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>\n",
                    escaped(&parameter["name"]),
                    escaped(&parameter["in"]),
                    escaped(&parameter["description"])
                ),
            );
        }
        put(page, format_args!("</table>\n"));
    }
    let schemes = operation["security"].as_array().map_or(&[][..], Vec::as_slice);
    let names: Vec<String> = schemes
        .iter()
        .flat_map(members)
        .map(|(name, _)| format!("<a href=\"#{0}\">{0}</a>", escape(name)))
        .collect();
    if !names.is_empty() {
        let names = names.join(" or ");
        put(page, format_args!("<p>Where the server asks who you are: {names}.</p>\n"));
    }
    put(page, format_args!("<table>\n<tr><th>answer</th><th></th></tr>\n"));
    for (status, response) in members(&operation["responses"]) {
        let (status, text) = (escape(status), escaped(&response["description"]));
        put(page, format_args!("<tr><td>{status}</td><td>{text}</td></tr>\n"));
    }
    put(page, format_args!("</table>\n</section>\n"));
}

fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

fn escaped(text: &Value) -> String {
    escape(text.as_str().unwrap_or(""))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn put(page: &mut String, part: std::fmt::Arguments<'_>) {
    page.write_fmt(part).expect("a String takes everything");
}
