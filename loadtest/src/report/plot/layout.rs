//! Where the parts of a picture stand, so that none covers another. In pixels; knows no drawing.

use crate::report::chart::{Band, Chart, Line};
use crate::report::plot::span::{Ends, Span};

#[cfg(test)]
mod tests;

/// Size of all letters but the title's.
pub(super) const LETTER: f64 = 12.5;
/// Size of the title's.
pub(super) const TITLE: f64 = 16.0;
/// From one row of letters to the next.
pub(super) const ROW: f64 = 18.0;
/// How long the stroke before a name in the legend is.
pub(super) const SWATCH: f64 = 16.0;
/// What a letter takes on the average, by its size, in the widest of the usual fonts.
const LETTER_WIDTH: f64 = 0.64;
/// Between two things beside each other.
const GAP: f64 = 8.0;
/// Between two names of the legend.
const LEGEND_GAP: f64 = 18.0;
/// Half of the dot of a point: the last one stands at the end of the axis.
const DOT: f64 = 3.0;
/// From the edge, where nothing stands there.
const EDGE: f64 = 1.0;
/// The same in a picture that stands alone.
const EDGE_ALONE: f64 = 20.0;
/// No more names than these stand beside the ends of their lines.
const NAMES_BESIDE_MAX: usize = 6;
/// A name that is wider than this stands in a row above the plot.
const NAME_BESIDE_MAX: f64 = 170.0;
/// About how many numbers the axis at the left has.
const Y_TICKS: usize = 7;
/// Rows for the names of bands; what does not fit stays without a name in the picture.
const BAND_ROWS_MAX: usize = 8;

/// What a picture is for.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Form {
    /// A page on a screen.
    Wide,
    /// A page on a telephone.
    Narrow,
    /// A file of its own, with ground and title.
    Alone,
}

/// Where a band's name stands.
#[derive(Copy, Clone, Debug)]
pub(super) enum BandName {
    /// It begins here.
    From(Place),
    /// It ends here: there is no room for it at the right of the band's beginning.
    Until(Place),
}

/// A place in the picture, from the left and from the top.
pub(super) type Place = (f64, f64);

/// Where everything stands.
#[derive(Debug)]
pub(super) struct Layout {
    /// Width and height of the picture.
    pub(super) size: Place,
    /// The title's left end, at half its height.
    pub(super) title: Option<Place>,
    /// The name of the axis at the left: its left end, at half its height.
    pub(super) y_label: Place,
    /// The name of the axis at the bottom: its right end, at half its height.
    pub(super) x_label: Place,
    /// The upper left and the lower right corner of the plot.
    pub(super) plot: [Place; 2],
    /// The left end of each line's swatch, its name behind it.
    pub(super) legend: Vec<Place>,
    /// Each band's name; none if there is no row left for it.
    pub(super) bands: Vec<Option<BandName>>,
    /// The axis at the bottom.
    pub(super) x: Span,
    /// The axis at the left.
    pub(super) y: Span,
}

impl Layout {
    /// The layout of a chart.
    pub(super) fn new(chart: &Chart, form: Form) -> Self {
        let (width, plot_height, x_ticks) = match form {
            Form::Wide => (920.0, 260.0, 10),
            Form::Narrow => (400.0, 220.0, 5),
            Form::Alone => (860.0, 280.0, 9),
        };
        let drawn = |pick: fn(&(f64, f64)) -> f64| {
            chart.lines.iter().flat_map(move |line| line.points.iter().map(pick))
        };
        let edges = chart.bands.iter().flat_map(|band| [band.from, band.to]);
        let x = Span::around(chart.x.scale, drawn(|at| at.0).chain(edges), Ends::AtData, x_ticks);
        let y = Span::around(chart.y.scale, drawn(|at| at.1), Ends::Round, Y_TICKS);

        let edge = if form == Form::Alone { EDGE_ALONE } else { EDGE };
        let numbers = y.ticks().iter().map(|tick| text_width(&y.word(*tick))).fold(0.0, f64::max);
        let names: Vec<f64> = chart.lines.iter().map(|line| name_width(&line.name)).collect();
        let widest = names.iter().copied().fold(0.0, f64::max);
        let beside =
            form != Form::Narrow && names.len() <= NAMES_BESIDE_MAX && widest <= NAME_BESIDE_MAX;

        let left = edge + numbers + GAP;
        let right = width - edge;
        let right = right - if beside { widest + GAP } else { overhang(&x, right - left).max(DOT) };
        let mut top = edge;
        let title = (form == Form::Alone).then(|| {
            top += TITLE * 1.8;
            (edge, top - TITLE)
        });
        let y_label = (edge, top + ROW / 2.0);
        top += ROW + GAP / 2.0;
        let mut legend = Vec::new();
        if !beside {
            legend = rows(&names, (edge, width - edge), top + ROW / 2.0);
            top = legend.last().map_or(top, |(_, row)| row + ROW / 2.0 + GAP);
        }
        let (bands, rows_taken) = band_names(chart, &x, (left, right), top + ROW / 2.0);
        top += rows_taken as f64 * ROW + if rows_taken > 0 { 2.0 } else { GAP / 2.0 };
        let bottom = top + plot_height;
        if beside {
            legend = beside_ends(chart, &y, (top, bottom), right + GAP);
        }
        Self {
            size: (width, bottom + 2.0 * ROW + edge),
            title,
            y_label,
            x_label: (right, bottom + ROW * 1.5 + 2.0),
            plot: [(left, top), (right, bottom)],
            legend,
            bands,
            x,
            y,
        }
    }
}

