use super::*;

fn named(pairs: &[(&'static str, &[u8])]) -> Named {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(*name, value.to_vec().try_into().expect("bytes that a header may have"));
    }
    Named::by(&headers)
}

const GOOD: &[u8] = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

#[test]
fn a_good_traceparent_counts_and_states_are_one_list() {
    let named = named(&[(TRACEPARENT, GOOD), (TRACESTATE, b"a=1"), (TRACESTATE, b"b=2,c=3")]);
    assert_eq!(named.get(TRACEPARENT).map(str::as_bytes), Some(GOOD));
    assert_eq!(named.get(TRACESTATE), Some("a=1,b=2,c=3"));
}

#[test]
fn a_later_version_may_have_more_behind_what_is_known() {
    let later = b"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-else";
    assert!(named(&[(TRACEPARENT, later)]).traceparent.is_some());
}

#[test]
fn what_is_malformed_or_said_twice_names_no_trace() {
    let bad: [&[u8]; 12] = [
        b"",
        b"00",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        b"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
        b"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        b"+0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        b"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        b"00-\xc3\xa4f92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        b"00 4bf92f3577b34da6a3ce929d0e0e4736 00f067aa0ba902b7 01",
    ];
    for text in bad {
        assert!(named(&[(TRACEPARENT, text)]).traceparent.is_none(), "{}", text.escape_ascii());
    }
    assert!(named(&[(TRACEPARENT, GOOD), (TRACEPARENT, GOOD)]).traceparent.is_none());
}

#[test]
fn a_state_that_is_no_text_or_too_long_is_left_out_and_the_parent_is_not() {
    let long = format!("a={}", "x".repeat(TRACESTATE_BYTES_MAX));
    for state in [&b"a=\xff"[..], long.as_bytes()] {
        let named = named(&[(TRACEPARENT, GOOD), (TRACESTATE, state)]);
        assert!(named.traceparent.is_some() && named.tracestate.is_none());
    }
}
