//! Identities end, and are renewed in place.
//!
//! The end is a moment of the calendar, which may be set forward or back, while the wheel counts
//! monotonic time. So nothing that was computed once is believed: whenever a member is looked at,
//! and that is at least once in every `ping_interval`, what is left is computed anew from the
//! calendar. Nobody is closed before the calendar says so, and a calendar that was set back and
//! then right again keeps nobody for longer than one `ping_interval`.

use std::borrow::Cow;

use stentor_wire::close::CloseCode;
use stentor_wire::error_code::ErrorCode;
use stentor_wire::event::Event as Notice;
use stentor_wire::room_name::RoomName;

use crate::identity::{Identity, NOTHING_TO_RENEW};
use crate::numbers::MemberId;
use crate::shard::Shard;
use crate::standing::{Remaining, Standing};
use crate::time::{Instant, Now, millis};

impl Shard {
    /// Takes a member's `auth` message, with what became of its token. The same user as before:
    /// the new identity takes the place of the old one, the member is told so, and leaves the rooms
    /// that it may use no more as if it had asked to. Anything else is answered with an error and
    /// changes nothing, but the ninth such message of a connection closes it with 4401.
    pub fn handle_renewal(
        &mut self,
        now: Now,
        id: MemberId,
        judged: Result<Identity, Cow<'static, str>>,
        reference: Option<&str>,
    ) {
        let Some(member) = self.member_mut(id).filter(|member| member.is_open()) else { return };
        let renewed = match (&mut member.standing, judged) {
            (_, Err(text)) => Err(text),
            (None, Ok(_)) => Err(NOTHING_TO_RENEW.into()),
            (Some(standing), Ok(identity)) => renew(standing, now, identity),
        };
        self.counters.messages_received += 1;
        match renewed {
            Ok(()) => self.confirm_renewal(now, id),
            Err(text) => self.refuse_renewal(id, &text, reference),
        }
    }

    /// Whether the member's identity has ended.
    pub(super) fn is_over(&self, now: Now, id: MemberId) -> bool {
        let standing = self.member(id).and_then(|member| member.standing.as_ref());
        standing.is_some_and(|standing| standing.remaining(now) == Remaining::Over)
    }

    /// Closes a member whose identity has ended, tells one of an end that is near, and sees to it
    /// that a member with an end is looked at in time.
    pub(super) fn look_at_token(&mut self, now: Now, id: MemberId) {
        if let Some(due) = self.judge_token(now, id) {
            let looked_at = self.next_heartbeat(now, id);
            self.wheel.schedule(id.0, now.instant, due.min(looked_at));
        }
    }

    /// Does what the end of a member's identity asks for by now. Returns when the next look at it
    /// is due; `None` where there is none.
    pub(super) fn judge_token(&mut self, now: Now, id: MemberId) -> Option<Instant> {
        let member = self.member_mut(id).filter(|member| member.is_open())?;
        let hears_events = member.options.events;
        let standing = member.standing.as_mut()?;
        match standing.remaining(now) {
            Remaining::Forever => None,
            Remaining::Until(at) => Some(at),
            Remaining::Soon { at, millis } => {
                standing.note_told();
                if hears_events {
                    let notice = Notice::TokenExpiring { expires_in_ms: millis };
                    self.tell_event(now, id, None, &notice);
                }
                Some(at)
            }
            Remaining::Over => {
                self.handle_close(id, CloseCode::Unauthorized);
                None
            }
        }
    }

    fn confirm_renewal(&mut self, now: Now, id: MemberId) {
        let Some(standing) = self.member(id).and_then(|member| member.standing.as_ref()) else {
            return;
        };
        let expires_in_ms = standing.identity.remains(now.unix_millis).map(millis);
        self.tell_event(now, id, None, &Notice::Authenticated { expires_in_ms });
        for room in self.rooms_no_more_allowed(id) {
            // It is a member, so there is nothing to refuse.
            let _ = self.leave(now, id, room.as_str());
        }
        self.look_at_token(now, id);
    }

    fn refuse_renewal(&mut self, id: MemberId, text: &str, reference: Option<&str>) {
        let standing = self.member_mut(id).and_then(|member| member.standing.as_mut());
        if standing.is_none_or(|standing| standing.bears_refusal()) {
            self.refuse(id, ErrorCode::InvalidMessage, text, reference);
        } else {
            self.handle_close(id, CloseCode::Unauthorized);
        }
    }

    fn rooms_no_more_allowed(&self, id: MemberId) -> Vec<RoomName> {
        let Some(member) = self.member(id) else { return Vec::new() };
        let rooms = member.memberships.as_slice().iter();
        rooms
            .filter_map(|membership| self.rooms[membership.room].name.as_ref())
            .filter(|room| !member.may_use(room.as_str()))
            .cloned()
            .collect()
    }
}

fn renew(standing: &mut Standing, now: Now, identity: Identity) -> Result<(), Cow<'static, str>> {
    if identity.user != standing.identity.user {
        return Err("the token is of another user than this connection".into());
    }
    if identity.remains(now.unix_millis).is_some_and(|left| left.is_zero()) {
        return Err("the token has expired".into());
    }
    standing.renew(identity);
    Ok(())
}
