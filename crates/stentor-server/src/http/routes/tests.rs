use super::*;

fn routes(base: &str) -> Routes {
    Routes::new(&BasePath::parse(base).expect("a valid base path"))
}

fn operation(routes: &Routes, method: &str, path: &str) -> Option<Operation> {
    match routes.find(method, path) {
        Found::Route { route, .. } => Some(route.operation),
        _ => None,
    }
}

#[test]
fn statistics_win_over_a_room_of_that_name_below_the_base_path() {
    let routes = routes("/api/chat-api");
    assert_eq!(operation(&routes, "GET", "/api/chat-api/ws/stats"), Some(Operation::Stats));
    assert_eq!(operation(&routes, "GET", "/ws/stats"), Some(Operation::WebSocketRoom));
}

#[test]
fn a_parameter_is_one_segment_that_is_not_empty() {
    let routes = routes("/api");
    match routes.find("GET", "/api/rooms/a%2Fb") {
        Found::Route { route, parameter } => {
            assert_eq!(route.operation, Operation::Room);
            assert_eq!(parameter, "a%2Fb");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(routes.find("GET", "/api/rooms/"), Found::Nothing);
    assert_eq!(routes.find("GET", "/api/rooms/a/b"), Found::Nothing);
}

#[test]
fn another_method_learns_which_ones_there_are() {
    let routes = routes("/api");
    let allow = |method, path| match routes.find(method, path) {
        Found::OtherMethods { allow, .. } => allow,
        other => panic!("{other:?}"),
    };
    assert_eq!(allow("GET", "/api/messages"), "POST, OPTIONS");
    assert_eq!(allow("DELETE", "/api/rooms"), "GET, HEAD, OPTIONS");
}

#[test]
fn at_the_root_lines_that_fall_together_are_one() {
    let routes = routes("/");
    assert_eq!(routes.iter().filter(|route| route.path == "/ws").count(), 1);
    assert_eq!(operation(&routes, "GET", "/ws/stats"), Some(Operation::Stats));
    assert_eq!(operation(&routes, "POST", "/messages"), Some(Operation::Publish));
}
