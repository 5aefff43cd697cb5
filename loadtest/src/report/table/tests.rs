use super::*;

fn table() -> Table {
    let mut table = Table::new("rooms", &["rooms", "of_the_floor"]);
    table.add(vec![Some(Figure::Count(1)), Some(Figure::Ratio(1.5))]);
    table.add(vec![Some(Figure::Count(100_000)), None]);
    table
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let lines =
        ["    rooms  of the floor\n", "        1        1.50 ×\n", "  100,000             -\n"];

    assert_eq!(table().to_string(), lines.concat());
}

#[test]
fn a_program_reads_the_unit_in_the_name_and_no_figure_that_is_not_there() {
    let rows = table().to_json();

    assert_eq!(rows[0]["of_the_floor_ratio"], 1.5);
    assert_eq!(rows[1], serde_json::json!({ "rooms": 100_000 }));
}
