//! The browser's half of Stentor: the pages that the server embeds.
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

/// Every file that there is: the chat page at `/`, what it loads below `/assets/`.
pub const ASSETS: &[Asset] = &[
    Asset { path: "/", content_type: HTML, body: include_bytes!("../static/chat.html") },
    Asset {
        path: "/assets/chat.css",
        content_type: CSS,
        body: include_bytes!("../static/chat.css"),
    },
    Asset {
        path: "/assets/chat.js",
        content_type: JAVASCRIPT,
        body: include_bytes!("../static/chat.js"),
    },
    Asset {
        path: "/assets/messages.js",
        content_type: JAVASCRIPT,
        body: include_bytes!("../static/messages.js"),
    },
    Asset {
        path: "/assets/stentor.js",
        content_type: JAVASCRIPT,
        body: include_bytes!("../static/stentor.js"),
    },
    Asset {
        path: "/assets/stentor.svg",
        content_type: SVG,
        body: include_bytes!("../static/stentor.svg"),
    },
];

/// The file at exactly this path, if there is one. `path` comes without query and host.
pub fn asset(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}
