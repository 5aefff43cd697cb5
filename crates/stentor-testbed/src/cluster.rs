//! A Redis Cluster: masters that share the slots, each with replicas if wanted.

use crate::redis::Redis;
use crate::reply::Reply;
use crate::slot::{SLOTS, slot_of};
use crate::wait::{DEADLINE, until};

/// After this many milliseconds without an answer a node is suspected; a failover comes one or
/// two seconds later.
const NODE_TIMEOUT_MS: u32 = 2000;

/// How many keys of a slot are moved at a time.
const KEYS_PER_TURN: &str = "100";

/// Nodes by number: first the masters, then all first replicas in the order of their masters,
/// then all second ones. Numbers stay when roles change.
///
/// A slot without a living master is answered with `CLUSTERDOWN`, the others keep working
/// (`cluster-require-full-coverage no`).
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
    /// The ids by which nodes know each other, by number; they survive a restart.
    ids: Vec<String>,
}

impl RedisCluster {
    /// Starts masters that share the slots evenly, and waits until all agree.
    ///
    /// # Panics
    /// As [`RedisOptions::start`](crate::RedisOptions::start), or where the cluster is not
    /// whole within [`DEADLINE`].
    #[must_use]
    pub fn start(masters: usize) -> Self {
        Self::start_with_replicas(masters, 0)
    }

    /// The same with so many replicas each, so that a killed master has a successor (at least
    /// three masters are needed to agree on one).
    ///
    /// # Panics
    /// As [`RedisCluster::start`]; more than 16 masters or 3 replicas are too many for a test.
    #[must_use]
    pub fn start_with_replicas(masters: usize, replicas: usize) -> Self {
        assert!((1..=16).contains(&masters) && replicas <= 3, "a cluster of a modest size");
        let nodes: Vec<Redis> = (0..masters * (1 + replicas)).map(|_| start_node()).collect();
        let ids = nodes
            .iter()
            .map(|node| node.order(&["CLUSTER", "MYID"]).text().expect("an id").to_owned())
            .collect();
        let cluster = Self { nodes, ids };
        cluster.share_slots(masters);
        cluster.introduce();
        for replica in masters..cluster.nodes.len() {
            cluster.follow(replica, replica % masters);
        }
        cluster.wait_whole();
        cluster
    }

    fn share_slots(&self, masters: usize) {
        let slots = usize::from(SLOTS);
        for (number, node) in self.nodes.iter().enumerate() {
            let epoch = (number + 1).to_string();
            node.order(&["CLUSTER", "SET-CONFIG-EPOCH", &epoch]);
            if number < masters {
                let first = (slots * number / masters).to_string();
                let last = (slots * (number + 1) / masters - 1).to_string();
                node.order(&["CLUSTER", "ADDSLOTSRANGE", &first, &last]);
            }
        }
    }

    /// Makes everybody know everybody at once; gossip alone would take seconds.
    fn introduce(&self) {
        for node in &self.nodes {
            for other in self.nodes.iter().filter(|other| other.port() != node.port()) {
                node.order(&["CLUSTER", "MEET", "127.0.0.1", &other.port().to_string()]);
            }
        }
        let count = self.nodes.len().to_string();
        for node in &self.nodes {
            until(DEADLINE, "a node knows all others", || {
                let info = node.order(&["CLUSTER", "INFO"]);
                (info.field("cluster_known_nodes") == Some(count.as_str())).then_some(())
            });
        }
    }

    fn follow(&self, replica: usize, master: usize) {
        let (node, id) = (&self.nodes[replica], self.ids[master].as_str());
        // Refused until the handshake of the two is over.
        until(DEADLINE, "a node becomes a replica", || {
            (!node.command(&["CLUSTER", "REPLICATE", id]).is_error()).then_some(())
        });
        until(DEADLINE, "a replica is in step", || {
            let info = node.order(&["INFO", "replication"]);
            (info.field("master_link_status") == Some("up")).then_some(())
        });
    }

    /// Waits until every node that runs sees every slot served by a living master, and all of
    /// them see the same.
    ///
    /// # Panics
    /// Where that is not so within [`DEADLINE`].
    pub fn wait_whole(&self) {
        until(DEADLINE, "the cluster is whole", || {
            let mut views = self.running().map(|(_, node)| {
                let info = node.try_command(&["CLUSTER", "INFO"]).ok()?;
                let is_whole = info.field("cluster_state") == Some("ok")
                    && info.field("cluster_slots_ok") == Some("16384");
                if is_whole { self.owners(node) } else { None }
            });
            let first = views.next()??;
            views.all(|view| view.as_ref() == Some(&first)).then_some(())
        });
    }

    /// Which node serves each slot, as one node sees it; `None` where it does not answer.
    fn owners(&self, node: &Redis) -> Option<Vec<Option<usize>>> {
        let ranges = node.try_command(&["CLUSTER", "SLOTS"]).ok()?;
        let mut owners = vec![None; usize::from(SLOTS)];
        for range in ranges.list() {
            let [first, last, master, ..] = range.list() else { return None };
            let bounds =
                usize::try_from(first.number()?).ok()?..=usize::try_from(last.number()?).ok()?;
            let port = master.list().get(1).and_then(Reply::number)?;
            let owner = self.nodes.iter().position(|node| i64::from(node.port()) == port);
            owners.get_mut(bounds)?.fill(owner);
        }
        Some(owners)
    }

