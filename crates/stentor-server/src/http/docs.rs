//! `GET /docs`: both descriptions as one page for people.
//!
//! It is rendered here, from the same documents as `/openapi.json` and `/asyncapi.json`, so that
//! it needs neither scripts nor files of other hosts. Anchors are part of it: `#close-4408`,
//! `#error-rate_limited`, `#resume`, `#message-GapEvent`, and each shape under its name.

mod codes;
mod html;
mod http;
mod messages;
#[cfg(test)]
mod tests;

use bytes::Bytes;
use serde_json::Value;

use self::html::{Page, escape, escaped, members};
use super::App;
use super::answer::{Answer, text};
use super::pages::secure;
use crate::settings::BasePath;

const STYLE: &str = include_str!("docs/docs.css");

/// What a reader wants to do; `{base}` stands for the base path.
const GUIDE: &str = include_str!("docs/guide.html");

/// What the navigation leads to.
const PARTS: [(&str, &str); 10] = [
    ("guide", "How do I …"),
    ("say", "Messages you send"),
    ("hear", "Messages you hear"),
    ("events", "Events"),
    ("close-codes", "Close codes"),
    ("error-codes", "Error codes"),
    ("http", "HTTP"),
    ("identity", "Who you are"),
    ("redis", "Redis"),
    ("shapes", "Shapes"),
];

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

/// Renders both descriptions as HTML.
pub(super) fn page(base_path: &BasePath, openapi: &Value, asyncapi: &Value) -> String {
    let mut page = Page::default();
    put_head(&mut page, &openapi["info"]);
    page.put(format_args!("{}", GUIDE.replace("{base}", base_path.as_str())));
    messages::put_messages(&mut page, asyncapi);
    codes::put_close_codes(&mut page, &asyncapi["channels"]["connection"]["x-close-codes"]);
    let error = &asyncapi["components"]["messages"]["ErrorMessage"];
    codes::put_error_codes(&mut page, &error["x-error-codes"]);
    http::put_operations(&mut page, &openapi["paths"]);
    http::put_security(&mut page, &openapi["components"]["securitySchemes"]);
    messages::put_bus(&mut page, asyncapi);
    put_shapes(&mut page, &openapi["components"]["schemas"]);
    page.put(format_args!("</main>\n</body>\n</html>\n"));
    page.into_html()
}

fn put_head(page: &mut Page, info: &Value) {
    page.put(format_args!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Stentor: the API</title>\n<link rel=\"stylesheet\" href=\"/docs.css\">\n\
         </head>\n<body>\n<nav aria-label=\"Parts\">\n"
    ));
    for (anchor, title) in PARTS {
        page.put(format_args!("<a href=\"#{anchor}\">{title}</a>\n"));
    }
    page.put(format_args!("</nav>\n<main>\n<h1>{}</h1>\n", escaped(&info["title"])));
    page.put(format_args!(
        "<p>A sharded WebSocket broadcast server: what is said in a room reaches everyone \
         in it.</p>\n<p>Version {}. For programs: \
         <a href=\"/openapi.json\">openapi.json</a> for HTTP, \
         <a href=\"/asyncapi.json\">asyncapi.json</a> for messages, both with the JSON Schemas of \
         all <a href=\"#shapes\">shapes</a>.</p>\n",
        escaped(&info["version"])
    ));
}

fn put_shapes(page: &mut Page, shapes: &Value) {
    page.part("shapes", "Shapes");
    for (name, shape) in members(shapes) {
        let name = escape(name);
        page.put(format_args!("<section>\n<h3 id=\"{name}\">{name}</h3>\n"));
        page.put(format_args!("<p>{}</p>\n", escaped(&shape["description"])));
        page.folded("JSON Schema", shape);
        page.put(format_args!("</section>\n"));
    }
}
