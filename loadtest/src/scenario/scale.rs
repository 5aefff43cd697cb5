//! `scale`: what a delivery costs as connections and rooms grow, beside the floor at each size.
//!
//! At every size three measurements stand side by side: the floor of as many sockets, the server,
//! the floor again. The machine moves all three together; their ratio stays.

use std::time::Duration;

use crate::cli::{ScaleArgs, ScalePart};
use crate::failure::Failure;
use crate::floor::reference::{self, Sendings};
use crate::floor::{self, FloorFigures};
use crate::load::seating::{ROOMS_PER_CONNECTION_MAX, Seating};
use crate::load::step::{Hopeless, Step, StepFigures};
use crate::load::target::Target;
use crate::load::world::World;
use crate::measure::machine;
use crate::measure::meter::ServerMeter;
use crate::report::Report;
use crate::report::chart::{Axis, Chart, Line, Scale as AxisScale};
use crate::report::figure::Figure;
use crate::report::progress::Progress;
use crate::report::table::Table;
use crate::scenario::fanout;

#[cfg(test)]
mod tests;

/// How many members each room has while the rooms grow.
const ROOM_MEMBERS: usize = 10;
/// How many connections the rooms share; above it each is in more rooms.
const ROOM_CONNECTIONS_MAX: usize = 10_000;
/// Messages a second of the first step, whose only purpose is to see how large a delivery is.
const SAMPLE_RATE: f64 = 200.0;
/// How long that step is.
const SAMPLE_DURATION: Duration = Duration::from_millis(250);

/// The columns of both tables; the one of the connections leaves out the rooms.
const COLUMNS: [&str; 12] = [
    "rooms",
    "rooms_each",
    "connections",
    "rate",
    "floor_before",
    "server_cpu_a_delivery",
    "floor_after",
    "of_the_floor",
    "against_first",
    "cpu_against_first",
    "p99",
    "generator",
];
/// How many of them are about rooms.
const ROOM_COLUMNS: usize = 2;

/// Measures all sizes, one after the other.
///
/// # Errors
/// If no pid is given, the server is not there, a size does not fit or come out even.
pub(crate) fn run(args: &ScaleArgs) -> Result<Report, Failure> {
    let wanted = |part| args.only.is_none_or(|only| only == part);
    let mut sizes = Vec::new();
    if wanted(ScalePart::Connections) {
        sizes.extend(args.connections.iter().map(|&count| Size::one_room(args, count as usize)));
    }
    if wanted(ScalePart::Rooms) {
        sizes.extend(args.rooms.iter().map(|&rooms| Size::rooms_of_ten(args, rooms as usize)));
    }
    for size in &sizes {
        size.seating.check()?;
        machine::require_descriptors(size.seating.connections())?;
    }
    let (target, server) = args.server.find()?;
    let server = server.ok_or_else(|| Failure::new("scale needs --pid: it reads CPU time"))?;
    let core = reference::server_core(args.server_core, Some(server));
    let progress = Progress::new();
    let mut scale = Scale { args, target, server, core, frame_bytes: 0, progress };
    scale.frame_bytes = scale.sample_frame_bytes()?;
    scale.measure_all(&sizes)
}

/// One row to be measured.
#[derive(Copy, Clone, Debug)]
struct Size {
    part: ScalePart,
    seating: Seating,
    deliveries_per_second: f64,
}

impl Size {
    /// One room of so many.
    fn one_room(args: &ScaleArgs, members: usize) -> Self {
        let seating = Seating { rooms: 1, members, talkers: 1, rooms_per_connection: 1 };
        let (part, deliveries_per_second) = (ScalePart::Connections, args.connection_deliveries);
        Self { part, seating, deliveries_per_second }
    }

    /// So many rooms of ten.
    fn rooms_of_ten(args: &ScaleArgs, rooms: usize) -> Self {
        let seating = Seating {
            rooms,
            members: ROOM_MEMBERS,
            talkers: 1,
            rooms_per_connection: rooms_per_connection(rooms),
        };
        let (part, deliveries_per_second) = (ScalePart::Rooms, args.room_deliveries);
        Self { part, seating, deliveries_per_second }
    }

