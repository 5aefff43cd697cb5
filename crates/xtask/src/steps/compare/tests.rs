//! Orders are read as they are meant.

use super::*;

fn order(line: &str) -> Result<Order, String> {
    Order::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
}

#[test]
fn all_are_measured_at_full_length_unless_told_otherwise() {
    assert_eq!(order(""), Ok(Order { plan: Plan::Full, peers: Peer::ALL.to_vec() }));
}

#[test]
fn a_choice_stands_in_the_order_of_the_table_and_once() {
    let peers = vec![Peer::Stentor, Peer::Nats];

    assert_eq!(order("--only nats,stentor,nats --quick"), Ok(Order { plan: Plan::Quick, peers }));
}

#[test]
fn an_order_that_makes_no_sense_is_told_in_words() {
    for (line, said) in [
        ("--only", "`--only` needs names"),
        ("--only stentor,phoenix", "no peer `phoenix`"),
        ("--only stentor,", "no peer ``"),
        ("--fast", "not `--fast`"),
        ("quick", "not `quick`"),
    ] {
        let fault = order(line).expect_err(line);
        assert!(fault.contains(said), "{fault}");
    }
}
