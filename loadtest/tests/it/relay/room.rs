//! A room of the relay: who is in it, what was said, and what goes wrong on the way.

use std::io::Write as _;
use std::net::{Shutdown, TcpStream};

use stentor_wire::frame::OpCode;

use super::{Fault, Plan, event, frame};

/// Every so manieth message goes wrong, counted for each talker.
const FAULTY: usize = 5;
/// How many messages a gap is made of.
const GAP: usize = 3;
/// How many messages too early a replay may begin.
const EARLY: usize = 3;

/// How a message names itself.
const MEMBER_ID: &[u8] = b"\"id\":\"";

/// The members of a room and all that was said in it.
#[derive(Debug, Default)]
pub(super) struct Room {
    pub(super) crowd: Vec<TcpStream>,
    /// Every message as a frame; its id is its place, where its sender gave it none.
    history: Vec<Vec<u8>>,
}

/// What one talker has said in a room so far.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    count: usize,
    /// A message that was held back.
    held: Option<Vec<u8>>,
    /// The places of messages that were dropped and not announced yet.
    dropped: Vec<usize>,
}

impl Room {
    /// Stamps a message that has no id, and hands it to everybody, with the plan's fault for one of
    /// them.
    pub(super) fn relay(&mut self, payload: &[u8], spoken: &mut Spoken, plan: &Plan) {
        let place_said = self.history.len();
        let id = format!("{{\"id\":\"{place_said}\",");
        let has_id = payload.windows(MEMBER_ID.len()).any(|window| window == MEMBER_ID);
        let text = if has_id { payload.to_vec() } else { [id.as_bytes(), &payload[1..]].concat() };
        let message = frame(OpCode::Text, &text);
        self.history.push(message.clone());
        spoken.count += 1;
        for (place, member) in self.crowd.iter_mut().enumerate() {
            let now = if place == plan.place {
                spoken.spoil(&message, place_said, plan.fault)
            } else {
                vec![message.clone()]
            };
            // A member that is gone hears nothing; its own thread takes it out.
            let _ = member.write_all(&now.concat());
            if place == plan.place && spoken.has_closed(plan.fault) {
                // Nothing follows a close frame (RFC 6455 section 5.5.1).
                let _ = member.shutdown(Shutdown::Write);
            }
        }
    }

    /// What one hears who returns with the id of the last message it heard.
    pub(super) fn replay(&self, last_id: &str, fault: Fault) -> Vec<u8> {
        let heard: usize = last_id.parse().expect("an id of this relay");
        let mut missed = self.history[heard + 1..].to_vec();
        let mut recovered = true;
        match fault {
            Fault::Forget => {
                recovered = false;
                missed.clear();
            }
            Fault::ReplayNothing => missed.clear(),
            Fault::ReplayEarly => {
                missed = self.history[(heard + 1).saturating_sub(EARLY)..].to_vec();
            }
            Fault::ReplayHole if missed.len() > 1 => drop(missed.remove(1)),
            Fault::ReplayDouble if !missed.is_empty() => missed.insert(1, missed[0].clone()),
            Fault::NoResume => return Vec::new(),
            _ => {}
        }
        let more = if fault == Fault::ReplayOvercount { 2 } else { 0 };
        let replayed = missed.len() + more;
        let resume = format!(
            r#""event":"resume","recovered":{recovered},"replayed":{replayed},"oldest_id":null"#
        );
        [event(r#""event":"welcome""#), event(&resume), missed.concat()].concat()
    }
}

impl Spoken {
    fn is_faulty(&self) -> bool {
        self.count.is_multiple_of(FAULTY)
    }

    /// Whether the member at the faulty place has just got a close frame.
    fn has_closed(&self, fault: Fault) -> bool {
        matches!(fault, Fault::Close(_)) && self.is_faulty()
    }

    /// What the member at the faulty place gets instead of a message.
    fn spoil(&mut self, message: &[u8], place_said: usize, fault: Fault) -> Vec<Vec<u8>> {
        let mut now = vec![message.to_vec()];
        let is_faulty = self.is_faulty();
        match fault {
            Fault::Lose if is_faulty => now.clear(),
            Fault::Double if is_faulty => now.push(message.to_vec()),
            Fault::Swap if is_faulty => self.held = now.pop(),
            Fault::Swap => now.extend(self.held.take()),
            Fault::Close(code) if is_faulty => {
                now = vec![frame(OpCode::Close, &code.to_be_bytes())];
            }
            Fault::Gap | Fault::GapMiscounted | Fault::GapMisnamed => {
                if is_faulty || !self.dropped.is_empty() && self.dropped.len() < GAP {
                    self.dropped.push(place_said);
                    now.clear();
                } else if let [first, .., last] = *std::mem::take(&mut self.dropped) {
                    now.insert(0, gap(first, last, fault));
                }
            }
            _ => {}
        }
        now
    }
}

fn gap(first: usize, last: usize, fault: Fault) -> Vec<u8> {
    let missed = if fault == Fault::GapMiscounted { GAP - 1 } else { GAP };
    let first = if fault == Fault::GapMisnamed { first + 1 } else { first };
    event(&format!(r#""event":"gap","missed":{missed},"from_id":"{first}","to_id":"{last}""#))
}
