//! The settings of presence: how members are told who comes and goes.

use std::time::Duration;

use stentor_engine::Presence;

use super::read::Reader;
use super::{Arguments, values};

/// The longest grace.
const GRACE_MAX: Duration = Duration::from_secs(10 * 60);

/// The most members that may be told by name: what they are is told whole, in one record.
const MEMBERS_MAX: u64 = 1_024;

/// Each setting on its own.
pub(super) fn judge(arguments: &Arguments, reader: &mut Reader) -> Option<Presence> {
    let a = arguments;
    let grace = reader.read("PRESENCE_GRACE", &a.presence_grace, "5s", |text| {
        let grace = values::duration_or_zero(text)?;
        if grace > GRACE_MAX {
            Err(format!("{text:?} is more than ten minutes"))
        } else {
            Ok(grace)
        }
    });
    let members_max = reader.read("PRESENCE_MEMBERS_MAX", &a.presence_members_max, "256", |text| {
        values::number(text, 0, MEMBERS_MAX)
    });
    Some(Presence { grace: grace?, members_max: members_max? as usize })
}

#[cfg(test)]
mod tests;
