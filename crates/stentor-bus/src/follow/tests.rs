use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use super::{Follow, TRACE_TARGET};

/// Notes what spans of traces are called, are told and when they end.
#[derive(Clone, Debug, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Notes {
    fn add(&self, line: String) {
        self.0.lock().expect("no panic").push(line);
    }

    fn taken(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no panic"))
    }
}

impl Visit for Notes {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.add(format!("{field} {value:?}"));
    }
}

impl Layer<Registry> for Notes {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, Registry>) {
        assert_eq!(span.metadata().target(), TRACE_TARGET);
        self.add(span.metadata().name().to_owned());
    }

    fn on_record(&self, _: &Id, values: &Record<'_>, _: Context<'_, Registry>) {
        values.record(&mut self.clone());
    }

    fn on_close(&self, _: Id, _: Context<'_, Registry>) {
        self.add("closed".to_owned());
    }
}

#[test]
fn the_span_ends_with_the_last_holder_and_says_how_many_went_where() {
    let notes = Notes::default();
    with_default(tracing_subscriber::registry().with(notes.clone()), || {
        let publication = tracing::info_span!(target: TRACE_TARGET, "publication");
        let follow = Arc::new(Follow::begin(&publication));
        let held: Vec<_> = (0..3).map(|_| Arc::clone(&follow)).collect();
        held.iter().for_each(|follow| follow.note_message());
        follow.note_published();
        drop(follow);
        held[1].note_deferred();
        assert_eq!(notes.taken(), ["publication", "publish to pods"]);
        drop(held);
        let told = ["stentor.messages 3", "stentor.published 1", "stentor.deferred 1", "closed"];
        assert_eq!(notes.taken(), told);
    });
}
