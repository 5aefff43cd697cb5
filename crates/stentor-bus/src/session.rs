//! A session: the connections of one life of the link.
//!
//! In classic mode one to publish and one to listen; in sharded mode both to each node of the
//! cluster. A session that ends is thrown away whole and a new one made, so nothing of the old can
//! be left over. It ends where any of its connections does, and where other servers than those it
//! was made for have become the right ones; it looks for that every three seconds. Where slots
//! move between the nodes that it knows it stays, and follows them.
//!
//! Decides nothing of what is heard or said.

use std::collections::HashMap;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use fred::clients::Client;
use fred::error::Error;
use fred::interfaces::PubsubInterface;
use fred::types::config::Server;
use futures_util::FutureExt;

use crate::address::Address;
use crate::mode::Mode;
use crate::pipeline::Outcome;
use crate::stream_history::StreamHistory;
use crate::subscriptions::{Answer, CommandId, CommandKind};

mod connecting;
mod connection;
mod listener;
mod looking;
mod node;
mod streams;
mod topology;

pub(crate) use connection::{Connection, Frame, list, number, text};
use listener::{Asked, Told};
use looking::{LOOK_INTERVAL, Look};
use node::Node;
use streams::Streams;
pub(crate) use streams::{Append, Found};
use topology::Topology;
pub(crate) use topology::discover;

/// How often a command follows a slot that has moved.
const REDIRECTS_MAX: u32 = 3;

/// The most probes that are waited for; of more than one the oldest are out for too long anyway.
const PROBES_MAX: usize = 8;

/// What a session is made from.
pub(crate) struct Plan {
    pub(crate) address: Address,
    pub(crate) mode: Mode,
    /// The channel of the probes, or what the names of several begin with.
    pub(crate) probe: String,
    /// Servers of an earlier session, to be asked where those of the URL are gone.
    pub(crate) known: Vec<Server>,
    /// Any number.
    pub(crate) random: u64,
    /// What Redis keeps of each room, where it keeps something.
    pub(crate) history: Option<StreamHistory>,
}

/// What a session tells.
#[derive(Debug)]
pub(crate) enum SessionEvent {
    Message {
        channel: Bytes,
        payload: Bytes,
    },
    /// What became of each channel of a command, and why not, where one was not taken.
    Answered(CommandId, Vec<Answer>, Option<Error>),
    /// Redis has ended the subscription to this channel.
    Unsubscribed(Bytes),
    /// A probe has come back through every node.
    Probed(u64),
    /// Slots have moved.
    Moved,
    /// The session is of no use any more.
    Ended(String),
}

pub(crate) struct Session {
    plan: Plan,
    topology: Topology,
    /// All servers that are needed, also those that are not connected.
    used: Vec<Server>,
    /// By the numbers of the topology; `None` for one that did not answer.
    nodes: Vec<Option<Node>>,
    /// Whose turn it is to be heard first.
    turn: usize,
    commands: HashMap<CommandId, Pending>,
    /// Probes, and at which nodes they have not come back yet.
    probes: Vec<(u64, Vec<usize>)>,
    /// `None` where Redis keeps no history.
    streams: Option<Streams>,
    look: Option<Look>,
    is_looking_at_once: bool,
}

struct Pending {
    answers: Vec<Answer>,
    left: usize,
    reason: Option<Error>,
}

impl Session {
    async fn new(
        plan: Plan,
        topology: Topology,
        used: Vec<Server>,
        nodes: Vec<Option<Node>>,
    ) -> Result<Session, Error> {
        let streams = match (plan.history, used.last()) {
            (Some(history), Some(server)) => {
                Some(Streams::connect(&plan.address, server, history).await?)
            }
            _ => None,
        };
        let mut session = Session {
            plan,
            topology,
            used,
            nodes,
            turn: 0,
            commands: HashMap::new(),
            probes: Vec::new(),
            streams,
            look: None,
            is_looking_at_once: false,
        };
        session.look_after(LOOK_INTERVAL);
        Ok(session)
    }

    /// The servers that it uses.
    pub(crate) fn servers(&self) -> &[Server] {
        &self.used
    }

    /// Whether everything goes to one node, which takes things in their order.
    pub(crate) fn is_of_one_node(&self) -> bool {
        self.nodes.len() == 1
    }

    /// Publishes; `None` where the node of the channel does not answer.
    pub(crate) fn publish(
        &self,
        channel: String,
        payload: Bytes,
    ) -> Option<impl Future<Output = Result<(), Error>> + Send + use<>> {
        let node = self.nodes.get(self.topology.server_of(&channel)?)?.as_ref()?;
        Some(self.publish_at(node, channel, payload))
    }

    /// Writes a message into its stream; `None` where that cannot be.
    pub(crate) fn append(
        &self,
        append: Append,
    ) -> Option<impl Future<Output = Result<(), Error>> + Send + use<>> {
        Some(self.streams.as_ref()?.append(self.publisher()?, append))
    }

