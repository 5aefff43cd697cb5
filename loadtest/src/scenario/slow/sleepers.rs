//! Those who stall, and one healthy witness in each room who knows the messages by their ids.

use std::fmt;
use std::time::Duration;

use crate::cli::Stall;
use crate::failure::Failure;
use crate::load::connection::End;
use crate::load::guests::{Guests, Scene, Slots};
use crate::load::swarm::Call;
use crate::load::target::Target;
use crate::measure::meter::ServerMeter;
use crate::measure::moment::Moment;
use crate::measure::span_count::SpanCount;
use crate::report::Report;
use crate::scenario::fanout::describe_end;
use crate::verdict::findings::{Fault, Findings};
use crate::verdict::gaps::{GapBook, IdsHeard};
use crate::verdict::hearing::{self, Heard, Hearing, ServerEvent};
use crate::verdict::stamp::RunId;
use crate::verdict::strand::Strand;

/// How often the server's memory is read while they stall.
const METER_INTERVAL: Duration = Duration::from_millis(100);
/// The close code of a server that gives a slow consumer up.
const SLOW_CONSUMER: u16 = 1_013;

/// How they stall.
#[derive(Copy, Clone, Debug)]
pub(super) struct Stalling {
    pub(super) stall: Stall,
    pub(super) pause: Duration,
    pub(super) sip_bytes: usize,
    pub(super) sip_interval: Duration,
}

impl fmt::Display for Stalling {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stall {
            Stall::Never => out.write_str("they never read again"),
            Stall::Pause => write!(out, "a pause of {}", humantime::format_duration(self.pause)),
            Stall::Trickle => {
                let rate = 1.0 / self.sip_interval.as_secs_f64();
                write!(out, "{} bytes {rate} times a second", self.sip_bytes)
            }
        }
    }
}

/// What became of the slow ones.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct SlowTally {
    /// They heard everything.
    pub(super) unaffected: u64,
    /// They were told of gaps.
    pub(super) gapped: u64,
    /// They were closed with 1013.
    pub(super) closed: u64,
    /// They never read, and their connection was over when they looked.
    pub(super) cut_off: u64,
    /// Gaps, and the messages that these say are missing.
    pub(super) gaps: u64,
    pub(super) missed: u64,
}

/// Where all the slow ones are.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
enum Phase {
    Reading,
    /// They will stall as soon as they can.
    Tired,
    Stalled {
        until: Moment,
        sip_due: Moment,
    },
}

/// A slow one, or a witness.
#[derive(Debug)]
struct Reader {
    strand: Strand,
    book: GapBook,
    end: Option<End>,
}

/// All of them: first the witness of each room, then the slow ones, dealt to the rooms in turn.
#[derive(Debug)]
pub(super) struct Sleepers {
    stalling: Stalling,
    rooms: usize,
    readers: Vec<Reader>,
    /// What the witness of each room heard.
    ids: Vec<IdsHeard>,
    hearing: Hearing,
    phase: Phase,
    /// From when to when they stalled, as far as they did.
    pub(super) stalled: Option<(Moment, Moment)>,
    /// Messages that they and the witnesses heard.
    pub(super) delivered: SpanCount,
    server: Option<ServerMeter>,
    meter_due: Moment,
    resident_peak: Option<u64>,
    /// Messages of other runs: a gap counts them too.
    foreign: u64,
    findings: Findings,
}

impl Sleepers {
    /// Readers who are there before the first message.
    pub(super) fn new(
        stalling: Stalling,
        count: usize,
        rooms: usize,
        run: RunId,
        server: Option<ServerMeter>,
    ) -> Self {
        let reader = || Reader { strand: Strand::new(1), book: GapBook::default(), end: None };
        Self {
            stalling,
            rooms,
            readers: (0..count).map(|_| reader()).collect(),
            ids: vec![IdsHeard::new(); rooms],
            hearing: Hearing::new(run),
            phase: Phase::Reading,
            stalled: None,
            delivered: SpanCount::default(),
            server,
            meter_due: Moment::default(),
            resident_peak: None,
            foreign: 0,
            findings: Findings::default(),
        }
    }

