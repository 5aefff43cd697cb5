//! What a report plots: lines over an axis, as data. Knows no pixels.

use serde_json::{Value, json};

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
}

/// A line through points, in the order in which they were added.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// What it is, for the legend.
    pub(crate) name: String,
    /// Its points, `(x, y)`.
    pub(crate) points: Vec<(f64, f64)>,
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
        };
        json!({ "label": self.label, "scale": scale })
    }
}
