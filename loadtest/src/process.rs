//! Further processes of this program, and the lines that they talk in.

pub(crate) mod child;
pub(crate) mod talk;
