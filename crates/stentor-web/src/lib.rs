//! The browser's half of Stentor: the client `stentor.js`, and the pages that the server embeds.
//!
//! Static files, taken into the binary as they are: no build step, nothing from other hosts. This
//! crate knows neither HTTP nor where the routes are mounted; it maps a path to bytes and their
//! media type.

#[cfg(test)]
mod tests;

/// One file as a server hands it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// The path that a browser asks for, beginning with a slash.
    pub path: &'static str,
    /// The value of its `Content-Type`.
    pub content_type: &'static str,
    /// The bytes, exactly as in the repository.
    pub body: &'static [u8],
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// The client of browsers and Node, which pages of other hosts load too.
pub const CLIENT_PATH: &str = "/stentor.js";

/// The page that shows one pod at work.
pub const DASHBOARD_PATH: &str = "/dashboard";

/// A file of the folder `static` below `/assets/`.
macro_rules! file {
    ($content_type:ident, $name:literal) => {
        Asset {
            path: concat!("/assets/", $name),
            content_type: $content_type,
            body: include_bytes!(concat!("../static/", $name)),
        }
    };
}

/// Every file that there is: the pages, what they load below `/assets/`, the client.
pub const ASSETS: &[Asset] = &[
    Asset { path: CLIENT_PATH, content_type: JAVASCRIPT, body: include_bytes!("../stentor.js") },
    Asset { path: "/", content_type: HTML, body: include_bytes!("../static/chat.html") },
    Asset {
        path: DASHBOARD_PATH,
        content_type: HTML,
        body: include_bytes!("../static/dashboard.html"),
    },
    file!(SVG, "stentor.svg"),
    file!(CSS, "theme.css"),
    file!(CSS, "chat.css"),
    file!(CSS, "messages.css"),
    file!(CSS, "dashboard.css"),
    file!(JAVASCRIPT, "base.js"),
    file!(JAVASCRIPT, "chart.js"),
    file!(JAVASCRIPT, "chat.js"),
    file!(JAVASCRIPT, "dashboard.js"),
    file!(JAVASCRIPT, "elements.js"),
    file!(JAVASCRIPT, "memory.js"),
    file!(JAVASCRIPT, "messages.js"),
    file!(JAVASCRIPT, "people.js"),
    file!(JAVASCRIPT, "reading.js"),
    file!(JAVASCRIPT, "standing.js"),
    file!(JAVASCRIPT, "units.js"),
];

/// What a page says of where the server's routes begin, and where the server puts it.
const BASE_MARK: &str = "<meta name=\"stentor-base\" content=\".\">";

/// The chat page of a server whose routes begin at `base`: letters, digits, `/` and `-._~`, as
/// `/api/chat-api`, empty for the root.
///
/// The page takes it as relative to its own place, so that a proxy may mount both elsewhere.
pub fn chat_page(base: &str) -> String {
    with_base(include_str!("../static/chat.html"), base)
}

/// The dashboard of that server; `base` as for [`chat_page`].
pub fn dashboard_page(base: &str) -> String {
    with_base(include_str!("../static/dashboard.html"), base)
}

fn with_base(page: &str, base: &str) -> String {
    let told = format!("<meta name=\"stentor-base\" content=\".{base}\">");
    page.replacen(BASE_MARK, &told, 1)
}

/// The file at exactly this path, if there is one. `path` comes without query and host.
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}
