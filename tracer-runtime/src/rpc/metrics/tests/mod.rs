//! Calls, and the text that says what they have counted. The text is everybody's: each test has names of its own.

mod compatible;
mod http;
mod rpc;
mod series;

use crate::metrics::encode;
use crate::rpc::plan::HttpRequest;
use crate::rpc::tracers::Tracers;
use crate::rpc::{Installed, RpcCall, RpcPlan, StatsLevel, Tracer};
use crate::span::start::Start;

fn installed(level: StatsLevel, add: impl FnOnce(&mut Tracers)) -> &'static Installed {
    let mut tracers = Tracers::none();
    add(&mut tracers);
    Box::leak(Box::new(Installed {
        tracers,
        level,
        service_name: "shop".to_owned(),
    }))
}

/// A call that nobody is told of.
fn start(plan: RpcPlan) -> RpcCall {
    RpcCall::start_at(installed(StatsLevel::Base, |_| {}), plan, Start::current)
}

/// A call that these tracers are told of.
fn start_told<T: Tracer>(plan: RpcPlan, tracers: impl IntoIterator<Item = T>) -> RpcCall {
    let add = |all: &mut Tracers| tracers.into_iter().for_each(|tracer| all.push(tracer));
    RpcCall::start_at(installed(StatsLevel::Base, add), plan, Start::current)
}

fn http_request(method: &'static str) -> HttpRequest {
    HttpRequest {
        method: method.into(),
        scheme: "http".into(),
        path: "/orders/7".into(),
        version: "1.1".into(),
        ..HttpRequest::default()
    }
}

fn with_http(mut plan: RpcPlan, request: HttpRequest) -> RpcPlan {
    plan.http = Some(Box::new(request));
    plan
}

/// The value of the only sample of this name that has all these labels, as text; `None` where there is no such sample.
fn sample(text: &str, name: &str, labels: &str) -> Option<String> {
    let wanted: Vec<&str> = labels.split(' ').collect();
    let mut found = text.lines().filter(|line| {
        line.strip_prefix(name)
            .is_some_and(|rest| rest.starts_with('{'))
            && wanted.iter().all(|label| line.contains(label))
    });
    let line = found.next()?;
    assert_eq!(found.next(), None, "{name} {labels}");
    Some(line.rsplit_once(' ')?.1.to_owned())
}

/// [`sample`] of the text as it is now.
fn now(name: &str, labels: &str) -> Option<String> {
    sample(&encode(), name, labels)
}

/// The labels of every sample of this name that has this text in them.
fn labels_with(name: &str, text: &str) -> Vec<String> {
    let encoded = encode();
    let labels = encoded.lines().filter_map(|line| {
        let rest = line.strip_prefix(name)?.strip_prefix('{')?;
        Some(rest.rsplit_once('}')?.0.to_owned())
    });
    labels.filter(|labels| labels.contains(text)).collect()
}
