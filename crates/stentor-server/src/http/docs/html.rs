//! Writing HTML: text that is escaped, tables, shapes.

use std::fmt::Write;

use serde_json::Value;

/// A page that is being written.
#[derive(Default)]
pub(super) struct Page {
    html: String,
}

impl Page {
    /// Appends HTML; texts in it were escaped.
    pub(super) fn put(&mut self, html: std::fmt::Arguments<'_>) {
        self.html.write_fmt(html).expect("a String takes everything");
    }

    /// Begins a part that a reader finds by its anchor.
    pub(super) fn part(&mut self, anchor: &str, title: &str) {
        self.put(format_args!("<h2 id=\"{anchor}\">{title}</h2>\n"));
    }

    /// Begins a table with these heads; it may be wider than a narrow window and scrolls then.
    pub(super) fn begin_table(&mut self, heads: &[&str]) {
        self.put(format_args!("<div class=\"wide\"><table>\n<tr>"));
        for head in heads {
            self.put(format_args!("<th>{head}</th>"));
        }
        self.put(format_args!("</tr>\n"));
    }

    /// A row of cells; `anchor` is where links lead to, empty for none.
    pub(super) fn row(&mut self, anchor: &str, cells: &[&str]) {
        match anchor {
            "" => self.put(format_args!("<tr>")),
            _ => self.put(format_args!("<tr id=\"{anchor}\">")),
        }
        for cell in cells {
            self.put(format_args!("<td>{cell}</td>"));
        }
        self.put(format_args!("</tr>\n"));
    }

    /// Ends a table.
    pub(super) fn end_table(&mut self) {
        self.put(format_args!("</table></div>\n"));
    }

    /// A document under a word that opens it.
    pub(super) fn folded(&mut self, word: &str, document: &Value) {
        let text = escape(&format!("{document:#}"));
        self.put(format_args!("<details><summary>{word}</summary><pre>{text}</pre></details>\n"));
    }

    /// The page so far.
    pub(super) fn into_html(self) -> String {
        self.html
    }
}

/// The members of an object, in their order; none of anything else.
pub(super) fn members(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

/// The elements of an array; none of anything else.
pub(super) fn elements(array: &Value) -> &[Value] {
    array.as_array().map_or(&[], Vec::as_slice)
}

/// A text of a document as HTML; empty for anything else.
pub(super) fn escaped(text: &Value) -> String {
    escape(text.as_str().unwrap_or(""))
}

/// A text as HTML.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The last word of a reference, which names what it leads to.
pub(super) fn target(reference: &Value) -> &str {
    let path = reference["$ref"].as_str().unwrap_or("");
    path.rsplit('/').next().unwrap_or("")
}

/// What all references within a document lead to, in their order.
pub(super) fn targets(document: &Value) -> Vec<&str> {
    match document {
        Value::Object(_) if document["$ref"].is_string() => vec![target(document)],
        Value::Object(members) => members.values().flat_map(targets).collect(),
        Value::Array(items) => items.iter().flat_map(targets).collect(),
        _ => Vec::new(),
    }
}
