use std::time::Duration;

use super::{COMMANDS_MAX, Command, Publications, SendError, mailbox};

fn command() -> Command {
    let span = tracing::Span::none();
    Command::Publish(Publications { deliveries: Vec::new(), bytes: 0, span })
}

#[test]
fn a_full_mailbox_gives_the_command_back() {
    let (address, mailbox) = mailbox();
    for _ in 0..COMMANDS_MAX {
        assert!(address.send(command()).is_ok());
    }
    assert!(matches!(address.send(command()), Err(SendError::Full(Command::Publish(_)))));
    assert!(mailbox.poll().is_some());
    assert!(address.send(command()).is_ok());
}

#[test]
fn a_mailbox_whose_shard_has_ended_takes_nothing() {
    let (address, mailbox) = mailbox();
    drop(mailbox);
    assert!(matches!(address.send(command()), Err(SendError::Ended)));
}

// 1. The shard rearms and finds its mailbox empty.
// 2. A command comes before the shard has begun to wait.
// 3. The shard waits, and must be woken at once.
#[tokio::test]
async fn a_ring_between_the_look_and_the_wait_is_heard() {
    let (address, mailbox) = mailbox();
    mailbox.rearm();
    assert!(mailbox.is_empty());
    assert!(address.send(command()).is_ok());
    let woken = tokio::time::timeout(Duration::from_secs(10), mailbox.rung()).await;
    assert!(woken.is_ok());
}

#[tokio::test]
async fn every_command_of_many_threads_arrives_although_a_burst_rings_once() {
    const EACH: usize = 1_000;
    const THREADS: usize = 4;
    let (address, mailbox) = mailbox();
    for _ in 0..THREADS {
        let address = address.clone();
        std::thread::spawn(move || {
            for _ in 0..EACH {
                let mut waiting = command();
                while let Err(SendError::Full(refused)) = address.send(waiting) {
                    waiting = refused;
                    std::thread::yield_now();
                }
            }
        });
    }
    let mut taken = 0;
    let all = async {
        while taken < EACH * THREADS {
            mailbox.rung().await;
            mailbox.rearm();
            while mailbox.poll().is_some() {
                taken += 1;
            }
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(10), all).await;
    assert!(in_time.is_ok(), "every command was rung for");
}
