//! The rules that a manifest can break.

use toml::{Table, Value};

/// Which crates of the workspace a crate may name in `[dependencies]`.
const ALLOWED: [(&str, &[&str]); 14] = [
    ("stentor-wire", &[]),
    ("stentor-shard", &["stentor-wire"]),
    ("stentor-bus", &["stentor-wire"]),
    ("stentor-engine", &["stentor-wire", "stentor-shard", "stentor-bus"]),
    // The server's command line talks to running pods as any client does.
    ("stentor-server", &["stentor-engine", "stentor-wire", "stentor-web", "stentor-client"]),
    ("stentor-client", &["stentor-wire"]),
    ("stentor-web", &[]),
    ("stentor-sim", &["stentor-wire", "stentor-shard", "stentor-bus", "stentor-client"]),
    ("stentor-loadtest", &["stentor-wire", "stentor-client"]),
    ("stentor-peer-axum", &[]),
    ("stentor-benches", &["stentor-wire", "stentor-shard", "stentor-engine", "stentor-bus"]),
    // Addresses, heads and tokens are read in the server.
    (
        "stentor-fuzz",
        &["stentor-wire", "stentor-shard", "stentor-bus", "stentor-sim", "stentor-server"],
    ),
    ("stentor-testbed", &[]),
    ("xtask", &[]),
];

/// What the pure crates must not know: how bytes travel, what time it is, where chance comes from.
const IMPURE: &[&str] = &[
    "tokio",
    "mio",
    "hyper",
    "socket2",
    "tracing",
    "log",
    "rand",
    "rand_core",
    "getrandom",
    "async-std",
    "smol",
    "polling",
    "fred",
    "redis",
    "quanta",
    "coarsetime",
];

/// What the engine must not know: HTTP, tokens, the command line, who is told of spans.
const WORLDLY: &[&str] = &[
    "hyper",
    "hyper-util",
    "http",
    "axum",
    "fastwebsockets",
    "jsonwebtoken",
    "clap",
    "opentelemetry",
    "tracing-opentelemetry",
];

/// The crates that `name` must not have anywhere below it.
pub(crate) fn absent_from(name: &str) -> &'static [&'static str] {
    match name {
        "stentor-wire" | "stentor-shard" => IMPURE,
        "stentor-engine" => WORLDLY,
        _ => &[],
    }
}

/// One member's manifest.
pub(crate) struct Manifest {
    pub(crate) name: String,
    table: Table,
}

impl Manifest {
    pub(crate) fn parse(text: &str) -> Self {
        let table: Table = text.parse().expect("a manifest is TOML");
        let name = table["package"]["name"].as_str().expect("a package has a name").to_owned();
        Self { name, table }
    }

    /// A dependency of the workspace's own that goes the wrong way, or a crate without a rule.
    pub(crate) fn direction_faults(&self) -> Vec<String> {
        let name = &self.name;
        let Some((_, allowed)) = ALLOWED.iter().find(|(ruled, _)| ruled == name) else {
            return vec![format!("{name} has no rule: say in this test what it may depend on")];
        };
        let mut faults = Vec::new();
        for dependency in self.dependencies(&["dependencies", "build-dependencies"]) {
            let internal = ALLOWED.iter().any(|(ruled, _)| *ruled == dependency.package)
                || dependency.package.starts_with("stentor");
            if internal && !allowed.contains(&dependency.package.as_str()) {
                faults.push(format!("{name} must not depend on {}", dependency.package));
            }
        }
        faults
    }

    /// Tests are freer, but the pure crates' do not know what stands above them nor start servers,
    /// and nothing but the fuzz targets knows the simulator.
    pub(crate) fn dev_direction_faults(&self) -> Vec<String> {
        let name = &self.name;
        let pure = matches!(name.as_str(), "stentor-wire" | "stentor-shard");
        let mut faults = Vec::new();
        for dependency in self.dependencies(&["dev-dependencies"]) {
            let upward = pure
                && matches!(
                    dependency.package.as_str(),
                    "stentor-engine" | "stentor-server" | "stentor-testbed"
                );
            if upward || dependency.package == "stentor-sim" {
                faults.push(format!("tests of {name} must not need {}", dependency.package));
            }
        }
        faults
    }

    /// A direct dependency that the crate is to do without.
    pub(crate) fn absence_faults(&self) -> Vec<String> {
        let absent = absent_from(&self.name);
        self.dependencies(&["dependencies", "build-dependencies"])
            .filter(|dependency| absent.contains(&dependency.package.as_str()))
            .map(|dependency| format!("{} must not know {}", self.name, dependency.package))
            .collect()
    }

