//! The figures of all servers side by side, for people and for programs.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value, json};

use super::machine::Machine;
use super::plan::{Plan, Step};

/// What stands in a cell without a figure.
const NOTHING: &str = "–";

/// One figure of every server.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Column {
    Cpu,
    OfTheFloor,
    P50,
    P99,
    Lost,
    Max,
    MaxP99,
    MaxRooms,
    MaxRoomsP99,
    Bytes,
    Handshake,
}

impl Column {
    pub(super) const ALL: [Self; 11] = [
        Self::Cpu,
        Self::OfTheFloor,
        Self::P50,
        Self::P99,
        Self::Lost,
        Self::Max,
        Self::MaxP99,
        Self::MaxRooms,
        Self::MaxRoomsP99,
        Self::Bytes,
        Self::Handshake,
    ];

    fn heading(self, plan: Plan) -> String {
        match self {
            Self::Cpu => "CPU µs a delivery".to_owned(),
            Self::OfTheFloor => "of the floor".to_owned(),
            Self::P50 => "p50 ms".to_owned(),
            Self::P99 => "p99 ms".to_owned(),
            Self::Lost => "lost".to_owned(),
            Self::Max => format!("{}, thousand/s", plan.describe(Step::Max)),
            Self::MaxRooms => format!("{}, thousand/s", plan.describe(Step::MaxRooms)),
            Self::MaxP99 | Self::MaxRoomsP99 => "p99 ms there".to_owned(),
            Self::Bytes => "bytes a connection".to_owned(),
            Self::Handshake => "CPU µs a handshake".to_owned(),
        }
    }

    /// Its name in the JSON document, the unit at its end.
    fn key(self) -> &'static str {
        match self {
            Self::Cpu => "cpu_a_delivery_us",
            Self::OfTheFloor => "of_the_floor_ratio",
            Self::P50 => "p50_ms",
            Self::P99 => "p99_ms",
            Self::Lost => "lost",
            Self::Max => "max_deliveries_per_second",
            Self::MaxP99 => "p99_at_max_ms",
            Self::MaxRooms => "max_rooms_deliveries_per_second",
            Self::MaxRoomsP99 => "p99_at_max_rooms_ms",
            Self::Bytes => "bytes_a_connection",
            Self::Handshake => "cpu_a_handshake_us",
        }
    }

    fn for_people(self, figure: f64) -> String {
        match self {
            Self::Cpu | Self::OfTheFloor => format!("{figure:.2}"),
            Self::P50 | Self::P99 | Self::MaxP99 | Self::MaxRoomsP99 => format!("{figure:.1}"),
            Self::Max | Self::MaxRooms => grouped(figure / 1e3),
            Self::Lost | Self::Bytes | Self::Handshake => grouped(figure),
        }
    }
}

/// One server.
#[derive(Debug)]
pub(super) struct Row {
    title: &'static str,
    /// Its version, or why it is not to be had.
    version: Result<String, String>,
    /// What was measured.
    pub(super) figures: BTreeMap<Column, f64>,
    /// What a reader of the figures must know.
    pub(super) notes: Vec<String>,
}

impl Row {
    /// A server without figures yet.
    pub(super) fn new(title: &'static str, version: String) -> Self {
        Self { title, version: Ok(version), figures: BTreeMap::new(), notes: Vec::new() }
    }

    /// A server that cannot be measured here, and why.
    pub(super) fn absent(title: &'static str, why: String) -> Self {
        Self { title, version: Err(why), figures: BTreeMap::new(), notes: Vec::new() }
    }

    /// Takes a figure out of a report of the harness, if it is there.
    pub(super) fn take(&mut self, report: &Value, column: Column, key: &str) {
        if let Some(figure) = report["figures"][key].as_f64() {
            self.figures.insert(column, figure);
        }
    }

    fn cells(&self) -> Vec<String> {
        let Err(why) = &self.version else {
            let cell = |column: Column| {
                let figure = self.figures.get(&column);
                figure.map_or(NOTHING.to_owned(), |figure| column.for_people(*figure))
            };
            return std::iter::once(self.title.to_owned()).chain(Column::ALL.map(cell)).collect();
        };
        let mut cells = vec![self.title.to_owned(), format!("not to be had: {why}")];
        cells.resize(Column::ALL.len() + 1, String::new());
        cells
    }
}