    /// Tells a stream to live on for so long; `None` where that cannot be.
    pub(crate) fn renew(
        &self,
        key: String,
        lifetime: Duration,
    ) -> Option<impl Future<Output = Result<(), Error>> + Send + use<>> {
        Some(self.streams.as_ref()?.renew(self.publisher()?, key, lifetime))
    }

    /// Writes down, for so long, that a stream lacks something; `None` where that cannot be.
    pub(crate) fn lack(
        &self,
        key: String,
        lifetime: Duration,
    ) -> Option<impl Future<Output = Result<(), Error>> + Send + use<>> {
        Some(self.streams.as_ref()?.lack(self.publisher()?, key, lifetime))
    }

    /// Reads a stream, and when it lacked something; `None` where that cannot be.
    pub(crate) fn read(
        &self,
        key: String,
        lack: String,
    ) -> Option<impl Future<Output = Result<Found, Error>> + Send + use<>> {
        Some(self.streams.as_ref()?.read(key, lack))
    }

    /// Whether what goes into streams goes another way than what is published.
    pub(crate) fn appends_apart(&self) -> bool {
        self.streams.as_ref().is_some_and(Streams::are_apart)
    }

    fn publisher(&self) -> Option<&Client> {
        self.nodes.iter().flatten().next().map(|node| &node.publisher)
    }

    /// Publishes a probe through every node.
    pub(crate) fn probe(
        &mut self,
        number: u64,
    ) -> Vec<impl Future<Output = Result<(), Error>> + Send + use<>> {
        let connected = self.nodes.iter().enumerate().filter(|(_, node)| node.is_some());
        self.probes.push((number, connected.map(|(place, _)| place).collect()));
        if self.probes.len() > PROBES_MAX {
            self.probes.remove(0);
        }
        let payload = Bytes::from(number.to_string());
        let nodes = self.nodes.iter().flatten();
        nodes.map(|node| self.publish_at(node, node.probe.clone(), payload.clone())).collect()
    }

    /// Subscribes to channels or leaves them; [`SessionEvent::Answered`] tells what became of it.
    pub(crate) fn command(&mut self, id: CommandId, kind: CommandKind, channels: Vec<String>) {
        let count = channels.len();
        let pending = Pending { answers: vec![Answer::Failed; count], left: count, reason: None };
        self.commands.insert(id, pending);
        let asked = |channels, places| Asked {
            kind,
            channels,
            command: Some(id),
            places,
            confirmed: 0,
            redirects: 0,
        };
        match self.plan.mode {
            Mode::Classic => self.ask(Some(0), asked(channels, (0..count).collect())),
            // Channels of several slots in one command are refused.
            Mode::Sharded => channels.into_iter().enumerate().for_each(|(place, channel)| {
                let server = self.topology.server_of(&channel);
                self.ask(server, asked(vec![channel], vec![place]));
            }),
        }
    }

    /// A publish has failed; whether that says that a slot has moved.
    pub(crate) fn handle_publish_error(&mut self, error: &Error) {
        if error.details().starts_with("MOVED ") {
            self.handle_moved(error.details());
        }
    }

