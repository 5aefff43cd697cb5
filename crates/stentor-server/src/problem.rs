//! Why a request was refused: one table from problem to status, code and JSON body.
//!
//! Knows no connection; whether a refused socket stays open is decided elsewhere.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::ops::RangeInclusive;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER,
    SEC_WEBSOCKET_VERSION, UPGRADE, WWW_AUTHENTICATE,
};
use hyper::{Response, StatusCode};
use serde::Serialize;
use stentor_wire::error_code::ErrorCode;

use crate::closing;

/// After how many seconds a client may come back where the pod is full or sheds load.
const RETRY_BUSY_SECONDS: RangeInclusive<u32> = 2..=10;

/// The same where the pod leaves and another takes over.
const RETRY_DRAINING_SECONDS: RangeInclusive<u32> = 1..=5;

/// The longest that anybody is asked to stay away, in seconds.
const RETRY_SECONDS_MAX: u32 = 300;

/// What stands between a request and what it wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What arrived is no HTTP request, or one that cannot be right.
    BadRequest,
    /// No valid room name.
    BadRoom,
    /// A query parameter with a value that it cannot have.
    BadParameter,
    /// More rooms than a connection may be in.
    TooManyRooms,
    /// A published message that is not valid, with the code of the message's own error.
    BadMessage(ErrorCode),
    /// No key or token where one is needed, or a wrong key.
    Unauthorized,
    /// A token that is not believed.
    InvalidToken,
    /// A page of this origin may not use the server.
    ForbiddenOrigin,
    /// A room that the token does not allow.
    ForbiddenRoom,
    /// No such route.
    NotFound,
    /// The route exists, but not with this method.
    MethodNotAllowed,
    /// The body took too long.
    RequestTimeout,
    /// A body, a message or a batch that is larger than allowed.
    PayloadTooLarge,
    /// A body in a coding that is not undone here.
    UnsupportedCoding,
    /// A WebSocket route was asked for something else than WebSocket.
    UpgradeRequired,
    /// A WebSocket of another version than 13.
    UnsupportedVersion,
    /// The request's head is larger than allowed.
    HeadTooLarge,
    /// As many connections of one address as allowed.
    TooManyConnections,
    /// Too many refused upgrades of one address.
    TooManyAttempts,
    /// As many connections as allowed.
    AtCapacity,
    /// The pod is about to stop.
    Draining,
    /// More work than the pod can take now.
    Overloaded,
}

impl Kind {
    /// Every kind but the codes within [`Kind::BadMessage`], of which one stands for all.
    pub const ALL: [Kind; 22] = [
        Kind::BadRequest,
        Kind::BadRoom,
        Kind::BadParameter,
        Kind::TooManyRooms,
        Kind::BadMessage(ErrorCode::InvalidMessage),
        Kind::Unauthorized,
        Kind::InvalidToken,
        Kind::ForbiddenOrigin,
        Kind::ForbiddenRoom,
        Kind::NotFound,
        Kind::MethodNotAllowed,
        Kind::RequestTimeout,
        Kind::PayloadTooLarge,
        Kind::UnsupportedCoding,
        Kind::UpgradeRequired,
        Kind::UnsupportedVersion,
        Kind::HeadTooLarge,
        Kind::TooManyConnections,
        Kind::TooManyAttempts,
        Kind::AtCapacity,
        Kind::Draining,
        Kind::Overloaded,
    ];

    /// What an upgrade may be told: the description names them, and the metrics count them.
    pub const OF_UPGRADES: &[Kind] = &[
        Kind::BadRequest,
        Kind::BadRoom,
        Kind::BadParameter,
        Kind::TooManyRooms,
        Kind::Unauthorized,
        Kind::InvalidToken,
        Kind::ForbiddenOrigin,
        Kind::ForbiddenRoom,
        Kind::UpgradeRequired,
        Kind::UnsupportedVersion,
        Kind::HeadTooLarge,
        Kind::TooManyConnections,
        Kind::TooManyAttempts,
        Kind::AtCapacity,
        Kind::Draining,
        Kind::Overloaded,
    ];

