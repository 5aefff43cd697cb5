//! A value that is replaced whole while others look at it.

use std::sync::{Arc, PoisonError, RwLock};

/// The value as it is now. A look takes a lock for as long as a pointer is copied, so it belongs on
/// the way of a handshake or a request, and not of a message.
#[derive(Debug, Default)]
pub(crate) struct Live<T>(RwLock<Arc<T>>);

impl<T> Live<T> {
    /// This value for a start.
    pub(crate) fn new(value: T) -> Live<T> {
        Live::of(Arc::new(value))
    }

    /// This value for a start, which others may have too.
    pub(crate) fn of(value: Arc<T>) -> Live<T> {
        Live(RwLock::new(value))
    }

    /// The value as it is now; it stays so for who has it, whatever comes after.
    pub(crate) fn now(&self) -> Arc<T> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// This value from now on.
    pub(crate) fn replace(&self, value: T) {
        self.replace_with(Arc::new(value));
    }

    /// This value from now on, which others may have too.
    pub(crate) fn replace_with(&self, value: Arc<T>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}
