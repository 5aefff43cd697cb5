//! What a member says, and what becomes of it.

use bytes::Bytes;
use stentor_wire::close::CloseCode;
use stentor_wire::draft::{Draft, Refusal, RoomField};
use stentor_wire::encode;
use stentor_wire::envelope::Envelope;
use stentor_wire::error_code::ErrorCode;
use stentor_wire::event::{Event as Notice, SERVER_NAME};
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;
use uuid::Uuid;

use crate::event::Event;
use crate::identity::TAKES_NO_TOKENS;
use crate::numbers::{MemberId, RoomId};
use crate::rate::Pace;
use crate::shard::{Delivery, Shard};
use crate::time::Now;

/// Who hears a message: a room by its name, and by its number where it has members here; without
/// a name everybody.
struct Audience {
    name: Option<RoomName>,
    id: Option<RoomId>,
}

impl Audience {
    fn name(&self) -> Option<&RoomName> {
        self.name.as_ref()
    }
}

/// Why a valid message was not taken.
struct Denial {
    code: ErrorCode,
    /// For its sender to read.
    text: &'static str,
}

impl From<ErrorCode> for Denial {
    fn from(code: ErrorCode) -> Denial {
        Denial { code, text: code.meaning() }
    }
}

impl Shard {
    /// Notes that something came from the member, if only a part of a frame: it lives.
    pub fn handle_heard(&mut self, now: Now, id: MemberId) {
        if let Some(member) = self.member_mut(id) {
            member.heard_at = now.instant;
        }
    }

    /// Counts one more message against the member's rate and its user's. `false`: it is to be
    /// dropped; the member was told, or closed. `reference` finds the message's own id, and is only asked for
    /// one that is refused.
    pub fn admits_message(
        &mut self,
        now: Now,
        id: MemberId,
        reference: impl FnOnce() -> Option<String>,
    ) -> bool {
        let mut limit = self.config.rate_limit;
        let Some(member) = self.member_mut(id) else { return false };
        let mut whose = "";
        let mut pace = Pace::Fine;
        if limit != 0 {
            pace = member.rate.take(now.instant, limit);
        }
        // What the connection may not send anyway takes nothing from its user's other ones.
        if pace == Pace::Fine
            && let Some(rate) = member.standing.as_ref().and_then(|of| of.rate.as_deref())
        {
            pace = member.rate.take_shared(now.instant, rate);
            (limit, whose) = (rate.limit(), " of all connections of this user together");
        }
        match pace {
            Pace::Fine => true,
            Pace::Limited => {
                let text = format!("more than {limit} messages a second{whose}");
                self.refuse(id, ErrorCode::RateLimited, &text, reference().as_deref());
                false
            }
            Pace::Abuse => {
                self.handle_close(id, CloseCode::RateLimited);
                false
            }
        }
    }

    /// Answers a message that could not be taken.
    pub fn handle_refusal(&mut self, id: MemberId, refusal: &Refusal) {
        self.refuse(id, refusal.code, &refusal.message, refusal.reference.as_deref());
    }

    /// Answers a WebSocket ping (RFC 6455, section 5.5.3).
    pub fn handle_ping(&mut self, id: MemberId, payload: &[u8]) {
        let mut frame = Vec::with_capacity(2 + payload.len());
        encode::pong_frame(payload, &mut frame);
        self.queue_with(id, |ring| ring.push_pong(frame));
    }

    /// Tells one member something in a frame that the driver made.
    pub fn handle_answer(&mut self, id: MemberId, frame: Vec<u8>) {
        self.tell(id, frame);
    }

    /// Takes a valid message from a member: stamps it, and delivers it or does what it asks.
    /// Nothing is taken from a member that was told to close.
    pub fn handle_draft(&mut self, now: Now, id: MemberId, draft: &Draft<'_>) {
        if !self.is_open(id) {
            return;
        }
        self.counters.messages_received += 1;
        let done = match draft.kind {
            MessageType::Ping => {
                self.answer_ping(now, id, draft);
                Ok(())
            }
            MessageType::Pong => Ok(()),
            MessageType::Join => self.join_named(id, &draft.room).map_err(Denial::from),
            MessageType::Leave => match &draft.room {
                RoomField::Named(name) => self.leave(now, id, name).map_err(Denial::from),
                RoomField::Absent | RoomField::Global => Err(ErrorCode::BadRoom.into()),
            },
            MessageType::Chat => self.publish(now, id, draft),
            MessageType::Presence => self.take_presence(now, id, draft),
            // A driver that takes tokens hands them to `handle_renewal`.
            MessageType::Auth => {
                Err(Denial { code: ErrorCode::InvalidMessage, text: TAKES_NO_TOKENS })
            }
            MessageType::System | MessageType::Notification | MessageType::Error => {
                Err(ErrorCode::ForbiddenType.into())
            }
        };
        if let Err(Denial { code, text }) = done {
            self.refuse(id, code, text, draft.reference.as_deref());
        }
    }

    fn join_named(&mut self, id: MemberId, room: &RoomField<'_>) -> Result<(), ErrorCode> {
        let RoomField::Named(name) = room else { return Err(ErrorCode::BadRoom) };
        let name = RoomName::parse(name).map_err(|_| ErrorCode::BadRoom)?;
        if self.member(id).is_some_and(|member| !member.may_use(name.as_str())) {
            return Err(ErrorCode::ForbiddenRoom);
        }
        self.join(id, &name)
    }

