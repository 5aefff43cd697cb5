//! The table says what was measured, what was not, and why.

use super::*;

fn report() -> Value {
    json!({"figures": {"rate_per_second": 1_234_567.8, "p99_ms": 12.345, "text": "x"}})
}

fn table() -> Table {
    let mut measured = Row::new("axum", "axum 0.8.9".to_owned());
    measured.take(&report(), Column::Max, "rate_per_second");
    measured.take(&report(), Column::MaxP99, "p99_ms");
    measured.notes.push("axum, max 1×1000: it stopped".to_owned());
    let mut table = Table::new(Plan::Full);
    table.add(measured);
    table.add(Row::absent("Node ws", "no node in PATH".to_owned()));
    table
}

#[test]
fn a_figure_stands_in_its_column_and_a_missing_one_is_a_dash() {
    let text = table().to_string();
    let lines: Vec<&str> = text.lines().collect();
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let (heads, row) = (cells(lines[0]), cells(lines[2]));

    let place = heads.iter().position(|head| head == "max 1×1000, thousand/s").expect("a column");
    assert_eq!((row[place].as_str(), row[place + 1].as_str()), ("1,235", "12.3"));
    assert_eq!(row[place + 2], NOTHING);
    assert_eq!(row[1], "axum");
}

#[test]
fn a_peer_that_is_not_to_be_had_says_why() {
    let text = table().to_string();
    let row = text.lines().last().expect("a row");

    assert!(row.starts_with("| Node ws | not to be had: no node in PATH |"), "{row}");
    assert!(!row.contains(NOTHING), "{row}");
}

#[test]
fn every_line_has_as_many_cells_as_there_are_columns() {
    for line in table().to_string().lines() {
        assert_eq!(line.matches('|').count(), Column::ALL.len() + 2, "{line}");
    }
}

#[test]
fn what_is_no_number_is_no_figure() {
    let mut row = Row::new("axum", String::new());

    row.take(&report(), Column::P99, "text");
    row.take(&report(), Column::P50, "absent");

    assert!(row.figures.is_empty());
}

#[test]
fn programs_read_figures_reasons_and_notes() {
    let machine = Machine::of_a_test();

    let document = table().to_json(&machine);

    assert_eq!(document["servers"][0]["figures"]["max_deliveries_per_second"], 1_234_567.8);
    assert_eq!(document["servers"][0]["figures"].get("p50_ms"), None);
    assert_eq!(document["servers"][1]["not_to_be_had"], "no node in PATH");
    assert_eq!(document["notes"][0], "axum, max 1×1000: it stopped");
    assert_eq!((&document["quick"], &document["commit"]), (&json!(false), &json!("abc")));
}

#[test]
fn people_read_machine_versions_and_notes() {
    let mut table = table();
    table.note_floors(&[4.5, 3.91, 5.0]);

    let text = table.to_markdown(&Machine::of_a_test());

    for said in [
        "# Peers side by side, 2026-11-21",
        "congestion control bbr, load 0.10 in the minute before, commit abc",
        "- axum: axum 0.8.9\n",
        "- Node ws: not to be had: no node in PATH\n",
        "- axum, max 1×1000: it stopped\n",
        "3.91 to 5.00 µs a delivery",
    ] {
        assert!(text.contains(said), "no {said:?} in\n{text}");
    }
    assert!(!text.contains("quick"));
}

#[test]
fn numbers_are_grouped() {
    for (figure, text) in [
        (0.0, "0"),
        (9.5, "9.5"),
        (999.4, "999"),
        (138_090.0, "138,090"),
        (-1_234.0, "-1,234"),
        (1_000_000.0, "1,000,000"),
    ] {
        assert_eq!(grouped(figure), text);
    }
}