    fn running(&self) -> impl Iterator<Item = (usize, &Redis)> {
        self.nodes.iter().enumerate().filter(|(_, node)| node.is_running())
    }

    /// The URL with every node.
    #[must_use]
    pub fn url(&self) -> String {
        let first = self.nodes[0].port();
        let mut url = format!("redis-cluster://127.0.0.1:{first}");
        for (index, node) in self.nodes.iter().enumerate().skip(1) {
            let sign = if index == 1 { '?' } else { '&' };
            url.push_str(&format!("{sign}node=127.0.0.1:{}", node.port()));
        }
        url
    }

    /// How many nodes there are, replicas and killed ones among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A cluster has at least one node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// A node by its number.
    ///
    /// # Panics
    /// Where there is none of this number, here and below.
    #[must_use]
    pub fn node(&self, number: usize) -> &Redis {
        &self.nodes[number]
    }

    /// Kills a node (SIGKILL).
    pub fn kill_node(&mut self, number: usize) {
        self.nodes[number].kill();
    }

    /// Starts a node again; it remembers who it was. [`RedisCluster::wait_whole`] tells when
    /// the others have taken it back.
    pub fn start_node_again(&mut self, number: usize) {
        self.nodes[number].start_again();
    }

    /// The node that serves a channel's or key's slot, as the first node that answers sees it;
    /// `None` where nobody serves it. The dead are seen as serving until a replica takes over.
    #[must_use]
    pub fn node_of(&self, channel: &str) -> Option<usize> {
        self.running()
            .find_map(|(_, node)| self.owners(node))
            .and_then(|owners| owners[usize::from(slot_of(channel))])
    }

    /// Waits until all nodes that run see another node than `old` serve a channel, after its
    /// master was killed; the new one.
    ///
    /// # Panics
    /// Where that is not so within [`DEADLINE`].
    #[must_use]
    pub fn wait_for_new_node_of(&self, channel: &str, old: usize) -> usize {
        let slot = usize::from(slot_of(channel));
        until(DEADLINE, "another node serves the channel", || {
            let mut owners = self.running().map(|(_, node)| self.owners(node)?[slot]);
            let owner = owners.next()?.filter(|owner| *owner != old)?;
            owners.all(|other| other == Some(owner)).then_some(owner)
        })
    }

    /// Moves the first `count` slots that one master serves to another, with their keys.
    ///
    /// # Panics
    /// Where `from` has not so many, or a node refuses.
    pub fn move_slots(&self, from: usize, to: usize, count: usize) {
        self.wait_same_epoch();
        let owners = self.owners(&self.nodes[from]).expect("a view of the slots");
        let slots: Vec<u16> = (0..SLOTS)
            .filter(|slot| owners[usize::from(*slot)] == Some(from))
            .take(count)
            .collect();
        assert_eq!(slots.len(), count, "node {from} has only so many slots");
        for slot in slots {
            self.move_slot(slot, from, to);
        }
    }

    /// Moves the slot of a channel or key to another master.
    ///
    /// # Panics
    /// Where nobody serves it, or a node refuses.
    pub fn move_slot_of(&self, channel: &str, to: usize) {
        self.wait_same_epoch();
        let from = self.node_of(channel).expect("a node that serves the channel");
        self.move_slot(slot_of(channel), from, to);
    }

    /// Waits until an earlier move has got around. A target that does not know the latest epoch
    /// takes its own for the latest, loses the slot to what its source said a moment ago, and
    /// then each of the two says for ever that the other serves it.
    fn wait_same_epoch(&self) {
        until(DEADLINE, "all nodes know the latest epoch", || {
            let mut epochs = self.running().map(|(_, node)| {
                let info = node.try_command(&["CLUSTER", "INFO"]).ok()?;
                info.field("cluster_current_epoch").map(str::to_owned)
            });
            let first = epochs.next()??;
            epochs.all(|epoch| epoch.as_ref() == Some(&first)).then_some(())
        });
    }

    /// As redis-cli does it: announced on both sides, keys carried over, then settled on the
    /// new owner first so that no moment is without one.
    fn move_slot(&self, slot: u16, from: usize, to: usize) {
        let slot = slot.to_string();
        let (source, target) = (&self.nodes[from], &self.nodes[to]);
        let (from_id, to_id) = (self.ids[from].as_str(), self.ids[to].as_str());
        target.order(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", from_id]);
        source.order(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", to_id]);
        loop {
            let keys = source.order(&["CLUSTER", "GETKEYSINSLOT", &slot, KEYS_PER_TURN]);
            if keys.list().is_empty() {
                break;
            }
            let port = target.port().to_string();
            let mut words = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "10000", "KEYS"];
            words.extend(keys.list().iter().filter_map(Reply::text));
            source.order(&words);
        }
        target.order(&["CLUSTER", "SETSLOT", &slot, "NODE", to_id]);
        source.order(&["CLUSTER", "SETSLOT", &slot, "NODE", to_id]);
        // The others are told, so that nobody sends clients the wrong way. Replicas refuse and
        // hear it from their masters.
        for (_, node) in self.running().filter(|(number, _)| ![from, to].contains(number)) {
            node.command(&["CLUSTER", "SETSLOT", &slot, "NODE", to_id]);
        }
    }
}

fn start_node() -> Redis {
    Redis::options()
        .line("cluster-enabled yes")
        .line("cluster-config-file nodes.conf")
        .line(&format!("cluster-node-timeout {NODE_TIMEOUT_MS}"))
        .line("cluster-require-full-coverage no")
        .start()
}
