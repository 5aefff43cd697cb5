//! One Redis server.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use crate::certificates::Certificates;
use crate::folder::Folder;
use crate::port::Port;
use crate::process::Process;
use crate::program;
use crate::reply::{Connection, Reply};
use crate::wait::{DEADLINE, until};

/// The user by whom the testbed itself speaks to a server with an ACL file.
const TESTBED_USER: &str = "testbed";
const TESTBED_PASSWORD: &str = "testbed-speaks";

/// How often a server is started anew on another port because its port was taken meanwhile.
const STARTS_MAX: usize = 10;

/// How a server is to be; the default is one without password, TLS and disk.
#[derive(Debug, Default)]
#[must_use]
pub struct RedisOptions {
    port: Option<Port>,
    password: Option<String>,
    acl: Option<String>,
    certificates: Option<Arc<Certificates>>,
    lines: Vec<String>,
    is_sentinel: bool,
}

impl RedisOptions {
    /// Listens on a port that was leased before, so that its URL is known before the start.
    pub fn port(mut self, port: Port) -> Self {
        self.port = Some(port);
        self
    }

    /// Asks every client for this password (`requirepass`).
    pub fn password(mut self, password: &str) -> Self {
        self.password = Some(password.to_owned());
        self
    }

    /// Knows these users: lines of an ACL file, `user app on >secret ~* &realtime:* +@all`.
    /// A user for the testbed's own commands is added. Where no line speaks of `default`, anybody
    /// may do anything without a name, as Redis has it.
    pub fn acl(mut self, text: &str) -> Self {
        self.acl = Some(text.to_owned());
        self
    }

    /// Speaks TLS only, with a certificate of its own authority.
    pub fn tls(mut self) -> Self {
        self.certificates = Some(Arc::new(Certificates::create()));
        self
    }

    /// One more line of the configuration, `maxclients 10`.
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Runs as a Sentinel.
    pub(crate) fn sentinel(mut self) -> Self {
        self.is_sentinel = true;
        self
    }

    /// Starts the server and waits until it answers.
    ///
    /// # Panics
    /// There is no redis-server, it refuses its configuration, or it does not answer within
    /// [`DEADLINE`]; its log is in the text. A password beside an ACL file panics too, because
    /// Redis lets the file win.
    #[must_use]
    pub fn start(mut self) -> Redis {
        let redis = self.spawn();
        redis.wait_ready(DEADLINE);
        redis
    }

    /// Starts the server and waits until it listens or, where another program took its port
    /// between the lease and the start, tries the next.
    fn spawn(&mut self) -> Redis {
        assert!(
            self.password.is_none() || self.acl.is_none(),
            "a server has a password or an ACL file"
        );
        let mut fixed = self.port.take();
        let tries = if fixed.is_some() { 1 } else { STARTS_MAX };
        for _ in 0..tries {
            let port = fixed.take().unwrap_or_else(Port::lease);
            let redis = Redis::spawn(self, port);
            match redis.wait_listening() {
                Ok(()) => return redis,
                Err(log) if log.contains("Address already in use") => {}
                Err(log) => {
                    // Before the panic, after which it would show its log again.
                    drop(redis);
                    panic!("redis-server ended:\n{log}");
                }
            }
        }
        panic!("redis-server found its port in use, {tries} times");
    }

    fn configuration(&self, folder: &Folder, port: u16) -> String {
        let mut text = format!("bind 127.0.0.1\ndir {}\n", folder.path().display());
        let mut line = |line: &str| writeln!(text, "{line}").expect("a string grows");
        if !self.is_sentinel {
            line("save \"\"");
            line("appendonly no");
            // A replica is fed at once and need not wait five seconds for others.
            line("repl-diskless-sync-delay 0");
        }
        match &self.certificates {
            None => line(&format!("port {port}")),
            Some(certificates) => {
                line("port 0");
                line(&format!("tls-port {port}"));
                line(&format!("tls-cert-file {}", certificates.server().display()));
                line(&format!("tls-key-file {}", certificates.server_key().display()));
                line(&format!("tls-ca-cert-file {}", certificates.authority().display()));
                line("tls-auth-clients no");
            }
        }
        if let Some(password) = &self.password {
            line(&format!("requirepass {password}"));
        }
        if let Some(users) = &self.acl {
            let own = format!("user {TESTBED_USER} on >{TESTBED_PASSWORD} ~* &* +@all\n");
            let file = folder.write("users.acl", &(own + users + "\n"));
            line(&format!("aclfile {}", file.display()));
        }
        for extra in &self.lines {
            line(extra);
        }
        text
    }
}

