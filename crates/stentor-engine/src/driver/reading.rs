//! Reading: a socket's bytes become messages, and messages reach the hooks and the shard.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;

use stentor_shard::identity::{NOTHING_TO_RENEW, TAKES_NO_TOKENS};
use stentor_shard::time::Now;
use stentor_shard::{Identity, MemberId, Shard};
use stentor_wire::assemble::{Incoming, Input};
use stentor_wire::close::CloseCode;
use stentor_wire::draft::{Draft, Refusal};
use stentor_wire::encode;
use stentor_wire::message_type::MessageType;
use stentor_wire::parse::Parser;

use crate::connection::Phase;
use crate::driver::{Driver, Entrance};
use crate::hooks::{Client, Handling, Payload, Verdict};
use crate::socket::Reading;

impl Driver {
    /// Reads once from a socket that has something, or answers what it said last.
    pub(super) fn read(&mut self, now: Now, id: MemberId) {
        let Some(connection) = self.connections.get_mut(id) else { return };
        if let Some(code) = connection.goodbye.take() {
            if connection.ended {
                self.postpone(id);
            }
            self.shard.handle_peer_close(id, code);
            return;
        }
        match connection.phase {
            Phase::Vacant => {}
            Phase::AtTheDoor(_) => self.read_at_the_door(now, id),
            Phase::Open | Phase::Lingering => self.read_connection(now, id),
        }
    }

    fn read_connection(&mut self, now: Now, id: MemberId) {
        let mut scratch = std::mem::take(&mut self.scratch);
        match self.read_socket(id, &mut scratch) {
            Reading::Blocked => {}
            Reading::Ended | Reading::Broken => self.disconnect(id),
            // The session has said why, and what the peer sends meanwhile is not to reset that.
            Reading::Garbled => self.say_goodbye(now, id),
            Reading::Bytes { count, .. } => self.take_bytes(now, id, &mut scratch[..count]),
        }
        self.scratch = scratch;
    }

    /// Reads once. A socket that may have more, or the end, of which no event will say so, stands in
    /// line again behind this.
    pub(super) fn read_socket(&mut self, id: MemberId, buffer: &mut [u8]) -> Reading {
        let connection = &mut self.connections[id];
        let Some(socket) = &mut connection.socket else { return Reading::Blocked };
        let reading = socket.read(buffer, &mut self.workspace);
        if let Reading::Bytes { has_more, .. } = reading
            && (has_more || connection.ended)
        {
            self.postpone(id);
        }
        reading
    }

    /// Cuts bytes into messages, as long as the member is open; of others they are dropped.
    pub(super) fn take_bytes(&mut self, now: Now, id: MemberId, bytes: &mut [u8]) {
        // Whatever comes is a sign of life: the fragments of a long message are frames too, and
        // inside a frame that takes long to send no pong can stand.
        self.shard.handle_heard(now, id);
        let mut assembler = std::mem::take(&mut self.connections[id].assembler);
        let message_bytes_max = self.pod.config.message_bytes_max;
        let mut input = Input::new(bytes);
        while self.shard.is_open(id) && self.connections[id].goodbye.is_none() {
            match assembler.poll(&mut input, message_bytes_max) {
                Ok(Some(incoming)) => self.take_frame(now, id, incoming),
                Ok(None) => {
                    self.connections[id].assembler = assembler;
                    return;
                }
                Err(error) => {
                    tracing::debug!(%error, "closing a connection");
                    self.shard.handle_close(id, error.close_code());
                }
            }
        }
    }

    /// Tells the program of a new client; not of one that is told to close already.
    pub(super) fn greet(&mut self, id: MemberId) {
        if !self.shard.is_open(id) {
            return;
        }
        let Some((client_id, user)) = self.shard.identity(id) else { return };
        let client = Client { id: client_id, user: user.map(|user| &**user) };
        let hooks = &self.pod.hooks;
        match guard(|| hooks.on_connect(&client)) {
            Some(Ok(())) => self.connections[id].greeted = true,
            Some(Err(code)) => self.shard.handle_close(id, code),
            None => self.shard.handle_close(id, CloseCode::Internal),
        }
    }

