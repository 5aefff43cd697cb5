//! What the command line asks for.

/// The longest run of a target, in seconds: a week.
const SECONDS_MAX: u32 = 7 * 24 * 3600;

/// Which targets, and how long each.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) seconds: u32,
    pub(super) targets: Vec<String>,
}

impl Order {
    /// `SECONDS [TARGET...]`; without a target all that there are.
    ///
    /// # Errors
    /// In one line: what is no number of seconds, or no target.
    pub(super) fn parse(arguments: &[String], known: &[String]) -> Result<Order, String> {
        let Some((seconds, targets)) = arguments.split_first() else {
            return Err("`fuzz` needs a time: cargo xtask fuzz SECONDS [TARGET...]".to_owned());
        };
        let seconds = match seconds.parse() {
            Ok(seconds @ 1..=SECONDS_MAX) => seconds,
            _ => return Err(format!("`{seconds}` is no time: write 1 to {SECONDS_MAX} seconds")),
        };
        if let Some(unknown) = targets.iter().find(|target| !known.contains(target)) {
            return Err(format!("there is no target `{unknown}`, but {}", known.join(", ")));
        }
        let targets = if targets.is_empty() { known } else { targets };
        Ok(Order { seconds, targets: targets.to_vec() })
    }
}