/// A running, stopped or killed server; dropping it ends it.
#[derive(Debug)]
pub struct Redis {
    // The process ends before its folder goes and its port is free.
    process: Option<Process>,
    is_sentinel: bool,
    /// Name and password of the testbed's own commands; without a name it is the default user.
    login: Vec<String>,
    certificates: Option<Arc<Certificates>>,
    folder: Folder,
    port: Port,
}

impl Redis {
    /// Starts a server with the default options.
    ///
    /// # Panics
    /// As [`RedisOptions::start`].
    #[must_use]
    pub fn start() -> Self {
        Self::options().start()
    }

    /// What a server can be told before it starts.
    pub fn options() -> RedisOptions {
        RedisOptions::default()
    }

    fn spawn(options: &RedisOptions, port: Port) -> Self {
        let folder = Folder::create();
        folder.write("redis.conf", &options.configuration(&folder, port.number()));
        let login = match (&options.acl, &options.password) {
            (Some(_), _) => vec![TESTBED_USER.to_owned(), TESTBED_PASSWORD.to_owned()],
            (None, Some(password)) => vec![password.clone()],
            (None, None) => Vec::new(),
        };
        let mut redis = Self {
            process: None,
            is_sentinel: options.is_sentinel,
            login,
            certificates: options.certificates.clone(),
            folder,
            port,
        };
        redis.run();
        redis
    }

    fn run(&mut self) {
        let mut command = Command::new(program::REDIS_SERVER.path());
        command.arg(self.folder.file("redis.conf"));
        if self.is_sentinel {
            command.arg("--sentinel");
        }
        self.process = Some(Process::start(command, self.folder.path()));
    }

    /// Waits until it accepts connections; what it said where it ended instead.
    fn wait_listening(&self) -> Result<(), String> {
        let process = self.process.as_ref().expect("just started");
        until(DEADLINE, "redis-server listens", || {
            let ended = process.has_ended();
            let log = process.log_tail();
            // Who answers on the port could be another that took it: the log tells.
            let listens = log.contains("accept connections") || log.contains("Sentinel ID is");
            match (ended, listens) {
                (true, _) => Some(Err(log)),
                (false, true) => Some(Ok(())),
                (false, false) => None,
            }
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.port.address()
    }

    /// Its port, the same for all its life.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// The URL with all that is needed to be let in, the CA file apart; with an ACL file it is
    /// without a name (see [`Redis::url_as`]).
    #[must_use]
    pub fn url(&self) -> String {
        self.url_at(self.address())
    }

    /// The same with another address: that of a [`Proxy`](crate::Proxy) before the server.
    #[must_use]
    pub fn url_at(&self, address: SocketAddr) -> String {
        let login = match self.login.as_slice() {
            [password] => format!(":{password}@"),
            _ => String::new(),
        };
        format!("{}://{login}{}", self.scheme(), self.host(address))
    }

    /// The URL for a user of the ACL file.
    #[must_use]
    pub fn url_as(&self, user: &str, password: &str) -> String {
        format!("{}://{user}:{password}@{}", self.scheme(), self.host(self.address()))
    }

    fn scheme(&self) -> &'static str {
        if self.certificates.is_some() { "rediss" } else { "redis" }
    }

    fn host(&self, address: SocketAddr) -> String {
        let host = if self.certificates.is_some() { "localhost" } else { "127.0.0.1" };
        format!("{host}:{}", address.port())
    }

    /// The certificates of a server with TLS.
    ///
    /// # Panics
    /// Where it has none.
    #[must_use]
    pub fn certificates(&self) -> &Certificates {
        self.certificates.as_ref().expect("a server that was started with tls()")
    }

    /// Kills it (SIGKILL) and waits for its end: connections break, the port refuses. Nothing
    /// happens where it does not run.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Starts it again on its port with its configuration and waits until it answers; one that
    /// runs is killed first.
    ///
    /// # Panics
    /// As [`RedisOptions::start`].
    pub fn start_again(&mut self) {
        self.kill();
        self.run();
        self.wait_ready(DEADLINE);
    }

    /// Whether it was started and not killed; a server that is paused runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// The id of its process.
    ///
    /// # Panics
    /// Where it was killed.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("a server that runs").id()
    }

