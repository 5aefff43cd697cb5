//! A report as one page that needs nothing else: no script, no file, no network.

use std::fmt::Write as _;

use crate::failure::Failure;
use crate::measure::machine;
use crate::report::Report;
use crate::report::chart::Chart;
use crate::report::markup::escape;
use crate::report::plot::{self, Form, palette};

#[cfg(test)]
mod tests;

/// The page's style, without the colours of the pictures.
const STYLE: &str = include_str!("html/page.css");
/// What the page may do: be styled. An error text that got through as markup would do nothing.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The whole page.
///
/// # Errors
/// If a chart cannot be drawn.
pub(crate) fn page(report: &Report) -> Result<String, Failure> {
    let (scenario, what) = (escape(report.scenario), escape(&report.what));
    let mut body = String::new();
    head_of(report, &mut body);
    for chart in &report.charts {
        figure(chart, &mut body)?;
    }
    for table in &report.tables {
        rows(table.name(), "", &mut table.heads(), table.rows_for_people(), &mut body);
    }
    for table in &report.word_tables {
        rows(table.name(), "words", &mut table.heads(), table.rows(), &mut body);
    }
    list("Remarks", "remarks", &report.remarks, &mut body);
    let dark = palette::dark_rules("svg");
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{scenario}: {what}</title>\n\
         <style>\n{STYLE}@media (prefers-color-scheme: dark) {{\n{dark}}}\n</style>\n\
         </head>\n<body>\n<main>\n{body}\
         <footer>stentor-loadtest {version} {scenario}</footer>\n</main>\n</body>\n</html>\n"
    ))
}

/// What was measured, the verdict with its faults, and the figures.
fn head_of(report: &Report, out: &mut String) {
    let (class, verdict) =
        if report.has_passed() { ("passed", "passed") } else { ("failed", "FAILED") };
    let figures = report.figures.iter().map(|(name, figure)| {
        let name = escape(&name.replace('_', " "));
        format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(&figure.for_people()))
    });
    // A string takes whatever is written to it, here and below.
    let _ = write!(
        out,
        "<header>\n<p class=\"scenario\">{}</p>\n<h1>{}</h1>\n\
         <p><span class=\"verdict {class}\">{verdict}</span></p>\n\
         <p class=\"machine\">{}</p>\n</header>\n",
        escape(report.scenario),
        escape(&report.what),
        escape(&machine::describe()),
    );
    list("Faults", "faults", &report.faults, out);
    if !report.figures.is_empty() {
        let _ = write!(out, "<dl>\n{}</dl>\n", figures.collect::<String>());
    }
}

/// A chart, drawn for a wide page and for a narrow one.
fn figure(chart: &Chart, out: &mut String) -> Result<(), Failure> {
    let (wide, narrow) = (plot::draw(chart, Form::Wide)?, plot::draw(chart, Form::Narrow)?);
    let _ = write!(
        out,
        "<figure>\n<figcaption>{}</figcaption>\n<div class=\"wide\">{wide}</div>\n\
         <div class=\"narrow\">{narrow}</div>\n</figure>\n",
        escape(&chart.title)
    );
    Ok(())
}

fn rows(
    name: &str,
    class: &str,
    heads: &mut dyn Iterator<Item = String>,
    lines: impl Iterator<Item = impl Iterator<Item = String>>,
    out: &mut String,
) {
    let cells = |tag: &str, words: &mut dyn Iterator<Item = String>| {
        words.fold(String::new(), |mut row, word| {
            let _ = write!(row, "<{tag}>{}</{tag}>", escape(&word));
            row
        })
    };
    let heads = cells("th", heads);
    let _ = write!(
        out,
        "<section>\n<h2>{}</h2>\n<div class=\"scroll\"><table class=\"{class}\">\n\
         <thead><tr>{heads}</tr></thead>\n<tbody>\n",
        escape(&name.replace('_', " "))
    );
    for mut row in lines {
        let _ = writeln!(out, "<tr>{}</tr>", cells("td", &mut row));
    }
    out.push_str("</tbody>\n</table></div>\n</section>\n");
}

fn list(title: &str, class: &str, lines: &[String], out: &mut String) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(out, "<section class=\"{class}\">\n<h2>{title}</h2>\n<ul>\n");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", escape(line));
    }
    out.push_str("</ul>\n</section>\n");
}
