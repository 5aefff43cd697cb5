//! `/healthz` and `/readyz`: whether the process lives, and whether it wants traffic.
//!
//! The door answers them itself, so that no crowd of HTTP connections keeps a probe waiting. HTTP
//! says the same on a connection that it has already.

use std::sync::OnceLock;

use bytes::Bytes;
use hyper::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use stentor_engine::bus::link::LinkState;
use stentor_engine::{Engine, Gate};

use crate::closing;
use crate::settings::Settings;

/// Where a probe asks whether the process lives.
pub(crate) const LIVE_PATH: &str = "/healthz";

/// Where a probe asks whether the pod wants traffic.
pub(crate) const READY_PATH: &str = "/readyz";

/// What the probes are answered from.
///
/// The door that holds it is there before the engine is: until [`Health::watch`] the bus of a pod
/// that has one counts as not heard.
#[derive(Debug)]
pub struct Health {
    has_bus: bool,
    requires_bus: bool,
    engine: OnceLock<Engine>,
}

impl Health {
    /// The health of a pod with these settings.
    pub fn new(settings: &Settings) -> Health {
        Health {
            has_bus: settings.bus.is_some(),
            requires_bus: settings.ready_requires_bus,
            engine: OnceLock::new(),
        }
    }

    /// From now on the bus of this engine is asked; the first one that is given stays.
    pub fn watch(&self, engine: &Engine) {
        self.engine.get_or_init(|| engine.clone());
    }

    /// 200 as long as anything answers.
    pub(crate) fn live() -> Response<Bytes> {
        answer(StatusCode::OK, r#"{"status":"ok"}"#)
    }

    /// Whether the pod wants traffic, as [`verdict`] says.
    pub(crate) fn ready(&self, gate: Gate) -> Response<Bytes> {
        let link = self.engine.get().and_then(Engine::bus_link);
        let misses_bus = self.has_bus && link != Some(LinkState::Up);
        let (status, body) = verdict(gate, misses_bus, self.requires_bus);
        answer(status, body)
    }

    /// The whole answer to a probe; `None` where the request is none.
    pub(crate) fn probed<B>(&self, request: &Request<B>, gate: Gate) -> Option<Vec<u8>> {
        let response = match request.uri().path() {
            LIVE_PATH => Health::live(),
            READY_PATH => self.ready(gate),
            _ => return None,
        };
        match *request.method() {
            Method::GET => Some(closing::bytes(&response)),
            Method::HEAD => Some(closing::head(&response)),
            _ => None,
        }
    }
}

/// A full or crowded pod is ready: that may be over any moment. One that does not hear Redis is as well,
/// unless it was told otherwise: an outage of Redis must not take every pod out of service.
fn verdict(gate: Gate, misses_bus: bool, requires_bus: bool) -> (StatusCode, &'static str) {
    match (gate, misses_bus) {
        (Gate::Draining, _) => (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"draining"}"#),
        (_, false) => (StatusCode::OK, r#"{"status":"ready"}"#),
        (_, true) => {
            let status =
                if requires_bus { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
            (status, r#"{"status":"degraded"}"#)
        }
    }
}

fn answer(status: StatusCode, body: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(body.as_bytes()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CONTENT_LENGTH, body.len().into());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests;
