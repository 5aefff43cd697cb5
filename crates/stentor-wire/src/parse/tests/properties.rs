//! Both readings against serde_json as the oracle, over random documents and broken ones.

use std::collections::BTreeMap;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::value::RawValue;
use simd_json::{Buffers, Tape};

use crate::error_code::ErrorCode;
use crate::parse::members::Members;
use crate::parse::{Parser, depth, second_reading, tape};

/// A space of JSON, mostly none.
fn space() -> impl Strategy<Value = &'static str> {
    prop_oneof![5 => Just(""), 1 => select(vec![" ", "\n", "\t", "\r\n ", "  "])]
}

/// A JSON string with escapes of every kind.
fn string() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-Z0-9 ,:{}\\[\\]]{0,12}",
        2 => select(vec![
            "\\\"", "\\\\", "\\/", "\\n", "\\u0041", "\\u00e9", "\\ud83e\\udd80", "é", "🦀",
            "\u{2028}", "\\u0000", "\u{7f}",
        ]).prop_map(str::to_owned),
        1 => select(vec!["\\ud800", "\\udc00x", "\\ud800\\ud800"]).prop_map(str::to_owned),
    ];
    vec(piece, 0..5).prop_map(|pieces| format!("\"{}\"", pieces.concat()))
}

fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        select(vec![
            "null",
            "true",
            "false",
            "0",
            "-0",
            "1e999",
            "-1E-999",
            "18446744073709551616",
            "-9223372036854775809",
            "0.1",
            "1.5e+3",
            "123456789012345678901234567890",
        ])
        .prop_map(str::to_owned),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(|n| format!("{n:e}")),
        string(),
    ]
}

fn value() -> impl Strategy<Value = String> {
    scalar().prop_recursive(5, 40, 5, |inner| {
        let item = (space(), inner.clone(), space()).prop_map(|(a, v, b)| format!("{a}{v}{b}"));
        let pair = (space(), string(), space(), inner)
            .prop_map(|(a, key, b, value)| format!("{a}{key}{b}:{value}"));
        prop_oneof![
            vec(item, 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            vec(pair, 0..5).prop_map(|pairs| format!("{{{}}}", pairs.join(","))),
        ]
    })
}

/// A member of a message: its own names, some of them written with escapes, and others.
fn member() -> impl Strategy<Value = String> {
    let key = prop_oneof![
        4 => select(vec!["\"data\"", "\"da\\u0074a\"", "\"\\u0064ata\""]).prop_map(str::to_owned),
        3 => select(vec![
            "\"type\"", "\"room\"", "\"id\"", "\"from\"", "\"timestamp\"", "\"\\u0069d\"", "\"\"",
        ]).prop_map(str::to_owned),
        2 => string(),
    ];
    let known = select(vec!["\"chat\"", "\"ping\"", "\"a\"", "\"\"", "\"ch\\u0061t\""]);
    let value = prop_oneof![3 => value(), 1 => known.prop_map(str::to_owned)];
    (space(), key, space(), space(), value, space())
        .prop_map(|(a, key, b, c, value, d)| format!("{a}{key}{b}:{c}{value}{d}"))
}

fn message() -> impl Strategy<Value = String> {
    (space(), vec(member(), 0..7), space())
        .prop_map(|(a, members, b)| format!("{a}{{{}}}{b}", members.join(",")))
}

#[derive(Debug, Clone)]
enum Damage {
    Replace(Index, u8),
    Remove(Index),
    Insert(Index, u8),
    CutAt(Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = || {
        let telling = select(b"{}[]\",:\\ue0-.\n\x00\x1f\x7f\xc3\xff \xed".to_vec());
        prop_oneof![2 => telling, 1 => any::<u8>()]
    };
    prop_oneof![
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        any::<Index>().prop_map(Damage::Remove),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        any::<Index>().prop_map(Damage::CutAt),
    ]
}

fn damaged(text: String, damages: &[Damage]) -> Vec<u8> {
    let mut text = text.into_bytes();
    for damage in damages {
        if text.is_empty() {
            break;
        }
        match damage {
            Damage::Replace(at, byte) => {
                let at = at.index(text.len());
                text[at] = *byte;
            }
            Damage::Remove(at) => {
                text.remove(at.index(text.len()));
            }
            Damage::Insert(at, byte) => text.insert(at.index(text.len() + 1), *byte),
            Damage::CutAt(at) => text.truncate(at.index(text.len())),
        }
    }
    text
}

/// What both readings owe to the oracle, for any bytes.
fn check_against_the_oracle(text: &[u8]) -> Result<(), TestCaseError> {
    let is_json = serde_json::from_slice::<&RawValue>(text).is_ok();
    let is_invalid_json = |refusal: &crate::draft::Refusal| refusal.code == ErrorCode::InvalidJson;

    let mut parser = Parser::new();
    let verdict = parser.parse_client(text);
    let is_accepted_json = !verdict.as_ref().is_err_and(is_invalid_json);
    prop_assert_eq!(is_accepted_json, is_json && depth::check(text).is_ok());

    let second = second_reading::read(text);
    prop_assert_eq!(!second.as_ref().is_err_and(is_invalid_json), is_json);

    let (mut copy, mut buffers, mut kept) = (Vec::new(), Buffers::new(0), Tape(Vec::new()));
    if let Some(first) = tape::read(&mut copy, &mut buffers, &mut kept, text) {
        prop_assert_eq!(&first, &second);
    }
    if let Ok(members) = second {
        check_data(text, &members)?;
    }
    Ok(())
}

/// `data` has the bytes of serde_json's raw value; a map keeps the last of several as we do.
fn check_data(text: &[u8], members: &Members<'_>) -> Result<(), TestCaseError> {
    // Keys with a lone surrogate are no String: the oracle has no opinion then.
    let Ok(oracle) = serde_json::from_slice::<BTreeMap<String, &RawValue>>(text) else {
        return Ok(());
    };
    let expected = oracle.get("data").map(|raw| raw.get());
    let data = members.data.map(|data| std::str::from_utf8(data).expect("a part of UTF-8 text"));
    prop_assert_eq!(data, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn random_messages_are_read_as_serde_json_reads_them(text in message()) {
        prop_assert!(serde_json::from_str::<&RawValue>(&text).is_ok(), "the generator makes JSON");
        check_against_the_oracle(text.as_bytes())?;
    }

    #[test]
    fn random_values_are_read_as_serde_json_reads_them(text in value()) {
        check_against_the_oracle(text.as_bytes())?;
    }

    #[test]
    fn damaged_messages_get_serde_jsons_verdict(
        text in message(),
        damages in vec(damage(), 1..4),
    ) {
        check_against_the_oracle(&damaged(text, &damages))?;
    }

    #[test]
    fn random_bytes_get_serde_jsons_verdict(text in vec(any::<u8>(), 0..200)) {
        check_against_the_oracle(&text)?;
    }

    #[test]
    fn a_parser_carries_nothing_from_one_message_to_the_next(
        texts in vec((message(), vec(damage(), 0..2)), 1..6),
    ) {
        let mut kept = Parser::new();
        for (text, damages) in texts {
            let text = damaged(text, &damages);
            let mut fresh = Parser::new();
            prop_assert_eq!(kept.parse_backend(&text), fresh.parse_backend(&text));
        }
    }
}
