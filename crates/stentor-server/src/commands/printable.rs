//! Text of others, as it may stand on a terminal.

use std::fmt::Write;

#[cfg(test)]
mod tests;

/// The text in one line, with everything escaped that could steer a terminal, end the line or turn
/// the order of what is seen: control characters, and Unicode's marks of line and direction.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            steering if steers(steering) => {
                // A string takes all that is written to it.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(steering));
            }
            plain => shown.push(plain),
        }
    }
    shown
}

/// JSON in one line that means the same. Control characters stand in JSON only as white space
/// between its parts (RFC 8259 section 2), and others that steer only in its strings.
pub(super) fn printable_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\n' | '\r' | '\t' => shown.push(' '),
            steering if steers(steering) => {
                let _ = write!(shown, "\\u{:04x}", u32::from(steering));
            }
            plain => shown.push(plain),
        }
    }
    shown
}

/// No character that steers lies outside of the first 65,536, so that four digits name each.
fn steers(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}
