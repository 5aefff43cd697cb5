use super::{CloseCode, is_allowed_from_peer};
use crate::frame::CONTROL_BYTES_MAX;

#[test]
fn the_table_holds_the_codes_of_the_contract_in_order() {
    let codes: Vec<u16> = CloseCode::ALL.iter().map(|known| known.code()).collect();

    assert_eq!(codes, [1000, 1001, 1002, 1007, 1009, 1011, 1013, 4401, 4403, 4408, 4429]);
}

#[test]
fn a_code_is_found_again_by_its_number() {
    for &known in CloseCode::ALL {
        assert_eq!(CloseCode::from_code(known.code()), Some(known));
    }
    for unknown in [0, 1005, 1006, 1012, 4400, u16::MAX] {
        assert_eq!(CloseCode::from_code(unknown), None);
    }
}

#[test]
fn labels_are_unique_and_fit_a_metric() {
    for (at, known) in CloseCode::ALL.iter().enumerate() {
        let earlier = &CloseCode::ALL[..at];

        assert!(earlier.iter().all(|other| other.label() != known.label()));
        assert!(known.label().bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_')));
    }
}

#[test]
fn every_code_fits_a_close_frame_and_may_be_sent() {
    for known in CloseCode::ALL {
        assert!(size_of::<u16>() + known.reason().len() <= CONTROL_BYTES_MAX);
        assert!(is_allowed_from_peer(known.code()));
        assert!(!known.meaning().is_empty());
    }
}

#[test]
fn a_peer_may_send_the_registered_codes_and_no_others() {
    let allowed = [1000, 1001, 1002, 1003, 1007, 1008, 1011, 1012, 1013, 1014, 3000, 3999, 4999];
    let refused = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, u16::MAX];

    assert!(allowed.into_iter().all(is_allowed_from_peer));
    assert!(!refused.into_iter().any(is_allowed_from_peer));
}
