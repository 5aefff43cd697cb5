//! The Prometheus text format, version 0.0.4, written by hand: the metric names are fixed by the
//! contract, and client libraries would append to them.

#[cfg(test)]
pub(super) mod tests;

use std::fmt::{Display, Write};

use stentor_engine::Times;

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

    /// A histogram without labels.
    pub(super) fn histogram(&mut self, name: &str, help: &str, times: &Times) {
        self.family(name, Metric::Histogram, help);
        self.times(name, &[], times);
    }

    /// Histograms told apart by one label.
    pub(super) fn histograms(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        samples: &[(&str, &Times)],
    ) {
        self.family(name, Metric::Histogram, help);
        for (text, times) in samples {
            self.times(name, &[(label, text)], times);
        }
    }

    fn times(&mut self, name: &str, labels: &[(&str, &dyn Display)], times: &Times) {
        let mut count = 0;
        for &(bound, alone) in &times.buckets {
            count += alone;
            let bound: &dyn Display = if bound.is_finite() { &bound } else { &"+Inf" };
            let labels = [labels, &[("le", bound)]].concat();
            self.sample(&format!("{name}_bucket"), &labels, count);
        }
        self.sample(&format!("{name}_sum"), labels, times.sum.as_secs_f64());
        self.sample(&format!("{name}_count"), labels, count);
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
