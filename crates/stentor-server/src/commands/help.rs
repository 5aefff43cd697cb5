//! What `--help` says behind the flags: examples, exit codes, environment.
//!
//! Each is a text of at most 100 columns, so that it is shown as it stands here.

#[cfg(test)]
mod tests;

/// Of `stentor` without a word.
pub(super) const STENTOR: &str = "\
Examples:
  stentor                                        serve on port 8080, alone
  stentor --port 8081 --redis-url redis://cache  serve as one pod of several
  stentor doctor                                 is this machine fit for it?
  stentor tail general                           hear what is said in a room
  stentor publish --help                         all about one command

Exit codes:
  0  clean
  1  something did not work; one line on standard error says what
  2  the command line or a setting is bad; one line for each says which

Environment:
  Every setting is an environment variable too, named behind its flag, and may be a line of the
  file SETTINGS_FILE. A flag counts before the variable, the variable before the line, the line
  before the default, and an empty value is none.";

/// Of `stentor serve`.
pub(super) const SERVE: &str = "\
SIGTERM and SIGINT drain: no new connections, what waits is sent, everybody is closed with 1001
within DRAIN_TIMEOUT. A second signal ends it at once. SIGHUP reads SETTINGS_FILE and the files of
keys and certificates again and drops nobody: keys, certificate, origins, limits and LOG_LEVEL
change, or nothing does where anything is wrong; other changes need a restart and are named.

Examples:
  stentor serve --port 8081 --shards 2
  REDIS_URL=redis://10.0.0.7 HISTORY=redis stentor serve --log-format json

Exit codes:
  0  drained after a signal
  1  it could not listen, a shard ended by itself, or a second signal cut the drain short
  2  a setting is bad; one line for each says which

Environment:
  Every flag has its variable, named behind it: --port is PORT. An empty value is none.";

/// Of `stentor check-config`.
pub(super) const CHECK_CONFIG: &str = "\
Reads the settings exactly as serve does, binds nothing and connects to nothing; for that there is
doctor. The flag --check-config of serve does the same.

Examples:
  stentor check-config --redis-url redis://cache --history redis
  env $(cat /etc/stentor/stentor.env) stentor check-config

Exit codes:
  0  a server would start with these settings
  2  it would not; one line for each bad setting says why

Environment:
  That of serve.";

/// Of `stentor doctor`.
pub(super) const DOCTOR: &str = "\
Reads the kernel's limits, asks Redis where REDIS_URL is set, and changes nothing. A line for each
finding: ok, warn or fail, what it is about, its value, and why that is so or what to do. The last
line says how many connections are safe, and what decides that. Run it as the user and in the unit
or container that the server runs in: limits differ.

Examples:
  stentor doctor
  stentor doctor --max-connections 100000 --redis-url redis://cache --history redis
  docker run --env-file stentor.env stentor doctor

Exit codes:
  0  nothing fails; there may be warnings
  1  something fails: what the settings ask for is not there
  2  a setting is bad; one line for each says which

Environment:
  That of serve: above all MAX_CONNECTIONS, SHARDS, HISTORY, HISTORY_BYTES and REDIS_URL.";

/// Of `stentor token`.
pub(super) const TOKEN: &str = "\
Examples:
  stentor token --sub alice --room 'team-*' --ttl 1h
  stentor token --check eyJ0eXAi...
  echo $TOKEN | stentor token --check

Exit codes:
  0  a token was made, or the one to check would be accepted
  1  the one to check would be refused
  2  a flag or a setting is bad, or JWT_SECRET is missing

Environment:
  JWT_SECRET signs; AUTH_ENABLED and the other JWT_ variables say what a server would accept.";

/// Of `stentor publish`.
pub(super) const PUBLISH: &str = "\
Prints the id under which the message went out. It is not said whether anybody heard it. What is
said without --json arrives as {\"content\":TEXT}, which is what chats show.

Examples:
  stentor publish general 'deploy at noon'
  stentor publish general --json '{\"text\":\"deploy at noon\"}' --type notification
  uptime | stentor publish ops - --from cron --url http://10.0.0.7:8080
  stentor publish ops done --url https://chat.example.org --cacert ca.pem

Exit codes:
  0  the pod took it
  1  the pod cannot be reached, is no Stentor, or refuses: the key, the type, the size
  2  the command line is bad: an empty room, no URL, no JSON

Environment:
  STENTOR_URL, BASE_PATH, STENTOR_CACERT, API_KEY: as the flags. https:// is believed where the
  certificate comes from an authority that the platform trusts, or one of --cacert.";

/// Of `stentor tail`.
pub(super) const TAIL: &str = "\
A line is the time, who says it, the type where it is no chat, and the text: data.content, data.text
or all of the data. Control characters are escaped, so that no message can steer the terminal. What
happens to the connection is told on standard error. A connection that is lost is made anew, and
what was missed is asked for.

Examples:
  stentor tail general
  stentor tail general --json | jq .data
  stentor tail general --last-id 0198c0de-0000-7000-8000-000000000000 --count 10

Exit codes:
  0  SIGINT or SIGTERM, --count is reached, or nobody reads the output any more
  1  the pod cannot be reached to begin with, or will not have this client: 401, 403, 4401, 4403
  2  the command line is bad: an empty room, no URL, no id

Environment:
  STENTOR_URL, BASE_PATH, STENTOR_CACERT, TOKEN: as the flags. https:// is believed where the
  certificate comes from an authority that the platform trusts, or one of --cacert.";

/// Of `stentor top`.
pub(super) const TOP: &str = "\
Connections, rooms, messages a second in and out, drops, the load of each shard, the state of the
bus, the slowest consumers and the busiest rooms. q, Esc or Ctrl-C ends it; l and b order the
slowest by time or by bytes. Without a terminal, or with --once, it prints one page: rates are those
of one second.

Examples:
  stentor top
  stentor top --once --url http://10.0.0.7:8080
  API_KEY=$KEY stentor top | head -4

Exit codes:
  0  ended by a key or a signal, or the page was printed
  1  the pod cannot be reached, is no Stentor, or refuses the key
  2  the command line is bad

Environment:
  STENTOR_URL, BASE_PATH, STENTOR_CACERT, API_KEY: as the flags. https:// is believed where the
  certificate comes from an authority that the platform trusts, or one of --cacert.";

/// Of `stentor completions`.
pub(super) const COMPLETIONS: &str = "\
Examples:
  stentor completions bash > ~/.local/share/bash-completion/completions/stentor
  stentor completions zsh > ~/.zfunc/_stentor
  stentor completions fish > ~/.config/fish/completions/stentor.fish

Exit codes:
  0  the script was printed
  2  no such shell

Environment:
  None.";
