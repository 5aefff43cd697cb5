//! `/healthz` and `/readyz`: whether the process lives, and whether it wants traffic.

use hyper::StatusCode;
use serde::Serialize;

use super::App;
use super::answer::{Answer, json};

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

/// 200 as long as anything answers.
pub(super) fn live() -> Answer {
    json(StatusCode::OK, &Health { status: "ok" })
}

/// 200, or 503 once the pod drains.
pub(super) fn ready(app: &App) -> Answer {
    if app.engine.is_draining() {
        return json(StatusCode::SERVICE_UNAVAILABLE, &Health { status: "draining" });
    }
    json(StatusCode::OK, &Health { status: "ok" })
}
