//! A fake Redis: channels, the connections of pods, and what may be wrong with them.
//!
//! A *session* is the two connections of one life of a pod's link, as in the bus. Each way of each
//! connection is a lane on which nothing overtakes anything. Knows no time of its own: the world
//! brings requests when they arrive and carries replies away.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use stentor_bus::channel::Audience;
use stentor_bus::record::Ticket;
use stentor_bus::stream_history::Kept;
use stentor_bus::subscriptions::{CommandId, CommandKind};

use crate::archive::{Appended, Archive};
use crate::queue::Lane;

/// Names a session; no number twice.
pub(crate) type SessionId = u64;

/// What a pod asks.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// Make both connections and subscribe to the channel of the probes.
    Connect {
        probe: String,
    },
    Publish {
        ticket: Option<Ticket>,
        channel: String,
        payload: Bytes,
    },
    Command {
        id: CommandId,
        kind: CommandKind,
        channels: Vec<String>,
    },
    /// What is published next goes into its room's stream.
    Append {
        audience: Audience,
        appended: Appended,
    },
    /// A room's stream is to live on.
    Renew {
        audience: Audience,
        lifetime: Duration,
    },
    /// A room's stream lacks something.
    Lack {
        audience: Audience,
        lifetime: Duration,
    },
    /// What is kept of a room, asked on a connection of its own.
    Read {
        audience: Audience,
    },
    /// The pod has dropped both connections.
    Close,
}

/// What comes back.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Connected,
    Published(Option<Ticket>),
    Answered(CommandId),
    Heard {
        channel: String,
        payload: Bytes,
    },
    LackWritten(Audience),
    Found(Audience, Kept),
    /// The connections were refused, or have ended.
    Ended,
}

/// How the server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Health {
    Up,
    Down,
    Frozen,
    /// Takes connections and whatever comes on them, and is not there.
    Deaf,
}

/// One life of a pod's link, as Redis and the network see it.
#[derive(Debug, Default)]
pub(crate) struct Session {
    /// Which run of which pod.
    pub(crate) pod: usize,
    /// When it was connected, by the calendar.
    connected_at: u64,
    channels: BTreeSet<String>,
    /// Nothing that is passed on comes to the pod any more, and answers do.
    pub(crate) is_mute: bool,
    /// Half-open: nothing comes back, ever.
    pub(crate) is_deaf: bool,
    /// Cut: what is on its way is lost.
    pub(crate) is_cut: bool,
    /// Pod to Redis: publisher, subscriber, reader.
    pub(crate) requests: [Lane; 3],
    /// Redis to pod: publisher, subscriber, reader.
    pub(crate) replies: [Lane; 3],
    /// Redis to pod where channels may overtake each other.
    pub(crate) by_channel: BTreeMap<String, Lane>,
}

#[derive(Debug)]
pub(crate) struct Redis {
    pub(crate) health: Health,
    pub(crate) sessions: BTreeMap<SessionId, Session>,
    next_session: SessionId,
    held: Vec<(SessionId, Request)>,
    pub(crate) archive: Archive,
    /// Messages that a stream keeps.
    stream_size: usize,
}

impl Redis {
    /// A server that has just begun, whose streams keep so many messages.
    pub(crate) fn new(stream_size: usize) -> Redis {
        Redis {
            health: Health::Up,
            sessions: BTreeMap::new(),
            next_session: 0,
            held: Vec::new(),
            archive: Archive::default(),
            stream_size,
        }
    }

    /// The session that a pod begins now; Redis hears of it by [`Request::Connect`].
    pub(crate) fn begin(&mut self, pod: usize) -> SessionId {
        self.next_session += 1;
        self.sessions.insert(self.next_session, Session { pod, ..Session::default() });
        self.next_session
    }

    /// Takes a request at this time by the calendar, in milliseconds since 1970; returns what goes
    /// back, and to whom.
    pub(crate) fn handle(
        &mut self,
        now: u64,
        id: SessionId,
        request: Request,
    ) -> Vec<(SessionId, Reply)> {
        let Some(session) = self.sessions.get_mut(&id) else { return Vec::new() };
        if session.is_deaf || session.is_cut {
            if matches!(request, Request::Close) {
                self.sessions.remove(&id);
            }
            return Vec::new();
        }
        match self.health {
            Health::Up => self.carry_out(now, id, request),
            Health::Down if matches!(request, Request::Connect { .. }) => vec![(id, Reply::Ended)],
            Health::Down => Vec::new(),
            Health::Deaf => {
                session.is_deaf = true;
                Vec::new()
            }
            Health::Frozen => {
                self.held.push((id, request));
                Vec::new()
            }
        }
    }

