//! One client of the SDK as a program has it: it is asked for what happens, and says what is due.

use stentor_client::{Client, Draft, Happening, PublishError};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::measure::moment::{Clock, Moment};
use crate::verdict::message_id::MessageId;
use crate::verdict::stamp::{RunId, Stamp};

/// What a talker says, and when.
pub(super) struct Voice {
    /// Its number through all rooms.
    pub(super) talker: u32,
    /// How much it has said.
    pub(super) said: u32,
    /// The run that it belongs to.
    pub(super) run: RunId,
    /// The room that it talks in.
    pub(super) room: String,
    /// When each message is due; the end of it ends the client.
    pub(super) dues: mpsc::Receiver<Moment>,
}

/// A message that a client took, under an id of its own choice.
pub(super) struct Said {
    pub(super) uuid: Uuid,
    pub(super) id: MessageId,
}

/// What a client tells.
pub(super) enum Word {
    /// It has taken a message, which will be said.
    Said(Said),
    /// It had no room for one.
    HeldBack,
    /// Something happened; and whether it asked for what it had missed when it connected last.
    Happened { happening: Box<Happening>, asked: bool },
    /// It does not come back.
    GaveUp(String),
}

/// Lives until nobody listens any more.
pub(super) async fn live(
    number: usize,
    mut client: Client,
    mut voice: Option<Voice>,
    tell: mpsc::Sender<(usize, Moment, Word)>,
) {
    loop {
        // What it connects with next.
        let asked = client.last_id().is_some();
        let word = tokio::select! {
            happening = client.next() => match happening {
                Ok(happening) => Word::Happened { happening: Box::new(happening), asked },
                Err(failure) => Word::GaveUp(failure.to_string()),
            },
            Some(due) = next_due(&mut voice) => match &mut voice {
                Some(voice) => voice.say(&mut client, due),
                None => continue,
            },
        };
        let is_over = matches!(word, Word::GaveUp(_));
        if tell.send((number, Clock.now(), word)).await.is_err() || is_over {
            return;
        }
    }
}

impl Voice {
    fn say(&mut self, client: &mut Client, due: Moment) -> Word {
        let id = MessageId { talker: self.talker, sequence: self.said + 1 };
        let stamp = Stamp { run: self.run, talker: id.talker, sequence: id.sequence, due };
        let content = String::from_utf8_lossy(&stamp.encode()).into_owned();
        let draft = match Draft::chat(&content) {
            Ok(draft) => draft.room(&self.room),
            Err(error) => return Word::GaveUp(error.to_string()),
        };
        match client.publish(draft) {
            Ok(uuid) => {
                self.said += 1;
                Word::Said(Said { uuid, id })
            }
            Err(PublishError::QueueFull) => Word::HeldBack,
            Err(error @ PublishError::TooBig) => Word::GaveUp(error.to_string()),
        }
    }
}

/// When the next message is due; never for who only listens.
async fn next_due(voice: &mut Option<Voice>) -> Option<Moment> {
    match voice {
        Some(voice) => voice.dues.recv().await,
        None => std::future::pending().await,
    }
}
