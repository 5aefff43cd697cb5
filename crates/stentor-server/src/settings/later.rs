//! Settings of the contract that this version does not have yet.
//!
//! Where ignoring one would be a lie about safety or delivery, the server refuses to start. Where
//! it only has no effect, it says so.

use super::{Arguments, SettingFault, values};

const NOT_SUPPORTED: &str = "is not supported by this version";

/// Faults of what must not be ignored.
pub(super) fn refused(arguments: &Arguments, faults: &mut Vec<SettingFault>) {
    match arguments.history.as_deref() {
        None | Some("" | "off") => {}
        Some(mode @ ("memory" | "redis")) => {
            faults.push(SettingFault::new("HISTORY", format!("{mode:?} {NOT_SUPPORTED}")));
        }
        Some(other) => faults
            .push(SettingFault::new("HISTORY", format!("{other:?} is none of memory, redis, off"))),
    }
}

/// Names of what has no effect, and faults of those among them that could never be valid.
pub(super) fn ineffective(
    arguments: &Arguments,
    faults: &mut Vec<SettingFault>,
) -> Vec<&'static str> {
    let settings = [
        ("HISTORY_SIZE", &arguments.history_size, Kind::Number),
        ("HISTORY_TTL", &arguments.history_ttl, Kind::Duration),
        ("HISTORY_BYTES", &arguments.history_bytes, Kind::Number),
        ("PRESENCE_GRACE", &arguments.presence_grace, Kind::Duration),
        ("PRESENCE_MEMBERS_MAX", &arguments.presence_members_max, Kind::Number),
    ];
    let mut names = Vec::new();
    for (setting, value, kind) in settings {
        let Some(text) = value.as_deref().filter(|text| !text.is_empty()) else { continue };
        let judgement = match kind {
            Kind::Number => values::number(text, 0, u64::MAX).map(drop),
            Kind::Duration => values::duration_or_zero(text).map(drop),
        };
        match judgement {
            Ok(()) => names.push(setting),
            Err(message) => faults.push(SettingFault::new(setting, message)),
        }
    }
    names
}

enum Kind {
    Number,
    Duration,
}
