//! Every body over its seeds and over mutations of them, the same ones every time.
//!
//! What an input broke is printed with its bytes. Put into a file of `seeds/<body>/`, which is
//! also where a crash of libFuzzer goes, they are tried first from then on.

mod layout;
mod mutation;
mod seeds;

use std::panic::{catch_unwind, resume_unwind};

use mutation::Mutator;
use stentor_fuzz::Body;

/// How many mutations of seeds each body is tried on.
const MUTATIONS: u64 = 3_000;

/// The body of this name, over its seeds and then over mutations of them.
fn keeps_its_promise(name: &str) {
    let (_, body) = stentor_fuzz::BODIES.iter().find(|(known, _)| *known == name).expect("a body");
    let seeds = seeds::of(name);
    for seed in &seeds {
        try_input(name, *body, &seed.bytes, &format!("the seed {}", seed.file));
    }
    for number in 0..MUTATIONS {
        let input = Mutator::new(number).mutation_of(&seeds);
        try_input(name, *body, &input, &format!("mutation {number}"));
    }
}

fn try_input(name: &str, body: Body, input: &[u8], what: &str) {
    if let Err(panic) = catch_unwind(|| body(input)) {
        let hex: String = input.iter().map(|byte| format!("{byte:02x}")).collect();
        eprintln!("{name}: broken by {what}, as hex:\n{hex}");
        resume_unwind(panic);
    }
}

#[test]
fn frames_are_what_an_independent_decoder_takes_them_for() {
    keeps_its_promise("frames");
}

#[test]
fn heads_get_one_answer_however_they_arrive() {
    keeps_its_promise("heads");
}

#[test]
fn messages_are_what_serde_json_takes_them_for() {
    keeps_its_promise("messages");
}

#[test]
fn relay_records_are_read_as_written_and_heard_in_order() {
    keeps_its_promise("relay");
}

#[test]
fn rooms_of_addresses_are_those_that_the_address_names() {
    keeps_its_promise("rooms");
}

#[test]
fn tokens_name_whom_the_owner_of_the_key_named() {
    keeps_its_promise("tokens");
}

#[test]
fn an_input_that_breaks_a_promise_is_noticed() {
    let broken = catch_unwind(|| try_input("none", |input| assert!(input.is_empty()), b"x", "x"));
    assert!(broken.is_err());
}
