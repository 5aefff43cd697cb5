use super::*;

fn search(start: f64, ceiling: f64, limit: f64) -> (Option<f64>, usize) {
    let mut search = RateSearch::new(start, ceiling);
    let mut tries = 0;
    while let Some(rate) = search.poll_rate() {
        tries += 1;
        assert!(tries < 100, "the search does not end");
        if rate <= limit { search.handle_pass(rate) } else { search.handle_failure(rate) }
    }
    (search.passed, tries)
}

#[test]
fn the_highest_rate_is_found_within_a_twentieth() {
    for limit in [0.9, 7.0, 99.0, 1_000.0, 17_500.0, 123_456.0] {
        let (best, tries) = search(100.0, 1e9, limit);

        let best = best.unwrap();
        assert!(best <= limit && best * CLOSE_ENOUGH >= limit, "{best} for {limit}");
        assert!(tries <= 20, "{tries} tries for {limit}");
    }
}

#[test]
fn a_limit_above_the_ceiling_ends_at_the_ceiling() {
    assert_eq!(search(100.0, 1_000.0, 1e9).0, Some(1_000.0));
}

#[test]
fn where_nothing_passes_there_is_no_answer() {
    assert_eq!(search(100.0, 1_000.0, 0.0).0, None);
}
