use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::*;

/// What Prometheus's own checker would say of a page, its naming advice aside.
pub(in crate::http) fn check(page: &str) -> Result<HashMap<String, f64>, String> {
    let mut types: HashMap<&str, &str> = HashMap::new();
    let mut helped = HashSet::new();
    let mut samples = HashMap::new();
    if !page.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').ok_or(format!("no help: {line}"))?;
            if help.is_empty() || !helped.insert(name) {
                return Err(format!("help missing or twice: {line}"));
            }
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').ok_or(format!("no type: {line}"))?;
            if !helped.contains(name) || types.insert(name, kind).is_some() {
                return Err(format!("type without help or twice: {line}"));
            }
        } else {
            let (series, value) = line.rsplit_once(' ').ok_or(format!("no value: {line}"))?;
            let name = series.split('{').next().unwrap_or(series);
            let family = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|end| {
                    name.strip_suffix(end).filter(|base| types.get(base) == Some(&"histogram"))
                })
                .unwrap_or(name);
            let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == ':';
            if !types.contains_key(family) || !name.chars().all(is_name) {
                return Err(format!("sample of no family: {line}"));
            }
            let value: f64 = value.parse().map_err(|_| format!("no number: {line}"))?;
            if samples.insert(series.to_owned(), value).is_some() {
                return Err(format!("series twice: {line}"));
            }
        }
    }
    match types.keys().find(|family| !samples.keys().any(|series| series.starts_with(**family))) {
        Some(empty) => Err(format!("a family without samples: {empty}")),
        None => Ok(samples),
    }
}

#[test]
fn a_histogram_is_cumulated_and_ends_with_infinity() {
    let mut page = Exposition::default();
    let buckets = vec![(0.001, 3), (0.01, 2), (f64::INFINITY, 1)];
    let times = Times { buckets, sum: Duration::from_millis(250) };
    page.histograms("seconds", "Time.", "path", &[("local", &times)]);
    assert_eq!(
        page.into_text(),
        "# HELP seconds Time.\n\
         # TYPE seconds histogram\n\
         seconds_bucket{path=\"local\",le=\"0.001\"} 3\n\
         seconds_bucket{path=\"local\",le=\"0.01\"} 5\n\
         seconds_bucket{path=\"local\",le=\"+Inf\"} 6\n\
         seconds_sum{path=\"local\"} 0.25\n\
         seconds_count{path=\"local\"} 6\n"
    );
}

#[test]
fn a_histogram_without_observations_is_still_whole() {
    let mut page = Exposition::default();
    page.histogram("seconds", "Time.", &Times::default());
    let samples = check(&page.into_text()).expect("a valid page");
    assert_eq!(samples["seconds_bucket{le=\"+Inf\"}"], 0.0);
}

#[test]
fn the_checker_of_these_tests_finds_faults() {
    for bad in [
        "a 1\n",
        "# HELP a x\n# TYPE a gauge\na one\n",
        "# HELP a x\n# TYPE a gauge\na 1\na 1\n",
        "# HELP a x\n# TYPE a gauge\na 1",
        "# HELP a x\n# TYPE a gauge\n",
    ] {
        assert!(check(bad).is_err(), "{bad}");
    }
}
