//! Where an axis begins, where it ends, and where its numbers stand. Knows no pixels.

use crate::report::chart::Scale;

#[cfg(test)]
mod tests;

/// The steps that people count in.
const ROUND_STEPS: [f64; 3] = [1.0, 2.0, 5.0];
/// Fewer numbers than these make no axis: an even step is looked for instead.
const TICKS_MIN: usize = 3;
/// What is larger is no measurement, and its differences are not finite.
const NUMBER_MAX: f64 = 1e300;
/// The last percentile that an axis has, the one of a million million deliveries.
const NINES_MAX: f64 = 1e12;
/// The farthest that a number may be from a tick and still be it, by the step.
const ROUNDING: f64 = 1e-9;

/// Whether an axis ends at its data, or at the next round number.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Ends {
    /// At the data: time and rates stop where they stop.
    AtData,
    /// At a round number, so that a line does not run along the edge.
    Round,
}

/// What an axis holds.
#[derive(Clone, Debug)]
pub(super) struct Span {
    scale: Scale,
    low: f64,
    high: f64,
    ticks: Vec<f64>,
}

impl Span {
    /// A span that holds all of `values` that its scale can show, with at most `ticks_max` numbers.
    pub(super) fn around(
        scale: Scale,
        values: impl Iterator<Item = f64>,
        ends: Ends,
        ticks_max: usize,
    ) -> Self {
        let values = values.filter(|value| shows(scale, *value));
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
        let known = low <= high;
        let (low, high, ticks) = match scale {
            Scale::Linear => {
                let (low, high) = if known { (low.min(0.0), high.max(0.0)) } else { (0.0, 1.0) };
                even(low, if low < high { high } else { low + 1.0 }, ends, ticks_max)
            }
            Scale::Logarithmic => {
                let (low, high) = if known { (low, high) } else { (1.0, 10.0) };
                let (low, high) = if low < high { (low, high) } else { (low / 2.0, high * 2.0) };
                by_tens(low, high, ends, ticks_max)
            }
            Scale::Nines => {
                let high = if known { high.max(10.0) } else { 100.0 };
                let tens = (1..=high.log10() as i32).map(|nines| 10_f64.powi(nines));
                (1.0, high, [1.0, 2.0].into_iter().chain(tens).collect())
            }
        };
        Self { scale, low, high, ticks }
    }

    /// Whether a number can be shown at all: no axis has a place for what is not finite, and one
    /// by powers of ten has none for zero.
    pub(super) fn shows(&self, value: f64) -> bool {
        shows(self.scale, value)
    }

    /// Where a number stands: 0 at the beginning, 1 at the end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let (value, low, high) = match self.scale {
            Scale::Linear => (value, self.low, self.high),
            _ => (value.log10(), self.low.log10(), self.high.log10()),
        };
        (value - low) / (high - low)
    }

    /// The first and the last number.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Where gridlines stand, in rising order.
    pub(super) fn ticks(&self) -> &[f64] {
        &self.ticks
    }

    /// A tick in words.
    pub(super) fn word(&self, tick: f64) -> String {
        match self.scale {
            Scale::Nines => percentile(tick),
            _ => short(tick),
        }
    }
}

fn shows(scale: Scale, value: f64) -> bool {
    match scale {
        Scale::Linear => value.abs() <= NUMBER_MAX,
        Scale::Logarithmic => value > 0.0 && value <= NUMBER_MAX,
        Scale::Nines => (1.0..=NINES_MAX).contains(&value),
    }
}

fn even(low: f64, high: f64, ends: Ends, ticks_max: usize) -> (f64, f64, Vec<f64>) {
    let step = round_step((high - low) / ticks_max.max(1) as f64);
    let (low, high) = match ends {
        Ends::AtData => (low, high),
        Ends::Round => ((low / step).floor() * step, (high / step).ceil() * step),
    };
    (low, high, multiples(low, high, step))
}