    /// The calls of the witnesses, who are the first guests.
    pub(super) fn calls_of_witnesses(&self, target: &Target) -> impl Iterator<Item = Call> + use<> {
        let target = target.clone();
        (0..self.rooms).map(move |room| {
            let opening = target.upgrade(Some(room));
            Call { address: target.address, opening, receive_bytes: None }
        })
    }

    /// The calls of the slow ones, who are the guests behind them.
    pub(super) fn calls_of_slow(
        &self,
        target: &Target,
        events: bool,
        receive_bytes: usize,
    ) -> impl Iterator<Item = Call> + use<> {
        let (rooms, target) = (self.rooms, target.clone());
        self.slow().map(move |reader| {
            let room = reader % rooms;
            let opening = if events {
                target.upgrade_asking(room, "events=1")
            } else {
                target.upgrade(Some(room))
            };
            Call { address: target.address, opening, receive_bytes: Some(receive_bytes) }
        })
    }

    /// From the next moment on they stall.
    pub(super) fn fall_asleep(&mut self) {
        self.phase = Phase::Tired;
    }

    /// The most resident memory that the server had while they stalled, in bytes.
    pub(super) fn resident_peak(&self) -> Option<u64> {
        self.resident_peak
    }

    /// Judges all when nothing more is waited for.
    pub(super) fn close(&mut self, said: &[u32]) -> SlowTally {
        let mut tally = SlowTally::default();
        for number in 0..self.readers.len() {
            if number < self.rooms {
                self.judge_witness(number, said[number]);
            } else {
                self.judge_slow(number, said[number % self.rooms], &mut tally);
            }
        }
        tally
    }

    /// Adds the faults, and what they may come from.
    pub(super) fn add_to(&self, report: &mut Report) {
        if self.foreign > 0 {
            report.remark(
                "others talked in these rooms: a gap counts their messages too, and is then \
                 called untrue",
            );
        }
        self.findings.add_to("slow ones", report);
    }

    fn judge_witness(&mut self, room: usize, said: u32) {
        let strand = &self.readers[room].strand;
        self.findings.add_missing(strand, said, || who(room, self.rooms));
    }

    fn judge_slow(&mut self, number: usize, said: u32, tally: &mut SlowTally) {
        let (reader, rooms) = (&self.readers[number], self.rooms);
        let name = who(number, rooms);
        tally.gaps += reader.book.count();
        tally.missed += reader.book.missed();
        tally.gapped += u64::from(reader.book.count() > 0);
        // Nothing behind the last message is owed to one whose connection is over.
        let owed = if reader.end.is_some() { reader.strand.heard() } else { said };
        match &reader.end {
            None if reader.book.count() == 0 => {
                tally.unaffected += u64::from(reader.strand.lost(said) == 0);
            }
            None => {}
            Some(End::Closed(SLOW_CONSUMER)) => tally.closed += 1,
            // One that never reads cannot be told: it finds its connection over.
            Some(End::Cut(_)) if self.stalling.stall == Stall::Never => tally.cut_off += 1,
            Some(end) => self.findings.add(Fault::Ended, 1, || {
                format!("{name}: {}, and not closed with 1013", describe_end(end))
            }),
        }
        let ids = &self.ids[number % rooms];
        reader.book.close(&reader.strand, owed, ids, &name, &mut self.findings);
    }

    fn slow(&self) -> std::ops::Range<usize> {
        self.rooms..self.readers.len()
    }

    fn allow_all(&self, bytes: usize, slots: &mut Slots<'_>) {
        for number in self.slow() {
            slots.allow(number, bytes);
        }
    }

    fn begin_stall(&mut self, now: Moment, slots: &mut Slots<'_>) {
        let Stalling { stall, pause, .. } = self.stalling;
        let until = if stall == Stall::Pause { now.after(pause) } else { Moment::NEVER };
        let sip_due = if stall == Stall::Trickle { now } else { Moment::NEVER };
        self.phase = Phase::Stalled { until, sip_due };
        self.stalled = Some((now, now));
        self.allow_all(0, slots);
    }

