//! The settings file: `KEY=value` lines, as systemd, docker and a shell read them.
//!
//! A `#` at the start of a line begins a comment, and nowhere else, as a key may have one in it. A
//! value may stand in one pair of quotes, which are taken away; nothing else is special, neither
//! `\` nor `$`. A bad line never is shown: it may be a piece of a secret.

use super::SettingFault;
use super::names::{NAMES, nearest_name};
use crate::bounded_file::read_up_to;

/// The largest file, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;

/// So many bad lines are told; past it, only how many more there are.
const FAULTS_TOLD_MAX: usize = 16;

/// The setting that names the file, and that its faults are told under.
pub(super) const SETTINGS_FILE: &str = "SETTINGS_FILE";

/// What a settings file says, each setting once. Empty values are left out: they count as unset.
#[derive(Default)]
pub(super) struct SettingsFile(Vec<(&'static str, String)>);

impl SettingsFile {
    /// Reads a file.
    ///
    /// # Errors
    /// It cannot be read, or every line that is wrong.
    pub(super) fn read(path: &str) -> Result<SettingsFile, Vec<SettingFault>> {
        let content = read_up_to(path, FILE_BYTES_MAX)
            .map_err(|fault| vec![SettingFault::new(SETTINGS_FILE, fault.to_string())])?;
        SettingsFile::parse(&content)
    }

    /// Reads the content of a file.
    ///
    /// # Errors
    /// Every line that is wrong.
    pub(super) fn parse(content: &[u8]) -> Result<SettingsFile, Vec<SettingFault>> {
        let mut file = SettingsFile::default();
        let mut seen: Vec<(&'static str, usize)> = Vec::new();
        let mut faults = Vec::new();
        // Some editors begin a file with a byte order mark.
        let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
        for (line, number) in content.split(|&byte| byte == b'\n').zip(1..) {
            let outcome = read_line(line).and_then(|said| {
                let Some((name, value)) = said else { return Ok(()) };
                if let Some((_, first)) = seen.iter().find(|(known, _)| *known == name) {
                    return Err(format!("sets {name} again, which line {first} has set"));
                }
                seen.push((name, number));
                if !value.is_empty() {
                    file.0.push((name, value.to_owned()));
                }
                Ok(())
            });
            faults.extend(outcome.err().map(|fault| format!("line {number} {fault}")));
        }
        if faults.is_empty() {
            return Ok(file);
        }
        let untold = faults.len().saturating_sub(FAULTS_TOLD_MAX);
        faults.truncate(FAULTS_TOLD_MAX);
        if untold > 0 {
            faults.push(format!("{untold} more lines are wrong"));
        }
        Err(faults.into_iter().map(|fault| SettingFault::new(SETTINGS_FILE, fault)).collect())
    }

    /// What it says of a setting.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// What one line says; `None` where it is empty or a comment.
fn read_line(line: &[u8]) -> Result<Option<(&'static str, &str)>, String> {
    let line = std::str::from_utf8(line).map_err(|_| "is not UTF-8".to_owned())?.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let Some((name, value)) = line.split_once('=') else {
        return Err("has no =; it is written KEY=value".to_owned());
    };
    let name = known_name(name)?;
    let value = unquoted(value).map_err(|fault| format!("sets {name} to a value that {fault}"))?;
    if name == SETTINGS_FILE && !value.is_empty() {
        return Err("names another file of settings, which only the environment may".to_owned());
    }
    Ok(Some((name, value)))
}

fn known_name(name: &str) -> Result<&'static str, String> {
    if let Some(known) = NAMES.into_iter().find(|known| *known == name) {
        return Ok(known);
    }
    if let Some(bare) = NAMES.into_iter().find(|known| *known == name.trim()) {
        return Err(format!("has a space before the =: it is written {bare}=value"));
    }
    if name.trim_start().starts_with("export ") {
        return Err("begins with export; it is written KEY=value".to_owned());
    }
    match nearest_name(name) {
        Some(near) => Err(format!("sets what is no setting; is {near} meant?")),
        None if is_name(name) => Err(format!("sets {name}, which is no setting")),
        None => Err("sets what is no setting".to_owned()),
    }
}

/// Whether it can be the name of a variable, and so no piece of a key.
fn is_name(text: &str) -> bool {
    const BYTES_MAX: usize = 40;
    let in_name = |byte: u8| byte.is_ascii_uppercase() || byte == b'_';
    text.len() <= BYTES_MAX && text.bytes().all(in_name)
}

/// A value without the quotes around it.
fn unquoted(value: &str) -> Result<&str, String> {
    let value = value.trim();
    for quote in ['"', '\''] {
        let Some(rest) = value.strip_prefix(quote) else { continue };
        return match rest.split_once(quote) {
            Some((inside, "")) => Ok(inside),
            Some(_) => Err(format!("goes on behind its second {quote}")),
            None => Err(format!("begins with {quote} and does not end with it")),
        };
    }
    Ok(value)
}

#[cfg(test)]
mod tests;
