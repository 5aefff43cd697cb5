//! What the routes answer from.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use stentor_engine::Engine;

use super::routes::Routes;
use super::transport::Workbench;
use super::{asyncapi, docs, openapi};
use crate::door::Upgrades;
use crate::health::Health;
use crate::reloads::Reloads;
use crate::settings::{Patience, Settings};
use crate::tls::LiveCertificate;

/// Everything that a request may need, made once at the start.
#[derive(Debug)]
pub struct App {
    pub(super) engine: Engine,
    pub(super) pod: String,
    pub(super) upgrades: Arc<Upgrades>,
    pub(super) health: Arc<Health>,
    pub(super) routes: Routes,
    pub(super) patience: Patience,
    pub(super) workbench: Rc<RefCell<Workbench>>,
    /// What became of settings that were read again; who reads them has it too.
    pub(crate) reloads: Rc<Reloads>,
    /// Somebody may want to know what becomes of publications.
    pub(super) traces: bool,
    pub(super) openapi: Bytes,
    pub(super) asyncapi: Bytes,
    pub(super) docs: Bytes,
    pub(super) chat: Bytes,
    pub(super) dashboard: Bytes,
    /// What TLS is spoken with, where it is.
    pub(super) certificate: Option<Arc<LiveCertificate>>,
    /// When the server started, in seconds since 1970.
    pub(super) started_unix_seconds: f64,
}

impl App {
    /// An app over a running engine. `pod` is the name that the statistics tell.
    pub fn new(
        engine: Engine,
        pod: String,
        upgrades: Arc<Upgrades>,
        health: Arc<Health>,
        certificate: Option<Arc<LiveCertificate>>,
        settings: &Settings,
    ) -> App {
        let routes = Routes::new(&settings.base_path);
        let openapi = openapi::document(&routes);
        let asyncapi = asyncapi::document(&settings.base_path);
        App {
            engine,
            pod,
            upgrades,
            health,
            patience: settings.patience,
            workbench: Rc::default(),
            certificate,
            reloads: Rc::default(),
            traces: cfg!(feature = "otel") && settings.traces.is_some(),
            chat: stentor_web::chat_page(settings.base_path.as_str()).into(),
            dashboard: stentor_web::dashboard_page(settings.base_path.as_str()).into(),
            docs: docs::page(&settings.base_path, &openapi, &asyncapi).into(),
            openapi: format!("{openapi:#}").into(),
            asyncapi: format!("{asyncapi:#}").into(),
            started_unix_seconds: SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0.0, |since| since.as_secs_f64()),
            routes,
        }
    }
}
