//! The span of a call between services where nothing is out of the ordinary: how it opens, and how it ends without becoming
//! current once more. Both look at everything first, so that they need no way back.

use super::resumed::open_again;
use super::start::{Start, Under};
use super::state::{Other, State};
use crate::callsite::{Callsite, Signals, Way};
use crate::clock;
use crate::context::{RANDOM, Remote};
use crate::id::SpanId;
use crate::mode;
use crate::record::{CallOutcome, SpanRecord};
use crate::recorder::call::Running;
use crate::recorder::fragment::Fragment;
use crate::recorder::local::Local;
use crate::recorder::pipeline::GLOBAL;
use crate::rpc::RpcInfo;

/// Opens the span where it is told; false, and nothing done, where that takes the full rules.
#[inline(always)]
pub(super) fn open(
    local: &Local,
    site: &'static Callsite,
    state: &mut State,
    at: &mut Start,
    start: u64,
) -> bool {
    let usual = mode::is_usual()
        && site.way() == Way::Only(Signals::SpansOnly)
        && at.is_only_a_place()
        && local.is_open();
    if !usual {
        return false;
    }
    let active = local.fragment_id.get();
    let caller = match &mut at.under {
        Under::Current if active == 0 => None,
        Under::Remote(remote) if active == 0 && remote.is_valid() => Some(remote),
        Under::Current => {
            let span = local.next_span();
            let begun = Running {
                site,
                cell: None,
                fragment: active,
                parent: local.span.replace(span),
                span,
                start,
            };
            state.put(State::child(&begun, false, local.trace.get()));
            return true;
        }
        _ => return false,
    };
    let Some(mut fragment) = begin_trace(local, site, caller) else {
        return false;
    };
    fragment.opened = start;
    let begun = Running {
        site,
        cell: None,
        fragment: fragment.id,
        parent: fragment.base,
        span: SpanId(fragment.id),
        start,
    };
    state.put(State::root(&begun, false));
    local.push_first(fragment, begun.span);
    true
}

/// Below a caller elsewhere, if there is one; `None` from within the recorder.
#[inline(always)]
fn begin_trace(
    local: &Local,
    site: &'static Callsite,
    caller: Option<&mut Remote>,
) -> Option<Box<Fragment>> {
    let policy = &GLOBAL.policy;
    let mut span = local.next_span();
    let (trace, sampled) = match &caller {
        None => {
            let trace = local.random_trace();
            (trace, policy.samples(trace))
        }
        Some(remote) => {
            let sampled = policy.samples_below(remote.trace_id, remote.is_sampled());
            if sampled != policy.samples(remote.trace_id) {
                span = span.overruling();
            }
            (remote.trace_id, sampled)
        }
    };
    let mut fragment = local.fragment(span.0, trace, sampled)?;
    fragment.entry = caller.is_some() || site.kind.is_entry();
    fragment.plain = !fragment.entry;
    if let Some(remote) = caller {
        fragment.remote_parent = Some(remote.span_id);
        fragment.base = remote.span_id;
        fragment.random = remote.flags & RANDOM != 0;
        fragment.carried = remote.carried.take();
    }
    Some(fragment)
}

/// Ends the span with what is known of its call, which is left where the full rules have to end it: then this is false, and
/// nothing is done.
#[inline(always)]
pub(super) fn end(
    local: &Local,
    site: &'static Callsite,
    state: &mut State,
    outcome: CallOutcome,
    rpc: &mut Option<RpcInfo>,
) -> bool {
    let (start, span, parent) = match &*state {
        State::Other(Other::Root {
            start,
            span,
            parent,
            ..
        }) => (*start, *span, *parent),
        State::Other(Other::Blank { start, span, .. }) => (*start, *span, SpanId::INVALID),
        State::Child(_) | State::Other(_) => return false,
    };
    let duration = clock::now().saturating_sub(start.ticks());
    if start.is_counted() || GLOBAL.policy.saw(outcome, duration) != 0 {
        return false;
    }
    let fragment = match &mut *state {
        State::Other(Other::Root { fragment, .. }) => fragment.take_if(|own| !own.special),
        State::Other(Other::Blank { trace, .. }) => open_again(local, span, start.ticks(), *trace),
        State::Child(_) | State::Other(_) => None,
    };
    let Some(fragment) = fragment else {
        return false;
    };
    let record = SpanRecord {
        span,
        parent,
        callsite: site,
        start: start.ticks(),
        duration,
        outcome,
        details: 0,
    };
    local.end_apart(fragment, record, rpc);
    state.put(State::Other(Other::Done));
    true
}