    fn take_frame(&mut self, now: Now, id: MemberId, incoming: Incoming<'_>) {
        match incoming {
            Incoming::Text(text) => self.take_message(now, id, Payload::Text(text)),
            Incoming::Binary(bytes) => self.take_message(now, id, Payload::Binary(bytes)),
            Incoming::Ping(payload) => self.shard.handle_ping(id, payload),
            Incoming::Pong(_) => {}
            Incoming::Close(close) => {
                self.connections[id].goodbye = Some(close.map(|close| close.code));
                self.postpone(id);
            }
        }
    }

    fn take_message(&mut self, now: Now, id: MemberId, payload: Payload<'_>) {
        let Driver { shard, parser, entrance, .. } = self;
        if !shard.admits_message(now, id, || reference(parser, payload)) {
            return;
        }
        let Some((client_id, user)) = shard.identity(id) else { return };
        let user = user.cloned();
        let client = Client { id: client_id, user: user.as_deref() };
        let hooks = &*self.pod.hooks;
        let Some(handling) = guard(|| hooks.on_payload(&client, payload)) else {
            shard.handle_close(id, CloseCode::Internal);
            return;
        };
        let mut answer = Vec::new();
        match handling {
            Handling::Parse => {
                match parser.parse_client(bytes_of(payload)) {
                    Ok(draft) if draft.kind == MessageType::Auth => {
                        let judged = judge(entrance.as_ref(), &client, draft.data);
                        renew(shard, now, id, &draft, judged);
                    }
                    Ok(draft) => {
                        let verdict = guard(|| hooks.on_message(&client, &draft));
                        carry_out(shard, now, id, &draft, verdict);
                    }
                    Err(refusal) => shard.handle_refusal(id, &refusal),
                }
                return;
            }
            Handling::Done => return,
            Handling::AnswerText(text) => encode::text_frame(text.as_bytes(), &mut answer),
            Handling::AnswerBinary(bytes) => encode::binary_frame(&bytes, &mut answer),
        }
        shard.handle_answer(id, answer);
    }
}

/// What became of a token; an error's text is for its sender to read.
type Judged = Result<Identity, Cow<'static, str>>;

/// Asks the door about a token. Of one whose sender could take no identity anyway it is not asked:
/// to verify costs. `None` where the door panicked.
fn judge(entrance: Option<&Entrance>, client: &Client<'_>, data: &[u8]) -> Option<Judged> {
    match entrance {
        None => Some(Err(TAKES_NO_TOKENS.into())),
        Some(_) if client.user.is_none() => Some(Err(NOTHING_TO_RENEW.into())),
        Some(entrance) => guard(|| entrance.recognise(data)),
    }
}

fn renew(shard: &mut Shard, now: Now, id: MemberId, draft: &Draft<'_>, judged: Option<Judged>) {
    match judged {
        Some(judged) => shard.handle_renewal(now, id, judged, draft.reference.as_deref()),
        None => shard.handle_close(id, CloseCode::Internal),
    }
}

/// The id that a message has in its sender's own words.
fn reference(parser: &mut Parser, payload: Payload<'_>) -> Option<String> {
    match parser.parse_client(bytes_of(payload)) {
        Ok(draft) => draft.reference.map(|reference| reference.into_owned()),
        Err(refusal) => refusal.reference,
    }
}

fn bytes_of(payload: Payload<'_>) -> &[u8] {
    match payload {
        Payload::Text(text) => text.as_bytes(),
        Payload::Binary(bytes) => bytes,
    }
}

fn carry_out(
    shard: &mut Shard,
    now: Now,
    id: MemberId,
    draft: &Draft<'_>,
    verdict: Option<Verdict>,
) {
    match verdict {
        Some(Verdict::Pass) => shard.handle_draft(now, id, draft),
        Some(Verdict::Change(data)) => {
            let changed = Draft { data: data.get().as_bytes(), ..draft.clone() };
            shard.handle_draft(now, id, &changed);
        }
        Some(Verdict::Suppress) => {}
        Some(Verdict::Refuse { code, message }) => {
            let reference = draft.reference.as_deref().map(str::to_owned);
            shard.handle_refusal(id, &Refusal { code, message: message.into(), reference });
        }
        None => shard.handle_close(id, CloseCode::Internal),
    }
}

/// Runs a hook or the door; `None` where it panicked. The panic's own message has been printed by then.
pub(super) fn guard<T>(hook: impl FnOnce() -> T) -> Option<T> {
    std::panic::catch_unwind(AssertUnwindSafe(hook)).ok()
}
