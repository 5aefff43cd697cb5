//! The settings of traces: where a collector takes them. They are OpenTelemetry's own, by its names,
//! and its SDK reads the others of them (`OTEL_SERVICE_NAME`, `OTEL_TRACES_SAMPLER`,
//! `OTEL_EXPORTER_OTLP_HEADERS`, …) from the environment.

use hyper::Uri;

use super::read::Reader;
use super::{Arguments, SettingFault};
use crate::traces::Exporting;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const TRACES_ENDPOINT: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

/// What stands behind [`ENDPOINT`] for traces (OpenTelemetry protocol exporter, "Endpoint URLs for
/// OTLP/HTTP").
const TRACES_PATH: &str = "/v1/traces";

/// Variables of which this program takes one value, by that value. The more special one counts.
const FIXED: [([&str; 2], &str); 2] = [
    (["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"], "http/protobuf"),
    (["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"], "none"),
];

/// Variables that turn traces off, by the value that does so.
const OFF: [(&str, &str); 2] = [("OTEL_SDK_DISABLED", "true"), ("OTEL_TRACES_EXPORTER", "none")];

/// Where traces go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceSettings {
    /// The whole address, `http` or `https`.
    pub endpoint: Uri,
}

impl TraceSettings {
    /// The setting that says where, for all that there is.
    #[cfg(feature = "otel")]
    pub(crate) const ENDPOINT: &str = ENDPOINT;
}

/// What the settings say of traces.
pub(super) struct Judged {
    pub(super) traces: Option<TraceSettings>,
    /// That this build cannot do what they ask for.
    pub(super) warning: Option<String>,
}

/// Each on its own; `None` where the reader has a fault of them. Where there is an endpoint, the
/// environment is asked for what the SDK would take from it and cannot do here.
pub(super) fn judge(arguments: &Arguments, reader: &mut Reader) -> Option<Judged> {
    let a = arguments;
    let of_all = reader.read(ENDPOINT, &a.otel_exporter_otlp_endpoint, "", |text| {
        optional(text, |text| endpoint(&format!("{}{TRACES_PATH}", text.trim_end_matches('/'))))
    });
    let of_traces =
        reader.read(TRACES_ENDPOINT, &a.otel_exporter_otlp_traces_endpoint, "", |text| {
            optional(text, endpoint)
        });
    let Some(endpoint) = of_traces?.or(of_all?) else {
        return Some(Judged { traces: None, warning: None });
    };
    let traces = TraceSettings { endpoint };
    if cfg!(feature = "otel") {
        let variable = |name: &str| std::env::var(name).ok();
        if is_off(variable) {
            return Some(Judged { traces: None, warning: None });
        }
        let mut faults = faults_of(variable);
        faults.extend(Exporting::judge(&traces).err());
        let is_good = faults.is_empty();
        faults.into_iter().for_each(|fault| reader.fault(fault));
        return is_good.then_some(Judged { traces: Some(traces), warning: None });
    }
    let warning = format!(
        "this build has no OpenTelemetry (the cargo feature otel): {ENDPOINT} and \
         {TRACES_ENDPOINT} have no effect"
    );
    Some(Judged { traces: Some(traces), warning: Some(warning) })
}

fn optional<T>(
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { parse(text).map(Some) }
}

/// A whole URL. What is wrong with it does not repeat it: there may be a password in it.
fn endpoint(text: &str) -> Result<Uri, String> {
    let example = "such as http://collector:4318";
    let uri: Uri = text.parse().map_err(|_| format!("is no URL ({example})"))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(format!("begins with neither http:// nor https:// ({example})"));
    }
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return Err("has a user in it: say who you are by OTEL_EXPORTER_OTLP_HEADERS".to_owned());
    }
    if uri.host().unwrap_or_default().is_empty() {
        return Err(format!("has no host ({example})"));
    }
    // The colons of an IPv6 address stand in brackets.
    let behind_brackets = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest);
    if behind_brackets.contains(':') && uri.port_u16().is_none_or(|port| port == 0) {
        return Err("has a port that is none from 1 to 65535".to_owned());
    }
    Ok(uri)
}

/// What is said of variables that have one value here.
fn faults_of(variable: impl Fn(&str) -> Option<String>) -> Vec<SettingFault> {
    let mut faults = Vec::new();
    for (names, only) in FIXED {
        let said = names.into_iter().find_map(|name| {
            variable(name).filter(|value| !value.is_empty()).map(|value| (name, value))
        });
        if let Some((name, value)) = said.filter(|(_, value)| value != only) {
            faults.push(SettingFault::new(name, format!("{value:?} is not {only}, all there is")));
        }
    }
    faults
}

fn is_off(variable: impl Fn(&str) -> Option<String>) -> bool {
    let says = |name, value| variable(name).is_some_and(|said| said.eq_ignore_ascii_case(value));
    OFF.into_iter().any(|(name, value)| says(name, value))
}

#[cfg(test)]
mod tests;
