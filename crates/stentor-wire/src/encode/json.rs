//! The pieces of JSON that the server writes itself (RFC 8259): strings and whole numbers.

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The most digits of a `u64`.
const DIGITS_MAX: usize = 20;

/// Appends `text` as a JSON string, quotes included; nothing is escaped that need not be.
pub(crate) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    if is_plain(text) {
        out.extend_from_slice(text.as_bytes());
    } else {
        text.bytes().for_each(|byte| escaped(byte, out));
    }
    out.push(b'"');
}

/// What [`string`] appends, in bytes, exactly.
pub(crate) fn string_bytes(text: &str) -> usize {
    let inner_bytes =
        if is_plain(text) { text.len() } else { text.bytes().map(escaped_bytes).sum() };
    inner_bytes + 2
}

/// What follows the string that `text` begins with, its opening quotation mark included; `None`
/// where there is none, or it does not end.
pub(crate) fn behind_string(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_prefix(b"\"")?;
    loop {
        match rest {
            [b'"', behind @ ..] => return Some(behind),
            [b'\\', _, behind @ ..] | [_, behind @ ..] => rest = behind,
            [] => return None,
        }
    }
}

/// Appends `number` in decimal.
pub(crate) fn number(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0; DIGITS_MAX];
    let mut start = DIGITS_MAX;
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}

/// Appends `true` or `false`.
pub(crate) fn boolean(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

/// Whether no byte needs an escape. Without an early end it is vectorised.
fn is_plain(text: &str) -> bool {
    !text.bytes().fold(false, |any, byte| any | needs_escape(byte))
}

const fn needs_escape(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

fn escaped(byte: u8, out: &mut Vec<u8>) {
    if !needs_escape(byte) {
        return out.push(byte);
    }
    match letter(byte) {
        Some(letter) => out.extend_from_slice(&[b'\\', letter]),
        None => {
            out.extend_from_slice(b"\\u00");
            out.push(HEX[usize::from(byte >> 4)]);
            out.push(HEX[usize::from(byte & 0xf)]);
        }
    }
}

fn escaped_bytes(byte: u8) -> usize {
    match (needs_escape(byte), letter(byte)) {
        (false, _) => 1,
        (true, Some(_)) => 2,
        (true, None) => 6,
    }
}

/// The letter of the short escape, where there is one.
const fn letter(byte: u8) -> Option<u8> {
    Some(match byte {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => return None,
    })
}
