//! The faults of a plan as they come due, and what they did to those who listen.

use std::collections::VecDeque;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::audit::plan::{Deed, Fault, Plan};
use crate::audit::process::Process;
use crate::failure::Failure;
use crate::measure::moment::Moment;

#[cfg(test)]
mod tests;

/// What happened at one fault.
#[derive(Debug)]
pub(crate) struct FaultStory {
    /// What was done, in words.
    pub(crate) name: String,
    /// When.
    pub(crate) at: Moment,
    /// When it was undone.
    pub(crate) undone: Option<Moment>,
    /// When the first message came that was due after it.
    pub(crate) heard_first: Option<Moment>,
    /// When the last of the clients had heard one.
    pub(crate) heard_by_all: Option<Moment>,
    /// The longest that a client heard nothing, from this fault to the next.
    pub(crate) silence: Duration,
    /// Who has, and how many they are.
    heard: Vec<bool>,
    heard_count: usize,
}

/// Something to do at a time.
#[derive(Debug)]
struct Step {
    at: Duration,
    deed: Deed,
    /// The fault, and whether this undoes it.
    fault: usize,
    undoes: bool,
}

/// The steps still to come, and the processes that they happen to.
#[derive(Debug)]
pub(crate) struct Faults {
    processes: Vec<Process>,
    steps: VecDeque<Step>,
    names: Vec<String>,
    commands: Vec<(String, Child)>,
    /// What has happened so far.
    pub(crate) stories: Vec<FaultStory>,
    /// Processes that ended of their own accord, in words.
    pub(crate) unasked_ends: Vec<String>,
    /// Counts what was done, so that a process before it can be told from one after.
    pub(crate) era: u64,
    begin: Moment,
}

impl Faults {
    /// Takes the faults of a plan over, and starts its processes.
    ///
    /// # Errors
    /// If one does not come up; those that have are ended again.
    pub(crate) fn begin(plan: Plan) -> Result<Self, Failure> {
        let mut processes = Vec::new();
        for process in plan.processes {
            processes.push(Process::new(process));
            processes.last_mut().map_or(Ok(()), Process::bring_up)?;
        }
        let mut names = Vec::new();
        let mut steps = Vec::new();
        for (fault, Fault { at, deed, undone_after }) in plan.faults.into_iter().enumerate() {
            names.push(match &deed {
                Deed::Process(place, act) => {
                    let span = undone_after
                        .map(|span| format!(" for {}", humantime::format_duration(span)));
                    format!(
                        "{} {}{}",
                        act.word(),
                        processes[*place].name(),
                        span.unwrap_or_default()
                    )
                }
                Deed::Run(command) => command.join(" "),
            });
            if let Some(span) = undone_after
                && let Deed::Process(place, act) = deed
                && let Some(act) = act.undone_by()
            {
                let deed = Deed::Process(place, act);
                steps.push(Step { at: at + span, deed, fault, undoes: true });
            }
            steps.push(Step { at, deed, fault, undoes: false });
        }
        steps.sort_by_key(|step| step.at);
        Ok(Self {
            processes,
            steps: steps.into(),
            names,
            commands: Vec::new(),
            stories: Vec::new(),
            unasked_ends: Vec::new(),
            era: 0,
            begin: Moment::default(),
        })
    }

    /// Sets the time from which the faults count.
    pub(crate) fn count_from(&mut self, begin: Moment) {
        self.begin = begin;
    }

    /// How many steps are still to come.
    pub(crate) fn steps_left(&self) -> usize {
        self.steps.len()
    }

    /// When something is to be done next.
    pub(crate) fn next_due(&self) -> Moment {
        self.steps.front().map_or(Moment::NEVER, |step| self.begin.after(step.at))
    }

    /// Does what is due, and looks after the processes.
    ///
    /// # Errors
    /// If a step cannot be done.
    pub(crate) fn poll(&mut self, now: Moment, clients: usize) -> Result<(), Failure> {
        while self.next_due() <= now
            && let Some(step) = self.steps.pop_front()
        {
            self.era += 1;
            let name = self.names[step.fault].clone();
            let done = match step.deed {
                Deed::Process(place, act) => self.processes[place].act(act),
                Deed::Run(command) => self.run(&name, &command),
            };
            done.map_err(Failure::while_doing(format!("the fault \"{name}\"")))?;
            if step.undoes {
                let story = self.stories.iter_mut().rev().find(|story| story.name == name);
                if let Some(story) = story {
                    story.undone = Some(now);
                }
            } else {
                self.stories.push(FaultStory::new(name, now, clients));
            }
        }
        for process in &mut self.processes {
            self.unasked_ends.extend(process.poll()?);
        }
        self.poll_commands()
    }

    /// A client heard a message that was due at `due`, and the one before at `heard_last`.
    pub(crate) fn handle_delivery(
        &mut self,
        client: usize,
        due: Moment,
        heard_last: Moment,
        now: Moment,
    ) {
        if let Some(story) = self.stories.last_mut() {
            story.silence = story.silence.max(now.since(heard_last.max(story.at)));
        }
        for story in &mut self.stories {
            story.handle_delivery(client, due, now);
        }
    }

    /// The last fault in words, where it is not over.
    pub(crate) fn current(&self) -> Option<&str> {
        let story = self.stories.last().filter(|story| story.heard_by_all.is_none())?;
        Some(&story.name)
    }

    fn run(&mut self, name: &str, command: &[String]) -> Result<(), Failure> {
        let child = Command::new(&command[0])
            .args(&command[1..])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .map_err(Failure::while_doing(&command[0]))?;
        self.commands.push((name.to_owned(), child));
        Ok(())
    }

    fn poll_commands(&mut self) -> Result<(), Failure> {
        for (name, child) in &mut self.commands {
            if let Ok(Some(status)) = child.try_wait()
                && !status.success()
            {
                return Err(Failure::new(format!("the fault \"{name}\" failed: {status}")));
            }
        }
        self.commands.retain_mut(|(_, child)| matches!(child.try_wait(), Ok(None)));
        Ok(())
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        for (_, child) in &mut self.commands {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl FaultStory {
    fn new(name: String, at: Moment, clients: usize) -> Self {
        Self {
            name,
            at,
            undone: None,
            heard_first: None,
            heard_by_all: None,
            silence: Duration::ZERO,
            heard: vec![false; clients],
            heard_count: 0,
        }
    }

    fn handle_delivery(&mut self, client: usize, due: Moment, now: Moment) {
        if self.heard_by_all.is_some() || due < self.at || self.heard[client] {
            return;
        }
        self.heard[client] = true;
        self.heard_count += 1;
        self.heard_first.get_or_insert(now);
        if self.heard_count == self.heard.len() {
            self.heard_by_all = Some(now);
            self.heard = Vec::new();
        }
    }
}