    /// Goes on after a standstill with all that came meanwhile.
    pub(crate) fn thaw(&mut self, now: u64) -> Vec<(SessionId, Reply)> {
        self.health = Health::Up;
        let held = std::mem::take(&mut self.held);
        held.into_iter().flat_map(|(id, request)| self.handle(now, id, request)).collect()
    }

    /// Cuts the connections of one run of a pod, or all; returns which sessions ended.
    pub(crate) fn cut(&mut self, pod: Option<usize>) -> Vec<SessionId> {
        let mut ended = Vec::new();
        for (id, session) in &mut self.sessions {
            if pod.is_none_or(|pod| pod == session.pod) && !session.is_cut {
                session.is_cut = true;
                session.channels.clear();
                ended.push(*id);
            }
        }
        ended
    }

    /// Lets all connections be half-open from now on.
    pub(crate) fn deafen(&mut self) {
        self.sessions.values_mut().for_each(|session| session.is_deaf = true);
    }

    /// Lets what is passed on come no more to one run of a pod, on the sessions that it has.
    pub(crate) fn mute(&mut self, pod: usize) {
        let own = self.sessions.values_mut().filter(|session| session.pod == pod);
        own.for_each(|session| session.is_mute = true);
    }

    /// What another program publishes.
    pub(crate) fn publish_foreign(
        &self,
        channel: &str,
        payload: &Bytes,
    ) -> Vec<(SessionId, Reply)> {
        if self.health == Health::Up { self.pass_on(channel, payload) } else { Vec::new() }
    }

    /// What the sessions of one run of a pod hear.
    pub(crate) fn channels_of(&self, pod: usize) -> BTreeSet<&str> {
        let own = self.sessions.values().filter(|session| session.pod == pod && !session.is_deaf);
        own.flat_map(|session| session.channels.iter().map(String::as_str)).collect()
    }

    fn carry_out(&mut self, now: u64, id: SessionId, request: Request) -> Vec<(SessionId, Reply)> {
        let Some(session) = self.sessions.get_mut(&id) else { return Vec::new() };
        match request {
            Request::Connect { probe } => {
                session.channels.insert(probe);
                session.connected_at = now;
                vec![(id, Reply::Connected)]
            }
            Request::Publish { ticket, channel, payload } => {
                let mut replies = self.pass_on(&channel, &payload);
                replies.push((id, Reply::Published(ticket)));
                replies
            }
            Request::Command { id: command, kind: CommandKind::Subscribe, channels } => {
                session.channels.extend(channels);
                vec![(id, Reply::Answered(command))]
            }
            Request::Command { id: command, kind: CommandKind::Unsubscribe, channels } => {
                channels.iter().for_each(|channel| {
                    session.channels.remove(channel);
                });
                vec![(id, Reply::Answered(command))]
            }
            Request::Append { audience, appended } => {
                self.archive.append(now, &audience, self.stream_size, appended);
                Vec::new()
            }
            Request::Renew { audience, lifetime } => {
                self.archive.renew(now, &audience, lifetime);
                Vec::new()
            }
            Request::Lack { audience, lifetime } => {
                self.archive.lack(now, &audience, lifetime);
                vec![(id, Reply::LackWritten(audience))]
            }
            Request::Read { audience } => {
                let (size, connected_at) = (self.stream_size, session.connected_at);
                let kept = self.archive.read(now, &audience, size, connected_at);
                vec![(id, Reply::Found(audience, kept))]
            }
            Request::Close => {
                self.sessions.remove(&id);
                Vec::new()
            }
        }
    }

    fn pass_on(&self, channel: &str, payload: &Bytes) -> Vec<(SessionId, Reply)> {
        let listening = self.sessions.iter().filter(|(_, session)| {
            !session.is_deaf && !session.is_cut && session.channels.contains(channel)
        });
        listening
            .map(|(id, _)| {
                (*id, Reply::Heard { channel: channel.to_owned(), payload: payload.clone() })
            })
            .collect()
    }
}
