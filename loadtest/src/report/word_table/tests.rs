use super::*;

#[test]
fn words_stand_under_each_other_and_in_objects() {
    let mut table = WordTable::new("promises", &["promise", "verdict"]);
    table.add(vec!["kept order".into(), "passed".into()]);
    table.add(vec!["b".into(), String::new()]);

    assert_eq!(table.to_string(), "  promise     verdict\n  kept order  passed\n  b\n");
    assert_eq!(table.to_json()[0]["verdict"], "passed");
}