    /// The next event.
    ///
    /// # Cancel safety
    /// Nothing is taken before it is ready.
    pub(crate) async fn event(&mut self) -> SessionEvent {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The next event, if there is one.
    pub(crate) fn try_event(&mut self) -> Option<SessionEvent> {
        self.event().now_or_never()
    }

    fn poll_event(&mut self, cx: &mut Context<'_>) -> Poll<SessionEvent> {
        if let Some(id) = self.commands.iter().find(|(_, one)| one.left == 0).map(|(id, _)| *id)
            && let Some(done) = self.commands.remove(&id)
        {
            return Poll::Ready(SessionEvent::Answered(id, done.answers, done.reason));
        }
        if let Some(index) = self.probes.iter().position(|(_, waiting)| waiting.is_empty()) {
            return Poll::Ready(SessionEvent::Probed(self.probes.remove(index).0));
        }
        for step in 0..self.nodes.len() {
            let place = (self.turn + step) % self.nodes.len();
            if let Poll::Ready(event) = self.poll_node(place, cx) {
                self.turn = place;
                return Poll::Ready(event);
            }
        }
        // Another is heard first the next time.
        self.turn = (self.turn + 1) % self.nodes.len().max(1);
        self.poll_look(cx)
    }

    fn poll_node(&mut self, place: usize, cx: &mut Context<'_>) -> Poll<SessionEvent> {
        loop {
            let Some(node) = &mut self.nodes[place] else { return Poll::Pending };
            match node.listener.poll_told(cx) {
                Poll::Ready(Ok(told)) => {
                    if let Some(event) = self.take(place, told) {
                        return Poll::Ready(event);
                    }
                }
                Poll::Ready(Err(error)) => {
                    return Poll::Ready(SessionEvent::Ended(error.to_string()));
                }
                Poll::Pending => return node.poll_ended(cx).map(SessionEvent::Ended),
            }
        }
    }

    fn take(&mut self, place: usize, told: Told) -> Option<SessionEvent> {
        match told {
            Told::Message { channel, payload } => {
                let probe = self.nodes[place].as_ref().map(|node| node.probe.as_bytes());
                if probe == Some(&*channel) {
                    let number = std::str::from_utf8(&payload).ok()?.parse().ok()?;
                    return self.take_probe(place, number);
                }
                Some(SessionEvent::Message { channel, payload })
            }
            Told::Ended(channel) => {
                self.look_at_once();
                Some(SessionEvent::Unsubscribed(channel))
            }
            Told::Answered(asked, result) => self.take_answer(asked, result),
        }
    }

    fn take_probe(&mut self, place: usize, number: u64) -> Option<SessionEvent> {
        let index = self.probes.iter().position(|(sent, _)| *sent == number)?;
        self.probes[index].1.retain(|waiting| *waiting != place);
        let is_whole = self.probes[index].1.is_empty();
        is_whole.then(|| SessionEvent::Probed(self.probes.remove(index).0))
    }

    fn take_answer(&mut self, mut asked: Asked, result: Result<(), Error>) -> Option<SessionEvent> {
        if let Err(error) = &result
            && error.details().starts_with("MOVED ")
        {
            let server = self.handle_moved(error.details());
            if server.is_some() && asked.redirects < REDIRECTS_MAX {
                asked.redirects += 1;
                self.ask(server, asked);
                return None;
            }
        }
        let Some(id) = asked.command else {
            // Without its probes a node is of no use.
            return result.err().map(|error| SessionEvent::Ended(error.to_string()));
        };
        self.answer(id, &asked.places, &result);
        let is_done = self.commands.get(&id).is_some_and(|pending| pending.left == 0);
        let done = if is_done { self.commands.remove(&id) } else { None };
        done.map(|done| SessionEvent::Answered(id, done.answers, done.reason))
    }

    /// Asks a node, or says at once that it does not answer.
    fn ask(&mut self, server: Option<usize>, asked: Asked) {
        match server.and_then(|server| self.nodes.get_mut(server)) {
            Some(Some(node)) => node.listener.ask(asked),
            _ => {
                let Some(id) = asked.command else { return };
                let Some(pending) = self.commands.get_mut(&id) else { return };
                asked.places.iter().for_each(|place| pending.answers[*place] = Answer::Away);
                pending.left = pending.left.saturating_sub(asked.places.len());
            }
        }
    }

    fn answer(&mut self, id: CommandId, places: &[usize], result: &Result<(), Error>) {
        let Some(pending) = self.commands.get_mut(&id) else { return };
        places.iter().for_each(|place| pending.answers[*place] = answer(result));
        pending.left = pending.left.saturating_sub(places.len());
        if let Err(error) = result {
            pending.reason = Some(error.clone());
        }
    }

    fn publish_at(
        &self,
        node: &Node,
        channel: String,
        payload: Bytes,
    ) -> impl Future<Output = Result<(), Error>> + Send + use<> {
        let (client, mode) = (node.publisher.clone(), self.plan.mode);
        async move {
            match mode {
                Mode::Classic => client.publish(channel, payload).await,
                Mode::Sharded => client.spublish(channel, payload).await,
            }
        }
    }

    /// A node said which other has a slot now; its number, where it is known.
    fn handle_moved(&mut self, said: &str) -> Option<usize> {
        let server = self.topology.take_moved(said);
        self.look_at_once();
        self.follow_probes();
        server
    }

    /// Nodes whose channel of the probes has moved away get another. What is out on the old one
    /// counts as heard: the next follows within a second.
    fn follow_probes(&mut self) {
        for place in 0..self.nodes.len() {
            let Some(node) = &mut self.nodes[place] else { continue };
            if self.topology.server_of(&node.probe) == Some(place) {
                continue;
            }
            let Some(probe) = self.topology.channel_at(&self.plan.probe, place) else { continue };
            node.probe = probe;
            node.subscribe_to_probe();
            self.probes.iter_mut().for_each(|(_, waiting)| waiting.retain(|one| *one != place));
        }
    }
}

/// What the end of a publish means.
pub(crate) fn outcome(result: &Result<(), Error>) -> Outcome {
    match result {
        Ok(()) => Outcome::Published,
        Err(error) if is_refusal(error) => Outcome::Refused,
        Err(error) if error.details().starts_with("CLUSTERDOWN") => Outcome::Away,
        Err(_) => Outcome::Lost,
    }
}

/// What the end of a subscription means.
fn answer(result: &Result<(), Error>) -> Answer {
    match result {
        Ok(()) => Answer::Confirmed,
        Err(error) if is_refusal(error) => Answer::Refused,
        Err(_) => Answer::Failed,
    }
}

/// Whether Redis has said "never" to this user, and not merely "not now". Redis begins an error
/// with a word in capitals; `NOPERM` is the one of access rules.
fn is_refusal(error: &Error) -> bool {
    error.details().starts_with("NOPERM")
}
