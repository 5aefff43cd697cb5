//! The browser's half of Stentor: the pages that the server embeds.
