//! What a scenario found: a table for people, a JSON document for programs, and a verdict.

use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;

use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};

use crate::failure::Failure;
use crate::measure::machine;
use crate::report::chart::Chart;
use crate::report::figure::Figure;
use crate::report::plot::Form;
use crate::report::table::Table;
use crate::report::word_table::WordTable;

pub(crate) mod chart;
pub(crate) mod curves;
pub(crate) mod figure;
pub(crate) mod html;
pub(crate) mod markup;
pub(crate) mod plot;
pub(crate) mod progress;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub(crate) mod word_table;

/// Above this share of its core the generator is the limit, and not the server.
const GENERATOR_SHARE_MAX: f64 = 0.9;

/// The figures of one run, in the order in which they are shown.
#[derive(Debug)]
pub(crate) struct Report {
    scenario: &'static str,
    what: String,
    figures: Vec<(String, Figure)>,
    tables: Vec<Table>,
    word_tables: Vec<WordTable>,
    charts: Vec<Chart>,
    faults: Vec<String>,
    remarks: Vec<String>,
}

/// Makes sure that a report can be written to `path`, before anything is measured for it.
///
/// # Errors
/// If it cannot.
pub(crate) fn require_writable(path: &Path) -> Result<(), Failure> {
    let is_new = !path.exists();
    // What stands there stays until there is something better.
    let opened = fs::OpenOptions::new().append(true).create(true).open(path);
    opened.map_err(Failure::while_doing(format!("{} cannot be written", path.display())))?;
    if is_new {
        // A run that fails is to leave no empty report behind.
        let _ = fs::remove_file(path);
    }
    Ok(())
}

impl Report {
    /// An empty report on `scenario`; `what` says in a line what was measured.
    pub(crate) fn new(scenario: &'static str, what: String) -> Self {
        Self {
            scenario,
            what,
            figures: Vec::new(),
            tables: Vec::new(),
            word_tables: Vec::new(),
            charts: Vec::new(),
            faults: Vec::new(),
            remarks: Vec::new(),
        }
    }

    /// Adds a figure; its name is words with an underscore between them.
    pub(crate) fn add(&mut self, name: impl Into<String>, figure: Figure) {
        self.figures.push((name.into(), figure));
    }

    /// Adds a figure that could not always be taken.
    pub(crate) fn add_some(&mut self, name: impl Into<String>, figure: Option<Figure>) {
        if let Some(figure) = figure {
            self.add(name, figure);
        }
    }

