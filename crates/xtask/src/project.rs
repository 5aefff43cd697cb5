//! Where things are: the root of the project, its folder for tools, cargo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The workspace that this binary belongs to.
#[derive(Debug)]
pub(crate) struct Project {
    root: PathBuf,
    cargo: OsString,
}

impl Project {
    /// Finds the workspace from the manifest's folder that cargo tells, else from the current one.
    ///
    /// # Errors
    /// In words, where there is no `Cargo.toml` with `[workspace]` above.
    pub(crate) fn find() -> Result<Self, String> {
        let start = match std::env::var_os("CARGO_MANIFEST_DIR") {
            Some(folder) => PathBuf::from(folder),
            None => std::env::current_dir().map_err(|e| format!("no current folder: {e}"))?,
        };
        let root = start
            .ancestors()
            .find(|folder| is_workspace(folder))
            .ok_or_else(|| format!("there is no workspace above {}", start.display()))?;
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        Ok(Self { root: root.to_owned(), cargo })
    }

    /// A file or folder of the project.
    pub(crate) fn path(&self, inside: &str) -> PathBuf {
        self.root.join(inside)
    }

    /// What is fetched for the tests lives here; git ignores it.
    pub(crate) fn tools(&self) -> PathBuf {
        self.path(".tools")
    }

    /// A program that will run at the root and read nothing from the terminal.
    pub(crate) fn command(&self, program: impl Into<OsString>) -> Command {
        let mut command = Command::new(program.into());
        command.current_dir(&self.root).stdin(std::process::Stdio::null());
        command
    }

    /// The cargo that runs this task, with arguments.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(&self.cargo);
        command.args(arguments);
        command
    }
}

fn is_workspace(folder: &Path) -> bool {
    std::fs::read_to_string(folder.join("Cargo.toml"))
        .is_ok_and(|manifest| manifest.lines().any(|line| line.trim() == "[workspace]"))
}
