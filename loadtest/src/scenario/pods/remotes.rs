//! Listeners on other pods than the talkers': each is owed everything from the first message on.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::failure::Failure;
use crate::load::connection::End;
use crate::load::guests::{Guests, Scene, Slots};
use crate::load::seating::Seating;
use crate::load::swarm::Call;
use crate::load::target::Target;
use crate::measure::meter::ServerMeter;
use crate::measure::moment::Moment;
use crate::measure::span_count::SpanCount;
use crate::measure::timeline::{SLICES_OF_A_SPAN, Timeline};
use crate::report::Report;
use crate::scenario::fanout::describe_end;
use crate::verdict::findings::{Fault, Findings};
use crate::verdict::hall;
use crate::verdict::hearing::{Heard, Hearing};
use crate::verdict::stamp::RunId;
use crate::verdict::visit::Visit;

/// All remote listeners, dealt to the pods first and to the rooms then.
#[derive(Debug)]
pub(super) struct Remotes {
    pods: usize,
    rooms: usize,
    visits: Vec<Visit>,
    is_gone: Vec<bool>,
    hearing: Hearing,
    latency: Histogram<u64>,
    /// The same over time.
    pub(super) timeline: Option<Timeline>,
    /// Messages due within this span count for the latency.
    span: (Moment, Moment),
    /// Messages that they heard.
    pub(super) delivered: SpanCount,
    /// Whose CPU time is read.
    meters: Vec<ServerMeter>,
    /// It at the ends of the measured span, in the order of the meters.
    cpu: Vec<Vec<Duration>>,
    findings: Findings,
}

impl Remotes {
    /// So many listeners, who are there before the first message.
    ///
    /// # Errors
    /// None with the bounds of a histogram.
    pub(super) fn new(
        pods: &[Target],
        count: usize,
        seating: Seating,
        run: RunId,
        meters: Vec<ServerMeter>,
    ) -> Result<Self, Failure> {
        let (pods, rooms) = (pods.len(), seating.rooms);
        let nothing_said = vec![0; seating.talkers_total()];
        let visit = |number: usize| {
            let mut visit = Visit::new(number / pods % rooms, seating.talkers);
            visit.open(&nothing_said);
            visit
        };
        Ok(Self {
            pods,
            rooms,
            visits: (0..count).map(visit).collect(),
            is_gone: vec![false; count],
            hearing: Hearing::new(run),
            latency: hall::latency_histogram()?,
            timeline: None,
            span: (Moment::NEVER, Moment::NEVER),
            delivered: SpanCount::default(),
            meters,
            cpu: Vec::new(),
            findings: Findings::default(),
        })
    }

    /// The calls of all, in their order.
    pub(super) fn calls(&self, pods: &[Target]) -> impl Iterator<Item = Call> + use<> {
        let (pods, rooms, count) = (pods.to_vec(), self.rooms, self.visits.len());
        (0..count).map(move |number| {
            let pod = &pods[number % pods.len()];
            let opening = pod.upgrade(Some(number / pods.len() % rooms));
            Call { address: pod.address, opening, receive_bytes: None }
        })
    }

    /// Latencies of the messages due within the measured span.
    pub(super) fn latency(&self) -> &Histogram<u64> {
        &self.latency
    }

    /// What each metered process spent within the measured span, in the order of the meters.
    pub(super) fn cpu(&self) -> Vec<Duration> {
        let [first, .., last] = self.cpu.as_slice() else { return Vec::new() };
        let spans = first.iter().zip(last);
        spans.map(|(first, last)| last.saturating_sub(*first)).collect()
    }

    /// Judges all when nothing more is waited for.
    pub(super) fn close(&mut self, said: &[u32]) {
        for (number, visit) in self.visits.iter().enumerate() {
            let name = || who(number, self.pods, self.rooms);
            if self.is_gone[number] {
                // The end is a fault already; what came behind it is owed to nobody.
                visit.close_early(&mut self.findings, name);
            } else {
                visit.close(visit.of_room(said), &mut self.findings, name);
            }
        }
    }

    /// Adds the faults.
    pub(super) fn add_to(&self, report: &mut Report) {
        self.findings.add_to("remote listeners", report);
    }
}

impl Guests for Remotes {
    fn act(&mut self, _: Scene<'_>, _: &mut Slots<'_>) -> Result<(), Failure> {
        Ok(())
    }

    fn finish(&mut self, scene: Scene<'_>, _: &mut Slots<'_>) -> Result<bool, Failure> {
        let mut all = self.visits.iter().zip(&self.is_gone);
        Ok(all.all(|(visit, gone)| *gone || visit.is_settled(visit.of_room(scene.said))))
    }

    fn handle_span(&mut self, from: Moment, to: Moment) -> Result<(), Failure> {
        self.span = (from, to);
        self.timeline = Some(Timeline::over(from, to, SLICES_OF_A_SPAN));
        Ok(())
    }

    fn handle_mark(&mut self) -> Result<(), Failure> {
        self.cpu.push(self.meters.iter().map(ServerMeter::cpu).collect::<Result<_, _>>()?);
        self.delivered.mark();
        Ok(())
    }

    fn handle_open(&mut self, _: usize, _: Duration, _: Scene<'_>) {}

    fn handle_text(&mut self, guest: usize, payload: &[u8], scene: Scene<'_>) {
        let name = || who(guest, self.pods, self.rooms);
        match self.hearing.read(payload) {
            Heard::Message(stamp) => {
                let heard = self.visits[guest].hear(&stamp, &mut self.findings, name);
                self.delivered.add(u64::from(heard));
                if stamp.due >= self.span.0 && stamp.due < self.span.1 {
                    let latency = scene.now.0.saturating_sub(stamp.due.0);
                    self.latency.saturating_record(latency);
                    if let Some(timeline) = &mut self.timeline {
                        timeline.record(stamp.due, latency);
                    }
                }
            }
            Heard::Error(words) => {
                self.findings.add(Fault::Refused, 1, || format!("{}: {words}", name()));
            }
            Heard::Event(_) | Heard::Foreign => {}
        }
    }

    fn handle_end(&mut self, guest: usize, end: End, _: Scene<'_>) {
        let name = || who(guest, self.pods, self.rooms);
        self.is_gone[guest] = true;
        self.findings.add(Fault::Ended, 1, || format!("{}: {}", name(), describe_end(&end)));
    }
}

fn who(number: usize, pods: usize, rooms: usize) -> String {
    let (pod, room) = (number % pods + 1, number / pods % rooms);
    format!("listener {} on pod {pod} in r{room}", number / pods / rooms)
}
