//! Which requests become WebSockets, and as what.
//!
//! RFC 6455 section 4.2.1 says what an upgrade looks like; fastwebsockets checks little of it, so
//! it is checked here and only the response is left to it. Knows no socket.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use fastwebsockets::upgrade::upgrade;
use http_body_util::Empty;
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue, ORIGIN, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use hyper::{Method, Request, Response, Version, body::Bytes};
use stentor_engine::{AddressBlock, Admission, Gate, Identity};

use super::query::Wishes;
use crate::attempts::Attempts;
use crate::identity::{Guard, select_protocol};
use crate::live::Live;
use crate::policy::Policy;
use crate::problem::{Kind, Problem};
use crate::refusals::Refusals;
use crate::settings::{BasePath, Settings};

/// What becomes of a request.
#[derive(Debug)]
pub enum Judgement {
    /// It asks for no WebSocket route.
    Elsewhere,
    /// It asks for one and may not have it.
    Refuse(Problem),
    /// It becomes a WebSocket.
    Admit {
        /// As whom it comes in; `response` and `consumed` are still empty.
        admission: Box<Admission>,
        /// The 101 that tells it so.
        response: Response<Empty<Bytes>>,
    },
}

/// The judge of upgrades.
#[derive(Debug)]
pub struct Upgrades {
    base_path: BasePath,
    policy: Live<Policy>,
    attempts: Attempts,
    refusals: Refusals,
}

impl Upgrades {
    /// A judge by these settings.
    pub fn new(settings: &Settings) -> Upgrades {
        Upgrades {
            base_path: settings.base_path.clone(),
            policy: Live::new(Policy::new(settings, Guard::new(settings))),
            attempts: Attempts::new(settings.gates.attempts_per_ip_max),
            refusals: Refusals::default(),
        }
    }

    /// What requests are held against now.
    pub fn policy(&self) -> Arc<Policy> {
        self.policy.now()
    }

    /// Judges by these settings from now on, and tokens as `guard` does; who is in stays in.
    pub fn change(&self, settings: &Settings, guard: Guard) {
        self.attempts.change(settings.gates.attempts_per_ip_max);
        self.policy.replace(Policy::new(settings, guard));
    }

    /// Judges a request of `peer`. The offered subprotocols are left alone, unless one carries a
    /// token.
    pub fn judge<B>(&self, request: &mut Request<B>, gate: Gate, peer: IpAddr) -> Judgement {
        let Some(room) = self.route(request.uri().path()) else { return Judgement::Elsewhere };
        if request.method() != Method::GET {
            return Judgement::Elsewhere;
        }
        let policy = self.policy();
        let address = policy.address(request.headers(), peer);
        let checked =
            self.check_attempts(address).and_then(|()| check(&policy, request, room, gate));
        let (wishes, identity) = match checked {
            Ok(checked) => checked,
            Err(problem) => {
                self.note(address, problem.kind);
                return Judgement::Refuse(problem);
            }
        };
        let protocol = select_protocol(request.headers());
        let protocol = protocol.map(|protocol| (SEC_WEBSOCKET_PROTOCOL, protocol));
        match upgrade(request) {
            Ok((mut response, _the_socket_is_taken_from_hyper_whole)) => {
                response.headers_mut().extend(protocol);
                let admission = Box::new(Admission {
                    identity,
                    rooms: wishes.rooms,
                    options: wishes.options,
                    last_id: wishes.last_id,
                    address,
                    ..Admission::default()
                });
                Judgement::Admit { admission, response }
            }
            Err(_) => Judgement::Refuse(Problem::new(Kind::BadRequest, "no WebSocket handshake")),
        }
    }

    /// Refused upgrades by what they were told.
    pub(crate) fn refusals(&self) -> &Refusals {
        &self.refusals
    }

    fn check_attempts(&self, address: Option<AddressBlock>) -> Result<(), Problem> {
        let counted = address.filter(|_| self.attempts.are_counted());
        let Some(backlog) = counted.and_then(|address| self.attempts.barred(address)) else {
            return Ok(());
        };
        let message = "too many upgrades of this address were refused";
        Err(Problem { backlog, ..Problem::new(Kind::TooManyAttempts, message) })
    }

    fn note(&self, address: Option<AddressBlock>, kind: Kind) {
        self.refusals.count(kind);
        if let Some(address) = address {
            tracing::debug!(?address, code = kind.code(), "refused an upgrade");
            if self.attempts.are_counted() {
                self.attempts.note(address, kind);
            }
        }
    }

