//! One server: let in or refused, killed, started again, paused.

use std::io::ErrorKind;

use stentor_testbed::{Connection, Port, Redis, Reply};

fn text(text: &str) -> Reply {
    Reply::Text(text.to_owned())
}

#[test]
fn a_subscriber_hears_what_is_published() {
    let redis = Redis::start();
    let mut subscriber = redis.connect().expect("a connection");
    let confirmed = subscriber.command(&["SUBSCRIBE", "a"]).expect("a confirmation");
    assert_eq!(confirmed.list()[2], Reply::Number(1));
    assert_eq!(redis.command(&["PUBLISH", "a", "hello"]), Reply::Number(1));
    let heard = subscriber.read().expect("a message");
    assert_eq!(heard, Reply::List(vec![text("message"), text("a"), text("hello")]));
}

#[test]
fn a_killed_server_is_gone_and_comes_back_empty_on_its_port() {
    let mut redis = Redis::start();
    let url = redis.url();
    let mut connection = redis.connect().expect("a connection");
    redis.command(&["SET", "key", "value"]);
    redis.kill();
    assert!(connection.command(&["PING"]).is_err());
    let refused = redis.try_command(&["PING"]).expect_err("nobody listens");
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    redis.start_again();
    assert_eq!(redis.url(), url);
    assert_eq!(redis.command(&["GET", "key"]), Reply::Nil);
}

#[test]
fn a_paused_server_answers_when_it_is_resumed() {
    let redis = Redis::start();
    let mut connection = redis.connect().expect("a connection");
    for _ in 0..2 {
        redis.pause();
        assert_eq!(state_of(&redis), 'T');
        connection.send(&["PING"]).expect("the kernel takes it");
        redis.resume();
        assert_ne!(state_of(&redis), 'T');
        assert_eq!(connection.read().expect("an answer"), text("PONG"));
    }
}

/// The kernel's letter for the state of a server's process.
fn state_of(redis: &Redis) -> char {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", redis.pid())).expect("a process");
    let (_, rest) = stat.rsplit_once(") ").expect("a name in brackets");
    rest.chars().next().expect("a letter")
}

#[test]
fn a_dropped_server_leaves_no_process_even_when_it_is_paused() {
    let redis = Redis::start();
    let (address, pid) = (redis.address(), redis.pid());
    redis.pause();
    drop(redis);
    assert!(Connection::plain(address).is_err());
    assert!(!std::path::Path::new(&format!("/proc/{pid}")).exists());
}

#[test]
fn a_server_starts_on_the_port_that_was_told() {
    let port = Port::lease();
    let number = port.number();
    let redis = Redis::options().port(port).line("maxclients 77").start();
    assert_eq!(redis.port(), number);
    let limit = redis.command(&["CONFIG", "GET", "maxclients"]);
    assert_eq!(limit.pair("maxclients").and_then(Reply::number), Some(77));
}

#[test]
fn two_leases_are_never_of_one_port() {
    let ports: Vec<Port> = (0..50).map(|_| Port::lease()).collect();
    let mut numbers: Vec<u16> = ports.iter().map(Port::number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers.len(), ports.len());
}

#[test]
#[should_panic(expected = ">>> 'no-such-setting 1'")]
fn a_configuration_that_is_refused_is_told_in_redis_words() {
    let _ = Redis::options().line("no-such-setting 1").start();
}

#[test]
fn a_password_is_asked_for() {
    let redis = Redis::options().password("secret").start();
    assert_eq!(redis.url(), format!("redis://:secret@127.0.0.1:{}", redis.port()));
    let mut stranger = Connection::plain(redis.address()).expect("a connection");
    assert!(stranger.command(&["PING"]).expect("an answer").is_error());
    assert!(stranger.command(&["AUTH", "wrong"]).expect("an answer").is_error());
    assert_eq!(stranger.command(&["AUTH", "secret"]).expect("an answer"), text("OK"));
}

#[test]
fn a_user_of_the_acl_file_is_kept_from_other_channels() {
    let users = "user default off\nuser app on >word resetchannels &realtime:* -@all +publish";
    let redis = Redis::options().acl(users).start();
    assert_eq!(redis.url_as("app", "word"), format!("redis://app:word@127.0.0.1:{}", redis.port()));
    let mut app = Connection::plain(redis.address()).expect("a connection");
    assert!(app.command(&["PUBLISH", "realtime:a", "m"]).expect("an answer").is_error());
    assert_eq!(app.command(&["AUTH", "app", "word"]).expect("an answer"), text("OK"));
    let allowed = app.command(&["PUBLISH", "realtime:a", "m"]).expect("an answer");
    assert_eq!(allowed, Reply::Number(0));
    let refused = app.command(&["PUBLISH", "other", "m"]).expect("an answer");
    assert!(matches!(refused, Reply::Error(why) if why.starts_with("NOPERM")));
}

#[test]
fn a_server_with_tls_answers_over_tls_only() {
    let redis = Redis::options().tls().start();
    assert_eq!(redis.url(), format!("rediss://localhost:{}", redis.port()));
    assert_eq!(redis.command(&["PING"]), text("PONG"));
    let mut plain = Connection::plain(redis.address()).expect("a connection");
    assert!(plain.command(&["PING"]).is_err());
}

#[test]
fn a_server_of_another_authority_is_not_trusted() {
    let redis = Redis::options().tls().start();
    let other = stentor_testbed::Certificates::create();
    let mut client = Connection::tls(redis.address(), &other).expect("a connection");
    assert!(client.command(&["PING"]).is_err());
    let mut client = Connection::tls(redis.address(), redis.certificates()).expect("a connection");
    assert_eq!(client.command(&["PING"]).expect("an answer"), text("PONG"));
}
