//! What is wrong with a setting.

use std::fmt;

/// One setting that is wrong, and why. Always the operator's to mend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFault {
    /// The name of its environment variable.
    pub setting: &'static str,
    /// What is wrong with it, for a person.
    pub message: String,
}

impl SettingFault {
    pub(crate) fn new(setting: &'static str, message: impl Into<String>) -> SettingFault {
        SettingFault { setting, message: message.into() }
    }
}

impl fmt::Display for SettingFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.message)
    }
}

impl std::error::Error for SettingFault {}
