use super::*;

const POD: &str = "[[process]]\nname = \"a\"\ncommand = [\"x\"]\n";
const STANDING: &str = "[[process]]\nname = \"a\"\npid = 1\n";

#[track_caller]
fn complaint(text: &str) -> (usize, String) {
    let Complaint { at, what } = Plan::parse(text).expect_err(text);
    (line_of(text, at), what)
}

#[test]
fn a_plan_has_load_processes_and_faults_in_order_of_time() {
    let faults = "[[fault]]\nat = \"9s\"\nprocess = \"a\"\ndo = \"pause\"\nfor = \"4s\"\n\
                  [[fault]]\nat = \"1s\"\nrun = [\"true\"]\n";
    let text = format!("[load]\nrooms = 3\nduration = \"1m\"\n{POD}{faults}");

    let plan = Plan::parse(&text).unwrap();

    assert_eq!(plan.load.rooms, Some(3));
    assert_eq!(plan.load.duration, Some(Duration::from_mins(1)));
    assert_eq!(plan.processes[0].name, "a");
    assert_eq!(plan.faults[0].deed, Deed::Run(vec!["true".into()]));
    assert_eq!(plan.faults[1].deed, Deed::Process(0, Act::Pause));
    assert_eq!(plan.faults[1].undone_after, Some(Duration::from_secs(4)));
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let (line, what) = complaint("[load]\nrooms = 3\nlisteners = 1\nmembers = 4\n");

    assert_eq!(line, 4);
    assert!(what.contains("unknown field `members`"), "{what}");
}

#[test]
fn what_makes_no_sense_is_refused_with_its_line() {
    let at = "[[fault]]\nat = \"1s\"\n";
    let cases = [
        (format!("{POD}\n{POD}"), 5, "two processes are called a"),
        ("\n[[process]]\nname = \"a\"\n".into(), 2, "needs one of command, pid and pid_file"),
        (format!("{POD}pid = 3\n"), 1, "needs one of"),
        (format!("{POD}ready = \"udp:x\"\n"), 1, "neither tcp: nor http://"),
        ("[[process]]\nname = \"a\"\ncommand = []\n".into(), 1, "is empty"),
        (format!("{at}process = \"b\"\ndo = \"kill\"\n"), 1, "no process is called b"),
        (format!("{POD}{at}process = \"a\"\n"), 4, "needs process and do, or run"),
        (format!("{POD}{at}process = \"a\"\ndo = \"explode\"\n"), 7, "unknown variant"),
        (format!("{POD}{at}process = \"a\"\ndo = \"start\"\nfor = \"1s\"\n"), 4, "can be undone"),
        (format!("{at}run = [\"true\"]\nfor = \"1s\"\n"), 1, "can be undone"),
        (
            format!("{STANDING}{at}process = \"a\"\ndo = \"start\"\n"),
            4,
            "no command to start it with",
        ),
        ("[[fault]]\nat = \"soon\"\nrun = [\"true\"]\n".into(), 2, "expected number"),
        ("[[fault]]\nat = \"25h\"\nrun = [\"true\"]\n".into(), 1, "beyond 24 hours"),
        ("[load\n".into(), 1, ""),
    ];
    for (text, line, said) in cases {
        let (found, what) = complaint(&text);

        assert!(found == line && what.contains(said), "{found}: {what}\n{text}");
    }
}

#[test]
fn a_plan_is_bounded() {
    let names = |count: usize| {
        let pod = |n| format!("[[process]]\nname = \"a{n}\"\ncommand = [\"x\"]\n");
        (0..count).map(pod).collect::<String>()
    };
    let fault = "[[fault]]\nat = \"1s\"\nrun = [\"true\"]\n";

    assert!(Plan::parse(&names(PROCESSES_MAX)).is_ok());
    assert_eq!(complaint(&names(PROCESSES_MAX + 1)).1, "more than 64 processes");
    assert!(Plan::parse(&fault.repeat(FAULTS_MAX)).is_ok());
    assert_eq!(complaint(&fault.repeat(FAULTS_MAX + 1)).1, "more than 1000 faults");
}

#[test]
fn the_plans_that_are_shipped_can_be_read() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/plans");
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let plan = Plan::read(&entry.unwrap().path()).unwrap();

        assert!(!plan.faults.is_empty());
        count += 1;
    }
    assert!(count >= 2, "{count} plans");
}