/// About how wide a text is; the font is the reader's, and not known here.
pub(super) fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER * LETTER_WIDTH
}

/// How far the last number would reach beyond an axis that is so wide.
fn overhang(x: &Span, width: f64) -> f64 {
    let Some(last) = x.ticks().last() else { return 0.0 };
    let behind = (1.0 - x.place(*last)) * width;
    (text_width(&x.word(*last)) / 2.0 - behind).max(0.0)
}

fn name_width(name: &str) -> f64 {
    SWATCH + GAP + text_width(name)
}

/// Places for names of these widths in rows between two edges.
fn rows(names: &[f64], (left, right): (f64, f64), first: f64) -> Vec<Place> {
    let mut at = (left, first);
    let place = |width: &f64| {
        if at.0 > left && at.0 + width > right {
            at = (left, at.1 + ROW);
        }
        let place = at;
        at.0 += width + LEGEND_GAP;
        place
    };
    names.iter().map(place).collect()
}

/// Places beside the last point of each line, as far apart as letters need; of lines that end
/// together the last one stands highest, as percentiles begin with the lowest.
fn beside_ends(chart: &Chart, y: &Span, (top, bottom): (f64, f64), left: f64) -> Vec<Place> {
    let end = |line: &Line| {
        let last = line.points.iter().rev().find(|point| y.shows(point.1));
        last.map_or(bottom, |point| bottom - y.place(point.1) * (bottom - top))
    };
    let mut wanted: Vec<(usize, f64)> = chart.lines.iter().map(end).enumerate().collect();
    wanted.sort_by(|(line, one), (next, other)| one.total_cmp(other).then(next.cmp(line)));
    let mut next = top;
    for (_, at) in &mut wanted {
        *at = at.max(next);
        next = *at + ROW;
    }
    let mut next = bottom;
    for (_, at) in wanted.iter_mut().rev() {
        *at = at.min(next);
        next = *at - ROW;
    }
    wanted.sort_by_key(|(line, _)| *line);
    wanted.into_iter().map(|(_, at)| (left, at)).collect()
}

/// Places for the names of bands above the plot, and how many rows they take: each begins where
/// its band does, or ends at the edge if it would go beyond it.
fn band_names(
    chart: &Chart,
    x: &Span,
    (left, right): (f64, f64),
    first: f64,
) -> (Vec<Option<BandName>>, usize) {
    // Up to where each row is taken.
    let mut taken: Vec<f64> = Vec::new();
    let mut place = |band: &Band| {
        if !x.shows(band.from) || !x.shows(band.to) {
            return None;
        }
        let width = text_width(&band.name);
        let wanted = left + x.place(band.from) * (right - left);
        let fits = wanted + width <= right;
        let begin = if fits { wanted } else { (right - width).max(left) };
        let row = taken.iter().position(|end| *end <= begin).unwrap_or(taken.len());
        if row >= BAND_ROWS_MAX {
            return None;
        }
        taken.resize(taken.len().max(row + 1), left);
        taken[row] = begin + width + GAP;
        let at = first + row as f64 * ROW;
        Some(if fits { BandName::From((begin, at)) } else { BandName::Until((right, at)) })
    };
    let names = chart.bands.iter().map(&mut place).collect();
    (names, taken.len())
}
