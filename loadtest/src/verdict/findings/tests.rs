use super::*;

#[test]
fn every_kind_is_counted_in_its_own_place() {
    for (at, (fault, _)) in KINDS.iter().enumerate() {
        let mut findings = Findings::default();

        findings.add(*fault, at as u64 + 1, String::new);

        assert_eq!(findings.count(*fault), at as u64 + 1);
        let others = KINDS.iter().filter(|(other, _)| other != fault);
        assert_eq!(others.map(|(other, _)| findings.count(*other)).sum::<u64>(), 0);
    }
}

#[test]
fn faults_beyond_the_named_ones_are_counted() {
    let mut findings = Findings::default();

    for number in 0..NAMED_MAX + 5 {
        findings.add(Fault::Lost, 1, || number.to_string());
    }

    assert_eq!(findings.count(Fault::Lost), NAMED_MAX as u64 + 5);
    assert_eq!(findings.named.len(), NAMED_MAX);
}

#[test]
fn what_never_came_is_named_and_nothing_is_no_fault() {
    let (mut whole, mut torn) = (Strand::new(1), Strand::new(1));
    whole.hear(1);
    torn.hear(3);
    let mut findings = Findings::default();

    findings.add_missing(&whole, 1, || "one".to_owned());
    assert!(findings.is_empty());
    findings.add_missing(&torn, 4, || "two".to_owned());

    assert_eq!(findings.named, ["two: messages 1 to 2, message 4 never came"]);
    assert_eq!(findings.count(Fault::Lost), 3);
}
