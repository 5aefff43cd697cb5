//! The Prometheus text format, version 0.0.4, written by hand: the metric names are fixed by the
//! contract, and client libraries would append to them.

#[cfg(test)]
pub(super) mod tests;

use std::fmt::{Display, Write};

/// What a metric is, as Prometheus sees it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Metric {
    Counter,
    Gauge,
    Histogram,
}

impl Metric {
    const fn as_str(self) -> &'static str {
        match self {
            Metric::Counter => "counter",
            Metric::Gauge => "gauge",
            Metric::Histogram => "histogram",
        }
    }
}

/// A page of metrics that grows family by family.
#[derive(Debug, Default)]
pub(super) struct Exposition {
    text: String,
}

impl Exposition {
    /// The finished page.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// A family of one sample without labels.
    pub(super) fn single(&mut self, name: &str, metric: Metric, help: &str, value: impl Display) {
        self.family(name, metric, help);
        self.sample(name, &[], value);
    }

    /// A family of samples told apart by one label.
    pub(super) fn labelled<L: Display, V: Display>(
        &mut self,
        name: &str,
        metric: Metric,
        help: &str,
        label: &str,
        samples: impl IntoIterator<Item = (L, V)>,
    ) {
        self.family(name, metric, help);
        for (text, value) in samples {
            self.sample(name, &[(label, &text)], value);
        }
    }

    /// A histogram with one label; `buckets` are upper bounds with the count of that bucket alone,
    /// the last bound being infinity.
    pub(super) fn histogram(
        &mut self,
        name: &str,
        help: &str,
        (label, text): (&str, &str),
        buckets: &[(f64, u64)],
        sum: f64,
    ) {
        self.family(name, Metric::Histogram, help);
        let mut count = 0;
        for &(bound, alone) in buckets {
            count += alone;
            let bound: &dyn Display = if bound.is_finite() { &bound } else { &"+Inf" };
            self.sample(&format!("{name}_bucket"), &[(label, &text), ("le", bound)], count);
        }
        if buckets.last().is_none_or(|(bound, _)| bound.is_finite()) {
            self.sample(&format!("{name}_bucket"), &[(label, &text), ("le", &"+Inf")], count);
        }
        self.sample(&format!("{name}_sum"), &[(label, &text)], sum);
        self.sample(&format!("{name}_count"), &[(label, &text)], count);
    }

    fn family(&mut self, name: &str, metric: Metric, help: &str) {
        let metric = metric.as_str();
        self.line(format_args!("# HELP {name} {help}\n# TYPE {name} {metric}\n"));
    }

    /// The labels' texts are ours: they hold no quotes, backslashes or line ends.
    fn sample(&mut self, name: &str, labels: &[(&str, &dyn Display)], value: impl Display) {
        self.line(format_args!("{name}"));
        for (position, (label, text)) in labels.iter().enumerate() {
            let before = if position == 0 { '{' } else { ',' };
            self.line(format_args!("{before}{label}=\"{text}\""));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        self.line(format_args!("{end} {value}\n"));
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        self.text.write_fmt(line).expect("a String takes everything");
    }
}
