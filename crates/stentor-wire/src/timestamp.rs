//! The moment at which a message was stamped, with its text.
//!
//! Knows no clock: the driver hands in milliseconds.

use std::fmt;

use chrono::{DateTime, Datelike, Timelike, Utc};

#[cfg(test)]
mod tests;

/// The last millisecond of the year 9999; RFC 3339 has no more digits for a year.
const UNIX_MILLIS_MAX: u64 = 253_402_300_799_999;

/// Bytes of `2026-02-05T00:00:00.000Z`.
const TEXT_BYTES: usize = 24;

/// A moment in UTC with milliseconds, and its RFC 3339 text, made once and held inline.
///
/// Runs from 1970 to the end of 9999; what is later is held at the end of 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    unix_millis: u64,
    text: [u8; TEXT_BYTES],
}

impl Timestamp {
    /// The moment `unix_millis` milliseconds after 1970-01-01T00:00:00Z.
    pub fn from_unix_millis(unix_millis: u64) -> Timestamp {
        let unix_millis = unix_millis.min(UNIX_MILLIS_MAX);
        let moment = DateTime::<Utc>::from_timestamp_millis(unix_millis as i64).unwrap_or_default();
        Timestamp { unix_millis, text: text_of(&moment) }
    }

    /// Reads an RFC 3339 text of any offset and precision; what is finer than a millisecond is
    /// cut off. `None` if it is no such text or lies before 1970.
    pub fn parse_rfc3339(text: &str) -> Option<Timestamp> {
        let moment = DateTime::parse_from_rfc3339(text).ok()?;
        let unix_millis = u64::try_from(moment.timestamp_millis()).ok()?;
        Some(Timestamp::from_unix_millis(unix_millis))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn unix_millis(&self) -> u64 {
        self.unix_millis
    }

    /// RFC 3339 in UTC with three decimals and `Z`, always 24 bytes.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).expect("digits and punctuation only")
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Timestamp({self})")
    }
}

/// Digits by hand: chrono's own formatter goes through `fmt`, at many times the cost.
fn text_of(moment: &DateTime<Utc>) -> [u8; TEXT_BYTES] {
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let millis = moment.timestamp_subsec_millis();
    put_digits(&mut text[0..4], moment.year().unsigned_abs());
    put_digits(&mut text[5..7], moment.month());
    put_digits(&mut text[8..10], moment.day());
    put_digits(&mut text[11..13], moment.hour());
    put_digits(&mut text[14..16], moment.minute());
    put_digits(&mut text[17..19], moment.second());
    put_digits(&mut text[20..23], millis);
    text
}

fn put_digits(place: &mut [u8], mut number: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}