    /// The status and the word in `error.code`.
    const fn row(self) -> (StatusCode, &'static str) {
        match self {
            Kind::BadRequest => (StatusCode::BAD_REQUEST, "bad_request"),
            Kind::BadRoom => (StatusCode::BAD_REQUEST, "bad_room"),
            Kind::BadParameter => (StatusCode::BAD_REQUEST, "bad_parameter"),
            Kind::TooManyRooms => (StatusCode::BAD_REQUEST, "too_many_rooms"),
            Kind::BadMessage(code) => (StatusCode::BAD_REQUEST, code.as_str()),
            Kind::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Kind::InvalidToken => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Kind::ForbiddenOrigin => (StatusCode::FORBIDDEN, "forbidden_origin"),
            Kind::ForbiddenRoom => (StatusCode::FORBIDDEN, ErrorCode::ForbiddenRoom.as_str()),
            Kind::NotFound => (StatusCode::NOT_FOUND, "not_found"),
            Kind::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
            Kind::RequestTimeout => (StatusCode::REQUEST_TIMEOUT, "request_timeout"),
            Kind::PayloadTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large"),
            Kind::UnsupportedCoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_coding"),
            Kind::UpgradeRequired => (StatusCode::UPGRADE_REQUIRED, "upgrade_required"),
            Kind::UnsupportedVersion => (StatusCode::UPGRADE_REQUIRED, "unsupported_version"),
            Kind::HeadTooLarge => {
                (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "request_head_too_large")
            }
            Kind::TooManyConnections => (StatusCode::TOO_MANY_REQUESTS, "too_many_connections"),
            Kind::TooManyAttempts => (StatusCode::TOO_MANY_REQUESTS, "too_many_attempts"),
            Kind::AtCapacity => (StatusCode::SERVICE_UNAVAILABLE, "at_capacity"),
            Kind::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
            Kind::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded"),
        }
    }

    /// The status of the answer.
    pub const fn status(self) -> StatusCode {
        self.row().0
    }

    /// The word in `error.code`.
    pub const fn code(self) -> &'static str {
        self.row().1
    }

    /// The header that this kind of answer carries beside the usual ones.
    fn header(self, backlog: Duration) -> Option<(HeaderName, HeaderValue)> {
        Some(match self {
            Kind::Unauthorized => (WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            // RFC 6750 section 3.1.
            Kind::InvalidToken => {
                (WWW_AUTHENTICATE, HeaderValue::from_static(r#"Bearer error="invalid_token""#))
            }
            Kind::UnsupportedVersion => (SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13")),
            Kind::TooManyConnections
            | Kind::TooManyAttempts
            | Kind::AtCapacity
            | Kind::Overloaded => (RETRY_AFTER, retry_after(RETRY_BUSY_SECONDS, backlog).into()),
            Kind::Draining => (RETRY_AFTER, retry_after(RETRY_DRAINING_SECONDS, backlog).into()),
            _ => return None,
        })
    }
}

/// A kind with what a person should know of this case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Which one.
    pub kind: Kind,
    /// What is wrong here.
    pub message: Cow<'static, str>,
    /// Which message of a batch it is about, counted from 0.
    pub index: Option<usize>,
    /// How long to stay away at the least, where that is known.
    pub backlog: Duration,
    /// The methods that the route has, for [`Kind::MethodNotAllowed`].
    pub allow: Option<String>,
}

/// After how many seconds to come back: not before the backlog is worked off, and spread over half
/// as long again, so that a crowd comes back at the rate at which it can be let in.
fn retry_after(usual: RangeInclusive<u32>, backlog: Duration) -> u32 {
    let seconds = backlog.as_secs().try_into().unwrap_or(u32::MAX).min(RETRY_SECONDS_MAX);
    let backlog = if backlog.is_zero() { 0 } else { seconds + 1 };
    let earliest = backlog.max(*usual.start());
    fastrand::u32(earliest..=usual.end().max(&(earliest + backlog / 2)).to_owned())
}

#[derive(Serialize)]
struct Document<'a> {
    error: ErrorMember<'a>,
}

#[derive(Serialize)]
struct ErrorMember<'a> {
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<usize>,
}

impl Problem {
    /// What to say where HTTP has more connections than it serves.
    pub(crate) fn too_many_requests() -> Problem {
        Problem::new(Kind::Overloaded, "too many HTTP connections")
    }

    /// What to say where the server ends.
    pub(crate) fn stopping() -> Problem {
        Problem::new(Kind::Draining, "this server is stopping")
    }

    /// A problem that is about no message of a batch.
    pub fn new(kind: Kind, message: impl Into<Cow<'static, str>>) -> Problem {
        Problem { kind, message: message.into(), index: None, backlog: Duration::ZERO, allow: None }
    }

    /// The JSON body: `{"error":{"code","message"}}`, with `index` where there is one.
    pub fn body(&self) -> Vec<u8> {
        let error =
            ErrorMember { code: self.kind.code(), message: &self.message, index: self.index };
        serde_json::to_vec(&Document { error }).expect("texts and a number serialise")
    }

    /// The answer, without a `Connection` header.
    pub fn response(&self) -> Response<Bytes> {
        let body = self.body();
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = self.kind.status();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CONTENT_LENGTH, body.len().into());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.extend(self.kind.header(self.backlog));
        if self.kind.status() == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110 section 15.5.22, whatever else is wrong with the upgrade.
            headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        }
        if let Some(Ok(allow)) = self.allow.as_deref().map(HeaderValue::from_str) {
            headers.insert(ALLOW, allow);
        }
        *response.body_mut() = body.into();
        response
    }

    /// The whole answer as bytes, for a socket that no HTTP server speaks on; it says that the
    /// connection is closed behind it.
    pub fn bytes(&self) -> Vec<u8> {
        closing::bytes(&self.response())
    }
}
