//! One measured figure with its unit, for people and for programs.

use std::time::Duration;

use serde_json::Value;

#[cfg(test)]
mod tests;

/// A figure; the unit is in the variant, so that no report leaves it out.
#[derive(Clone, Debug)]
pub(crate) enum Figure {
    /// How many.
    Count(u64),
    /// How many in a second.
    PerSecond(f64),
    /// A latency.
    Latency(Duration),
    /// CPU time for one of something.
    CpuEach(Duration),
    /// An amount of memory, or a part of one, in bytes.
    Bytes(f64),
    /// A share of one whole.
    Share(f64),
    /// How many times another figure.
    Ratio(f64),
    /// No figure: what the others in the row of a table are about.
    Words(&'static str),
}

impl Figure {
    /// CPU time `spent` on `count` of something; nothing if there was none.
    pub(crate) fn cpu_each(spent: Duration, count: u64) -> Option<Self> {
        (count > 0).then(|| Self::CpuEach(spent.div_f64(count as f64)))
    }

    /// What a program reads: the name's ending, and the number in that unit.
    pub(crate) fn for_programs(&self) -> (&'static str, Value) {
        let milliseconds = |span: &Duration| span.as_secs_f64() * 1e3;
        match self {
            Self::Count(count) => ("", (*count).into()),
            Self::PerSecond(rate) => ("_per_second", rounded(*rate, 1)),
            Self::Latency(span) => ("_ms", rounded(milliseconds(span), 6)),
            Self::CpuEach(span) => ("_us", rounded(milliseconds(span) * 1e3, 4)),
            Self::Bytes(bytes) => ("_bytes", rounded(*bytes, 0)),
            Self::Share(share) => ("_share", rounded(*share, 4)),
            Self::Ratio(ratio) => ("_ratio", rounded(*ratio, 4)),
            Self::Words(words) => ("", (*words).into()),
        }
    }

    /// What a person reads.
    pub(crate) fn for_people(&self) -> String {
        match self {
            Self::Count(count) => grouped(*count),
            Self::PerSecond(rate) if *rate < 100.0 => format!("{rate:.1} /s"),
            Self::PerSecond(rate) => format!("{} /s", grouped(rate.round() as u64)),
            Self::Latency(span) if *span < Duration::from_millis(1) => {
                format!("{:.1} µs", span.as_secs_f64() * 1e6)
            }
            Self::Latency(span) => format!("{:.2} ms", span.as_secs_f64() * 1e3),
            Self::CpuEach(span) => format!("{:.3} µs", span.as_secs_f64() * 1e6),
            Self::Bytes(bytes) if bytes.abs() < 1e5 => format!("{bytes:.0} bytes"),
            Self::Bytes(bytes) => format!("{:.1} MiB", bytes / f64::from(1 << 20)),
            Self::Share(share) => format!("{:.0} %", share * 100.0),
            Self::Ratio(ratio) => format!("{ratio:.2} ×"),
            Self::Words(words) => (*words).to_owned(),
        }
    }
}

/// A number with a comma between thousands.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

fn rounded(number: f64, places: i32) -> Value {
    let scale = 10_f64.powi(places);
    ((number * scale).round() / scale).into()
}
