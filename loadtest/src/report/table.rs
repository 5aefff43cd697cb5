//! Figures in rows and columns, for people and for programs.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

use crate::report::figure::Figure;

#[cfg(test)]
mod tests;

/// Rows of figures under the same names.
#[derive(Debug)]
pub(crate) struct Table {
    name: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Option<Figure>>>,
}

impl Table {
    /// An empty table; names are words with an underscore between them.
    pub(crate) fn new(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    /// What the table is about.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Adds a row: a figure, or none, for each column.
    pub(crate) fn add(&mut self, row: Vec<Option<Figure>>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a row of the {} table", self.name);
        self.rows.push(row);
    }

    /// The columns' names in words.
    pub(crate) fn heads(&self) -> impl Iterator<Item = String> {
        self.columns.iter().map(|name| name.replace('_', " "))
    }

    /// The cells of each row in words.
    pub(crate) fn rows_for_people(&self) -> impl Iterator<Item = impl Iterator<Item = String>> {
        let words =
            |figure: &Option<Figure>| figure.as_ref().map_or("-".into(), Figure::for_people);
        self.rows.iter().map(move |row| row.iter().map(words))
    }

    /// The rows as objects, the unit in each name.
    pub(crate) fn to_json(&self) -> Value {
        let object = |row: &Vec<Option<Figure>>| {
            let mut object = Map::new();
            for (name, figure) in self.columns.iter().zip(row) {
                if let Some(figure) = figure {
                    let (unit, number) = figure.for_programs();
                    object.insert(format!("{name}{unit}"), number);
                }
            }
            Value::Object(object)
        };
        self.rows.iter().map(object).collect()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut lines: Vec<Vec<String>> = vec![self.heads().collect()];
        lines.extend(self.rows_for_people().map(Iterator::collect));
        let width = |column: usize| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        let mut text = String::new();
        for line in &lines {
            for (cell, &width) in line.iter().zip(&widths) {
                write!(text, "  {cell:>width$}")?;
            }
            text.push('\n');
        }
        out.write_str(&text)
    }
}
