//! The settings of the way to other pods: where Redis is, and how its channels are called.

use std::hash::{BuildHasher, Hasher, RandomState};

use stentor_engine::bus::address::{Address, BadAddress};
use stentor_engine::bus::bus;
use stentor_engine::bus::channel::ChannelNames;
use stentor_engine::bus::mode::Mode;
use stentor_engine::bus::pod_id::PodId;

use super::read::Reader;
use super::{Arguments, SettingFault, values};
use crate::bounded_file::read_up_to;

/// The first part of the channels' names unless set otherwise.
const PREFIX: &str = "realtime";

/// The largest file of certificates, in bytes; the bundle of a whole system has a quarter of it.
const CA_BYTES_MAX: u64 = 1024 * 1024;

/// A Redis between this pod and others. It shows no password of its own.
#[derive(Clone, Debug)]
pub struct BusSettings {
    /// Where it is.
    pub address: Address,
    /// How the channels are called that pods of one deployment share.
    pub names: ChannelNames,
    /// Which kind of channels they are.
    pub mode: Mode,
}

impl BusSettings {
    /// What a new run of `pod` starts its bus with.
    pub(super) fn of_run(&self, pod: &str) -> bus::Settings {
        let pod = PodId::new(pod, random());
        let settings = bus::Settings::new(self.address.clone(), self.names.clone(), pod, random());
        bus::Settings { mode: self.mode, ..settings }
    }
}

/// What the settings say of the bus.
pub(super) struct Judged {
    /// `None` = this pod is alone.
    pub(super) bus: Option<BusSettings>,
    pub(super) ready_requires_bus: bool,
    /// What has no effect, because there is no Redis.
    pub(super) warning: Option<String>,
}

/// Each setting on its own, then against the others; `None` where the reader has a fault of them.
pub(super) fn judge(arguments: &Arguments, reader: &mut Reader) -> Option<Judged> {
    let a = arguments;
    let names = reader.read("REDIS_PREFIX", &a.redis_prefix, PREFIX, |text| {
        ChannelNames::new(text).map_err(|bad| bad.to_string())
    });
    let ca_pem =
        reader.read_or_else("REDIS_CA_FILE", &a.redis_ca_file, || None, |path| pem(path).map(Some));
    let sharded = reader.read("REDIS_SHARDED", &a.redis_sharded, "false", values::truth);
    let ready_requires_bus =
        reader.read("READY_REQUIRES_BUS", &a.ready_requires_bus, "false", values::truth);
    let (names, ca_pem) = (names?, ca_pem?);
    let (sharded, ready_requires_bus) = (sharded?, ready_requires_bus?);
    let url = a.redis_url.as_deref().filter(|url| !url.is_empty());
    let address = match url.map(|url| Address::parse(url, ca_pem.as_deref())).transpose() {
        Ok(address) => address,
        Err(bad) => {
            reader.fault(SettingFault::new(setting_at_fault(&bad), bad.to_string()));
            return None;
        }
    };
    if sharded && !url.is_some_and(is_cluster) {
        let message = "is true, but only a cluster has slots: REDIS_URL begins with \
                       redis-cluster://";
        reader.fault(SettingFault::new("REDIS_SHARDED", message));
        return None;
    }
    if ready_requires_bus && address.is_none() {
        let message = "is true, but REDIS_URL is empty: the pod would never be ready";
        reader.fault(SettingFault::new("READY_REQUIRES_BUS", message));
        return None;
    }
    let warning = address.is_none().then(|| without_redis(a)).flatten();
    let mode = if sharded { Mode::Sharded } else { Mode::Classic };
    let bus = address.map(|address| BusSettings { address, names, mode });
    Some(Judged { bus, ready_requires_bus, warning })
}

/// The text of a PEM file; what it holds is judged with the address.
fn pem(path: &str) -> Result<Vec<u8>, String> {
    read_up_to(path, CA_BYTES_MAX).map_err(|fault| format!("{path:?} {fault}"))
}

/// From the system: a run that began like one before it must not look like it to other pods.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn setting_at_fault(bad: &BadAddress) -> &'static str {
    match bad {
        BadAddress::NoScheme | BadAddress::UnknownScheme | BadAddress::Malformed(_) => "REDIS_URL",
        BadAddress::CertificatesWithoutTls | BadAddress::Certificates(_) => "REDIS_CA_FILE",
    }
}

fn is_cluster(url: &str) -> bool {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme);
    matches!(scheme, Some("redis-cluster" | "rediss-cluster"))
}

fn without_redis(a: &Arguments) -> Option<String> {
    let settings = [("REDIS_PREFIX", &a.redis_prefix), ("REDIS_CA_FILE", &a.redis_ca_file)];
    let set = settings.iter().filter(|(_, value)| value.as_deref().is_some_and(|v| !v.is_empty()));
    let names: Vec<&str> = set.map(|(name, _)| *name).collect();
    (!names.is_empty()).then(|| format!("no effect without REDIS_URL: {}", names.join(", ")))
}

#[cfg(test)]
mod tests;
