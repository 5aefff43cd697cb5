//! The table of routes: the router and the OpenAPI description are both made from it.

#[cfg(test)]
mod tests;

use crate::health;
use crate::settings::BasePath;

/// What a route does; one arm of the dispatch and one description each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    WebSocket,
    WebSocketRoom,
    Stats,
    Publish,
    Rooms,
    Room,
    Healthz,
    Readyz,
    Metrics,
    OpenApi,
    AsyncApi,
    Docs,
    DocsStyle,
    Chat,
    Dashboard,
    Asset,
    Client,
}

/// How a route is asked for; `Get` answers `HEAD` too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Get,
    Post,
}

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Everybody, whatever the origin. The answer names no origin, so that a browser does not let
    /// pages of other origins read it.
    Everybody,
    /// Pages of allowed origins, and who knows the API key where one is set.
    KeyHolders,
    /// Whoever the upgrade's own judge lets in.
    WebSocketClients,
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
struct Row {
    verb: Verb,
    /// Segments in braces match any text; `{base}` in front is the base path.
    path: &'static str,
    operation: Operation,
    audience: Audience,
}

const fn row(verb: Verb, path: &'static str, operation: Operation, audience: Audience) -> Row {
    Row { verb, path, operation, audience }
}

/// Of two lines that match a path, the first one counts.
const TABLE: &[Row] = {
    use Audience::{Everybody, KeyHolders, WebSocketClients};
    use Verb::{Get, Post};
    &[
        row(Get, "{base}/ws", Operation::WebSocket, WebSocketClients),
        row(Get, "{base}/ws/stats", Operation::Stats, KeyHolders),
        row(Get, "{base}/ws/{room}", Operation::WebSocketRoom, WebSocketClients),
        row(Get, "/ws", Operation::WebSocket, WebSocketClients),
        row(Get, "/ws/{room}", Operation::WebSocketRoom, WebSocketClients),
        row(Post, "{base}/messages", Operation::Publish, KeyHolders),
        row(Get, "{base}/rooms", Operation::Rooms, KeyHolders),
        row(Get, "{base}/rooms/{room}", Operation::Room, KeyHolders),
        row(Get, health::LIVE_PATH, Operation::Healthz, Everybody),
        row(Get, health::READY_PATH, Operation::Readyz, Everybody),
        row(Get, "/metrics", Operation::Metrics, Everybody),
        row(Get, "/openapi.json", Operation::OpenApi, Everybody),
        row(Get, "/asyncapi.json", Operation::AsyncApi, Everybody),
        row(Get, "/docs", Operation::Docs, Everybody),
        row(Get, "/docs.css", Operation::DocsStyle, Everybody),
        row(Get, "/", Operation::Chat, Everybody),
        row(Get, stentor_web::DASHBOARD_PATH, Operation::Dashboard, Everybody),
        row(Get, "/assets/{file}", Operation::Asset, Everybody),
        row(Get, stentor_web::CLIENT_PATH, Operation::Client, Everybody),
    ]
};

/// A route with its whole path.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) verb: Verb,
    /// The path with its parameters in braces, as OpenAPI writes it.
    pub(super) path: String,
    pub(super) operation: Operation,
    pub(super) audience: Audience,
}

/// What the router found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found<'r, 'p> {
    /// This route; `parameter` is what stood at its braces, not decoded.
    Route { route: &'r Route, parameter: &'p str },
    /// The path exists, with these methods (for `Allow`).
    OtherMethods { route: &'r Route, allow: String },
    /// No such path.
    Nothing,
}

impl PartialEq for Route {
    fn eq(&self, other: &Route) -> bool {
        self.verb == other.verb && self.path == other.path
    }
}

impl Eq for Route {}

/// The table below a base path.
#[derive(Debug)]
pub(super) struct Routes(Vec<Route>);

impl Routes {
    /// Where the base path is the root, lines that fall together are one.
    pub(super) fn new(base_path: &BasePath) -> Routes {
        let mut routes: Vec<Route> = Vec::with_capacity(TABLE.len());
        for row in TABLE {
            let route = Route {
                verb: row.verb,
                path: row.path.replace("{base}", base_path.as_str()),
                operation: row.operation,
                audience: row.audience,
            };
            if !routes.contains(&route) {
                routes.push(route);
            }
        }
        Routes(routes)
    }

    /// Every route, in the table's order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Route> {
        self.0.iter()
    }

    /// The route of a request; `method` as HTTP writes it.
    pub(super) fn find<'p>(&self, method: &str, path: &'p str) -> Found<'_, 'p> {
        let verb = match method {
            "GET" | "HEAD" => Some(Verb::Get),
            "POST" => Some(Verb::Post),
            _ => None,
        };
        let mut first = None;
        let mut allow = String::new();
        for route in &self.0 {
            let Some(parameter) = parameter(&route.path, path) else { continue };
            if Some(route.verb) == verb {
                return Found::Route { route, parameter };
            }
            first.get_or_insert(route);
            let methods = match route.verb {
                Verb::Get => "GET, HEAD, ",
                Verb::Post => "POST, ",
            };
            if !allow.contains(methods) {
                allow.push_str(methods);
            }
        }
        match first {
            Some(route) => Found::OtherMethods { route, allow: allow + "OPTIONS" },
            None => Found::Nothing,
        }
    }
}

/// What stands in `path` where `template` has its braces; empty where it has none. `None` where
/// they differ.
fn parameter<'p>(template: &str, path: &'p str) -> Option<&'p str> {
    match template.split_once('{') {
        None => (template == path).then_some(""),
        Some((before, _)) => path
            .strip_prefix(before)
            .filter(|parameter| !parameter.is_empty() && !parameter.contains('/')),
    }
}