    /// Adds the five latencies that people compare; none if nothing was measured.
    pub(crate) fn add_latencies(&mut self, latency: &Histogram<u64>) {
        if latency.is_empty() {
            return;
        }
        let quantiles = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];
        for (name, quantile) in quantiles {
            let nanoseconds = latency.value_at_quantile(quantile);
            self.add(name, Figure::Latency(std::time::Duration::from_nanos(nanoseconds)));
        }
    }

    /// Adds the generator's share of its core, and says so if that was too much of it.
    pub(crate) fn add_generator_share(&mut self, share: f64) {
        self.add("generator", Figure::Share(share));
        self.warn_of_generator("", share);
    }

    /// Says so if the generator's share of its core was too much of it, and `at` which size.
    pub(crate) fn warn_of_generator(&mut self, at: &str, share: f64) {
        if share > GENERATOR_SHARE_MAX {
            let at = if at.is_empty() { String::new() } else { format!(" at {at}") };
            self.remark(format!(
                "THE GENERATOR WAS THE LIMIT{at}: it was busy {:.0} % of the time; these are its \
                 figures, not the server's",
                share * 100.0
            ));
        }
    }

    /// Adds figures of many sizes.
    pub(crate) fn add_table(&mut self, table: Table) {
        self.tables.push(table);
    }

    /// Adds verdicts, or what happened.
    pub(crate) fn add_words(&mut self, table: WordTable) {
        self.word_tables.push(table);
    }

    /// Adds a plot.
    pub(crate) fn add_chart(&mut self, chart: Chart) {
        self.charts.push(chart);
    }

    /// Adds what makes the run a failed one.
    pub(crate) fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    /// Adds what a reader of the figures must know.
    pub(crate) fn remark(&mut self, remark: impl Into<String>) {
        self.remarks.push(remark.into());
    }

    /// Whether no fault was found.
    pub(crate) fn has_passed(&self) -> bool {
        self.faults.is_empty()
    }

    /// Writes the JSON document to `path`.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn write_json(&self, path: &Path) -> Result<(), Failure> {
        let document = format!("{:#}\n", self.to_json());
        fs::write(path, document)
            .map_err(Failure::while_doing(format!("{} cannot be written", path.display())))
    }

    /// Writes the page to `path`.
    ///
    /// # Errors
    /// If a chart cannot be drawn, or the file cannot be written.
    pub(crate) fn write_html(&self, path: &Path) -> Result<(), Failure> {
        fs::write(path, html::page(self)?)
            .map_err(Failure::while_doing(format!("{} cannot be written", path.display())))
    }

    /// Writes each chart into `folder`, as a picture named after the scenario and the chart.
    ///
    /// # Errors
    /// If a chart cannot be drawn, or a file cannot be written.
    pub(crate) fn write_svgs(&self, folder: &Path) -> Result<(), Failure> {
        for chart in &self.charts {
            let name = format!("{}-{}.svg", self.scenario, chart.name.replace('_', "-"));
            let path = folder.join(name);
            fs::write(&path, plot::draw(chart, Form::Alone)?)
                .map_err(Failure::while_doing(format!("{} cannot be written", path.display())))?;
        }
        Ok(())
    }

    fn to_json(&self) -> Value {
        let mut figures = Map::new();
        for (name, figure) in &self.figures {
            let (unit, number) = figure.for_programs();
            figures.insert(format!("{}{unit}", name.replace('.', "_")), number);
        }
        let tables = self.tables.iter().map(|table| (table.name().to_owned(), table.to_json()));
        let words = self.word_tables.iter();
        let words = words.map(|table| (table.name().to_owned(), table.to_json()));
        let charts = self.charts.iter().map(|chart| (chart.name.to_owned(), chart.to_json()));
        json!({
            "scenario": self.scenario,
            "what": self.what,
            "machine": machine::describe(),
            "figures": figures,
            "tables": tables.chain(words).collect::<Map<_, _>>(),
            "charts": charts.collect::<Map<_, _>>(),
            "remarks": self.remarks,
            "passed": self.has_passed(),
            "faults": self.faults,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "{}: {}", self.scenario, self.what)?;
        writeln!(out, "{}", machine::describe())?;
        let rows: Vec<_> = self
            .figures
            .iter()
            .map(|(name, figure)| (name.replace('_', " "), figure.for_people()))
            .collect();
        let width = |texts: &mut dyn Iterator<Item = &String>| {
            texts.map(|text| text.chars().count()).max().unwrap_or(0)
        };
        let names = width(&mut rows.iter().map(|(name, _)| name));
        let values = width(&mut rows.iter().map(|(_, value)| value));
        let mut table = String::new();
        for (name, value) in &rows {
            writeln!(table, "  {name:<names$}  {value:>values$}")?;
        }
        out.write_str(&table)?;
        for table in &self.tables {
            write!(out, "{}\n{table}", table.name())?;
        }
        for table in &self.word_tables {
            write!(out, "{}\n{table}", table.name())?;
        }
        for remark in &self.remarks {
            writeln!(out, "note: {remark}")?;
        }
        for fault in &self.faults {
            writeln!(out, "fault: {fault}")?;
        }
        write!(out, "verdict: {}", if self.has_passed() { "passed" } else { "FAILED" })
    }
}
