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

/// Every file that there is: the chat page at `/`, what it loads below `/assets/`, the client.
pub const ASSETS: &[Asset] = &[
    Asset { path: CLIENT_PATH, content_type: JAVASCRIPT, body: include_bytes!("../stentor.js") },
    Asset { path: "/", content_type: HTML, body: include_bytes!("../static/chat.html") },
    Asset {
        path: "/assets/chat.css",
        content_type: CSS,
        body: include_bytes!("../static/chat.css"),
    },
    Asset {
        path: "/assets/messages.css",
        content_type: CSS,
        body: include_bytes!("../static/messages.css"),
    },
    Asset {
        path: "/assets/chat.js",
        content_type: JAVASCRIPT,
        body: include_bytes!("../static/chat.js"),
    },
    Asset {
        path: "/assets/elements.js",
        content_type: JAVASCRIPT,
        body: include_bytes!("../static/elements.js"),
    },
    Asset {
        path: "/assets/messages.js",
        content_type: JAVASCRIPT,
        body: include_bytes!("../static/messages.js"),
    },
    Asset {
        path: "/assets/people.js",
        content_type: JAVASCRIPT,
        body: include_bytes!("../static/people.js"),
    },
    Asset {
        path: "/assets/standing.js",
        content_type: JAVASCRIPT,
        body: include_bytes!("../static/standing.js"),
    },
    Asset {
        path: "/assets/stentor.svg",
        content_type: SVG,
        body: include_bytes!("../static/stentor.svg"),
    },
];

/// What the page says of where the server's routes begin, and where the server puts it.
const BASE_MARK: &str = "<meta name=\"stentor-base\" content=\".\">";

/// The chat page of a server whose routes begin at `base`: letters, digits, `/` and `-._~`, as
/// `/api/chat-api`, empty for the root.
///
/// The page takes it as relative to its own place, so that a proxy may mount both elsewhere.
pub fn page(base: &str) -> String {
    let page = include_str!("../static/chat.html");
    let told = format!("<meta name=\"stentor-base\" content=\".{base}\">");
    page.replacen(BASE_MARK, &told, 1)
}

/// The file at exactly this path, if there is one. `path` comes without query and host.
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}
