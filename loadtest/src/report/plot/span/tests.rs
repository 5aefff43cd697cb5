use super::*;

fn span(scale: Scale, values: &[f64], ends: Ends) -> Span {
    Span::around(scale, values.iter().copied(), ends, 6)
}

fn words(span: &Span) -> Vec<String> {
    span.ticks().iter().map(|tick| span.word(*tick)).collect()
}

#[test]
fn an_even_axis_begins_at_zero_and_ends_at_a_round_number() {
    let span = span(Scale::Linear, &[12.0, 53.0], Ends::Round);

    assert_eq!(span.ends(), (0.0, 60.0));
    assert_eq!(words(&span), ["0", "10", "20", "30", "40", "50", "60"]);
    assert_eq!((span.place(0.0), span.place(30.0), span.place(60.0)), (0.0, 0.5, 1.0));
}

#[test]
fn an_axis_that_ends_at_its_data_has_round_numbers_within() {
    let span = span(Scale::Linear, &[1.0, 10.3], Ends::AtData);

    assert_eq!(span.ends(), (0.0, 10.3));
    assert_eq!(words(&span), ["0", "2", "4", "6", "8", "10"]);
}

#[test]
fn numbers_below_zero_are_on_an_even_axis_too() {
    assert_eq!(span(Scale::Linear, &[-3.0, 9.0], Ends::Round).ends(), (-4.0, 10.0));
}

#[test]
fn small_steps_have_no_digits_of_rounding() {
    let span = span(Scale::Linear, &[0.5], Ends::Round);

    assert_eq!(words(&span), ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]);
}

#[test]
fn an_axis_by_powers_of_ten_ends_at_a_number_that_it_shows() {
    let cases: [(&[f64], &[&str]); 5] = [
        (&[1.1, 122.0], &["1", "3", "10", "30", "100", "300"]),
        (&[2.2, 9.0], &["2", "5", "10"]),
        (&[0.004, 0.9], &["0.003", "0.01", "0.03", "0.1", "0.3", "1"]),
        (&[10_000.0, 2_000_000.0], &["10k", "30k", "100k", "300k", "1M", "3M"]),
        (&[1.0, 1e6], &["1", "100", "10k", "1M"]),
    ];
    for (values, expected) in cases {
        assert_eq!(words(&span(Scale::Logarithmic, values, Ends::Round)), expected, "{values:?}");
    }
}

#[test]
fn less_than_a_decade_has_numbers_too() {
    let within = span(Scale::Logarithmic, &[11.0, 14.0], Ends::AtData);
    let round = span(Scale::Logarithmic, &[11.2, 13.9], Ends::Round);

    assert_eq!(within.ends(), (11.0, 14.0));
    assert!((3..=7).contains(&within.ticks().len()), "{within:?}");
    assert_eq!(round.ends(), (11.0, 14.0));
    assert!(round.ticks().len() >= 2, "{round:?}");
}

#[test]
fn what_an_axis_cannot_show_is_not_on_it() {
    let span = span(Scale::Logarithmic, &[0.0, -5.0, f64::NAN, f64::INFINITY, 3.0], Ends::AtData);

    assert_eq!(span.ends(), (1.5, 6.0));
    assert!(span.shows(1e-300));
    for number in [0.0, -1.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert!(!span.shows(number), "{number}");
    }
}

#[test]
fn nothing_at_all_is_an_axis_still() {
    for scale in [Scale::Linear, Scale::Logarithmic, Scale::Nines] {
        for ends in [Ends::AtData, Ends::Round] {
            for values in [&[][..], &[f64::NAN], &[0.0], &[7.0], &[-1e300, 1e-300, 1e300]] {
                let span = span(scale, values, ends);

                let (low, high) = span.ends();
                assert!(low < high && low.is_finite() && high.is_finite(), "{span:?}");
                assert!((2..=14).contains(&span.ticks().len()), "{span:?}");
            }
        }
    }
}

#[test]
fn quantiles_are_named_by_their_nines() {
    let span = span(Scale::Nines, &[1.0, 70_000.0], Ends::AtData);

    assert_eq!(words(&span), ["0 %", "50 %", "90 %", "99 %", "99.9 %", "99.99 %"]);
    assert_eq!((span.place(1.0), span.place(70_000.0)), (0.0, 1.0));
}

#[test]
fn long_numbers_are_short() {
    let cases = [(999.0, "999"), (1_500.0, "1.5k"), (2e6, "2M"), (5e9, "5G"), (0.1 + 0.2, "0.3")];
    for (number, word) in cases {
        assert_eq!(short(number), word);
    }
}
