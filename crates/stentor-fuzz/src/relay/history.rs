//! A history: what one pod hears of two others on three channels, in any order, doubled and lost.
//!
//! The promises, for each other pod on each channel from the first that was heard of it: nothing
//! is delivered twice or behind what came later, and gaps count no less than is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use stentor_bus::channel::Audience;
use stentor_bus::inbox::{Arrival, Inbox};
use stentor_bus::pod_id::PodId;
use stentor_bus::relay;
use stentor_bus::seq::Seq;
use stentor_wire::encode::envelope_json;
use stentor_wire::envelope::Envelope;
use stentor_wire::message_type::MessageType;
use stentor_wire::room_name::RoomName;
use stentor_wire::time::{Instant, Now};
use stentor_wire::timestamp::Timestamp;
use uuid::Uuid;

use super::here;

/// Bytes of one event: what happens and to whom, and a number.
const EVENT_BYTES: usize = 2;

/// The most events of a history; a second apart, they end before anything is forgotten for its
/// age.
const EVENTS_MAX: usize = 256;

/// Epochs start anew; what the numbers of one are counted from.
const EPOCH: u64 = 1 << 32;

/// Panics where the history that `input` stands for breaks a promise.
pub(super) fn check(input: &[u8]) {
    let mut history = History::new();
    let (events, _) = input.as_chunks::<EVENT_BYTES>();
    for (second, &[what, number]) in events.iter().take(EVENTS_MAX).enumerate() {
        let instant = Instant::from_micros(0) + Duration::from_secs(second as u64);
        history.take(Now { instant, unix_millis: 0 }, what, number);
    }
}

struct History {
    inbox: Inbox,
    pods: [PodId; 2],
    audiences: [Audience; 3],
    interrupted: BTreeSet<usize>,
    /// By pod and channel.
    heard: BTreeMap<(usize, usize), Heard>,
    arrivals: Vec<Arrival>,
}

/// What was heard of one pod on one channel since its first record there.
struct Heard {
    /// Numbers up to this one are not owed.
    base: u64,
    /// The last number that was heard in order.
    last_by_epoch: BTreeMap<u64, u64>,
    delivered: BTreeSet<u64>,
    /// How many were said to be missing; `None` once nobody could count them.
    announced: Option<u64>,
}

impl History {
    fn new() -> History {
        let room = |name| Some(RoomName::parse(name).expect("a name"));
        History {
            inbox: Inbox::new(here(), 0),
            pods: [PodId::new("there", 1), PodId::new("there", 2)],
            audiences: [None, room("a"), room("b")],
            interrupted: BTreeSet::new(),
            heard: BTreeMap::new(),
            arrivals: Vec::new(),
        }
    }

    /// `what` has three parts: the event, the channel and the pod.
    fn take(&mut self, now: Now, what: u8, number: u8) {
        let (event, channel, pod) = (what & 0x0f, usize::from(what >> 4 & 3), what >> 7);
        let (channel, pod) = (channel % self.audiences.len(), usize::from(pod));
        let audience = self.audiences[channel].clone();
        self.arrivals.clear();
        self.inbox.handle_timeout(now);
        match event {
            0 => self.be_interrupted(now, channel),
            1 => {
                self.inbox.handle_unsubscribed(&audience);
                self.interrupted.remove(&channel);
                self.heard.retain(|(_, other), _| *other != channel);
            }
            2 => {
                self.inbox.handle_lag(&audience, &mut self.arrivals);
                assert_eq!(self.gaps(channel), [None], "a lag is told of");
            }
            3 => self.hear_oneself(now, channel, number),
            4 | 5 => {
                let seq = seq_of(number);
                let mark = relay::encode_mark(&self.pods[pod], seq);
                self.inbox.handle_payload(now, &audience, &mark, &mut self.arrivals);
                self.judge((pod, channel), seq, Said::Mark);
            }
            _ => {
                let seq = seq_of(number);
                let record = relay::encode(&self.pods[pod], seq, &message(seq));
                self.inbox.handle_payload(now, &audience, &record, &mut self.arrivals);
                self.judge((pod, channel), seq, Said::Message);
            }
        }
    }

    fn be_interrupted(&mut self, now: Now, channel: usize) {
        self.inbox.handle_interrupted(now, &self.audiences[channel]);
        self.interrupted.insert(channel);
    }

