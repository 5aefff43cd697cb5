//! What is measured of each server, and for how long.

#[cfg(test)]
mod tests;

use super::table::Column;

/// How long the measurements are.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Plan {
    /// About two minutes a server.
    Full,
    /// About half a minute a server: a look, no figure.
    Quick,
}

/// One measurement of a server.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Step {
    /// One room of a thousand at 50 messages/s.
    Fanout,
    /// The highest rate of that room.
    Max,
    /// The highest rate of many rooms of ten.
    MaxRooms,
    /// Memory of connections that do nothing.
    Idle,
    /// A storm of handshakes.
    Connect,
}

impl Step {
    pub(super) const ALL: [Self; 5] =
        [Self::Fanout, Self::Max, Self::MaxRooms, Self::Idle, Self::Connect];

    /// Its name among a server's reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Fanout => "fanout",
            Self::Max => "max",
            Self::MaxRooms => "max_rooms",
            Self::Idle => "idle",
            Self::Connect => "connect",
        }
    }

    /// Which figures of its report stand in which column.
    pub(super) fn figures(self) -> &'static [(Column, &'static str)] {
        match self {
            Self::Fanout => &[
                (Column::Cpu, "server_cpu_a_delivery_us"),
                (Column::P50, "p50_ms"),
                (Column::P99, "p99_ms"),
                (Column::Lost, "lost"),
            ],
            Self::Max => &[(Column::Max, "rate_per_second"), (Column::MaxP99, "p99_ms")],
            Self::MaxRooms => {
                &[(Column::MaxRooms, "rate_per_second"), (Column::MaxRoomsP99, "p99_ms")]
            }
            Self::Idle => &[(Column::Bytes, "resident_a_connection_bytes")],
            Self::Connect => &[(Column::Handshake, "server_cpu_a_handshake_us")],
        }
    }
}

impl Plan {
    /// What the names of the files of a run begin with.
    pub(super) fn stem(self) -> &'static str {
        match self {
            Self::Full => "compare",
            Self::Quick => "compare-quick",
        }
    }

    /// How many rooms of ten there are.
    pub(super) fn rooms(self) -> u32 {
        match self {
            Self::Full => 1_000,
            Self::Quick => 200,
        }
    }

    /// How many connections are idle, and how many handshakes there are.
    pub(super) fn connections(self) -> u32 {
        match self {
            Self::Full => 10_000,
            Self::Quick => 2_000,
        }
    }

    /// A step in words.
    pub(super) fn describe(self, step: Step) -> String {
        match step {
            Step::Fanout => "1×1000 at 50/s".to_owned(),
            Step::Max => "max 1×1000".to_owned(),
            Step::MaxRooms => format!("max {}×10", self.rooms()),
            Step::Idle => format!("{} idle", self.connections()),
            Step::Connect => format!("{} handshakes", self.connections()),
        }
    }

    /// What the harness is told to do in a step.
    pub(super) fn arguments(self, step: Step) -> Vec<String> {
        let (rooms, connections) = (self.rooms(), self.connections());
        let line = match step {
            Step::Fanout => {
                let spans = self.either("2s --duration 10s", "500ms --duration 2s");
                format!("fanout --members 1000 --rate 50 --warmup {spans}")
            }
            Step::Max => format!("max --members 1000 --rate-start 100 {}", self.search()),
            Step::MaxRooms => {
                let start = rooms * 2;
                format!("max --rooms {rooms} --members 10 --rate-start {start} {}", self.search())
            }
            Step::Idle => {
                let settle = self.either("2s", "500ms");
                format!("idle --connections {connections} --settle {settle}")
            }
            Step::Connect => format!("connect --count {connections} --hold"),
        };
        line.split(' ').map(str::to_owned).collect()
    }

    /// The floor beside the fan-out: as many sockets, as many messages.
    pub(super) fn floor_paced(self) -> Vec<String> {
        let spans = self.either("1s --duration 4s", "250ms --duration 1s");
        let line = format!("floor --sockets 1000 --rate 50 --warmup {spans}");
        line.split(' ').map(str::to_owned).collect()
    }

    /// The floor flat out, with the sockets of a step.
    pub(super) fn floor_flat_out(self, step: Step, frames_per_send: u32) -> Vec<String> {
        let sockets = if step == Step::MaxRooms { self.rooms() * 10 } else { 1_000 };
        let spans = self.either("500ms --duration 3s", "250ms --duration 1s");
        let line = format!(
            "floor --sockets {sockets} --rate max --frames-per-send {frames_per_send} \
             --warmup {spans}"
        );
        line.split(' ').map(str::to_owned).collect()
    }

    fn search(self) -> &'static str {
        self.either(
            "--tries 2 --warmup 500ms --duration 2s --wait 3s",
            "--tries 1 --warmup 250ms --duration 750ms --wait 1s",
        )
    }

    fn either(self, full: &'static str, quick: &'static str) -> &'static str {
        match self {
            Self::Full => full,
            Self::Quick => quick,
        }
    }
}
