//! A cluster: slots moved with their keys, sharded messages, a node killed, a replica in its
//! place.

use stentor_testbed::{RedisCluster, Reply, slot_of};

#[test]
fn slots_move_with_their_keys_and_a_killed_node_comes_back() {
    let mut cluster = RedisCluster::start(3);
    let [first, second, third] = [0, 1, 2].map(|number| cluster.node(number).port());
    let nodes = format!("?node=127.0.0.1:{second}&node=127.0.0.1:{third}");
    assert_eq!(cluster.url(), format!("redis-cluster://127.0.0.1:{first}{nodes}"));
    for number in 0..3 {
        let keyslot = cluster.node(number).command(&["CLUSTER", "KEYSLOT", "{a}b"]);
        assert_eq!(keyslot, Reply::Number(slot_of("{a}b").into()));
    }

    // Slot 0 is the first of node 0.
    let name = (0_u32..).map(|n| n.to_string()).find(|name| slot_of(name) == 0).expect("a name");
    assert_eq!(cluster.node_of(&name), Some(0));
    cluster.node(0).command(&["SET", &name, "value"]);
    cluster.move_slots(0, 2, 3);
    assert_eq!(cluster.node_of(&name), Some(2));
    let value = cluster.node(2).command(&["GET", &name]);
    assert_eq!(value.text(), Some("value"));
    let moved = cluster.node(1).command(&["GET", &name]);
    let expected = format!("MOVED 0 127.0.0.1:{}", cluster.node(2).port());
    assert_eq!(moved, Reply::Error(expected));

    let mut subscriber = cluster.node(2).connect().expect("a connection");
    subscriber.command(&["SSUBSCRIBE", &name]).expect("a confirmation");
    assert_eq!(cluster.node(2).command(&["SPUBLISH", &name, "one"]), Reply::Number(1));
    assert_eq!(subscriber.read().expect("a message").list()[2].text(), Some("one"));
    cluster.move_slot_of(&name, 1);
    assert_eq!(cluster.node_of(&name), Some(1));
    // A moved slot ends its subscriptions: the server says so.
    let ended = subscriber.read().expect("a word of the server");
    assert_eq!(ended.list()[0].text(), Some("sunsubscribe"));

    cluster.kill_node(1);
    assert!(cluster.node(1).try_command(&["PING"]).is_err());
    cluster.start_node_again(1);
    cluster.wait_whole();
    assert_eq!(cluster.node_of(&name), Some(1));
}

#[test]
fn a_replica_takes_the_place_of_a_killed_master() {
    let mut cluster = RedisCluster::start_with_replicas(3, 1);
    let old = cluster.node_of("a").expect("a node");
    assert!(old < 3, "the masters come first");
    cluster.kill_node(old);
    let new = cluster.wait_for_new_node_of("a", old);
    assert_eq!(new, old + 3, "its own replica");
    cluster.wait_whole();
    assert!(!cluster.node(new).command(&["SPUBLISH", "a", "m"]).is_error());
}