    /// A crate that only serves the project itself, but does not say `publish = false`.
    pub(crate) fn publish_faults(&self) -> Vec<String> {
        let name = &self.name;
        let stays =
            matches!(name.as_str(), "stentor-testbed" | "stentor-sim" | "stentor-fuzz" | "xtask");
        let publish = self.table["package"].get("publish").and_then(Value::as_bool);
        if stays && publish != Some(false) {
            vec![format!("{name} lacks `publish = false`")]
        } else {
            Vec::new()
        }
    }

    /// Lints or a dependency that do not come from the workspace.
    pub(crate) fn inheritance_faults(&self) -> Vec<String> {
        let name = &self.name;
        let mut faults = Vec::new();
        let lints = self.table.get("lints").and_then(|lints| lints.get("workspace"));
        if lints.and_then(Value::as_bool) != Some(true) {
            faults.push(format!("{name} lacks `[lints] workspace = true`"));
        }
        for dependency in
            self.dependencies(&["dependencies", "dev-dependencies", "build-dependencies"])
        {
            if !dependency.inherited {
                faults.push(format!("{name}: {} lacks `workspace = true`", dependency.package));
            }
        }
        faults
    }

    /// All dependencies in sections of these names, those for single targets included.
    fn dependencies<'a>(&'a self, sections: &'a [&str]) -> impl Iterator<Item = Dependency> + 'a {
        let targets = self.table.get("target").and_then(Value::as_table);
        let tables = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
        std::iter::once(&self.table)
            .chain(tables)
            .flat_map(move |table| sections.iter().filter_map(|section| table.get(*section)))
            .filter_map(Value::as_table)
            .flatten()
            .map(|(key, value)| Dependency::read(key, value))
    }
}

struct Dependency {
    package: String,
    inherited: bool,
}

impl Dependency {
    fn read(key: &str, value: &Value) -> Self {
        let package = value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned();
        let inherited = value.get("workspace").and_then(Value::as_bool) == Some(true);
        Self { package, inherited }
    }
}

/// The workspace's own lint that keeps `unsafe` out.
pub(crate) fn unsafe_faults(workspace: &str) -> Vec<String> {
    let table: Table = workspace.parse().expect("a manifest is TOML");
    let lint = ["workspace", "lints", "rust", "unsafe_code"]
        .iter()
        .try_fold(&Value::Table(table), |value, key| value.get(key))
        .and_then(Value::as_str)
        .map(str::to_owned);
    match lint.as_deref() {
        Some("forbid") => Vec::new(),
        other => vec![format!("`unsafe_code` is {other:?}, not \"forbid\"")],
    }
}

/// A line of `[workspace.dependencies]` that does not say why it is there, or defines a
/// dependency in a form that has no line of its own.
pub(crate) fn reason_faults(workspace: &str) -> Vec<String> {
    let table: Table = workspace.parse().expect("a manifest is TOML");
    let names = table["workspace"]["dependencies"].as_table().expect("a table").keys();
    let lines: Vec<&str> = workspace
        .lines()
        .skip_while(|line| line.trim() != "[workspace.dependencies]")
        .skip(1)
        .take_while(|line| !line.starts_with('['))
        .collect();
    let mut faults = Vec::new();
    for name in names.filter(|name| !name.starts_with("stentor-")) {
        let line = lines.iter().find(|line| {
            line.strip_prefix(name.as_str()).is_some_and(|rest| rest.trim_start().starts_with('='))
        });
        let reason = line.and_then(|line| line.split_once('#')).map_or("", |(_, reason)| reason);
        if reason.trim().is_empty() {
            faults.push(format!("{name} has no reason behind `#` on its line"));
        }
    }
    faults
}

fn manifest(name: &str, rest: &str) -> Manifest {
    Manifest::parse(&format!("[package]\nname = \"{name}\"\n{rest}"))
}

#[test]
fn a_dependency_upward_is_a_fault() {
    let wire = manifest("stentor-wire", "[dependencies]\nstentor-shard.workspace = true");
    assert_eq!(wire.direction_faults(), ["stentor-wire must not depend on stentor-shard"]);
    let shard = manifest("stentor-shard", "[dependencies]\nstentor-wire.workspace = true");
    assert!(shard.direction_faults().is_empty());
}

#[test]
fn a_renamed_or_target_specific_dependency_upward_is_a_fault() {
    let renamed = "[dependencies]\nquiet = { package = \"stentor-engine\", path = \"..\" }";
    assert_eq!(manifest("stentor-shard", renamed).direction_faults().len(), 1);
    let on_unix = "[target.'cfg(unix)'.dependencies]\nstentor-engine.workspace = true";
    assert_eq!(manifest("stentor-shard", on_unix).direction_faults().len(), 1);
    let build = "[build-dependencies]\nstentor-engine.workspace = true";
    assert_eq!(manifest("stentor-shard", build).direction_faults().len(), 1);
}

