//! Words in rows and columns, for people and for programs: verdicts, and what happened when.

use std::fmt::{self, Write as _};

use serde_json::{Map, Value};

#[cfg(test)]
mod tests;

/// Rows of words under the same names.
#[derive(Debug)]
pub(crate) struct WordTable {
    name: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl WordTable {
    /// An empty table; names are words with an underscore between them.
    pub(crate) fn new(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self { name, columns, rows: Vec::new() }
    }

    /// What the table is about.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Adds a row: words, which may be none, for each column.
    pub(crate) fn add(&mut self, row: Vec<String>) {
        debug_assert_eq!(row.len(), self.columns.len(), "a row of the {} table", self.name);
        self.rows.push(row);
    }

    /// The heads of the columns, for people.
    pub(crate) fn heads(&self) -> impl Iterator<Item = String> {
        self.columns.iter().map(|name| name.replace('_', " "))
    }

    /// The rows, for people.
    pub(crate) fn rows(&self) -> impl Iterator<Item = impl Iterator<Item = String>> {
        self.rows.iter().map(|row| row.iter().cloned())
    }

    /// The rows as objects.
    pub(crate) fn to_json(&self) -> Value {
        let object = |row: &Vec<String>| {
            let members = self.columns.iter().zip(row);
            let member =
                |(name, words): (&&str, &String)| ((*name).to_owned(), words.clone().into());
            Value::Object(members.map(member).collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }
}

impl fmt::Display for WordTable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let heads = self.heads().collect();
        let mut lines: Vec<&Vec<String>> = vec![&heads];
        lines.extend(&self.rows);
        let width = |column: usize| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.columns.len()).map(width).collect();
        for line in &lines {
            let mut text = String::new();
            for (cell, &width) in line.iter().zip(&widths) {
                write!(text, "  {cell:<width$}")?;
            }
            writeln!(out, "{}", text.trim_end())?;
        }
        Ok(())
    }
}
