//! The runtime without the macro: what an expansion does, by hand.
#![cfg(all(feature = "testing", feature = "tokio"))]
#![allow(missing_docs, reason = "a test")]

use tracer_runtime::__private::{self as p, Callsite};
use tracer_runtime::testing;

macro_rules! site {
    ($name:literal) => {{
        static SITE: Callsite = Callsite::new($name, $name, "thin_line");
        &SITE
    }};
}

#[test]
fn sync_and_async_calls_form_one_tree() {
    let capture = testing::capture();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .build()
        .unwrap();
    let mut outer = p::enter(site!("outer"));
    p::attribute("id", 7.into());
    {
        let mut inner = p::enter(site!("inner"));
        tracer_runtime::event!("reserved", warehouse = "north");
        inner.finish();
    }
    runtime.block_on(p::traced(site!("later"), async {
        tokio::task::yield_now().await;
        let task = tracer_runtime::spawn(p::traced(site!("task"), async {
            tokio::task::yield_now().await
        }));
        task.await.unwrap();
    }));
    let mut doomed = Box::pin(p::traced(site!("doomed"), std::future::pending::<()>()));
    let _ = doomed
        .as_mut()
        .poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    drop(doomed);
    let _ = std::panic::catch_unwind(|| {
        let _bad = p::enter(site!("bad"));
        panic!("boom");
    });
    outer.finish();
    drop(outer);
    assert_eq!(
        capture.tree(),
        "outer [ok] {id=7}\n  inner [ok]\n    * reserved {warehouse=\"north\"}\n  later [ok]\n    task [ok]\n  doomed [cancelled]\n  bad [panic]\n"
    );
}