    /// `Some` on a WebSocket route, with the room of its path where it has one, not decoded yet.
    fn route<'a>(&self, path: &'a str) -> Option<Option<&'a str>> {
        let room = match self.base_path.strip(path).and_then(websocket_route) {
            Some(Some("stats")) => return None,
            Some(room) => room,
            None => websocket_route(path)?,
        };
        Some(room)
    }
}

/// The cheap and final reasons first: a full pod reads no further. A token is judged when
/// nothing else is in the way, because a signature costs more than all the rest.
fn check<B>(
    policy: &Policy,
    request: &Request<B>,
    room: Option<&str>,
    gate: Gate,
) -> Result<(Wishes, Option<Box<Identity>>), Problem> {
    let headers = request.headers();
    check_handshake(request.version(), headers)?;
    let origins = headers.get_all(ORIGIN).iter().map(HeaderValue::as_bytes);
    if !policy.allowed_origins.allows(origins) {
        let message = "pages of this origin may not use this server";
        return Err(Problem::new(Kind::ForbiddenOrigin, message));
    }
    if let Some(problem) = closed(gate) {
        return Err(problem);
    }
    let mut wishes = Wishes::default();
    if let Some(room) = room {
        wishes.add_room(room)?;
    }
    if let Some(query) = request.uri().query() {
        wishes.add_query(query)?;
    }
    if let Gate::Crowded { backlog } = gate
        && wishes.last_id.is_none()
    {
        return Err(crowded(backlog));
    }
    let identity = policy.guard.check(request, &wishes.rooms)?;
    Ok((wishes, identity))
}

/// What to say where nobody comes in, whoever it is.
fn closed(gate: Gate) -> Option<Problem> {
    match gate {
        Gate::Open | Gate::Crowded { .. } => None,
        Gate::Overrun { backlog } => Some(crowded(backlog)),
        Gate::Full => Some(Problem::new(Kind::AtCapacity, "as many as allowed are here")),
        Gate::AddressFull => {
            let message = "as many as allowed are here from this address";
            Some(Problem::new(Kind::TooManyConnections, message))
        }
        Gate::Draining => Some(Problem::stopping()),
    }
}

/// What to say where too many are coming in.
fn crowded(backlog: Duration) -> Problem {
    Problem { backlog, ..Problem::new(Kind::Overloaded, "too many are coming in") }
}

/// `/ws` and `/ws/{room}`, `{room}` being one segment.
fn websocket_route(path: &str) -> Option<Option<&str>> {
    let rest = path.strip_prefix("/ws")?;
    if rest.is_empty() {
        return Some(None);
    }
    let room = rest.strip_prefix('/')?;
    (!room.contains('/')).then_some(Some(room))
}

/// RFC 6455 section 4.2.1, items 1 and 3 to 6.
fn check_handshake(version: Version, headers: &HeaderMap) -> Result<(), Problem> {
    if !names(headers, &UPGRADE, "websocket") || !names(headers, &CONNECTION, "upgrade") {
        return Err(no_upgrade());
    }
    if version != Version::HTTP_11 {
        return Err(Problem::new(Kind::BadRequest, "an upgrade needs HTTP/1.1"));
    }
    if single(headers, &SEC_WEBSOCKET_VERSION) != Some(b"13") {
        return Err(Problem::new(Kind::UnsupportedVersion, "Sec-WebSocket-Version must be 13"));
    }
    if !single(headers, &SEC_WEBSOCKET_KEY).is_some_and(is_key) {
        let message = "Sec-WebSocket-Key must be 16 bytes in base64";
        return Err(Problem::new(Kind::BadRequest, message));
    }
    let has_body = headers.contains_key(TRANSFER_ENCODING)
        || headers.get(CONTENT_LENGTH).is_some_and(|length| length.as_bytes() != b"0");
    if has_body {
        return Err(Problem::new(Kind::BadRequest, "an upgrade has no body"));
    }
    Ok(())
}

/// What to say to who asks a WebSocket route for something else.
pub(crate) fn no_upgrade() -> Problem {
    let message = "this route speaks WebSocket: Connection: Upgrade, Upgrade: websocket";
    Problem::new(Kind::UpgradeRequired, message)
}

/// Whether one of the comma-separated tokens of a header is `token`, in any letter case.
fn names(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|&byte| byte == b','))
        .any(|part| part.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// The value of a header that must not be there twice.
fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value.as_bytes()),
        _ => None,
    }
}

/// Base64 of 16 bytes: 22 digits and two equals signs. The last digit's spare bits may be anything,
/// as decoders commonly take them.
fn is_key(text: &[u8]) -> bool {
    let [digits @ .., b'=', b'='] = text else { return false };
    digits.len() == 22
        && digits.iter().all(|&b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
}
