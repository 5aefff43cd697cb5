//! Text made safe for HTML and SVG: what a server or a name says is never markup.

#[cfg(test)]
mod tests;

/// The text with all that means something in markup spelled out, in an attribute too; characters
/// that XML has no place for become a replacement mark.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(printable(other)),
        }
    }
    out
}

/// The text without characters that XML has no place for (XML 1.0, section 2.2).
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(printable).collect()
}

fn printable(letter: char) -> char {
    let is_space = matches!(letter, '\t' | '\n' | '\r');
    let is_none = matches!(letter, '\u{fffe}' | '\u{ffff}');
    if is_none || (letter.is_control() && !is_space) { '\u{fffd}' } else { letter }
}