/// All servers.
#[derive(Debug)]
pub(super) struct Table {
    plan: Plan,
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    /// A table without rows.
    pub(super) fn new(plan: Plan) -> Self {
        Self { plan, rows: Vec::new(), notes: Vec::new() }
    }

    /// Adds a server.
    pub(super) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Says how far the floors around the fan-outs, CPU µs a delivery each, were from each other.
    pub(super) fn note_floors(&mut self, floors: &[f64]) {
        let (Some(low), Some(high)) =
            (floors.iter().copied().reduce(f64::min), floors.iter().copied().reduce(f64::max))
        else {
            return;
        };
        let step = self.plan.describe(Step::Fanout);
        self.notes.push(format!(
            "The floor of {step}, before and after each server: {low:.2} to {high:.2} µs a \
             delivery. A server is divided by its own two."
        ));
    }

    /// The document for people.
    pub(super) fn to_markdown(&self, machine: &Machine) -> String {
        let mut out = format!("# Peers side by side, {}\n\n", machine.date);
        if self.plan == Plan::Quick {
            out.push_str("A quick run: a look, no figures to quote.\n\n");
        }
        out.push_str(&format!("{}\n\n{self}\n## Versions\n\n", machine.in_words()));
        for row in &self.rows {
            match &row.version {
                Ok(version) => out.push_str(&format!("- {}: {version}\n", row.title)),
                Err(why) => out.push_str(&format!("- {}: not to be had: {why}\n", row.title)),
            }
        }
        let notes: Vec<&String> = self.all_notes().collect();
        if !notes.is_empty() {
            out.push_str("\n## Notes\n\n");
        }
        for note in notes {
            out.push_str(&format!("- {note}\n"));
        }
        out.push_str("\nHow it is measured and read: loadtest/README.md, \"Peers\".\n");
        out
    }

    /// The document for programs.
    pub(super) fn to_json(&self, machine: &Machine) -> Value {
        let servers = self.rows.iter().map(|row| {
            let figures = row.figures.iter();
            let figures = figures.map(|(column, figure)| (column.key().to_owned(), json!(figure)));
            let mut server = Map::from_iter([("server".to_owned(), json!(row.title))]);
            match &row.version {
                Ok(version) => server.insert("version".to_owned(), json!(version)),
                Err(why) => server.insert("not_to_be_had".to_owned(), json!(why)),
            };
            server.insert("figures".to_owned(), figures.collect::<Map<_, _>>().into());
            Value::Object(server)
        });
        json!({
            "date": machine.date,
            "machine": machine.in_words(),
            "commit": machine.commit,
            "quick": self.plan == Plan::Quick,
            "servers": servers.collect::<Vec<_>>(),
            "notes": self.all_notes().collect::<Vec<_>>(),
        })
    }

    fn all_notes(&self) -> impl Iterator<Item = &String> {
        self.notes.iter().chain(self.rows.iter().flat_map(|row| &row.notes))
    }
}

/// A Markdown table whose columns are aligned, so that a terminal shows it as well.
impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines = vec![vec![String::new()]];
        lines[0].extend(Column::ALL.map(|column| column.heading(self.plan)));
        lines.extend(self.rows.iter().map(Row::cells));
        // A word of why a server is absent runs over the cells that it leaves empty.
        let absent = |line: &[String]| line[2..].iter().all(String::is_empty);
        let width = |column: usize| {
            let counted = lines.iter().filter(|line| column == 0 || !absent(line));
            counted.map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..=Column::ALL.len()).map(width).collect();
        for (place, line) in lines.iter().enumerate() {
            let (title, title_width) = (&line[0], widths[0]);
            write!(out, "| {title:<title_width$} |")?;
            for (cell, &width) in line[1..].iter().zip(&widths[1..]) {
                if absent(line) && cell.is_empty() {
                    write!(out, " |")?;
                } else {
                    write!(out, " {cell:>width$} |")?;
                }
            }
            writeln!(out)?;
            if place == 0 {
                write!(out, "|{:-<1$}|", "", title_width + 2)?;
                for width in &widths[1..] {
                    write!(out, "{:-<1$}:|", "", width + 1)?;
                }
                writeln!(out)?;
            }
        }
        Ok(())
    }
}

/// A number without fraction, a comma between thousands; below ten with one digit behind it.
fn grouped(figure: f64) -> String {
    if figure.abs() < 10.0 && figure.fract() != 0.0 {
        return format!("{figure:.1}");
    }
    let digits = format!("{:.0}", figure.abs());
    let mut out = if figure < 0.0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
