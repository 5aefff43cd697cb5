use std::time::Duration;

use roxmltree::{Document, ParsingOptions};

use super::*;
use crate::report::chart::{Axis, Line, Scale};
use crate::report::figure::Figure;
use crate::report::table::Table;

const EVIL: &str = "<script>alert(\"it's & me\")</script>";

fn report() -> Report {
    let mut report = Report::new("fanout", format!("1 room {EVIL}"));
    report.add("server_cpu_a_delivery", Figure::CpuEach(Duration::from_nanos(500)));
    report.add_chart(chart("one", "The first"));
    report.add_chart(chart("two", EVIL));
    let mut table = Table::new("sizes", &["connections", "p99"]);
    table.add(vec![Some(Figure::Count(1_000)), None]);
    report.add_table(table);
    report.remark(format!("heard {EVIL}"));
    report
}

fn chart(name: &'static str, title: &str) -> Chart {
    let axis = |label| Axis { label, scale: Scale::Logarithmic };
    let lines = vec![Line::new(EVIL, vec![(1.0, 2.0), (10.0, 3.0)])];
    let (title, x, y, bands) = (title.to_owned(), axis("x"), axis("y"), Vec::new());
    Chart { name, title, x, y, lines, bands }
}

/// The page as XML: what HTML lets stand open is closed first.
fn well_formed(page: &str) -> String {
    let (head, body) = page.split_once("<style>").expect("a style");
    let (style, body) = body.split_once("</style>").expect("its end");
    assert!(!style.contains('<'), "a style ends where it should: {style}");
    let close = |line: &str| match line.strip_prefix("<meta").and(line.strip_suffix('>')) {
        Some(open) => format!("{open}/>\n"),
        None => format!("{line}\n"),
    };
    format!("{}<style>{body}", head.lines().map(close).collect::<String>()).replacen(
        "<style>",
        "<style></style>",
        1,
    )
}

#[test]
fn a_page_is_well_formed_and_holds_everything() {
    let mut report = report();
    report.fault(format!("refused: {EVIL}"));

    let page = page(&report).expect("it can be drawn");

    let (xml, options) =
        (well_formed(&page), ParsingOptions { allow_dtd: true, ..ParsingOptions::default() });
    let document = Document::parse_with_options(&xml, options)
        .unwrap_or_else(|error| panic!("{error} in\n{xml}"));
    let all: String = document.descendants().filter_map(|node| node.text()).collect();
    for said in ["server cpu a delivery", "0.500 µs", "1,000", "The first", "FAILED", "Linux "] {
        assert!(all.contains(said), "{said} in {all}");
    }
    for said in [format!("1 room {EVIL}"), format!("heard {EVIL}"), format!("refused: {EVIL}")] {
        assert!(all.contains(&said), "{said} in {all}");
    }
    let figures = document.descendants().filter(|node| node.has_tag_name("figure"));
    assert_eq!(figures.count(), 2, "every chart is there");
    assert_eq!(page.matches("<svg ").count(), 4, "once for a wide page, once for a narrow one");
}

#[test]
fn nothing_that_is_said_becomes_markup_and_nothing_is_fetched() {
    let mut report = report();
    report.fault(EVIL);

    let page = page(&report).expect("it can be drawn");

    let page = page.replace("http://www.w3.org/2000/svg", "");
    for never in ["<script", "src=", "href=", "url(", "@import", "http:", "https:", "style="] {
        assert!(!page.contains(never), "{never} in\n{page}");
    }
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""), "{page}");
}

#[test]
fn a_report_of_nothing_is_a_page_with_a_verdict() {
    let page = page(&Report::new("fanout", "nothing".to_owned())).expect("it can be drawn");

    assert!(page.contains("<span class=\"verdict passed\">passed</span>"), "{page}");
    assert!(!page.contains("<dl>") && !page.contains("<figure>") && !page.contains("<ul>"));
}
