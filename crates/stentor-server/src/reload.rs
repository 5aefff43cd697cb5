//! Reload: settings that are read again while everybody stays connected.
//!
//! All or nothing: where anything is wrong with what was read, everything stays as it is, and one
//! warning names each fault. Runs on the main thread; files are read on a thread for what blocks.

use std::cell::RefCell;
use std::convert::Infallible;
use std::fmt;
use std::future::pending;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use stentor_engine::{Engine, Limits};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use crate::door::Upgrades;
use crate::identity::{Guard, JwksWatch, self_test};
use crate::logging::LogLevel;
use crate::reloads::{Reloaded, Reloads};
use crate::settings::{SettingFault, Settings, SettingsSource, is_of_identity, is_of_tls};
use crate::tls::{CertificateWatch, LiveCertificate};

/// How long the files may take; past it nothing changes. A named pipe would take for ever.
const READING_TIMEOUT: Duration = Duration::from_secs(10);

/// What of a running server may change, and the settings that it has now.
pub(crate) struct Reload {
    engine: Engine,
    upgrades: Arc<Upgrades>,
    current: RefCell<Settings>,
    /// What the server was started with: what differs from it and cannot change is told each time.
    started: SettingsSource,
    /// Where the keys of tokens come from a file: who looks whether it changes.
    keys: watch::Sender<Option<Rc<JwksWatch>>>,
    /// `None` where there is no TLS.
    certificate: Option<Arc<LiveCertificate>>,
    /// Who looks whether its files change.
    certificate_files: watch::Sender<Option<Rc<CertificateWatch>>>,
    reloads: Rc<Reloads>,
}

/// What becomes of the settings that differ from those before, by name.
#[derive(Debug, Default, PartialEq, Eq)]
struct Outcome {
    taken: Vec<&'static str>,
    needs_restart: Vec<&'static str>,
}

impl Reload {
    /// `certificate` is what TLS is spoken with, where it is.
    pub(crate) fn new(
        engine: Engine,
        upgrades: Arc<Upgrades>,
        certificate: Option<Arc<LiveCertificate>>,
        reloads: Rc<Reloads>,
        settings: &Settings,
    ) -> Reload {
        let keys = keys_watch(settings, &upgrades.policy().guard);
        let certificate_files = certificate_watch(settings, certificate.as_ref());
        Reload {
            engine,
            upgrades,
            current: RefCell::new(settings.clone()),
            started: settings.source.clone(),
            keys: watch::Sender::new(keys),
            certificate,
            reloads,
            certificate_files: watch::Sender::new(certificate_files),
        }
    }

    /// Keeps the keys of tokens and the certificate as their files say, for ever.
    ///
    /// # Cancel safety
    /// Dropping the future ends the looking.
    pub(crate) async fn watch_files(&self) -> Infallible {
        let keys = follow(&self.keys, async |watch| watch.run().await);
        let certificate = follow(&self.certificate_files, async |watch| watch.run().await);
        tokio::select! {
            never = keys => match never {},
            never = certificate => match never {},
        }
    }

    /// Reads the settings again and takes what may change. Logs and counts what became of them.
    ///
    /// # Cancel safety
    /// Either all is taken or nothing.
    pub(crate) async fn read_again(&self, level: Option<&LogLevel>) {
        self.reloads.note(self.attempt(level).await);
    }

    async fn attempt(&self, level: Option<&LogLevel>) -> Reloaded {
        if self.started.files().is_empty() {
            tracing::warn!("nothing to read again: there is no file that settings name");
            return Reloaded::Unchanged;
        }
        let said = self.started.said().clone();
        let reading = spawn_blocking(move || Settings::read(&said));
        match tokio::time::timeout(READING_TIMEOUT, reading).await {
            Ok(Ok(Ok(newer))) => return self.take(newer, level),
            Ok(Ok(Err(faults))) => stay_for(&faults),
            // Only a panic ends it, and the runtime has told of that.
            Ok(Err(_)) => tracing::warn!("the settings stay as they are: the reading failed"),
            Err(_) => {
                let most = READING_TIMEOUT;
                tracing::warn!("the settings stay as they are: reading them took over {most:?}");
            }
        }
        Reloaded::Failed
    }

