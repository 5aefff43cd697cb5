//! The other processes of a load, as the first one sees them.

use crate::cli::HandedTarget;
use crate::failure::Failure;
use crate::load::order::{Answer, Order};
use crate::load::seating::Seating;
use crate::load::target::Target;
use crate::process::child::Other;
use crate::process::talk;

/// How many processes make the load, and where each is kept.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Processes<'a> {
    /// How many, the first one counted too.
    pub(crate) count: usize,
    /// Their cores, in turn; where they like if there are none.
    pub(crate) cores: &'a [usize],
}

/// The other processes, and what each has answered.
#[derive(Default, Debug)]
pub(crate) struct Crew {
    others: Vec<Other>,
    answers: Vec<Option<Answer>>,
}

impl Crew {
    /// Starts them; they open their connections right away.
    ///
    /// # Errors
    /// If one does not start.
    pub(crate) fn start(
        processes: Processes<'_>,
        target: &Target,
        seating: Seating,
        content_bytes: usize,
        run: u32,
    ) -> Result<Self, Failure> {
        let Seating { rooms, members, talkers, rooms_per_connection } = seating;
        let mut common = vec![
            "load-part".to_owned(),
            format!("--rooms={rooms}"),
            format!("--members={members}"),
            format!("--talkers={talkers}"),
            format!("--rooms-per-connection={rooms_per_connection}"),
            format!("--content-bytes={content_bytes}"),
            format!("--run={run}"),
            format!("--parts={}", processes.count),
        ];
        common.extend(HandedTarget::options_for(target));
        let mut others = Vec::new();
        for part in 1..processes.count {
            let mut arguments = common.clone();
            arguments.push(format!("--part={part}"));
            let core = part.checked_rem(processes.cores.len());
            arguments.extend(core.map(|at| format!("--load-core={}", processes.cores[at])));
            others.push(Other::start(&name_of(part), &arguments)?);
        }
        let answers = others.iter().map(|_| None).collect();
        Ok(Self { others, answers })
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.others.is_empty()
    }

    /// Tells all of them.
    ///
    /// # Errors
    /// If one is gone.
    pub(crate) fn tell(&mut self, order: &Order) -> Result<(), Failure> {
        let line = talk::line(order)?;
        self.others.iter_mut().try_for_each(|other| other.say(&line))
    }

    /// Takes in what they have answered so far.
    ///
    /// # Errors
    /// If one is gone, or cannot go on: a part of the load that is missing makes no figure.
    pub(crate) fn poll(&mut self) -> Result<(), Failure> {
        for (other, answer) in self.others.iter().zip(&mut self.answers) {
            if answer.is_none()
                && let Some(line) = other.poll_line()?
            {
                *answer = Some(talk::read(&line)?);
            }
        }
        Ok(())
    }

    /// The answers, once all have answered.
    ///
    /// # Errors
    /// As for [`Crew::poll`].
    pub(crate) fn poll_all(&mut self) -> Result<Option<Vec<Answer>>, Failure> {
        self.poll()?;
        if self.answers.iter().any(Option::is_none) {
            return Ok(None);
        }
        Ok(Some(self.answers.iter_mut().filter_map(Option::take).collect()))
    }
}

/// People count from one, and the first process is the one that they started.
fn name_of(part: usize) -> String {
    format!("load process {}", part + 1)
}
