//! Arrivals: what a pod's bus hands to its shards, as the engine's driver takes it.

use stentor_bus::channel::Audience;
use stentor_bus::inbox::{self, Arrival, Gap, Told};
use stentor_bus::relay;
use stentor_shard::{Delivery, Passage};

use super::World;
use crate::client::Text;
use crate::mutation::Mutation;

impl World {
    pub(super) fn take_batch(
        &mut self,
        pod: usize,
        shard: usize,
        batch: Result<Vec<Arrival>, usize>,
    ) {
        match batch {
            Ok(arrivals) => {
                arrivals.into_iter().for_each(|arrival| self.take_arrival(pod, shard, arrival));
            }
            Err(batches) => {
                self.trace.note(self.now, || format!("{pod}/{shard} lags {batches} batches"));
                if self.plan.mutation != Some(Mutation::ForgetGaps) {
                    let now = self.pods[pod].now(self.now);
                    self.pods[pod].sides[shard].shard.handle_lag(now);
                    self.oracle.told(self.now, (pod, shard), None, None);
                }
            }
        }
    }

    fn take_arrival(&mut self, pod: usize, shard: usize, arrival: Arrival) {
        match arrival {
            Arrival::Delivery(delivery) => self.take_delivery(pod, shard, delivery),
            Arrival::Gap(gap) => self.take_gap(pod, shard, gap),
            Arrival::Tale(told) => {
                let now = self.pods[pod].now(self.now);
                let Told { pod: of, audience, tale } = told;
                let shard = &mut self.pods[pod].sides[shard].shard;
                shard.handle_tale(now, Some(&of), audience.as_ref(), &tale);
            }
            Arrival::Proof(proof) => {
                let now = self.pods[pod].now(self.now);
                let side = &mut self.pods[pod].sides[shard];
                side.shard.handle_proof(now, proof.until_unix_millis);
                side.proof = Some(proof.number);
            }
            Arrival::Delayed => {
                let now = self.pods[pod].now(self.now);
                self.pods[pod].sides[shard].shard.handle_delay(now);
            }
            Arrival::Heard(audience) => self.take_hearing(pod, shard, Hearing::Of(audience)),
            Arrival::Unheard => self.take_hearing(pod, shard, Hearing::OfNobody),
            Arrival::Lost(audience) | Arrival::Left(audience) => {
                self.take_hearing(pod, shard, Hearing::NoMoreOf(audience));
            }
        }
    }

    fn take_delivery(&mut self, pod: usize, shard: usize, delivery: inbox::Delivery) {
        let now = self.pods[pod].now(self.now);
        let forgets = self.plan.mutation == Some(Mutation::ForgetDuplicates);
        let delivery = Delivery {
            chosen_id: delivery.chosen_id().filter(|_| !forgets),
            room: delivery.audience,
            frame: delivery.frame,
            passage: Passage::from_elsewhere(delivery.place),
        };
        let side = &mut self.pods[pod].sides[shard];
        if delivery.room.as_ref().is_none_or(|room| side.shard.minds_room(room)) {
            side.shard.handle_arrival(now, &delivery);
            self.note_reached(pod, shard, &delivery);
        }
    }

    fn take_gap(&mut self, pod: usize, shard: usize, gap: Gap) {
        let now = self.pods[pod].now(self.now);
        let room = gap.audience.as_ref();
        let side = &mut self.pods[pod].sides[shard];
        let forgets = self.plan.mutation == Some(Mutation::ForgetHoles);
        if forgets && room.is_some_and(|room| !side.shard.has_room(room)) {
            return;
        }
        side.shard.handle_gap(now, room, gap.missed);
        self.trace.note(self.now, || {
            format!("{pod}/{shard} is told of a gap of {:?} in {room:?}", gap.missed)
        });
        self.oracle.told(self.now, (pod, shard), Some(gap.audience), gap.missed);
    }

    fn take_hearing(&mut self, pod: usize, shard: usize, hearing: Hearing) {
        if self.plan.mutation == Some(Mutation::BelieveToHear) {
            return;
        }
        let now = self.pods[pod].now(self.now);
        let shard = &mut self.pods[pod].sides[shard].shard;
        match hearing {
            Hearing::Of(audience) => shard.handle_audience_heard(now, audience.as_ref()),
            Hearing::NoMoreOf(audience) => shard.handle_audience_unheard(audience.as_ref()),
            Hearing::OfNobody => shard.handle_pods_unheard(),
        }
    }

    /// Tells the oracle what has come to a shard, where it wants to know.
    pub(super) fn note_reached(&mut self, pod: usize, shard: usize, delivery: &Delivery) {
        if self.plan.history.is_none() {
            return;
        }
        let message = relay::message_of_frame(&delivery.frame).expect("an envelope's frame");
        if let Ok(text) = serde_json::from_slice::<Text>(&message)
            && let Some(number) = text.data.n
        {
            self.oracle.brought(self.now, (pod, shard), number);
        }
    }
}

/// What changes in what other pods are heard of.
enum Hearing {
    Of(Audience),
    NoMoreOf(Audience),
    OfNobody,
}
