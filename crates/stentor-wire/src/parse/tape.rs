//! The first reading, by simd-json: members from its tape, `data` from the sender's own bytes.
//!
//! The tape tells what a value is, not where it stands. But a key is a slice of the copy and
//! starts where it starts in the original, so the bytes of a value are those between the end of
//! its key and the start of the next one.

use std::borrow::Cow;

use simd_json::{Buffers, Node, StaticNode, Tape};

use super::members::{Member, Members, is_whitespace, no_object};
use crate::draft::Refusal;

#[cfg(test)]
mod tests;

/// Reads `text` by way of `copy`; `None` if simd-json refuses it, which is no verdict.
///
/// `tape` is empty before and after.
pub(super) fn read<'a>(
    copy: &'a mut Vec<u8>,
    buffers: &mut Buffers,
    tape: &mut Tape<'static>,
    text: &'a [u8],
) -> Option<Result<Members<'a>, Refusal>> {
    copy.clear();
    copy.extend_from_slice(text);
    let copy_start = copy.as_ptr() as usize;

    let mut filled: Tape<'a> = std::mem::replace(tape, Tape(Vec::new())).reset();
    let reading = match simd_json::fill_tape(copy, buffers, &mut filled) {
        Ok(()) => members(&filled.0, copy_start, text),
        Err(_) => None,
    };
    *tape = filled.reset();
    reading
}

/// Walks the top level of the tape. `None` if the tape is not what it is taken for.
fn members<'a>(
    nodes: &[Node<'a>],
    copy_start: usize,
    text: &'a [u8],
) -> Option<Result<Members<'a>, Refusal>> {
    let &Node::Object { len, .. } = nodes.first()? else { return Some(Err(no_object())) };
    let mut members = Members::default();
    let mut data_key = None;
    let mut at = 1;
    for _ in 0..len {
        let &Node::String(key) = nodes.get(at)? else { return None };
        let value = nodes.get(at + 1)?;
        if let Some(key_at) = data_key.take() {
            let next_key_at = (key.as_ptr() as usize).checked_sub(copy_start)?;
            members.data = Some(value_between(text, key_at, next_key_at.checked_sub(1)?)?);
        }
        if key == "data" {
            data_key = Some((key.as_ptr() as usize).checked_sub(copy_start)?);
        } else if let Some(place) = members.place(key) {
            *place = member(value);
        }
        at += 1 + nodes_of(value);
    }
    if let Some(key_at) = data_key {
        let brace_at = text.iter().rposition(|&byte| !is_whitespace(byte))?;
        members.data = Some(value_between(text, key_at, brace_at)?);
    }
    Some(Ok(members))
}

fn member<'a>(value: &Node<'a>) -> Member<'a> {
    match value {
        Node::String(text) => Member::Text(Cow::Borrowed(text)),
        Node::Static(StaticNode::Null) => Member::Null,
        _ => Member::Other,
    }
}

/// How many nodes of the tape a value takes.
fn nodes_of(value: &Node<'_>) -> usize {
    match value {
        Node::Object { count, .. } | Node::Array { count, .. } => count + 1,
        Node::String(_) | Node::Static(_) => 1,
    }
}

/// The value of the key whose text starts at `key_at` in the original. Behind the value stands, but
/// for whitespace and a comma, what is at `end`: the quote of the next key or the last brace.
fn value_between(text: &[u8], key_at: usize, end: usize) -> Option<&[u8]> {
    let span = text.get(key_at..end)?;
    // Escapes may make `data` longer here than in the copy, but none of them is one of a quote.
    let key_bytes = span.iter().position(|&byte| byte == b'"')?;
    let behind_key = &span[key_bytes + 1..];
    let value = trim(trim(behind_key).strip_prefix(b":")?);
    let value = trim(value.strip_suffix(b",").unwrap_or(value));
    if value.is_empty() { None } else { Some(value) }
}

fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_whitespace(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_whitespace(*last)
    {
        text = rest;
    }
    text
}
