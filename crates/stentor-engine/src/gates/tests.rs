use super::*;

fn gates(change: impl FnOnce(&mut EngineConfig)) -> Arc<Gates> {
    let mut config = EngineConfig::default();
    change(&mut config);
    Arc::new(Gates::new(&config, Instant::now()))
}

fn claim_from(address: &str) -> Claim {
    let address = AddressBlock::of(address.parse().expect("an address"));
    Claim { address: Some(address), ..Claim::default() }
}

const RESUMES: Claim = Claim { resumes: true, address: None };

#[test]
fn a_place_is_free_again_as_soon_as_it_is_dropped() {
    let gates = gates(|config| config.connections_max = 1);
    let place = gates.take_place(Claim::default()).expect("a place");
    assert_eq!(gates.gate(), Gate::Full);
    assert_eq!(gates.take_place(Claim::default()).err(), Some(Gate::Full));
    drop(place);
    assert_eq!(gates.gate(), Gate::Open);
}

#[test]
fn a_refusal_by_address_takes_no_place_and_others_come_in() {
    let gates = gates(|config| config.connections_per_address_max = 2);
    let mut places: Vec<Place> =
        (0..2).map(|_| gates.take_place(claim_from("2001:db8::1")).expect("a place")).collect();
    let refused = gates.take_place(claim_from("2001:db8::2"));
    assert_eq!(refused.err(), Some(Gate::AddressFull));
    places.push(gates.take_place(claim_from("192.0.2.1")).expect("a place"));
    places.push(gates.take_place(Claim::default()).expect("a place"));
    assert_eq!((gates.places_taken(), gates.addresses()), (4, 2));
    drop(places);
    assert_eq!((gates.places_taken(), gates.addresses()), (0, 0));
}

#[test]
fn the_last_handshakes_are_for_those_who_resume() {
    let gates = gates(|config| config.handshakes_max = 16);
    let mut under_way: Vec<_> = (0..14).map_while(|_| gates.begin_handshake()).collect();
    assert_eq!((under_way.len(), gates.gate()), (14, Gate::Open));
    under_way.extend(gates.begin_handshake());
    let crowded = Gate::Crowded { backlog: Duration::ZERO };
    assert_eq!(gates.gate(), crowded);
    assert_eq!(gates.take_place(Claim::default()).err(), Some(crowded));
    assert!(gates.take_place(RESUMES).is_ok());
    under_way.extend(gates.begin_handshake());
    assert!(gates.begin_handshake().is_none());
    under_way.push(gates.prolong_handshake());
    assert_eq!(gates.handshakes(), 17);
    drop(under_way);
    assert_eq!((gates.handshakes(), gates.gate()), (0, Gate::Open));
}

#[test]
fn changed_bounds_count_from_then_on_and_who_is_in_stays() {
    let gates = gates(|config| config.connections_max = 2);
    let mut places = vec![gates.take_place(claim_from("192.0.2.1")).expect("a place")];
    let limits = Limits {
        connections_max: 3,
        handshakes_max: 1,
        connections_per_address_max: 1,
        accept_rate: 2,
        ..Limits::of(&EngineConfig::default())
    };
    gates.change(&limits);
    // The first is not counted: nobody was when it came.
    places.push(gates.take_place(claim_from("192.0.2.1")).expect("a place"));
    assert_eq!(gates.take_place(claim_from("192.0.2.1")).err(), Some(Gate::AddressFull));
    places.push(gates.take_place(claim_from("192.0.2.2")).expect("a place"));
    assert_eq!((gates.gate(), gates.connections_max()), (Gate::Full, 3));
    let under_way = gates.begin_handshake().expect("one");
    assert!(gates.begin_handshake().is_none());
    gates.change(&Limits { connections_max: 1, accept_rate: 0, ..limits });
    assert_eq!((gates.gate(), gates.places_taken()), (Gate::Full, 3));
    gates.change(&Limits { connections_per_address_max: 0, ..limits });
    drop((places, under_way));
    assert_eq!((gates.places_taken(), gates.addresses()), (0, 0));
}

#[test]
fn a_second_of_connections_passes_at_once_and_two_of_those_who_resume() {
    let rate = AcceptRate::new(10);
    let now = Duration::from_secs(100);
    let passed = |resumes| (0..50).take_while(|_| rate.take(now, resumes).is_ok()).count();
    assert_eq!(rate.look(now), Gate::Open);
    assert_eq!(passed(false), 10);
    assert_eq!(rate.look(now), Gate::Crowded { backlog: Duration::ZERO });
    assert_eq!(passed(true), 10);
    assert_eq!(rate.look(now), Gate::Overrun { backlog: Duration::ZERO });
    // What those who resume took ahead is missing to the others first.
    let later = now + Duration::from_secs(1);
    assert!(rate.take(later, false).is_err() && rate.take(later, true).is_ok());
    let later = now + Duration::from_millis(1_200);
    assert!(rate.take(later, false).is_ok() && rate.take(later, false).is_err());
}

#[test]
fn a_rate_of_one_lets_one_in_a_second_and_none_lets_in_everybody() {
    let one = AcceptRate::new(1);
    assert!(one.take(Duration::ZERO, false).is_ok());
    assert!(one.take(Duration::from_millis(999), false).is_err());
    assert!(one.take(Duration::from_secs(1), false).is_ok());
    let none = AcceptRate::new(0);
    assert!((0..100_000).all(|_| none.take(Duration::ZERO, false).is_ok()));
}

#[test]
fn the_backlog_is_the_time_that_those_turned_away_need_and_passes_with_time() {
    let rate = AcceptRate::new(10);
    let now = Duration::from_secs(5);
    (0..10).for_each(|_| assert!(rate.take(now, false).is_ok()));
    (0..30).for_each(|_| rate.note_turned_away(now));
    assert_eq!(rate.look(now), Gate::Crowded { backlog: Duration::from_secs(3) });
    (0..10).for_each(|_| assert!(rate.take(now, true).is_ok()));
    let later = now + Duration::from_millis(500);
    assert_eq!(rate.look(later), Gate::Crowded { backlog: Duration::from_millis(2_500) });
}

#[test]
fn many_threads_take_no_more_than_there_is_and_leave_nothing() {
    let gates = gates(|config| {
        config.connections_max = 50;
        config.connections_per_address_max = 20;
    });
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let gates = &gates;
            scope.spawn(move || {
                for round in 0..500_u16 {
                    let claim = claim_from(&format!("192.0.2.{}", round % 3 + u16::from(thread)));
                    let places: Vec<_> =
                        (0..25).map_while(|_| gates.take_place(claim).ok()).collect();
                    assert!(places.len() <= 20 && gates.places_taken() <= 50);
                }
            });
        }
    });
    assert_eq!((gates.places_taken(), gates.addresses()), (0, 0));
}
