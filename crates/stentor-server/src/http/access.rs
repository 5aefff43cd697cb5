//! Who may use a route: the API key and the origins of web pages.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, AUTHORIZATION, HeaderMap, HeaderValue, ORIGIN, VARY,
};
use hyper::{Response, StatusCode};

use super::App;
use crate::identity::bearer;
use crate::origins::Origins;
use crate::problem::{Kind, Problem};

const API_KEY_HEADER: &str = "x-api-key";

/// How long a browser may remember the answer to a preflight, in seconds.
const PREFLIGHT_SECONDS: &str = "600";

/// Lets in who knows the key, by `Authorization: Bearer <key>` or `X-API-Key: <key>`; everybody
/// where there is no key.
pub(super) fn check_key(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let policy = app.upgrades.policy();
    let Some(key) = &policy.api_key else { return Ok(()) };
    let bearer = headers.get(AUTHORIZATION).and_then(|value| bearer(value.as_bytes()));
    let plain = headers.get(API_KEY_HEADER).map(HeaderValue::as_bytes);
    match bearer.or(plain) {
        Some(candidate) if key.matches(candidate) => Ok(()),
        Some(_) => Err(Problem::new(Kind::Unauthorized, "the API key is wrong")),
        None => Err(Problem::new(Kind::Unauthorized, "this route needs the API key")),
    }
}

/// Keeps pages of foreign origins out: a browser sends a simple POST without asking first.
pub(super) fn check_origin(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let policy = app.upgrades.policy();
    if policy.allowed_origins.allows(headers.get_all(ORIGIN).iter().map(HeaderValue::as_bytes)) {
        return Ok(());
    }
    Err(Problem::new(Kind::ForbiddenOrigin, "pages of this origin may not use this server"))
}

/// Tells the browser that its page may read the answer, where it may.
pub(super) fn allow_origin(app: &App, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    match &app.upgrades.policy().allowed_origins {
        Origins::Any => {
            headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        }
        listed => {
            headers.insert(VARY, HeaderValue::from_static("Origin"));
            if let Some(origin) = origin.filter(|origin| listed.allows(Some(origin.as_bytes()))) {
                headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            }
        }
    }
}

/// The answer to `OPTIONS`, which a browser sends before what is no simple request.
pub(super) fn preflight(allow: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    if let Ok(allow) = HeaderValue::from_str(allow) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, allow.clone());
        headers.insert(ALLOW, allow);
    }
    headers.insert(
        ACCESS_CONTROL_ALLOW_HEADERS,
        HeaderValue::from_static("authorization, content-type, x-api-key"),
    );
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static(PREFLIGHT_SECONDS));
    response
}
