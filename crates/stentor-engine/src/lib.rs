//! What runs it: the threads, mailboxes and sockets of Stentor, as an engine that a program can embed.
