//! From a request to its answer: the way through judge, table, guards and operation.

use std::net::IpAddr;

use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, ORIGIN};
use hyper::{Method, Request};

use super::answer::{Answer, text};
use super::routes::{Audience, Found, Operation, Route};
use super::socket::Handover;
use super::{App, access, docs, metrics, occupancy, pages, publish, stats};
use crate::closing;
use crate::door::{Judgement, no_upgrade};
use crate::health::Health;
use crate::problem::{Kind, Problem};
use crate::request_head;

/// Answers one request of `peer`. An upgrade that is granted goes to `handover`.
pub(super) async fn respond(
    app: &App,
    mut request: Request<Incoming>,
    peer: IpAddr,
    handover: &Handover,
) -> Answer {
    if let Err(problem) = request_head::check(request.version(), request.headers()) {
        return last(refuse(&problem));
    }
    match app.upgrades.judge(&mut request, app.engine.gate(), peer) {
        Judgement::Elsewhere => {}
        Judgement::Refuse(problem) => return last(refuse(&problem)),
        Judgement::Admit { admission, response } => {
            handover.grant(admission);
            return response.map(|_| Full::default());
        }
    }
    let path = request.uri().path().to_owned();
    match app.routes.find(request.method().as_str(), &path) {
        Found::Route { route, parameter } => {
            let origin = request.headers().get(ORIGIN).cloned();
            let mut answer = match answer(app, route, parameter, request).await {
                Ok(answer) => answer,
                Err(problem) => refuse(&problem),
            };
            if route.audience == Audience::KeyHolders {
                access::allow_origin(app, origin.as_ref(), answer.headers_mut());
            }
            answer
        }
        Found::OtherMethods { route, allow } if request.method() == Method::OPTIONS => {
            let mut answer = access::preflight(&allow);
            if route.audience == Audience::KeyHolders {
                let origin = request.headers().get(ORIGIN);
                access::allow_origin(app, origin, answer.headers_mut());
            }
            answer
        }
        Found::OtherMethods { allow, .. } => {
            let problem = Problem::new(Kind::MethodNotAllowed, format!("methods here: {allow}"));
            refuse(&Problem { allow: Some(allow), ..problem })
        }
        Found::Nothing => refuse(&Problem::new(Kind::NotFound, "there is nothing at this path")),
    }
}

async fn answer(
    app: &App,
    route: &Route,
    parameter: &str,
    request: Request<Incoming>,
) -> Result<Answer, Problem> {
    if route.audience == Audience::KeyHolders {
        access::check_origin(app, request.headers())?;
        access::check_key(app, request.headers())?;
    }
    match route.operation {
        Operation::WebSocket | Operation::WebSocketRoom => Err(no_upgrade()),
        Operation::Stats => stats::stats(app, request.uri().query()).await,
        Operation::Publish => publish::publish(app, &route.path, request).await,
        Operation::Rooms => occupancy::rooms(app, request.uri().query()),
        Operation::Room => occupancy::room(app, parameter).await,
        Operation::Healthz => Ok(Health::live().map(Full::new)),
        Operation::Readyz => Ok(app.health.ready(app.engine.gate()).map(Full::new)),
        Operation::Metrics => Ok(metrics::metrics(app)),
        Operation::OpenApi => Ok(text("application/json", app.openapi.clone())),
        Operation::AsyncApi => Ok(text("application/json", app.asyncapi.clone())),
        Operation::Docs => Ok(docs::docs(app)),
        Operation::DocsStyle => Ok(docs::style()),
        Operation::Chat => Ok(pages::page(&app.chat)),
        Operation::Dashboard => Ok(pages::page(&app.dashboard)),
        Operation::Asset => pages::asset(request.uri().path()),
        Operation::Client => pages::client(),
    }
}

fn refuse(problem: &Problem) -> Answer {
    let answer = problem.response().map(Full::new);
    match problem.kind {
        // What is left of the body is not worth reading.
        Kind::PayloadTooLarge
        | Kind::RequestTimeout
        | Kind::UnsupportedCoding
        | Kind::UpgradeRequired => last(answer),
        _ => answer,
    }
}

/// The same as the connection's last answer.
fn last(mut answer: Answer) -> Answer {
    let connection = HeaderValue::from_static(closing::connection(answer.headers()));
    answer.headers_mut().insert(CONNECTION, connection);
    answer
}
