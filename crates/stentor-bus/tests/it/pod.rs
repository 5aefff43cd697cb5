//! A pod as the bus sees one: it says numbered messages in rooms and writes down what it hears.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use stentor_bus::address::Address;
use stentor_bus::bus::{Batch, Bus, Settings, Started};
use stentor_bus::channel::{Audience, ChannelNames};
use stentor_bus::counters::Counters;
use stentor_bus::inbox::{Arrival, Delivery};
use stentor_bus::link::LinkState;
use stentor_bus::pod_id::PodId;
use stentor_bus::waiters::Release;
use stentor_wire::frame::FrameHead;
use stentor_wire::presence::Tale;
use stentor_wire::room_name::RoomName;
use stentor_wire::timestamp::Timestamp;
use tokio::sync::broadcast;
use tokio::time::timeout;

/// No step takes longer; a test that waits for longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Pod {
    pub(crate) started: Started,
    arrivals: broadcast::Receiver<Batch>,
    pub(crate) heard: HashMap<Audience, Heard>,
    /// What the bus said of its subscriptions.
    pub(crate) told: Vec<Arrival>,
}

/// What was heard in one room.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// The numbers of messages, in the order of their arrival.
    pub(crate) numbers: Vec<u64>,
    /// What gaps said is missing.
    pub(crate) missed: u64,
}

pub(crate) fn room(number: usize) -> RoomName {
    RoomName::parse(&format!("room {number}")).expect("a name")
}

/// What a pod of this name is started with.
pub(crate) fn settings(name: &str, address: Address) -> Settings {
    let names = ChannelNames::new("test").expect("a prefix");
    Settings::new(address, names, PodId::new(name, 1), name.bytes().map(u64::from).sum())
}

impl Pod {
    pub(crate) fn start(name: &str, url: &str) -> Pod {
        Pod::start_with(settings(name, Address::parse(url, None).expect("a URL")))
    }

    pub(crate) fn start_with(settings: Settings) -> Pod {
        let mut started = Bus::start(settings, 1).expect("a thread");
        let arrivals = started.arrivals.pop().expect("one shard");
        Pod { started, arrivals, heard: HashMap::new(), told: Vec::new() }
    }

    /// Waits until the link is in a state that `wanted` accepts.
    pub(crate) async fn wait_for_link(&mut self, wanted: impl FnMut(&LinkState) -> bool) {
        let waiting = timeout(PATIENCE, self.started.link.wait_for(wanted)).await;
        waiting.expect("in time").expect("the bus runs");
    }

    pub(crate) async fn wait_for_counters(&mut self, wanted: impl FnMut(&Counters) -> bool) {
        let mut counters = self.started.counters.clone();
        let waiting = timeout(PATIENCE, counters.wait_for(wanted)).await;
        let last = *self.started.counters.borrow();
        let seen = waiting.unwrap_or_else(|_| panic!("not in time: {last:?}"));
        assert!(seen.is_ok(), "the bus has ended");
    }

    pub(crate) async fn up(&mut self) {
        self.wait_for_link(|state| *state == LinkState::Up).await;
    }

    /// Waits until the global channel and all rooms that are wanted are heard.
    pub(crate) async fn hear(&mut self, rooms: usize) {
        (0..rooms).for_each(|number| self.started.rooms.want(room(number)));
        let all = rooms as u64 + 1;
        self.wait_for_counters(|counters| counters.subscriptions.confirmed == all).await;
    }

    /// Wants rooms, and waits as a handshake does.
    pub(crate) async fn join(&self, rooms: Vec<RoomName>) -> Release {
        rooms.iter().for_each(|room| self.started.rooms.want(room.clone()));
        timeout(PATIENCE, self.started.rooms.joined(rooms)).await.expect("in time")
    }

