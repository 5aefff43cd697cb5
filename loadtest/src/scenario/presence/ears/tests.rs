use super::*;

fn count(members: i64) -> Vec<u8> {
    format!(r#"{{"id":"x","type":"presence","room":"r1","data":{{"members":{members}}}}}"#).into()
}

fn name(status: &str) -> Vec<u8> {
    let data = format!(r#"{{"status":"{status}","user":null,"client_id":"y"}}"#);
    format!(r#"{{"id":"x","type":"presence","room":"r1","data":{data}}}"#).into()
}

#[test]
fn a_number_is_believed_and_follows_the_names_behind_it() {
    let mut ears = Ears::new(3, 0);
    ears.hear(0, &count(10), Moment(5));
    for status in ["online", "offline", "offline", "away"] {
        ears.hear(0, &name(status), Moment(7));
    }
    ears.hear(1, &count(8), Moment(7));
    ears.hear(2, &name("online"), Moment(7));

    let told = ears.take(9, Moment(4), |_| true);

    assert_eq!((told.counts, told.names, told.untold, told.wrong), (2, 5, 1, 1));
    assert_eq!(told.last_after.as_nanos(), 3);
    assert_eq!(
        told.bytes as usize,
        [count(10), count(8)].concat().len() + {
            ["online", "offline", "offline", "away", "online"]
                .map(|of| name(of).len())
                .iter()
                .sum::<usize>()
        }
    );
}

#[test]
fn who_is_gone_is_not_asked_what_it_believes() {
    let mut ears = Ears::new(2, 0);
    ears.hear(0, &count(2), Moment(1));
    ears.hear(1, &count(1), Moment(1));

    let told = ears.take(1, Moment(0), |index| index == 1);

    assert_eq!((told.untold, told.wrong), (0, 0));
    assert_eq!(ears.take(1, Moment(0), |_| true).counts, 0, "counted once");
}

#[test]
fn whatever_comes_to_a_bystander_is_one_too_many_and_no_presence() {
    let mut ears = Ears::new(2, 1);
    ears.hear(0, &count(2), Moment(1));
    ears.hear(0, b"rubbish", Moment(1));
    ears.hear(1, br#"{"type":"presence""#, Moment(1));
    ears.hear(1, b"rubbish", Moment(1));

    let told = ears.take(2, Moment(0), |_| true);

    assert_eq!((told.unasked, told.counts, told.names), (2, 0, 0));
}