    fn take(&self, newer: Settings, level: Option<&LogLevel>) -> Reloaded {
        if newer.identity.is_some()
            && self.current.borrow().identity.is_none()
            && let Err(failure) = self_test()
        {
            tracing::warn!("the settings stay as they are: {failure}");
            return Reloaded::Failed;
        }
        let mut next = self.current.borrow().clone();
        let outcome = merge(&self.started, &mut next, &newer, level.is_some());
        self.apply(&next, &outcome);
        let before = self.current.replace(next);
        let now = self.current.borrow();
        // So that the line below is written wherever one of the two levels wants it.
        if now.log_level > before.log_level {
            change_level(level, &now);
        }
        outcome.tell();
        for warning in now.warnings.iter().filter(|warning| !before.warnings.contains(warning)) {
            tracing::warn!("{warning}");
        }
        change_level(level, &now);
        if outcome.taken.is_empty() { Reloaded::Unchanged } else { Reloaded::Taken }
    }

    fn apply(&self, settings: &Settings, outcome: &Outcome) {
        let config = settings.engine_config(String::new());
        self.engine.change_limits(&Limits::of(&config));
        if let (Some(live), Some(tls)) = (&self.certificate, &settings.tls)
            && outcome.taken.iter().any(|name| is_of_tls(name))
        {
            live.replace(&tls.certificate);
            self.certificate_files.send_replace(certificate_watch(settings, Some(live)));
        }
        if !outcome.taken.iter().any(|name| is_of_identity(name)) {
            self.upgrades.change(settings, self.upgrades.policy().guard.clone());
            return;
        }
        let guard = Guard::new(settings);
        let watch = keys_watch(settings, &guard);
        self.upgrades.change(settings, guard);
        self.keys.send_replace(watch);
    }
}

impl Outcome {
    fn tell(&self) {
        let names = self.taken.join(", ");
        if names.is_empty() {
            tracing::info!("the settings were read again, none that may change has");
        } else {
            tracing::info!(settings = %names, "the settings were read again");
        }
        if !self.needs_restart.is_empty() {
            let names = self.needs_restart.join(", ");
            tracing::warn!(settings = %names, "changed settings stay as they are: each needs a restart");
        }
    }
}

impl fmt::Debug for Reload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reload").finish_non_exhaustive()
    }
}

/// Takes into `next`, the settings as they are, what of `newer` differs and may change. Keys that
/// come from files are taken whether a setting differs or not.
fn merge(
    started: &SettingsSource,
    next: &mut Settings,
    newer: &Settings,
    may_change_level: bool,
) -> Outcome {
    let mut outcome = Outcome::default();
    for name in next.source.changes(&newer.source) {
        if (name != "LOG_LEVEL" || may_change_level) && next.take(name, newer) {
            outcome.taken.push(name);
        }
    }
    for name in newer.source.files() {
        if !outcome.taken.contains(&name) && next.take(name, newer) {
            outcome.taken.push(name);
        }
    }
    for name in started.changes(&newer.source) {
        let stays = !next.clone().take(name, newer) || name == "LOG_LEVEL" && !may_change_level;
        outcome.needs_restart.extend(stays.then_some(name));
    }
    next.source = newer.source.clone();
    next.warnings.clone_from(&newer.warnings);
    outcome
}

fn keys_watch(settings: &Settings, guard: &Guard) -> Option<Rc<JwksWatch>> {
    let file = settings.identity.as_ref()?.jwks_file.clone()?;
    Some(Rc::new(JwksWatch::new(file, Arc::clone(guard.verifier()?))))
}

fn certificate_watch(
    settings: &Settings,
    live: Option<&Arc<LiveCertificate>>,
) -> Option<Rc<CertificateWatch>> {
    let files = settings.tls.as_ref()?.files.clone();
    Some(Rc::new(CertificateWatch::new(files, Arc::clone(live?))))
}

/// Runs the watch that there is now, whichever that is, for ever.
async fn follow<W>(
    watches: &watch::Sender<Option<Rc<W>>>,
    run: impl AsyncFn(&W) -> Infallible,
) -> Infallible {
    let mut watches = watches.subscribe();
    loop {
        let watch = watches.borrow_and_update().clone();
        let looking = async {
            match &watch {
                Some(watch) => run(watch).await,
                None => pending().await,
            }
        };
        tokio::select! {
            never = looking => match never {},
            // The sender lives as long as this.
            _ = watches.changed() => {}
        }
    }
}

fn change_level(level: Option<&LogLevel>, settings: &Settings) {
    if let Some(level) = level {
        level.change(settings.log_level);
    }
}

fn stay_for(faults: &[SettingFault]) {
    let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
    tracing::warn!("the settings stay as they are: {}", faults.join("; "));
}

#[cfg(test)]
mod tests;
