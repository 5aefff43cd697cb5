use super::*;

#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Told(#[serde(with = "super")] Histogram<u64>);

#[test]
fn a_histogram_comes_out_as_it_went_in() {
    let mut told = Told(hall::latency_histogram().unwrap());
    for value in [1, 2, 2_047, 2_048, 999_999, 1_000_000, 77_777_777_777, 200_000_000_000] {
        told.0.saturating_record_n(value, value % 7 + 1);
    }

    let text = serde_json::to_string(&told).unwrap();
    let heard: Told = serde_json::from_str(&text).unwrap();

    assert_eq!(heard.0, told.0);
    assert_eq!(heard.0.len(), told.0.len());
}