#[test]
fn nothing_depends_on_the_simulator() {
    let rest = "stentor-sim.workspace = true";
    let normal = manifest("stentor-engine", &format!("[dependencies]\n{rest}"));
    assert_eq!(normal.direction_faults().len(), 1);
    let dev = manifest("stentor-engine", &format!("[dev-dependencies]\n{rest}"));
    assert_eq!(dev.dev_direction_faults().len(), 1);
}

#[test]
fn only_tests_know_the_testbed() {
    let own = "stentor-testbed.workspace = true";
    for name in ["stentor-bus", "stentor-server", "stentor-loadtest", "xtask"] {
        for section in ["dependencies", "build-dependencies", "target.'cfg(unix)'.dependencies"] {
            let shipped = manifest(name, &format!("[{section}]\n{own}"));
            let fault = format!("{name} must not depend on stentor-testbed");
            assert_eq!(shipped.direction_faults(), [fault], "{section}");
        }
        let dev = manifest(name, &format!("[dev-dependencies]\n{own}"));
        assert!(dev.direction_faults().is_empty() && dev.dev_direction_faults().is_empty());
    }
    let pure = manifest("stentor-wire", &format!("[dev-dependencies]\n{own}"));
    assert_eq!(
        pure.dev_direction_faults(),
        ["tests of stentor-wire must not need stentor-testbed"]
    );
    let upward = manifest("stentor-testbed", "[dependencies]\nstentor-wire.workspace = true");
    assert_eq!(upward.direction_faults().len(), 1);
}

#[test]
fn a_crate_for_tests_that_could_be_published_is_a_fault() {
    let name = "stentor-testbed";
    assert_eq!(manifest(name, "").publish_faults().len(), 1);
    assert_eq!(manifest(name, "publish = true").publish_faults().len(), 1);
    assert!(manifest(name, "publish = false").publish_faults().is_empty());
    assert!(manifest("stentor-wire", "").publish_faults().is_empty());
}

#[test]
fn a_crate_without_a_rule_is_a_fault() {
    assert_eq!(manifest("stentor-novel", "").direction_faults().len(), 1);
}

#[test]
fn a_pure_crates_test_that_reaches_upward_is_a_fault() {
    let rest = "[dev-dependencies]\nstentor-engine.workspace = true";
    assert_eq!(manifest("stentor-wire", rest).dev_direction_faults().len(), 1);
    assert!(manifest("stentor-server", rest).dev_direction_faults().is_empty());
}

#[test]
fn a_crate_that_is_to_be_absent_is_a_fault() {
    for (name, dependency) in [
        ("stentor-wire", "tokio"),
        ("stentor-shard", "getrandom"),
        ("stentor-engine", "hyper"),
        ("stentor-engine", "jsonwebtoken"),
    ] {
        let rest = format!("[dependencies]\n{dependency}.workspace = true");
        assert_eq!(manifest(name, &rest).absence_faults().len(), 1, "{name} and {dependency}");
    }
    let server = manifest("stentor-server", "[dependencies]\nhyper.workspace = true");
    assert!(server.absence_faults().is_empty());
}

#[test]
fn lints_and_versions_of_ones_own_are_faults() {
    assert_eq!(manifest("stentor-web", "").inheritance_faults().len(), 1);
    let lints = "[lints]\nworkspace = true\n";
    assert!(manifest("stentor-web", lints).inheritance_faults().is_empty());
    for own in ["bytes = \"1\"", "bytes = { version = \"1\" }", "bytes = { workspace = false }"] {
        let rest = format!("{lints}[dev-dependencies]\n{own}");
        assert_eq!(manifest("stentor-web", &rest).inheritance_faults().len(), 1, "{own}");
    }
}

#[test]
fn a_workspace_that_allows_unsafe_is_a_fault() {
    assert!(unsafe_faults("[workspace.lints.rust]\nunsafe_code = \"forbid\"").is_empty());
    assert_eq!(unsafe_faults("[workspace.lints.rust]\nunsafe_code = \"deny\"").len(), 1);
    assert_eq!(unsafe_faults("[workspace]").len(), 1);
}

#[test]
fn a_dependency_without_a_reason_is_a_fault() {
    let head = "[workspace.dependencies]\nstentor-wire = \"0.1\"\n";
    assert!(reason_faults(&format!("{head}mio = \"1\" # a shard's sockets")).is_empty());
    for bare in ["mio = \"1\"", "mio = \"1\" #", "mio = \"1\"\nmio-more = \"1\" # another"] {
        assert_eq!(reason_faults(&format!("{head}{bare}\n[a]\nb = 1 # so it is")).len(), 1);
    }
    let apart = format!("{head}[workspace.dependencies.mio]\nversion = \"1\" # a shard's sockets");
    assert_eq!(reason_faults(&apart).len(), 1);
}
