//! Several checks as one step: each has a line, and none keeps the next from being told.

use crate::counts::Counts;
use crate::report::Outcome;

/// What came of checks, each with its name.
pub(crate) fn outcome<'a>(
    judged: impl IntoIterator<Item = (&'a str, Result<(), String>)>,
) -> Outcome {
    let mut counts = Counts::default();
    let mut faults = Vec::new();
    for (what, judged) in judged {
        match judged {
            Ok(()) => {
                println!("ok       {what}");
                counts += Counts::ONE_PASSED;
            }
            Err(fault) => {
                println!("NOT OK   {what}: {fault}");
                counts += Counts { passed: 0, failed: 1 };
                faults.push(what);
            }
        }
    }
    let fault = (!faults.is_empty()).then(|| format!("refused: {}", faults.join(", ")));
    Outcome { counts, fault }
}