    fn answer_ping(&mut self, now: Now, id: MemberId, draft: &Draft<'_>) {
        let envelope = Envelope {
            id: draft.id.unwrap_or_else(|| self.notice_id(now, id)),
            kind: MessageType::Pong,
            room: None,
            from: SERVER_NAME,
            data: draft.data,
            timestamp: self.timestamp(now),
        };
        let mut frame = Vec::with_capacity(encode::envelope_frame_bytes(&envelope));
        encode::envelope_frame(&envelope, &mut frame);
        self.tell(id, frame);
    }

    fn take_presence(&mut self, now: Now, id: MemberId, draft: &Draft<'_>) -> Result<(), Denial> {
        self.set_presence(id, draft).map_err(|(code, text)| Denial { code, text })?;
        if self.member(id).is_some_and(|member| member.options.ack) {
            let id_of_it = draft.id.unwrap_or_else(|| self.ids.next(now.unix_millis));
            self.tell_event(now, id, None, &Notice::Ack { id: id_of_it, duplicate: false });
        }
        Ok(())
    }

    fn publish(&mut self, now: Now, id: MemberId, draft: &Draft<'_>) -> Result<(), Denial> {
        let Some(audience) = self.audience(id, &draft.room) else { return Ok(()) };
        self.check_speech(id, &audience)?;
        let message_id = draft.id.unwrap_or_else(|| self.ids.next(now.unix_millis));
        let repeated =
            draft.id.is_some() && !self.recent.insert(now.instant, audience.name(), message_id);
        if !repeated {
            self.say(now, id, audience, message_id, draft);
        }
        if self.member(id).is_some_and(|member| member.options.ack) {
            self.tell_event(now, id, None, &Notice::Ack { id: message_id, duplicate: repeated });
        }
        Ok(())
    }

    /// Whether a member may speak to this audience.
    fn check_speech(&self, id: MemberId, audience: &Audience) -> Result<(), Denial> {
        let code = ErrorCode::ForbiddenRoom;
        let standing = self.member(id).and_then(|member| member.standing.as_ref());
        match (audience.name(), standing) {
            (None, _) if !self.config.client_global => {
                Err(Denial { code, text: "clients may not speak to everybody here; name a room" })
            }
            (None, Some(standing)) if !standing.identity.allows_everybody() => {
                Err(Denial { code, text: "the token does not allow speaking to everybody" })
            }
            (Some(room), Some(standing)) if !standing.identity.allows_room(room.as_str()) => {
                Err(code.into())
            }
            _ => Ok(()),
        }
    }

    fn say(
        &mut self,
        now: Now,
        id: MemberId,
        audience: Audience,
        message_id: Uuid,
        draft: &Draft<'_>,
    ) {
        let timestamp = self.timestamp(now);
        let passage = self.begin_passage(now);
        let Some(member) = self.member(id) else { return };
        let mut own_id = Uuid::encode_buffer();
        let from = match member.user() {
            Some(user) => user,
            None => &*member.client_id.hyphenated().encode_lower(&mut own_id),
        };
        let echo = member.options.echo;
        let envelope = Envelope {
            id: message_id,
            kind: draft.kind,
            room: audience.name().map(RoomName::as_str),
            from,
            data: draft.data,
            timestamp,
        };
        let mut frame = Vec::with_capacity(encode::envelope_frame_bytes(&envelope));
        encode::envelope_frame(&envelope, &mut frame);
        let (frame, chosen_id) = (Bytes::from(frame), draft.id);
        let delivery = Delivery { room: audience.name, frame, chosen_id, passage };
        self.deliver(now, audience.id, &delivery);
        if !echo
            && let Some(room) = audience.id
            && let Some(turn) = &mut self.rooms[room].turn
        {
            turn.mute_last(id);
        }
        let Delivery { room, frame, .. } = delivery;
        self.events.push_back(Event::Published { room, frame, chosen_id, passage });
    }

    /// Where a message goes; nowhere, where its sender is gone.
    fn audience(&self, id: MemberId, room: &RoomField<'_>) -> Option<Audience> {
        let here = |id: RoomId| Audience { name: self.rooms[id].name.clone(), id: Some(id) };
        match room {
            RoomField::Global => Some(here(RoomId::GLOBAL)),
            RoomField::Absent => {
                let first = self.member(id)?.memberships.as_slice().first();
                Some(here(first.map_or(RoomId::GLOBAL, |first| first.room)))
            }
            RoomField::Named(name) => match self.rooms.find(name) {
                Some(id) => Some(here(id)),
                None => Some(Audience { name: Some(RoomName::parse(name).ok()?), id: None }),
            },
        }
    }

    pub(super) fn refuse(
        &mut self,
        id: MemberId,
        code: ErrorCode,
        text: &str,
        reference: Option<&str>,
    ) {
        self.counters.messages_refused += 1;
        let mut frame = Vec::with_capacity(96 + text.len());
        encode::error_frame(code.as_str(), text, reference, &mut frame);
        self.tell(id, frame);
    }
}