    fn messages_per_second(&self) -> f64 {
        self.deliveries_per_second / self.seating.members as f64
    }

    /// What the floor does at this size.
    fn sendings(&self, frame_bytes: u64) -> Sendings {
        Sendings::new(self.seating, self.deliveries_per_second, frame_bytes)
    }
}

/// The fewest rooms a connection with which the rooms come out even and the connections few.
fn rooms_per_connection(rooms: usize) -> usize {
    (1..=ROOMS_PER_CONNECTION_MAX)
        .find(|each| {
            rooms.is_multiple_of(*each) && rooms / each * ROOM_MEMBERS <= ROOM_CONNECTIONS_MAX
        })
        .unwrap_or(1)
}

/// What was measured at one size.
#[derive(Debug)]
struct Row {
    before: FloorFigures,
    server: StepFigures,
    after: FloorFigures,
}

impl Row {
    fn cost(&self) -> Cost {
        let each = self.server.server_cpu_each().filter(|each| !each.is_zero());
        let floors = [&self.before, &self.after];
        let floor = reference::cpu_seconds_each(&floors);
        Cost { each, floor, of_the_floor: reference::of_the_floor(each, &floors) }
    }
}

/// What a delivery costs the server; nothing where too little was delivered to tell.
#[derive(Copy, Clone, Debug)]
struct Cost {
    /// CPU time a delivery.
    each: Option<Duration>,
    /// Seconds of CPU time that the floor takes for one, both measurements of it taken together.
    floor: f64,
    /// The first by the second.
    of_the_floor: Option<f64>,
}

impl Cost {
    /// By the first size's: of the floor, and the CPU time itself.
    fn against(&self, first: &Cost) -> [Option<f64>; 2] {
        let ratio =
            |this: Option<f64>, base: Option<f64>| this.zip(base).map(|(this, base)| this / base);
        let seconds = |cost: &Cost| cost.each.map(|each| each.as_secs_f64());
        [ratio(self.of_the_floor, first.of_the_floor), ratio(seconds(self), seconds(first))]
    }
}

/// The server and what is known of it.
#[derive(Debug)]
struct Scale<'a> {
    args: &'a ScaleArgs,
    target: Target,
    server: ServerMeter,
    core: Option<usize>,
    frame_bytes: u64,
    progress: Progress,
}

impl Scale<'_> {
    fn measure_all(&mut self, sizes: &[Size]) -> Result<Report, Failure> {
        let what = format!("one talker a room, {} bytes a frame", self.frame_bytes);
        let mut report = Report::new("scale", what);
        for part in [ScalePart::Connections, ScalePart::Rooms] {
            let sizes: Vec<&Size> = sizes.iter().filter(|size| size.part == part).collect();
            if sizes.is_empty() {
                continue;
            }
            let mut table = part.table();
            let (mut chart, mut first) = (part.chart(), None);
            let (mut server, mut floor) = (Vec::new(), Vec::new());
            for size in sizes {
                let row = self.measure(size)?;
                judge(&mut report, size, &row);
                let cost = row.cost();
                add_row(&mut table, size, &row, first.get_or_insert(cost));
                let at = part.size_of(size.seating);
                server.extend(cost.each.map(|each| (at, each.as_secs_f64() * 1e6)));
                floor.push((at, cost.floor * 1e6));
            }
            chart.add_line(Line::new("server", server));
            chart.add_line(Line::dashed("floor", floor));
            report.add_chart(chart);
            report.add_table(table);
        }
        report.remark(
            "of the floor: the server's CPU time by the mean of both floors; against first: that \
             ratio by the first row's; cpu against first: the CPU time itself by the first row's, \
             which holds what the kernel takes more for more sockets",
        );
        report.remark(
            "reading and parsing a message is in the server's time and in no floor's, spread over \
             the room's members: over 10 in the smallest room and in every room of the rooms table",
        );
        if self.core.is_none() {
            report.remark("the floor's sender was on no core of its own (--server-core)");
        }
        Ok(report)
    }

    fn measure(&mut self, size: &Size) -> Result<Row, Failure> {
        let (warmup, duration) = self.args.spans();
        let floor = size.sendings(self.frame_bytes).paced(self.core, warmup, duration);
        let before = floor::measure(&floor, &mut self.progress)?;
        let server = self.step(size.seating, size.messages_per_second(), warmup, duration)?;
        let after = floor::measure(&floor, &mut self.progress)?;
        before.require_all().and_then(|()| after.require_all())?;
        Ok(Row { before, server, after })
    }

    /// How many bytes the server sends for one delivery, the frame's head included.
    fn sample_frame_bytes(&mut self) -> Result<u64, Failure> {
        let ten = Seating { rooms: 1, members: 10, talkers: 1, rooms_per_connection: 1 };
        let sample = self.step(ten, SAMPLE_RATE, Duration::ZERO, SAMPLE_DURATION)?;
        // What a sample loses, the rows lose too, and there it is judged.
        if sample.tally.delivered == 0 {
            return Err(Failure::new("the server delivers nothing"));
        }
        Ok(floor::frame_bytes(sample.payload_bytes))
    }

    fn step(
        &mut self,
        seating: Seating,
        rate: f64,
        warmup: Duration,
        duration: Duration,
    ) -> Result<StepFigures, Failure> {
        let (target, content_bytes) = (self.target.clone(), self.args.content_bytes as usize);
        let mut world = World::open(target, seating, content_bytes, Some(self.server))?;
        let (wait, hopeless) = (self.args.wait, Hopeless::GoOn);
        let step = Step { rate, warmup, duration, wait, hopeless };
        let figures = world.run(step, &mut self.progress)?;
        world.close()?;
        Ok(figures)
    }
}

