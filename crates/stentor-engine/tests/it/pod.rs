//! An engine with a bus, as a pod of a test.

use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use stentor_engine::bus::address::Address;
use stentor_engine::bus::bus::Settings;
use stentor_engine::bus::channel::ChannelNames;
use stentor_engine::bus::counters::Counters;
use stentor_engine::bus::link::LinkState;
use stentor_engine::bus::pod_id::PodId;
use stentor_engine::wire::room_name::RoomName;
use stentor_engine::{Admission, Engine, EngineConfig, MemberOptions, NoHooks};
use stentor_testbed::{DEADLINE, until};

use crate::client::Client;

/// What the engine writes before the first frame.
pub(crate) const RESPONSE: &[u8] = b"you are in\n";

pub(crate) const EVENTS: MemberOptions =
    MemberOptions { events: true, presence: false, ack: false, echo: true };
pub(crate) const ACKS: MemberOptions =
    MemberOptions { events: false, presence: false, ack: true, echo: true };

pub(crate) struct Pod {
    pub(crate) engine: Engine,
}

pub(crate) fn room(name: &str) -> RoomName {
    RoomName::parse(name).expect("a valid name")
}

impl Pod {
    /// A pod of two shards on the Redis at `url`; its link is not awaited.
    pub(crate) fn start(name: &str, url: &str) -> Pod {
        Pod::start_with(name, url, |_| ())
    }

    pub(crate) fn start_with(name: &str, url: &str, change: impl FnOnce(&mut EngineConfig)) -> Pod {
        let address = Address::parse(url, None).expect("a URL");
        let names = ChannelNames::new("test").expect("a prefix");
        let seed = name.bytes().map(u64::from).sum();
        let bus = Settings::new(address, names, PodId::new(name, 1), seed);
        let mut config = EngineConfig {
            pod: name.to_owned(),
            shards: 2,
            rate_limit: 0,
            bus: Some(bus),
            ..EngineConfig::default()
        };
        change(&mut config);
        Pod { engine: Engine::start(config, Arc::new(NoHooks)).expect("an engine") }
    }

    pub(crate) fn wait_for_link(&self, wanted: impl Fn(LinkState) -> bool) {
        until(DEADLINE, "the link", || self.engine.bus_link().filter(|state| wanted(*state)));
    }

    /// Waits until it is heard and hears everybody.
    pub(crate) fn up(self) -> Pod {
        self.wait_for_link(|state| state == LinkState::Up);
        self.wait_for_counters(|counters| counters.subscriptions.confirmed > 0);
        self
    }

    pub(crate) fn counters(&self) -> Counters {
        self.engine.inspect().bus.expect("a pod with a bus")
    }

    pub(crate) fn wait_for_counters(&self, wanted: impl Fn(&Counters) -> bool) {
        until(DEADLINE, "the counters", || Some(self.counters()).filter(|of| wanted(of)));
    }

    /// Hands a new socket over and does not wait for the response.
    pub(crate) fn attach(&self, rooms: &[&str], options: MemberOptions, early: &[u8]) -> Client {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let near = TcpStream::connect(address).expect("it listens");
        let (far, _) = listener.accept().expect("somebody has connected");
        let admission = Admission {
            response: RESPONSE.to_vec(),
            rooms: rooms.iter().map(|name| room(name)).collect(),
            options,
            ..Admission::default()
        };
        self.engine.attach(far, early.to_vec(), admission).expect("a place");
        Client::new(near)
    }

    /// A client that has read that it is in.
    pub(crate) fn client(&self, rooms: &[&str]) -> Client {
        self.client_with(rooms, MemberOptions::default())
    }

    pub(crate) fn client_with(&self, rooms: &[&str], options: MemberOptions) -> Client {
        let mut client = self.attach(rooms, options, &[]);
        client.expect_response();
        client
    }
}