    /// The echo of what this pod said is nothing new.
    fn hear_oneself(&mut self, now: Now, channel: usize, number: u8) {
        let seq = seq_of(number);
        for own in [relay::encode(&here(), seq, &message(seq)), relay::encode_mark(&here(), seq)] {
            self.inbox.handle_payload(now, &self.audiences[channel], &own, &mut self.arrivals);
        }
        assert!(self.arrivals.is_empty(), "an echo is {:?}", self.arrivals);
    }

    fn judge(&mut self, who: (usize, usize), seq: Seq, said: Said) {
        let (_, channel) = who;
        let gaps = self.gaps(channel);
        let delivered = self.delivered(channel, seq);
        assert!(said == Said::Message || !delivered, "a mark is no message");
        let number = seq.value();
        let heard = match self.heard.get_mut(&who) {
            Some(heard) => heard,
            None => {
                let is_owed = said == Said::Message;
                assert_eq!(delivered, is_owed, "the first message is delivered");
                let may_miss = self.interrupted.contains(&channel) && !(is_owed && seq.is_first());
                assert_eq!(gaps.contains(&None), may_miss, "an interruption is told of");
                self.heard.entry(who).or_insert(Heard {
                    base: number - u64::from(is_owed),
                    last_by_epoch: BTreeMap::new(),
                    delivered: BTreeSet::new(),
                    announced: Some(0),
                })
            }
        };
        heard.announced = gaps.iter().fold(heard.announced, |all, gap| Some(all? + (*gap)?));
        if delivered {
            assert!(heard.delivered.insert(number), "{number} came twice");
            assert!(number > heard.last(), "{number} came behind {}", heard.last());
        }
        if number > heard.last() {
            heard.last_by_epoch.insert(number / EPOCH, number);
        }
        if let Some(announced) = heard.announced {
            let missing = heard.missing();
            assert!(announced >= missing, "{missing} are missing, {announced} were told of");
        }
    }

    /// The gaps among the arrivals.
    fn gaps(&self, channel: usize) -> Vec<Option<u64>> {
        let gaps = self.arrivals.iter().filter_map(|arrival| match arrival {
            Arrival::Gap(gap) => Some(gap),
            _ => None,
        });
        gaps.inspect(|gap| assert_eq!(gap.audience, self.audiences[channel]))
            .map(|gap| gap.missed)
            .collect()
    }

    /// Whether the message of this number is among the arrivals; no other is.
    fn delivered(&self, channel: usize, seq: Seq) -> bool {
        let mut deliveries = self.arrivals.iter().filter_map(|arrival| match arrival {
            Arrival::Delivery(delivery) => Some(delivery),
            _ => None,
        });
        let (first, second) = (deliveries.next(), deliveries.next());
        assert_eq!(second, None, "one record is one message");
        if let Some(delivery) = first {
            assert_eq!(delivery.audience, self.audiences[channel]);
            let carried = relay::message_of_frame(&delivery.frame);
            assert_eq!(carried.as_deref(), Some(message(seq).as_slice()));
        }
        first.is_some()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Message,
    Mark,
}

impl Heard {
    /// How many numbers from the base up to the last were not delivered. What an epoch had behind
    /// the last number that was heard of it in order nobody can know.
    fn missing(&self) -> u64 {
        let owed: u64 = self
            .last_by_epoch
            .iter()
            .map(|(epoch, last)| last - self.base.max(epoch * EPOCH))
            .sum();
        owed - self.delivered.len() as u64
    }

    fn last(&self) -> u64 {
        self.last_by_epoch.values().next_back().copied().unwrap_or(self.base)
    }
}

/// A number of one of two epochs, some further apart than what receivers look back to.
fn seq_of(number: u8) -> Seq {
    let count = 1 + u64::from(number & 0x7f);
    Seq::new(u64::from(number >> 7) * EPOCH + count).expect("a number of 53 bits")
}

/// The JSON of the message that has this number.
fn message(seq: Seq) -> Vec<u8> {
    let data = seq.value().to_string();
    let envelope = Envelope {
        id: Uuid::from_u128(u128::from(seq.value())),
        kind: MessageType::Chat,
        room: None,
        from: "somebody",
        data: data.as_bytes(),
        timestamp: Timestamp::from_unix_millis(0),
    };
    let mut message = Vec::new();
    envelope_json(&envelope, &mut message);
    message
}
