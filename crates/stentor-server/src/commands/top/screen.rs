//! The terminal as a screen: drawn whole, and given back as it was.
//!
//! Knows nothing of what it shows.

use std::io::{self, Stdout, Write};
use std::time::Instant;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, poll, read};
use crossterm::terminal::{
    Clear, ClearType, DisableLineWrap, EnableLineWrap, EnterAlternateScreen, LeaveAlternateScreen,
    disable_raw_mode, enable_raw_mode, size,
};
use crossterm::{execute, queue};

use super::super::failure::Failure;
use super::page::Page;
use super::reading::Order;

/// The last line, which tells the keys.
const KEYS: &str = "q ends   l slowest by time   b slowest by bytes";

/// What a person wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    End,
    Order(Order),
    /// The screen has another size.
    Redraw,
}

/// The screen while it is ours.
pub(super) struct Screen {
    output: Stdout,
}

impl Screen {
    /// Takes the terminal.
    ///
    /// # Errors
    /// It is none, or is gone.
    pub(super) fn open() -> Result<Screen, Failure> {
        enable_raw_mode().map_err(fault)?;
        // From here on what is dropped gives it back.
        let mut screen = Screen { output: io::stdout() };
        execute!(screen.output, EnterAlternateScreen, DisableLineWrap, Hide).map_err(fault)?;
        Ok(screen)
    }

    /// Draws as much of a page as there is room for.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) fn draw(&mut self, page: &Page) -> Result<(), Failure> {
        self.try_draw(page).map_err(fault)
    }

    fn try_draw(&mut self, page: &Page) -> io::Result<()> {
        let (_, rows) = size()?;
        let rows_of_page = rows.saturating_sub(1);
        for (row, line) in (0..rows_of_page).zip(page.lines().chain(std::iter::repeat(""))) {
            queue!(self.output, MoveTo(0, row))?;
            self.output.write_all(line.as_bytes())?;
            queue!(self.output, Clear(ClearType::UntilNewLine))?;
        }
        queue!(self.output, MoveTo(0, rows_of_page))?;
        self.output.write_all(KEYS.as_bytes())?;
        queue!(self.output, Clear(ClearType::UntilNewLine))?;
        self.output.flush()
    }

    /// Waits for a key that means something, at most until then.
    ///
    /// # Errors
    /// The terminal is gone.
    pub(super) fn wait_until(&mut self, due: Instant) -> Result<Option<Key>, Failure> {
        loop {
            let left = due.saturating_duration_since(Instant::now());
            if !poll(left).map_err(fault)? {
                return Ok(None);
            }
            if let Some(key) = meaning(&read().map_err(fault)?) {
                return Ok(Some(key));
            }
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs nothing back.
        let _ = execute!(self.output, Show, EnableLineWrap, LeaveAlternateScreen);
        let _ = disable_raw_mode();
    }
}

fn meaning(event: &Event) -> Option<Key> {
    match event {
        Event::Resize(..) => Some(Key::Redraw),
        Event::Key(KeyEvent { kind: KeyEventKind::Release, .. }) => None,
        Event::Key(KeyEvent { code: KeyCode::Char('c' | 'd'), modifiers, .. })
            if modifiers.contains(KeyModifiers::CONTROL) =>
        {
            Some(Key::End)
        }
        Event::Key(KeyEvent { code, .. }) => match code {
            KeyCode::Char('q') | KeyCode::Esc => Some(Key::End),
            KeyCode::Char('l') => Some(Key::Order(Order::Lag)),
            KeyCode::Char('b') => Some(Key::Order(Order::Bytes)),
            _ => None,
        },
        _ => None,
    }
}

fn fault(error: io::Error) -> Failure {
    Failure::failed(format_args!("the terminal: {error}"))
}