    /// Stops it (SIGSTOP): connections stay, nothing answers, new ones are accepted by the
    /// kernel only. Dropping ends a stopped server too.
    ///
    /// # Panics
    /// Where it was killed.
    pub fn pause(&self) {
        self.process.as_ref().expect("a server that runs").pause();
    }

    /// Lets it go on.
    ///
    /// # Panics
    /// Where it was killed.
    pub fn resume(&self) {
        self.process.as_ref().expect("a server that runs").resume();
    }

    /// A connection that is let in.
    ///
    /// # Errors
    /// As the system tells them; a refused password is one.
    pub fn connect(&self) -> io::Result<Connection> {
        let mut connection = match &self.certificates {
            None => Connection::plain(self.address())?,
            Some(certificates) => Connection::tls(self.address(), certificates)?,
        };
        if !self.login.is_empty() {
            let words = [&["AUTH".to_owned()], self.login.as_slice()].concat();
            if let Reply::Error(text) = connection.command(&words)? {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
            }
        }
        Ok(connection)
    }

    /// Sends one command over a connection of its own and gives the answer.
    ///
    /// # Errors
    /// The connection fails, or there is no answer within ten seconds.
    pub fn try_command<A: AsRef<[u8]>>(&self, words: &[A]) -> io::Result<Reply> {
        self.connect()?.command(words)
    }

    /// The same where the server is known to answer; an error of Redis is a [`Reply::Error`].
    ///
    /// # Panics
    /// Where there is no answer.
    #[track_caller]
    pub fn command<A: AsRef<[u8]>>(&self, words: &[A]) -> Reply {
        self.try_command(words)
            .unwrap_or_else(|e| panic!("no answer of Redis on port {}: {e}", self.port()))
    }

    /// Waits until the server has run for three seconds by its own word, which is whole seconds: of
    /// what stands in its streams from before nobody can promise that an earlier one had no more.
    ///
    /// # Panics
    /// Where there is no answer.
    pub fn wait_until_settled(&self) {
        until(DEADLINE, "a Redis that has run for a while", || {
            let told = self.command(&["INFO", "server"]);
            let mut lines = told.text().unwrap_or_default().lines();
            let uptime = lines.find_map(|line| line.strip_prefix("uptime_in_seconds:"))?;
            uptime.trim().parse().is_ok_and(|seconds: u64| seconds >= 3).then_some(())
        });
    }

    /// The same where Redis is known to say yes.
    ///
    /// # Panics
    /// Where there is no answer, or one that refuses.
    #[track_caller]
    pub(crate) fn order<A: AsRef<[u8]>>(&self, words: &[A]) -> Reply {
        let reply = self.command(words);
        assert!(!reply.is_error(), "Redis on port {} refuses: {reply:?}", self.port());
        reply
    }

    /// Waits until it answers `PING`.
    ///
    /// # Panics
    /// Where it does not within `deadline`, or has ended.
    pub fn wait_ready(&self, deadline: Duration) {
        until(deadline, "redis-server answers PING", || {
            let process = self.process.as_ref().expect("a server that runs");
            assert!(!process.has_ended(), "redis-server ended:\n{}", process.log_tail());
            let reply = self.try_command(&["PING"]).ok()?;
            (reply.text() == Some("PONG")).then_some(())
        });
    }
}
