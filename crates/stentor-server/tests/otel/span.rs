//! Spans as a collector reads them (opentelemetry-proto 1.x, `trace.proto`).

use std::collections::BTreeMap;

use crate::protobuf::{Value, all, fields, number, one};

/// `SPAN_KIND_INTERNAL` and `SPAN_KIND_SERVER`.
pub(crate) const INTERNAL: u64 = 1;
pub(crate) const SERVER: u64 = 2;

/// `STATUS_CODE_ERROR`.
pub(crate) const ERROR: u64 = 2;

/// One span.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) trace: String,
    pub(crate) id: String,
    /// Empty where it has none.
    pub(crate) parent: String,
    pub(crate) state: String,
    pub(crate) name: String,
    pub(crate) kind: u64,
    pub(crate) began: u64,
    pub(crate) ended: u64,
    pub(crate) status: u64,
    pub(crate) attributes: Attributes,
}

/// What is known of a span or of who sent it: numbers as they are written, texts in quotes.
pub(crate) type Attributes = BTreeMap<String, String>;

/// The spans of an `ExportTraceServiceRequest`, each with its resource's attributes.
pub(crate) fn spans(request: &[u8]) -> Vec<(Attributes, Span)> {
    let mut spans = Vec::new();
    for of_resource in all(request, 1) {
        let resource = attributes(&all(one(of_resource, 1), 1));
        for of_scope in all(of_resource, 2) {
            spans.extend(all(of_scope, 2).into_iter().map(|span| (resource.clone(), read(span))));
        }
    }
    spans
}

fn read(span: &[u8]) -> Span {
    Span {
        trace: hex(one(span, 1)),
        id: hex(one(span, 2)),
        state: text(one(span, 3)),
        parent: hex(one(span, 4)),
        name: text(one(span, 5)),
        kind: number(span, 6),
        began: number(span, 7),
        ended: number(span, 8),
        attributes: attributes(&all(span, 9)),
        status: number(one(span, 15), 3),
    }
}

fn attributes(pairs: &[&[u8]]) -> Attributes {
    let mut read = Attributes::new();
    for pair in pairs {
        let key = text(one(pair, 1));
        let value = match fields(one(pair, 2)).pop() {
            Some((1, Value::Bytes(bytes))) => format!("{:?}", text(bytes)),
            Some((3, Value::Number(number))) => number.to_string(),
            other => panic!("{key} is {other:?}"),
        };
        assert!(read.insert(key.clone(), value).is_none(), "{key} is there twice");
    }
    read
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
