//! `stentor doctor`: whether this machine and its Redis hold what the settings ask for.
//!
//! Reads [`machine`] and asks Redis, judges each figure ([`kernel`], [`redis`]) and reckons how many
//! connections are safe ([`capacity`]). Changes nothing, and binds nothing.

mod capacity;
mod finding;
mod kernel;
mod machine;
mod redis;

use std::path::Path;
use std::process::ExitCode;

use rustix::param::page_size;
use stentor_engine::bus::survey::survey;

use super::failure::{Failure, complain};
use super::output::print;
use super::runtime::block_on;
use crate::settings::{Arguments, HistoryMode, Settings};
use capacity::Demand;
use finding::{Finding, Verdict, table};
use machine::Machine;

/// Prints what was found; 1 where something fails.
pub(super) fn run(arguments: &Arguments) -> Result<ExitCode, Failure> {
    let settings = Settings::read(arguments)?;
    settings.warnings.iter().for_each(complain);
    let machine = Machine::read(Path::new("/"), page_size() as u64);
    let demand = Demand::of(&settings, asked_connections(settings.source.whole()));
    let mut findings = kernel::findings(&machine, &demand);
    findings.extend(findings_of_redis(&settings)?);
    let safe = capacity::safe(&machine, &demand);
    print(&format!("{}{safe}\n", table(&findings)))?;
    let has_failed = findings.iter().any(|finding| finding.verdict == Verdict::Fail);
    Ok(if has_failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// MAX_CONNECTIONS as it was said, before it was fitted to the descriptors.
fn asked_connections(arguments: &Arguments) -> Option<u64> {
    arguments.max_connections.as_deref().and_then(|text| text.parse().ok())
}

fn findings_of_redis(settings: &Settings) -> Result<Vec<Finding>, Failure> {
    let Some(bus) = &settings.bus else {
        let alone = "no REDIS_URL: this pod hears no others, and needs none";
        return Ok(vec![Finding::ok("redis", "none", alone)]);
    };
    let found = block_on(survey(&bus.address))?;
    Ok(match found {
        Err(why) => vec![redis::unreachable(&bus.address.to_string(), &why)],
        Ok(servers) => {
            let keeps_history = settings.history.mode == HistoryMode::Redis;
            let uses = redis::Uses { keeps_history, mode: bus.mode };
            servers.iter().flat_map(|server| redis::findings(server, uses)).collect()
        }
    })
}
