//! What the bus costs: two buses at one Redis, one that says and one that hears.
//!
//! `cargo run --release -p stentor-bus --example throughput -- URL [OUT_PER_SECOND [SECONDS
//! [history]]]`: bus A says so many messages a second (0: nothing, which shows what an idle bus
//! costs; `max`: as many as go) in 64 rooms, bus B hears them; with `history` Redis keeps 256 of
//! each room. For each the time of its thread on a processor is printed, from
//! `/proc/self/task/*/schedstat`.

use std::error::Error;
use std::fs;
use std::time::{Duration, Instant};

use bytes::Bytes;
use stentor_bus::address::Address;
use stentor_bus::bus::{Bus, Settings, Started};
use stentor_bus::channel::ChannelNames;
use stentor_bus::link::LinkState;
use stentor_bus::pod_id::PodId;
use stentor_bus::stream_history::StreamHistory;
use stentor_wire::room_name::RoomName;
use tokio::time::{interval, timeout};

const ROOMS: usize = 64;
const TURN: Duration = Duration::from_millis(2);

/// The nanoseconds that threads of this name have run, by thread.
fn thread_times(name: &str) -> Vec<u64> {
    let mut times = Vec::new();
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return times };
    let mut tasks: Vec<_> = tasks.flatten().map(|task| task.path()).collect();
    tasks.sort();
    for task in tasks {
        let read = |file| fs::read_to_string(task.join(file)).unwrap_or_default();
        if read("comm").trim() == name {
            let ran = read("schedstat").split(' ').next().and_then(|time| time.parse().ok());
            times.push(ran.unwrap_or_default());
        }
    }
    times
}

fn rooms() -> Result<Vec<RoomName>, Box<dyn Error>> {
    let names = (0..ROOMS).map(|number| RoomName::parse(&format!("room-{number}")));
    names.collect::<Result<_, _>>().map_err(|_| "a bad room".into())
}

async fn start(
    url: &str,
    name: &str,
    history: Option<StreamHistory>,
) -> Result<Started, Box<dyn Error>> {
    let names = ChannelNames::new("throughput")?;
    let settings = Settings::new(Address::parse(url, None)?, names, PodId::new(name, 1), 1);
    let settings = Settings { history, ..settings };
    let mut started = Bus::start(settings, 1)?;
    let is_up = started.link.wait_for(|state| *state == LinkState::Up);
    timeout(Duration::from_secs(5), is_up).await.map_err(|_| "Redis is not there")??;
    Ok(started)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url =
        arguments.next().ok_or("usage: throughput URL [OUT_PER_SECOND|max [SECONDS [history]]]")?;
    let rate = arguments.next().unwrap_or_else(|| "10000".to_owned());
    let per_second: u64 = if rate == "max" { u64::MAX } else { rate.parse()? };
    let seconds: u64 = arguments.next().map_or(Ok(5), |text| text.parse())?;
    let ttl = Duration::from_secs(60);
    let history = arguments.next().map(|_| StreamHistory { size: 256, ttl });

    let rooms = rooms()?;
    let mut a = start(&url, "a", history).await?;
    let mut b = start(&url, "b", history).await?;
    rooms.iter().for_each(|room| b.rooms.want(room.clone()));
    let is_heard =
        |all: u64| move |now: &stentor_bus::counters::Counters| now.subscriptions.confirmed == all;
    b.counters.wait_for(is_heard(ROOMS as u64 + 1)).await?;

    let mut arrivals = b.arrivals.pop().ok_or("no shard")?;
    let taking = tokio::spawn(async move { while arrivals.recv().await.is_ok() {} });
    let before = thread_times("stentor-bus");
    let (began, published_before) = (Instant::now(), a.counters.borrow().pipeline.published);
    let (mut said, mut refused) = (0_u64, 0_u64);
    let mut turns = interval(TURN);
    while began.elapsed() < Duration::from_secs(seconds) {
        turns.tick().await;
        let due = began.elapsed().as_micros() * u128::from(per_second) / 1_000_000;
        let turn_max = if per_second == u64::MAX { 2_000 } else { u64::MAX };
        let mut turn = 0;
        while u128::from(said) < due && turn < turn_max {
            let room = rooms[said as usize % ROOMS].clone();
            let text = format!(
                r#"{{"id":"0198a1b2-0000-7000-8000-{said:012x}","type":"chat","room":"{room}","from":"ann","data":{{"content":"a message of the usual length, as people write them in a chat"}},"timestamp":"2026-02-05T00:00:00.000Z"}}"#
            );
            refused += u64::from(a.publisher.try_publish(Some(room), Bytes::from(text)).is_err());
            said += 1;
            turn += 1;
        }
    }
    // The figures come twice a second: those of the end.
    a.counters.changed().await?;
    a.counters.changed().await?;
    b.counters.changed().await?;
    b.counters.changed().await?;
    let took = began.elapsed();
    let after = thread_times("stentor-bus");
    let (out, heard) = (*a.counters.borrow(), *b.counters.borrow());
    let per = |count: u64| count as f64 / took.as_secs_f64();
    println!("said {said}, refused by a full queue {refused}, in {took:.1?}");
    let published = out.pipeline.published - published_before;
    println!("out: {published} published, {:.0} a second", per(published));
    println!("in: {} heard, {:.0} a second", heard.inbox.delivered, per(heard.inbox.delivered));
    for ((bus, before), after) in ["a (out)", "b (in)"].iter().zip(&before).zip(&after) {
        let ran = (after - before) as f64;
        let share = ran / took.as_nanos() as f64 * 100.0;
        let count = if *bus == "b (in)" { heard.inbox.delivered } else { published };
        let each = ran / 1_000.0 / count.max(1) as f64;
        println!("bus {bus}: {share:.2} % of a core, {each:.2} us a message");
    }
    taking.abort();
    Ok(())
}
