//! Whose trace a request belongs to: W3C Trace Context, level 1.
//!
//! The bad case first: headers that are malformed, or sent twice, name no trace; the request begins
//! one of its own, as the specification has it (section 4.3).

use hyper::HeaderMap;
use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const TRACEPARENT: &str = "traceparent";
const TRACESTATE: &str = "tracestate";

/// The longest `tracestate` that is passed on, in bytes; the specification asks for 512 at least.
const TRACESTATE_BYTES_MAX: usize = 1_024;

/// The span as part of the trace that the headers name. A disabled one where the sampler, which asks
/// the parent first, does not want it: then nothing is done for it from here on.
pub(super) fn adopt(span: Span, headers: &HeaderMap) -> Span {
    let named = Named::by(headers);
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &named);
    // An error says that nobody wants the span, which is looked at next.
    let _ = span.set_parent(parent);
    if span.context().span().span_context().is_sampled() { span } else { Span::none() }
}

/// What the headers say of a trace.
#[derive(Debug, Default)]
struct Named {
    traceparent: Option<String>,
    tracestate: Option<String>,
}

impl Named {
    fn by(headers: &HeaderMap) -> Named {
        let texts = |name| headers.get_all(name).iter().map(|value| value.to_str().ok());
        let mut traceparents = texts(TRACEPARENT);
        let traceparent = traceparents.next().flatten().map(str::to_owned);
        if traceparents.next().is_some() || !traceparent.as_deref().is_some_and(is_well_formed) {
            return Named::default();
        }
        // Several are one list, in their order (section 3.3.1.1); one that is no text, none of it.
        let tracestate: Option<Vec<&str>> = texts(TRACESTATE).collect();
        let tracestate = tracestate.map(|states| states.join(","));
        let tracestate = tracestate.filter(|state| state.len() <= TRACESTATE_BYTES_MAX);
        Named { traceparent, tracestate }
    }
}

/// The SDK is lenient about the lengths of the parts, and takes what the grammar does not (section 3.2).
fn is_well_formed(traceparent: &str) -> bool {
    let lengths: Vec<usize> = traceparent.split('-').map(str::len).collect();
    let hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    lengths.starts_with(&[2, 32, 16, 2])
        && traceparent.split('-').take(4).all(hex)
        && !traceparent.starts_with("ff")
        && (!traceparent.starts_with("00") || lengths.len() == 4)
}

impl Extractor for Named {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            TRACEPARENT => self.traceparent.as_deref(),
            TRACESTATE => self.tracestate.as_deref(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT, TRACESTATE]
    }
}

#[cfg(test)]
mod tests;