impl ScalePart {
    /// The columns that the part's table leaves out.
    fn columns_left_out(self) -> usize {
        match self {
            Self::Connections => ROOM_COLUMNS,
            Self::Rooms => 0,
        }
    }

    /// What grows.
    fn size_of(self, seating: Seating) -> f64 {
        match self {
            Self::Connections => seating.connections() as f64,
            Self::Rooms => seating.rooms as f64,
        }
    }

    fn chart(self) -> Chart {
        let (name, label, title) = match self {
            Self::Connections => ("cpu_over_connections", "connections", "connections"),
            Self::Rooms => ("cpu_over_rooms", "rooms of 10", "rooms"),
        };
        Chart {
            name,
            title: format!("Cost of a delivery as {title} grow in number"),
            x: Axis { label, scale: AxisScale::Logarithmic },
            y: Axis { label: "CPU time a delivery, µs", scale: AxisScale::Linear },
            lines: Vec::new(),
            bands: Vec::new(),
        }
    }

    fn table(self) -> Table {
        let name = match self {
            Self::Connections => "connections",
            Self::Rooms => "rooms",
        };
        Table::new(name, &COLUMNS[self.columns_left_out()..])
    }
}

fn add_row(table: &mut Table, size: &Size, row: &Row, first: &Cost) {
    let count = |number: usize| Some(Figure::Count(number as u64));
    let cost = row.cost();
    let [of_the_floor, cpu] = cost.against(first);
    let cells: [Option<Figure>; COLUMNS.len()] = [
        count(size.seating.rooms),
        count(size.seating.rooms_per_connection),
        count(size.seating.connections()),
        Some(Figure::PerSecond(row.server.deliveries_per_second())),
        row.before.cpu_a_delivery(),
        cost.each.map(Figure::CpuEach),
        row.after.cpu_a_delivery(),
        cost.of_the_floor.map(Figure::Ratio),
        of_the_floor.map(Figure::Ratio),
        cpu.map(Figure::Ratio),
        Some(Figure::Latency(row.server.p99())),
        Some(Figure::Share(row.server.generator_share)),
    ];
    table.add(cells.into_iter().skip(size.part.columns_left_out()).collect());
}

/// Says what was wrong at a size; nothing if nothing was.
fn judge(report: &mut Report, size: &Size, row: &Row) {
    let at = fanout::describe(size.seating);
    report.warn_of_generator(&at, row.server.generator_share);
    if !row.server.is_clean() || row.server.tally.delivered != row.server.expected {
        report.fault(format!("{at}:"));
        fanout::add_faults(report, &row.server);
    }
}
