//! What a report plots: lines over an axis, as data. Knows no pixels.

use serde_json::{Value, json};

#[cfg(test)]
mod tests;

/// One plot.
#[derive(Clone, Debug)]
pub(crate) struct Chart {
    /// Names it for programs: words with an underscore between them.
    pub(crate) name: &'static str,
    /// What it shows, for people.
    pub(crate) title: String,
    /// The axis at the bottom.
    pub(crate) x: Axis,
    /// The axis at the left.
    pub(crate) y: Axis,
    /// What is drawn.
    pub(crate) lines: Vec<Line>,
    /// Stretches of the bottom axis with a name, such as the faults of an audit.
    pub(crate) bands: Vec<Band>,
}

/// An axis with its unit.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    /// What it counts, with its unit: `messages/s`, `latency, ms`.
    pub(crate) label: &'static str,
    /// How the numbers lie on it.
    pub(crate) scale: Scale,
}

/// How numbers lie on an axis.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Scale {
    /// From zero, evenly.
    Linear,
    /// By powers of ten; points at or below zero are left out.
    Logarithmic,
    /// Quantiles q as 1/(1 - q), by powers of ten: 10 is 90 %, 100 is 99 %, 1,000 is 99.9 %.
    Nines,
}

/// A line through points, in the order in which they were added.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it is, for the legend.
    pub(crate) name: String,
    /// Its points, `(x, y)`; those that are not finite are not drawn, and one whose y is NaN breaks
    /// the line: nothing was measured there.
    pub(crate) points: Vec<(f64, f64)>,
    /// How it is drawn.
    pub(crate) stroke: Stroke,
}

/// How a line is drawn.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stroke {
    /// What was measured.
    Solid,
    /// What it is compared with, such as the floor.
    Dashed,
}

/// A stretch of the bottom axis.
#[derive(Clone, Debug)]
pub(crate) struct Band {
    /// What happened there.
    pub(crate) name: String,
    /// Where it begins.
    pub(crate) from: f64,
    /// Where it ends.
    pub(crate) to: f64,
}

impl Chart {
    /// Adds a line unless it has no points: a figure that could not be taken is no line.
    pub(crate) fn add_line(&mut self, line: Line) {
        if !line.points.is_empty() {
            self.lines.push(line);
        }
    }

    /// The data for programs.
    pub(crate) fn to_json(&self) -> Value {
        let line = |line: &Line| json!({ "name": line.name, "points": line.points });
        let band = |band: &Band| json!({ "name": band.name, "from": band.from, "to": band.to });
        json!({
            "title": self.title,
            "x": self.x.to_json(),
            "y": self.y.to_json(),
            "lines": self.lines.iter().map(line).collect::<Value>(),
            "bands": self.bands.iter().map(band).collect::<Value>(),
        })
    }
}

impl Axis {
    fn to_json(&self) -> Value {
        let scale = match self.scale {
            Scale::Linear => "linear",
            Scale::Logarithmic => "logarithmic",
            Scale::Nines => "nines",
        };
        json!({ "label": self.label, "scale": scale })
    }
}

impl Line {
    /// A line of what was measured.
    pub(crate) fn new(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { name: name.into(), points, stroke: Stroke::Solid }
    }

    /// A line of what that is compared with.
    pub(crate) fn dashed(name: impl Into<String>, points: Vec<(f64, f64)>) -> Self {
        Self { stroke: Stroke::Dashed, ..Self::new(name, points) }
    }
}
