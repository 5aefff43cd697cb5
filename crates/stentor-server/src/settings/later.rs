//! Settings of the contract that this version does not have yet.
//!
//! They have no effect, and the server says so.

use super::{Arguments, SettingFault, values};

/// Names of what has no effect, and faults of those among them that could never be valid.
pub(super) fn ineffective(
    arguments: &Arguments,
    faults: &mut Vec<SettingFault>,
) -> Vec<&'static str> {
    let settings = [
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
