//! Where the world comes in: the stentor server, its routes, settings and metrics.
