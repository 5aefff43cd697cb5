use roxmltree::Document;

use super::*;
use crate::report::chart::{Axis, Band, Scale};

const FORMS: [Form; 3] = [Form::Wide, Form::Narrow, Form::Alone];
const SCALES: [Scale; 3] = [Scale::Linear, Scale::Logarithmic, Scale::Nines];

fn chart(scale: Scale, lines: Vec<Line>) -> Chart {
    let x = Axis { label: "time, s", scale };
    let y = Axis { label: "latency, ms", scale };
    let bands = vec![Band { name: "redis & co paused".to_owned(), from: 2.0, to: 3.0 }];
    Chart { name: "latency", title: "Latency <over> \"time\"".to_owned(), x, y, lines, bands }
}

#[track_caller]
fn parsed(svg: &str) -> Document<'_> {
    Document::parse(svg).unwrap_or_else(|error| panic!("{error} in\n{svg}"))
}

fn texts(document: &Document<'_>) -> Vec<String> {
    let texts = document.descendants().filter(|node| node.has_tag_name(tag("text")));
    texts.filter_map(|node| Some(node.text()?.trim().to_owned())).collect()
}

fn tag(name: &str) -> (&'static str, &str) {
    ("http://www.w3.org/2000/svg", name)
}

fn count(document: &Document<'_>, name: &str) -> usize {
    document.descendants().filter(|node| node.has_tag_name(tag(name))).count()
}

#[test]
fn a_picture_holds_all_names_and_nothing_from_outside() {
    let lines = vec![
        Line::new("p50", vec![(1.0, 1.0), (5.0, 2.0)]),
        Line::dashed("floor", vec![(1.0, 0.5), (5.0, 0.5)]),
    ];
    for form in FORMS {
        let svg = draw(&chart(Scale::Linear, lines.clone()), form).expect("it can be drawn");

        let document = parsed(&svg);
        let (texts, root) = (texts(&document), document.root_element());
        for said in ["p50", "floor", "time, s", "latency, ms", "redis & co paused"] {
            assert!(texts.iter().any(|text| text == said), "{said} in {texts:?}");
        }
        assert_eq!(root.attribute("aria-label"), Some("Latency <over> \"time\""));
        assert!(root.attribute("viewBox").is_some());
        let titled = texts.iter().any(|text| text.starts_with("Latency <over>"));
        assert_eq!(titled, form == Form::Alone, "a page has the title above the picture");
        for from_outside in ["href", "url(", "<script", "<style", "style="] {
            assert!(!svg.contains(from_outside), "{from_outside} in\n{svg}");
        }
    }
}

#[test]
fn a_name_is_never_markup() {
    let name = "</text><script>alert(1)</script>\u{0}";
    let svg = draw(&chart(Scale::Linear, vec![Line::new(name, vec![(1.0, 1.0)])]), Form::Alone)
        .expect("it can be drawn");

    assert!(!svg.contains("<script"), "{svg}");
    let texts = texts(&parsed(&svg));
    assert!(texts.contains(&"</text><script>alert(1)</script>\u{fffd}".to_owned()), "{texts:?}");
}

#[test]
fn a_chart_without_lines_or_points_is_an_empty_plot() {
    for scale in SCALES {
        for form in FORMS {
            let mut chart = chart(scale, Vec::new());
            parsed(&draw(&chart, form).expect("it can be drawn"));

            chart.lines = vec![Line::new("none", Vec::new()), Line::dashed("none", Vec::new())];
            chart.bands.clear();
            parsed(&draw(&chart, form).expect("it can be drawn"));
        }
    }
}

#[test]
fn a_single_point_is_a_dot() {
    for scale in SCALES {
        for line in [Line::new, Line::dashed] {
            let chart = chart(scale, vec![line("one", vec![(4.0, 7.0)])]);

            let svg = draw(&chart, Form::Wide).expect("it can be drawn");

            assert_eq!(count(&parsed(&svg), "circle"), 1, "{svg}");
        }
    }
}

#[test]
fn points_that_an_axis_cannot_show_are_left_out() {
    let points = vec![
        (1.0, 1.0),
        (2.0, 0.0),
        (3.0, -4.0),
        (f64::NAN, 1.0),
        (4.0, f64::INFINITY),
        (f64::NEG_INFINITY, 2.0),
        (5.0, 10.0),
    ];
    for (scale, shown) in [(Scale::Linear, 4), (Scale::Logarithmic, 2), (Scale::Nines, 2)] {
        let svg = draw(&chart(scale, vec![Line::new("p50", points.clone())]), Form::Wide)
            .expect("it can be drawn");

        assert_eq!(count(&parsed(&svg), "circle"), shown, "{scale:?}");
    }
}

#[test]
fn a_band_that_has_no_place_is_not_drawn() {
    let mut chart = chart(Scale::Linear, vec![Line::new("p50", vec![(1.0, 1.0)])]);
    chart.bands[0].to = f64::NAN;

    let svg = draw(&chart, Form::Wide).expect("it can be drawn");

    assert_eq!(count(&parsed(&svg), "rect"), 0, "{svg}");
}

#[test]
fn every_colour_of_a_picture_has_one_for_a_dark_page() {
    let lines = (0..12).map(|number| Line::new(number.to_string(), vec![(1.0, 1.0), (2.0, 3.0)]));
    let lines = lines.chain([Line::dashed("floor", vec![(1.0, 1.0), (2.0, 2.0)])]).collect();
    let svg = draw(&chart(Scale::Linear, lines), Form::Alone).expect("it can be drawn");

    let rules = palette::dark_rules("svg");

    for node in parsed(&svg).descendants() {
        for name in ["fill", "stroke"] {
            let Some(colour) = node.attribute(name).filter(|colour| *colour != "none") else {
                continue;
            };
            assert!(rules.contains(&format!("[{name}=\"{colour}\"]")), "{name} {colour}");
        }
    }
}

#[test]
fn where_nothing_was_measured_a_line_is_broken() {
    let broken = |y: f64| {
        let points = (0..40).map(|x| (f64::from(x), if x == 20 { y } else { 1.0 })).collect();
        draw(&chart(Scale::Linear, vec![Line::new("p50", points)]), Form::Alone).expect("a line")
    };

    let (whole, in_two) = (broken(1.0), broken(f64::NAN));

    let lines = |svg: &str| count(&parsed(svg), "polyline");
    assert_eq!(lines(&in_two), lines(&whole) + 1);
}