/// The densest of the usual steps that gives no more numbers than asked for.
fn by_tens(low: f64, high: f64, ends: Ends, ticks_max: usize) -> (f64, f64, Vec<f64>) {
    for steps in [&ROUND_STEPS[..], &[1.0, 3.0], &[1.0]] {
        let (low, high) = match ends {
            Ends::AtData => (low, high),
            Ends::Round => ends_between(low, high, steps),
        };
        let ticks = rounds(low, high, steps);
        if (TICKS_MIN..=ticks_max).contains(&ticks.len()) {
            return (low, high, ticks);
        }
    }
    let tens = rounds(low, high, &[1.0]);
    if tens.len() > ticks_max {
        let (low, high) = match ends {
            Ends::AtData => (low, high),
            Ends::Round => ends_between(low, high, &[1.0]),
        };
        let tens = rounds(low, high, &[1.0]);
        let every = tens.len().div_ceil(ticks_max.max(1));
        return (low, high, tens.into_iter().step_by(every).collect());
    }
    // Less than about a decade: even steps are as good as any, and there are enough of them.
    let step = round_step((high - low) / ticks_max.max(1) as f64);
    let below = (low / step).floor() * step;
    match ends {
        Ends::Round if below > 0.0 => {
            let above = (high / step).ceil() * step;
            (below, above, multiples(below, above, step))
        }
        _ => (low, high, multiples(low, high, step)),
    }
}

/// The nearest numbers `step × 10^n` at both sides of a stretch.
fn ends_between(low: f64, high: f64, steps: &[f64]) -> (f64, f64) {
    // A decade more on each side holds one for sure.
    let rounds = rounds(low / 10.0, high * 10.0, steps);
    let below = rounds.iter().rfind(|round| **round <= low * (1.0 + ROUNDING));
    let above = rounds.iter().find(|round| **round >= high * (1.0 - ROUNDING));
    (below.copied().unwrap_or(low), above.copied().unwrap_or(high))
}

/// The numbers `step × 10^n` from `low` to `high`, in rising order.
fn rounds(low: f64, high: f64, steps: &[f64]) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    let all = (first..=last).flat_map(|tens| steps.iter().map(move |step| step * power(tens)));
    let within = low * (1.0 - ROUNDING)..=high * (1.0 + ROUNDING);
    all.filter(|number| within.contains(number)).collect()
}

/// A power of ten; below one by a division, so that 0.1 is 0.1 and not a neighbour of it.
fn power(tens: i32) -> f64 {
    if tens < 0 { 1.0 / 10_f64.powi(-tens) } else { 10_f64.powi(tens) }
}

/// The multiples of `step` from `low` to `high`.
fn multiples(low: f64, high: f64, step: f64) -> Vec<f64> {
    let first = (low / step - ROUNDING).ceil() as i64;
    let last = (high / step + ROUNDING).floor() as i64;
    (first..=last).map(|number| number as f64 * step).collect()
}

/// The smallest round number that is no less than `least`.
fn round_step(least: f64) -> f64 {
    let tens = power(least.log10().floor() as i32);
    let steps = ROUND_STEPS.into_iter().chain([10.0]).map(|step| step * tens);
    steps.into_iter().find(|step| *step >= least * (1.0 - ROUNDING)).unwrap_or(least)
}

fn percentile(nines: f64) -> String {
    // Two nines are 99 %; each further one is a digit behind the point.
    let places = (nines.log10().round() as usize).saturating_sub(2);
    format!("{:.places$} %", 100.0 - 100.0 / nines)
}

/// A number with as few digits as it has, and a letter for thousands, millions, billions.
pub(super) fn short(number: f64) -> String {
    let (divisor, letter) = match number.abs() {
        size if size >= 1e9 => (1e9, "G"),
        size if size >= 1e6 => (1e6, "M"),
        size if size >= 1e3 => (1e3, "k"),
        _ => (1.0, ""),
    };
    let number = number / divisor;
    // What the last places of a sum in binary leave behind is no digit of the number.
    let places = if number.abs() < 1e-3 { 1e12 } else { 1e6 };
    format!("{}{letter}", (number * places).round() / places)
}
