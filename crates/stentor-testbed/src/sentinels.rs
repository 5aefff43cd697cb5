//! A master, its replica and three Sentinels that watch them.

use std::time::Duration;

use crate::redis::Redis;
use crate::reply::Reply;
use crate::wait::{DEADLINE, until};

/// The name under which the Sentinels know the pair.
const NAME: &str = "mymaster";

/// How many must agree that the master is gone.
const QUORUM: &str = "2";

/// Sentinels ask and tell more often than the ten and two seconds of every day, and take a turn
/// that a busy machine held up for less than this time for no broken clock (times in ms).
const HASTE: [&str; 6] = ["INFO-PERIOD", "500", "PUBLISH-PERIOD", "200", "TILT-TRIGGER", "30000"];

/// Two servers of which one is the master, under three Sentinels with a quorum of two.
///
/// A master is given up after one second of silence; a failover takes one to three more.
#[derive(Debug)]
pub struct Sentinels {
    sentinels: Vec<Redis>,
    servers: [Redis; 2],
}

impl Sentinels {
    /// Starts the five and waits until the replica is in step and the Sentinels know each other.
    ///
    /// # Panics
    /// As [`RedisOptions::start`](crate::RedisOptions::start), or where they are not ready for
    /// a failover within [`DEADLINE`].
    #[must_use]
    pub fn start() -> Self {
        let master = Redis::start();
        let replica =
            Redis::options().line(&format!("replicaof 127.0.0.1 {}", master.port())).start();
        until(DEADLINE, "the replica is in step", || {
            let info = replica.order(&["INFO", "replication"]);
            (info.field("master_link_status") == Some("up")).then_some(())
        });
        let sentinels = (0..3).map(|_| start_sentinel(&master)).collect();
        let started = Self { sentinels, servers: [master, replica] };
        started.wait_acquainted();
        started
    }

    fn wait_acquainted(&self) {
        for sentinel in &self.sentinels {
            until(DEADLINE, "a Sentinel knows the replica and the others", || {
                let state = sentinel.order(&["SENTINEL", "MASTER", NAME]);
                let count = |name| state.pair(name).and_then(Reply::number);
                let knows_all =
                    count("num-slaves") == Some(1) && count("num-other-sentinels") == Some(2);
                let is_quorate = !sentinel.command(&["SENTINEL", "CKQUORUM", NAME]).is_error();
                (knows_all && is_quorate).then_some(())
            });
        }
    }

    /// The URL with all three Sentinels.
    #[must_use]
    pub fn url(&self) -> String {
        let [first, rest @ ..] = self.sentinels.as_slice() else {
            unreachable!("there are three");
        };
        let mut url =
            format!("redis-sentinel://127.0.0.1:{}?sentinelServiceName={NAME}", first.port());
        for sentinel in rest {
            url.push_str(&format!("&node=127.0.0.1:{}", sentinel.port()));
        }
        url
    }

    /// The master that the Sentinels agree on; `None` where they do not, or one is gone.
    fn agreed_master(&self) -> Option<usize> {
        let mut ports = self.sentinels.iter().filter(|sentinel| sentinel.is_running()).map(|one| {
            let address = one.try_command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME]).ok()?;
            address.list().get(1).and_then(Reply::number)
        });
        let port = ports.next()??;
        let agreed = ports.all(|other| other == Some(port));
        self.servers.iter().position(|server| agreed && i64::from(server.port()) == port)
    }

    /// The number, 0 or 1, of the server that is the master by all Sentinels' word.
    ///
    /// # Panics
    /// Where they do not agree within [`DEADLINE`].
    #[must_use]
    pub fn master(&self) -> usize {
        until(DEADLINE, "the Sentinels agree on a master", || self.agreed_master())
    }

    /// A server by its number, to publish on it or to pause it.
    #[must_use]
    pub fn server(&self, number: usize) -> &Redis {
        &self.servers[number]
    }

    /// One of the three Sentinels.
    #[must_use]
    pub fn sentinel(&self, number: usize) -> &Redis {
        &self.sentinels[number]
    }

    /// Kills the master (SIGKILL); its number.
    pub fn kill_master(&mut self) -> usize {
        let number = self.master();
        self.servers[number].kill();
        number
    }

    /// Kills one of the Sentinels.
    pub fn kill_sentinel(&mut self, number: usize) {
        self.sentinels[number].kill();
    }

    /// Starts a killed server again; the Sentinels make the former master a replica.
    pub fn start_again(&mut self, number: usize) {
        self.servers[number].start_again();
    }

    /// Waits until the Sentinels agree on another master than `old`, and it says that it is one.
    ///
    /// # Panics
    /// Where that is not so within `deadline`.
    #[must_use]
    pub fn wait_for_new_master(&self, old: usize, deadline: Duration) -> usize {
        until(deadline, "there is a new master", || {
            let master = self.agreed_master().filter(|master| *master != old)?;
            self.has_role(master, "master").then_some(master)
        })
    }

    /// Waits until a server that came back follows the other.
    ///
    /// # Panics
    /// Where it does not within `deadline`.
    pub fn wait_for_replica(&self, number: usize, deadline: Duration) {
        until(deadline, "the server has become a replica", || {
            self.has_role(number, "slave").then_some(())
        });
    }

    fn has_role(&self, number: usize, role: &str) -> bool {
        let reply = self.servers[number].try_command(&["ROLE"]);
        reply.is_ok_and(|reply| reply.list().first().and_then(Reply::text) == Some(role))
    }
}

fn start_sentinel(master: &Redis) -> Redis {
    let sentinel = Redis::options()
        .sentinel()
        .line(&format!("sentinel monitor {NAME} 127.0.0.1 {} {QUORUM}", master.port()))
        .line(&format!("sentinel down-after-milliseconds {NAME} 1000"))
        // An election without a winner is held again after twice this time.
        .line(&format!("sentinel failover-timeout {NAME} 3000"))
        .start();
    sentinel.order(&[&["SENTINEL", "DEBUG"], &HASTE[..]].concat());
    sentinel
}
