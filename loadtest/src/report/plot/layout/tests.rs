use super::*;
use crate::report::chart::{Axis, Band, Line, Scale};

fn chart(lines: Vec<Line>, bands: Vec<Band>) -> Chart {
    let x = Axis { label: "time, s", scale: Scale::Linear };
    let y = Axis { label: "latency, ms", scale: Scale::Linear };
    Chart { name: "latency", title: "Latency".to_owned(), x, y, lines, bands }
}

fn line(name: &str, end: f64) -> Line {
    Line::new(name, vec![(0.0, 1.0), (10.0, end)])
}

fn band(name: &str, from: f64, to: f64) -> Band {
    Band { name: name.to_owned(), from, to }
}

#[test]
fn names_of_lines_that_end_together_stand_apart() {
    let lines = vec![line("p50", 5.0), line("p99", 5.0), line("max", 5.1), line("other", 0.0)];

    let layout = Layout::new(&chart(lines, Vec::new()), Form::Wide);

    let [(_, top), (right, bottom)] = layout.plot;
    let mut heights: Vec<f64> = layout.legend.iter().map(|place| place.1).collect();
    assert!(heights[2] < heights[1] && heights[1] < heights[0], "the highest on top: {heights:?}");
    assert!(layout.legend.iter().all(|place| place.0 >= right), "beside the plot: {layout:?}");
    heights.sort_by(f64::total_cmp);
    assert!(heights.is_sorted_by(|one, next| next - one >= ROW - 1e-9), "{heights:?}");
    assert!(heights[0] >= top && heights[3] <= bottom, "{heights:?}");
}

#[test]
fn in_a_narrow_picture_names_stand_in_rows_above_the_plot() {
    let names = ["the first line", "the second line", "the third line", "the fourth line"];
    let lines = names.iter().map(|name| line(name, 1.0)).collect();

    let layout = Layout::new(&chart(lines, Vec::new()), Form::Narrow);

    let top = layout.plot[0].1;
    assert!(layout.legend.iter().all(|(_, at)| at + LETTER / 2.0 < top), "{layout:?}");
    for ((left, _), name) in layout.legend.iter().zip(names) {
        assert!(left + name_width(name) <= layout.size.0, "{name} is whole: {layout:?}");
    }
}

#[test]
fn names_of_bands_stand_above_the_plot_and_not_on_each_other() {
    let bands = vec![
        band("the first pod was killed", 1.0, 2.0),
        band("redis was paused", 1.5, 3.0),
        band("at the end", 9.9, 10.0),
    ];

    let layout = Layout::new(&chart(vec![line("p50", 1.0)], bands), Form::Wide);

    let [(_, top), (right, _)] = layout.plot;
    let [Some(BandName::From(first)), Some(BandName::From(second)), Some(BandName::Until(last))] =
        layout.bands[..]
    else {
        panic!("{layout:?}");
    };
    assert_eq!(second.1 - first.1, ROW);
    assert!(second.1 + LETTER / 2.0 < top, "{layout:?}");
    assert_eq!(last, (right, first.1));
}

#[test]
fn more_bands_than_rows_leave_names_out_and_the_plot_as_it_is() {
    let bands = (0..100).map(|_| band("one of many faults at once", 5.0, 6.0)).collect();

    let layout = Layout::new(&chart(vec![line("p50", 1.0)], bands), Form::Narrow);

    assert_eq!(layout.bands.iter().flatten().count(), BAND_ROWS_MAX);
    assert_eq!(layout.plot[1].1 - layout.plot[0].1, 220.0);
}
