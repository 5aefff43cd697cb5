//! Where a running pod is and how it proves that it is the one, for the commands that talk to one.

use std::ffi::OsString;

use stentor_client::{Address, BadCertificate, TlsFault, Trust};

use super::failure::Failure;
use crate::settings::BasePath;

/// Where a pod is, unless told otherwise.
const URL_DEFAULT: &str = "http://127.0.0.1:8080";

/// Where its routes are, unless told otherwise; as the server itself has it.
const BASE_PATH_DEFAULT: &str = "/api/chat-api";

/// The heading of the flags below.
const POD: &str = "Which pod";

/// The flags that say where a pod is.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct PodArguments {
    /// Where it answers [default: http://127.0.0.1:8080]
    #[arg(long, env = "STENTOR_URL", value_name = "URL", help_heading = POD)]
    #[arg(hide_env_values = true)]
    url: Option<String>,
    /// Path before its routes, as its own setting has it [default: /api/chat-api]
    #[arg(long, env = "BASE_PATH", value_name = "PATH", help_heading = POD)]
    #[arg(hide_env_values = true)]
    base_path: Option<String>,
    /// With https://, trust the authorities of this PEM file and not the platform's
    #[arg(long, env = "STENTOR_CACERT", value_name = "FILE", help_heading = POD)]
    #[arg(hide_env_values = true)]
    cacert: Option<OsString>,
}

/// The flag that says what lets a backend in.
#[derive(clap::Args, Clone, Debug)]
pub(super) struct KeyArguments {
    /// The pod's API_KEY, where it has one
    #[arg(long, env = "API_KEY", value_name = "KEY", help_heading = POD)]
    #[arg(hide_env_values = true)]
    api_key: Option<String>,
}

/// A pod that may or may not be there.
#[derive(Clone, Debug)]
pub(super) struct Pod {
    /// Where, with what stands before all of its routes.
    pub(super) root: Address,
    /// The same with the base path.
    pub(super) base: Address,
    /// Whom it must have its certificate from, where TLS is spoken.
    pub(super) trust: Trust,
}

impl PodArguments {
    /// Judges what was said.
    ///
    /// # Errors
    /// Which flag is bad, and why.
    pub(super) fn pod(&self) -> Result<Pod, Failure> {
        let given = |value: &Option<String>, default: &str| {
            value.clone().filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned())
        };
        let url = given(&self.url, URL_DEFAULT);
        let base_path = BasePath::parse(&given(&self.base_path, BASE_PATH_DEFAULT))
            .map_err(|fault| Failure::usage(format_args!("--base-path: {fault}")))?;
        let bad_url = |fault: &str| Failure::usage(format_args!("--url: {fault}"));
        let (scheme, rest) = match url.split_once("://") {
            Some((scheme, rest)) => match scheme.to_ascii_lowercase().as_str() {
                "http" | "ws" => ("ws", rest),
                "https" | "wss" => ("wss", rest),
                _ => {
                    return Err(bad_url("begins with http:// or https://, and has another scheme"));
                }
            },
            None => return Err(bad_url("begins with http:// or https://, and has no scheme")),
        };
        let rest = rest.trim_end_matches('/');
        let address = |text: String| Address::parse(&text).map_err(|bad| bad_url(&bad.to_string()));
        let root = address(format!("{scheme}://{rest}"))?;
        let base = address(format!("{scheme}://{rest}{base_path}"))?;
        let trust = if root.is_tls() { self.trust()? } else { Trust::default() };
        Ok(Pod { root, base, trust })
    }

    fn trust(&self) -> Result<Trust, Failure> {
        let Some(file) = self.cacert.as_ref().filter(|file| !file.is_empty()) else {
            return Ok(Trust::default());
        };
        let bad_file = |fault: &dyn std::fmt::Display| {
            Failure::usage(format_args!("--cacert: {}: {fault}", file.display()))
        };
        let pem = std::fs::read(file).map_err(|error| bad_file(&error))?;
        Trust::only(&pem).map_err(|bad| bad_file(&bad))
    }
}

/// What to try where a pod does not prove who it is.
pub(super) fn hint(fault: &TlsFault) -> &'static str {
    match fault {
        TlsFault::NoAuthorities | TlsFault::Certificate(BadCertificate::UnknownAuthority) => {
            " (--cacert or STENTOR_CACERT)"
        }
        TlsFault::NotTls => " (is it http://?)",
        _ => "",
    }
}

impl KeyArguments {
    /// The key, where there is one.
    ///
    /// # Errors
    /// It is none that a header could carry.
    pub(super) fn key(&self) -> Result<Option<&str>, Failure> {
        let key = self.api_key.as_deref().filter(|key| !key.is_empty());
        match key {
            Some(key) if !key.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(Failure::usage("--api-key: has a character that is not visible ASCII"))
            }
            key => Ok(key),
        }
    }
}

impl std::fmt::Display for Pod {
    /// `http://host:port` or `https://host:port`, for a person.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = if self.root.is_tls() { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", authority(&self.root), self.root.base_path())
    }
}

/// `host:port`, an IPv6 address in brackets.
pub(super) fn authority(address: &Address) -> String {
    let (host, port) = (address.host(), address.port());
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