    pub(crate) fn say(&self, audience: Audience, number: u64) {
        let name = audience.as_ref().map(|room| format!(r#""room":"{room}","#));
        let stamp = Timestamp::from_unix_millis(now());
        let time = stamp.unix_millis();
        let message = format!(
            r#"{{"id":"{:08x}-{:04x}-7000-8000-{number:012x}","type":"chat",{}"from":"ann","data":{number},"timestamp":"{}"}}"#,
            time >> 16,
            time & 0xffff,
            name.unwrap_or_default(),
            stamp.as_str(),
        );
        self.started.publisher.try_publish(audience, Bytes::from(message)).expect("a place");
    }

    /// Hears until `enough` says so.
    pub(crate) async fn hear_until(&mut self, enough: impl Fn(&HashMap<Audience, Heard>) -> bool) {
        while !enough(&self.heard) {
            for arrival in self.next().await {
                match &arrival {
                    Arrival::Delivery(delivery) => {
                        let number = number(delivery);
                        self.heard_in(&delivery.audience).numbers.push(number);
                    }
                    Arrival::Gap(gap) => {
                        let missed = gap.missed.unwrap_or_else(|| panic!("{:?}", self.totals()));
                        self.heard_in(&gap.audience).missed += missed;
                    }
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    /// The next messages and gaps, at least one.
    pub(crate) async fn next(&mut self) -> Vec<Arrival> {
        loop {
            let arrivals = self.receive().await;
            if !arrivals.is_empty() {
                return arrivals;
            }
        }
    }

    /// Waits until the bus has said of its subscriptions what `enough` wants to hear.
    pub(crate) async fn told(&mut self, enough: impl Fn(&[Arrival]) -> bool) {
        while !enough(&self.told) {
            self.receive().await;
        }
    }

    /// Whether this was said of subscriptions already, without waiting for it.
    pub(crate) fn is_told(&mut self, telling: &Arrival) -> bool {
        while let Ok(batch) = self.arrivals.try_recv() {
            self.told.extend(batch.iter().filter(|one| is_of_subscriptions(one)).cloned());
        }
        self.told.contains(telling)
    }

    /// Takes a batch, and from it what is said of subscriptions.
    async fn receive(&mut self) -> Vec<Arrival> {
        let received = timeout(PATIENCE, self.arrivals.recv()).await;
        let batch = received
            .unwrap_or_else(|_| panic!("nothing further is heard: {:?}", self.totals()))
            .expect("no lag");
        let is_heard = |one: &Arrival| matches!(one, Arrival::Delivery(_) | Arrival::Gap(_));
        let (heard, told): (Vec<_>, Vec<_>) = batch.iter().cloned().partition(is_heard);
        self.told.extend(told.into_iter().filter(is_of_subscriptions));
        heard
    }

    pub(crate) fn numbers(&self, audience: &Audience) -> &[u64] {
        self.heard.get(audience).map_or(&[], |heard| &heard.numbers)
    }

    fn heard_in(&mut self, audience: &Audience) -> &mut Heard {
        self.heard.entry(audience.clone()).or_default()
    }

    fn totals(&self) -> (usize, u64, Counters) {
        let heard = self.heard.values().map(|heard| heard.numbers.len()).sum();
        let missed = self.heard.values().map(|heard| heard.missed).sum();
        (heard, missed, *self.started.counters.borrow())
    }
}

/// How many messages were heard, over all rooms.
pub(crate) fn count(heard: &HashMap<Audience, Heard>) -> usize {
    heard.values().map(|heard| heard.numbers.len()).sum()
}

/// How many messages were heard or are known to be missing, over all rooms.
pub(crate) fn count_with_missed(heard: &HashMap<Audience, Heard>) -> u64 {
    heard.values().map(|heard| heard.numbers.len() as u64 + heard.missed).sum()
}

/// The text of a delivery's frame.
pub(crate) fn text(delivery: &Delivery) -> &str {
    let (_, head) = FrameHead::parse(&delivery.frame).expect("a frame").expect("whole");
    std::str::from_utf8(&delivery.frame[head..]).expect("text")
}

fn number(delivery: &Delivery) -> u64 {
    let value: serde_json::Value = serde_json::from_str(text(delivery)).expect("JSON");
    value["data"].as_u64().expect("a number")
}

/// Milliseconds since 1970.
pub(crate) fn now() -> u64 {
    let since = std::time::UNIX_EPOCH.elapsed().expect("after 1970");
    u64::try_from(since.as_millis()).expect("a time")
}

/// Whether it is no word of what pods have heard, which comes once a second.
fn is_of_subscriptions(arrival: &Arrival) -> bool {
    match arrival {
        Arrival::Proof(_) | Arrival::Delayed => false,
        Arrival::Tale(told) => !matches!(told.tale, Tale::Heard(_)),
        _ => true,
    }
}
