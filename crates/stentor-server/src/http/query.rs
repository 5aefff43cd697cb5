//! What stands in the query of a request to a route that is no upgrade.

use crate::problem::{Kind, Problem};

/// The last value of a parameter, as it stands there.
pub(super) fn value<'q>(query: Option<&'q str>, name: &str) -> Option<&'q str> {
    let pairs = query.unwrap_or("").split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next_back()
}

/// How many things are to be listed: the parameter `limit`.
pub(super) fn limit(query: Option<&str>, default: usize, max: usize) -> Result<usize, Problem> {
    let Some(text) = value(query, "limit") else { return Ok(default) };
    match text.parse() {
        Ok(number) if number <= max => Ok(number),
        _ => {
            let message = format!("the parameter limit is 0 to {max}");
            Err(Problem::new(Kind::BadParameter, message))
        }
    }
}