    fn wake_up(&mut self, now: Moment, slots: &mut Slots<'_>) {
        self.phase = Phase::Reading;
        self.stalled = self.stalled.map(|(from, _)| (from, now));
        self.allow_all(usize::MAX, slots);
    }

    fn meter(&mut self, now: Moment) -> Result<(), Failure> {
        let Some(server) = self.server.filter(|_| now >= self.meter_due) else { return Ok(()) };
        self.meter_due = now.after(METER_INTERVAL);
        self.resident_peak = self.resident_peak.max(Some(server.resident_bytes()?));
        Ok(())
    }
}

impl Guests for Sleepers {
    fn act(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<(), Failure> {
        let now = scene.now;
        match &mut self.phase {
            Phase::Reading => {}
            Phase::Tired => self.begin_stall(now, slots),
            Phase::Stalled { until, .. } if now >= *until => self.wake_up(now, slots),
            Phase::Stalled { sip_due, .. } => {
                if now >= *sip_due {
                    *sip_due = now.after(self.stalling.sip_interval);
                    self.allow_all(self.stalling.sip_bytes, slots);
                }
                self.meter(now)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, scene: Scene<'_>, slots: &mut Slots<'_>) -> Result<bool, Failure> {
        if self.phase != Phase::Reading {
            self.wake_up(scene.now, slots);
        }
        let is_done = |(number, reader): (usize, &Reader)| {
            reader.end.is_some() || reader.strand.is_settled(scene.said[number % self.rooms])
        };
        Ok(self.readers.iter().enumerate().all(is_done))
    }

    fn next_due(&self) -> Moment {
        match self.phase {
            Phase::Stalled { until, sip_due } => until.min(sip_due),
            Phase::Reading | Phase::Tired => Moment::NEVER,
        }
    }

    fn handle_mark(&mut self) -> Result<(), Failure> {
        self.delivered.mark();
        Ok(())
    }

    fn handle_open(&mut self, _: usize, _: Duration, _: Scene<'_>) {}

    fn handle_text(&mut self, guest: usize, payload: &[u8], _: Scene<'_>) {
        let (room, name) = (guest % self.rooms, || who(guest, self.rooms));
        let reader = &mut self.readers[guest];
        match self.hearing.read(payload) {
            // One talker a room: the talker's number is the room's.
            Heard::Message(stamp) if stamp.talker as usize == room => {
                self.delivered.add(1);
                let arrival = reader.strand.hear(stamp.sequence);
                self.findings.add_arrival(arrival, stamp.sequence, name);
                if guest < self.rooms
                    && let Some(id) = hearing::message_id(payload)
                {
                    self.ids[room].insert(id.to_owned(), stamp.sequence);
                }
            }
            Heard::Message(stamp) => self.findings.add(Fault::Misrouted, 1, || {
                format!("{}: message {} of r{}", name(), stamp.sequence, stamp.talker)
            }),
            Heard::Event(ServerEvent::Gap(gap)) => reader.book.handle_gap(gap),
            Heard::Error(words) => {
                self.findings.add(Fault::Refused, 1, || format!("{}: {words}", name()));
            }
            Heard::Foreign => self.foreign += 1,
            Heard::Event(_) => {}
        }
    }

    fn handle_end(&mut self, guest: usize, end: End, _: Scene<'_>) {
        if guest < self.rooms {
            let name = who(guest, self.rooms);
            self.findings.add(Fault::Ended, 1, || format!("{name}: {}", describe_end(&end)));
        }
        self.readers[guest].end = Some(end);
    }
}

fn who(number: usize, rooms: usize) -> String {
    match number.checked_sub(rooms) {
        Some(slow) => format!("slow reader {slow} in r{}", number % rooms),
        None => format!("the witness in r{number}"),
    }
}
