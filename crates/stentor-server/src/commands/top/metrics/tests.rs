use super::Metrics;

#[test]
fn series_are_found_by_name_and_shard_and_nonsense_is_passed_over() {
    let text = "# HELP a text\n# TYPE a gauge\na 1\nb{shard=\"0\"} 0.5\nb{shard=\"1\"} 2e3\n\
                c{x=\"a b\"} 7\nd\ne x\n\nf NaN\n";
    let metrics = Metrics::parse(text);
    assert_eq!(metrics.value("a"), Some(1.0));
    assert_eq!(metrics.of_shard("b", 0), Some(0.5));
    assert_eq!(metrics.of_shard("b", 1), Some(2000.0));
    assert_eq!(metrics.value("c{x=\"a b\"}"), Some(7.0));
    assert_eq!(metrics.of_shard("b", 2), None);
    assert_eq!((metrics.value("d"), metrics.value("e")), (None, None));
}
