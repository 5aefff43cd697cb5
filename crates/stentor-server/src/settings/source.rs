//! Where settings come from, so that they can be read again.
//!
//! A process cannot read its environment anew, so only what a file says can change: its own lines,
//! and what other files hold that settings name.

use std::fmt;

use super::file::SettingsFile;
use super::names::NAMES;
use super::{Arguments, SettingFault};

/// What was said of the settings, and by whom. Its texts are not shown: some are secrets.
#[derive(Clone, Default)]
pub struct SettingsSource {
    /// By the command line and the environment.
    said: Arguments,
    /// By these two and the file.
    whole: Arguments,
    /// What the file says and does not decide.
    overruled: Vec<&'static str>,
}

impl SettingsSource {
    /// Adds what the settings file says, where one is named, to what the command line and the
    /// environment said.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub(super) fn read(said: &Arguments) -> Result<SettingsSource, Vec<SettingFault>> {
        let mut source =
            SettingsSource { said: said.clone(), whole: said.clone(), overruled: Vec::new() };
        let Some(path) = text(&said.settings_file) else { return Ok(source) };
        let file = SettingsFile::read(path)?;
        for (name, whole) in NAMES.into_iter().zip(source.whole.texts_mut()) {
            match (text(whole), file.value(name)) {
                (None, Some(value)) => *whole = Some(value.to_owned()),
                (Some(said), Some(value)) if said != value => source.overruled.push(name),
                _ => {}
            }
        }
        Ok(source)
    }

    /// Everything that was said.
    pub(crate) fn whole(&self) -> &Arguments {
        &self.whole
    }

    /// What to read to learn of changes.
    pub(crate) fn said(&self) -> &Arguments {
        &self.said
    }

    /// What a person should know: that a line of the file has no effect.
    pub(super) fn warning(&self) -> Option<String> {
        let names = self.overruled.join(", ");
        (!names.is_empty()).then(|| {
            format!("no effect in SETTINGS_FILE, as the environment or a flag says else: {names}")
        })
    }

    /// The settings of which `newer` says something else, by name.
    pub(crate) fn changes(&self, newer: &SettingsSource) -> Vec<&'static str> {
        let texts = self.whole.texts().into_iter().zip(newer.whole.texts());
        let changes = NAMES.into_iter().zip(texts).filter(|(_, (old, new))| text(old) != text(new));
        changes.map(|(name, _)| name).collect()
    }

    /// The settings that are, or name, files: what may change while the process lives.
    pub(crate) fn files(&self) -> Vec<&'static str> {
        let is_file = |value: &str| !value.contains("-----BEGIN");
        let candidates = [
            ("SETTINGS_FILE", &self.whole.settings_file),
            ("TLS_CERT", &self.whole.tls_cert),
            ("TLS_KEY", &self.whole.tls_key),
            ("JWT_PUBLIC_KEY", &self.whole.jwt_public_key),
            ("JWT_JWKS_FILE", &self.whole.jwt_jwks_file),
        ];
        let files = candidates.into_iter().filter(|(_, value)| text(value).is_some_and(is_file));
        files.map(|(name, _)| name).collect()
    }
}

impl fmt::Debug for SettingsSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(said by flags, environment and file)")
    }
}

/// An empty value counts as unset.
fn text(value: &Option<String>) -> Option<&str> {
    value.as_deref().filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests;
