//! What counts as `ok` and as `error`, and what is recorded of an error.
#![deny(warnings)]
#![allow(
    clippy::unwrap_used,
    clippy::result_large_err,
    missing_docs,
    clippy::manual_is_multiple_of,
    clippy::print_stdout,
    reason = "tests"
)]

use std::error::Error;
use std::fmt::{self, Debug, Display};
use std::future::Future;
use std::pin::Pin;

use http::{Response, StatusCode};
use tonic::{Code, Status};
use tracer_runtime::testing::{CapturedSpan, capture};
use tracer_runtime::{CallOutcome, Failure, Outcome, SpanKind, traced};

/// The only span that the call makes.
fn span<T>(call: impl FnOnce() -> T) -> CapturedSpan {
    let capture = capture();
    let _ = call();
    let mut spans = capture.spans();
    assert_eq!(spans.len(), 1);
    spans.remove(0)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

#[track_caller]
fn assert_ok<T>(call: impl FnOnce() -> T) {
    let span = span(call);
    assert_eq!(span.outcome, Some(CallOutcome::Ok), "{span:?}");
    assert_eq!(span.failure, None);
}

/// `error.type` and the message.
#[track_caller]
fn failure<T>(call: impl FnOnce() -> T) -> (String, Option<String>) {
    let span = span(call);
    assert_eq!(span.outcome, Some(CallOutcome::Error), "{span:?}");
    let failure = span.failure.unwrap();
    (failure.error_type.into_owned(), failure.message)
}

#[track_caller]
fn message<T>(call: impl FnOnce() -> T) -> String {
    failure(call).1.unwrap()
}

#[derive(Debug)]
struct Outer(Inner);

#[derive(Debug)]
struct Inner;

impl Display for Outer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outer")
    }
}

impl Display for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("inner")
    }
}

impl Error for Outer {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl Error for Inner {}

mod errors {
    use super::*;

    struct Borrowing<'a>(&'a str);

    impl Debug for Borrowing<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "Borrowing({})", self.0)
        }
    }

    impl Display for Borrowing<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.0)
        }
    }

    impl Error for Borrowing<'_> {}

    struct Displayed;

    impl Display for Displayed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("displayed")
        }
    }

    #[derive(Debug)]
    struct Debugged;

    struct Silent;

    #[traced]
    fn standard() -> Result<(), Outer> {
        Err(Outer(Inner))
    }

    #[traced]
    fn borrowing(text: &str) -> Result<(), Borrowing<'_>> {
        Err(Borrowing(text))
    }

    #[traced]
    fn displayed() -> Result<(), Displayed> {
        Err(Displayed)
    }

    #[traced]
    fn debugged() -> Result<(), Debugged> {
        Err(Debugged)
    }

    #[traced]
    fn silent() -> Result<(), Silent> {
        Err(Silent)
    }

    #[traced]
    fn boxed() -> Result<(), Box<dyn Error>> {
        Err(Box::new(Outer(Inner)))
    }

    #[traced]
    fn boxed_send() -> Result<(), Box<dyn Error + Send>> {
        Err(Box::new(Outer(Inner)))
    }

    #[traced]
    fn boxed_send_sync() -> Result<(), Box<dyn Error + Send + Sync>> {
        Err("text")?
    }

    #[test]
    fn a_standard_error_gives_type_message_and_chain() {
        let failure = span(standard).failure.unwrap();
        assert_eq!(failure.error_type, "outcome::Outer");
        assert_eq!(failure.message.as_deref(), Some("outer"));
        assert_eq!(failure.chain, ["inner"]);
    }

    #[test]
    fn an_error_may_borrow() {
        assert_eq!(message(|| borrowing("text").is_ok()), "text");
    }

    #[test]
    fn display_counts_before_debug_and_nothing_is_needed() {
        assert_eq!(message(displayed), "displayed");
        assert_eq!(message(debugged), "Debugged");
        assert_eq!(
            failure(silent),
            ("outcome::errors::Silent".to_owned(), None)
        );
    }

    #[test]
    fn boxed_errors_show_their_chain() {
        for call in [|| boxed().is_ok(), || boxed_send().is_ok()] {
            let failure = span(call).failure.unwrap();
            assert_eq!(failure.message.as_deref(), Some("outer"));
            assert_eq!(failure.chain, ["inner"]);
        }
        assert_eq!(message(boxed_send_sync), "text");
    }

    #[traced]
    fn long() -> Result<(), String> {
        Err("ä".repeat(600) + "ä")
    }

    #[test]
    fn a_message_is_cut_at_a_kibibyte() {
        assert_eq!(message(long), "ä".repeat(512));
    }
}

mod results_by_type {
    use super::*;

    type Alias<T> = std::result::Result<T, Outer>;
    type WholeAlias = Alias<u32>;

    #[traced]
    fn aliased() -> Alias<u32> {
        Err(Outer(Inner))
    }

    #[traced]
    fn whole_alias() -> WholeAlias {
        Err(Outer(Inner))
    }

    #[traced]
    fn generic<T, E>(result: Result<T, E>) -> Result<T, E> {
        result
    }

    #[traced]
    fn generic_error<E: Error>(error: E) -> Result<(), E> {
        Err(error)
    }

    #[traced]
    fn opaque_value() -> Result<impl Display, String> {
        if true { Err("no".to_owned()) } else { Ok(1) }
    }

    #[traced]
    fn generic_value<T>(value: T) -> T {
        value
    }

    #[traced]
    fn opaque(value: Result<u32, String>) -> impl Debug {
        value
    }

    #[traced]
    async fn later() -> WholeAlias {
        tokio::task::yield_now().await;
        Err(Outer(Inner))
    }

    #[traced]
    async fn generic_later<T, E>(result: Result<T, E>) -> Result<T, E> {
        result
    }

    type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + Sync + 'a>>;
    type BoxResult = BoxFuture<'static, WholeAlias>;

    #[traced]
    fn boxed_later() -> BoxResult {
        Box::pin(async { Err(Outer(Inner)) })
    }

    #[traced]
    fn boxed_after_work(fail: bool) -> BoxResult {
        if fail {
            return Box::pin(std::future::ready(Err(Outer(Inner))));
        }
        Box::pin(std::future::ready(Ok(1)))
    }

    #[test]
    fn every_result_in_the_signature_counts() {
        assert_eq!(message(aliased), "outer");
        assert_eq!(message(whole_alias), "outer");
        assert_eq!(message(opaque_value), "no");
        assert_eq!(message(|| block_on(later())), "outer");
        assert_eq!(message(|| block_on(boxed_later())), "outer");
        assert_eq!(message(|| block_on(boxed_after_work(true))), "outer");
        assert_ok(|| block_on(boxed_after_work(false)));
    }

    #[test]
    fn inside_generic_functions_only_the_bounds_count() {
        let (error_type, text) = failure(|| generic::<(), _>(Err(Outer(Inner))));
        assert_eq!((error_type.as_str(), text), ("outcome::Outer", None));
        assert_eq!(message(|| generic_error(Outer(Inner))), "outer");
        assert_eq!(
            failure(|| block_on(generic_later::<(), _>(Err(Inner)))).1,
            None
        );
        assert_ok(|| generic::<_, ()>(Ok(1)));
    }

    #[test]
    fn what_the_signature_does_not_show_is_ok() {
        assert_ok(|| generic_value(Err::<(), _>("x")));
        assert_ok(|| opaque(Err(String::new())));
    }
}

mod statuses {
    use super::*;

    macro_rules! by_kind {
        ($plain:ident $server:ident $client:ident ($param:ident: $ty:ty) -> $ret:ty $body:block) => {
            #[traced]
            fn $plain($param: $ty) -> $ret $body
            #[traced(kind = server)]
            fn $server($param: $ty) -> $ret $body
            #[traced(kind = client)]
            fn $client($param: $ty) -> $ret $body
        };
    }

    by_kind!(plain server client (status: u16) -> StatusCode {
        StatusCode::from_u16(status).unwrap()
    });
    by_kind!(plain_err server_err client_err (status: u16) -> Result<(), (StatusCode, &'static str)> {
        Err((StatusCode::from_u16(status).unwrap(), "text"))
    });
    by_kind!(plain_rpc server_rpc client_rpc (code: Code) -> Result<tonic::Response<()>, Status> {
        Err(Status::new(code, "text"))
    });

    #[test]
    fn http_statuses_by_kind() {
        for (status, in_plain, in_server, in_client) in [
            (200, false, false, false),
            (302, false, false, false),
            (404, false, false, true),
            (500, true, true, true),
            (503, true, true, true),
        ] {
            for (call, fails) in [
                (plain as fn(u16) -> StatusCode, in_plain),
                (server, in_server),
                (client, in_client),
            ] {
                match fails {
                    true => assert_eq!(failure(|| call(status)), (status.to_string(), None)),
                    false => assert_ok(|| call(status)),
                }
            }
        }
    }

    #[test]
    fn on_a_plain_function_every_err_is_an_error() {
        assert_eq!(failure(|| plain_err(404)).0, "404");
        assert_ok(|| server_err(404));
        assert_eq!(failure(|| server_err(500)).0, "500");
        assert_eq!(failure(|| client_err(404)).0, "404");
    }

    #[traced]
    fn response(status: u16) -> Response<String> {
        Response::builder()
            .status(status)
            .body(String::new())
            .unwrap()
    }

    #[traced]
    fn response_in_result(status: u16) -> Result<Response<()>, String> {
        Ok(Response::builder().status(status).body(()).unwrap())
    }

    #[traced]
    async fn tuple(status: u16) -> (StatusCode, Vec<u8>, String) {
        (
            StatusCode::from_u16(status).unwrap(),
            Vec::new(),
            String::new(),
        )
    }

    #[test]
    fn responses_and_tuples() {
        assert_ok(|| response(200));
        assert_eq!(failure(|| response(500)).0, "500");
        assert_eq!(failure(|| response_in_result(500)).0, "500");
        assert_ok(|| block_on(tuple(404)));
        assert_eq!(failure(|| block_on(tuple(502))).0, "502");
    }

    #[test]
    fn grpc_codes_by_kind() {
        for (code, name, in_server) in [
            (Code::Cancelled, "CANCELLED", false),
            (Code::Unknown, "UNKNOWN", true),
            (Code::InvalidArgument, "INVALID_ARGUMENT", false),
            (Code::DeadlineExceeded, "DEADLINE_EXCEEDED", true),
            (Code::NotFound, "NOT_FOUND", false),
            (Code::AlreadyExists, "ALREADY_EXISTS", false),
            (Code::PermissionDenied, "PERMISSION_DENIED", false),
            (Code::ResourceExhausted, "RESOURCE_EXHAUSTED", false),
            (Code::FailedPrecondition, "FAILED_PRECONDITION", false),
            (Code::Aborted, "ABORTED", false),
            (Code::OutOfRange, "OUT_OF_RANGE", false),
            (Code::Unimplemented, "UNIMPLEMENTED", true),
            (Code::Internal, "INTERNAL", true),
            (Code::Unavailable, "UNAVAILABLE", true),
            (Code::DataLoss, "DATA_LOSS", true),
            (Code::Unauthenticated, "UNAUTHENTICATED", false),
        ] {
            let failed = (name.to_owned(), Some("text".to_owned()));
            assert_eq!(failure(|| plain_rpc(code)), failed);
            assert_eq!(failure(|| client_rpc(code)), failed);
            match in_server {
                true => assert_eq!(failure(|| server_rpc(code)), failed),
                false => assert_ok(|| server_rpc(code)),
            }
        }
    }
}

mod users_decide {
    use super::*;

    struct Answer(u32);

    impl Outcome for Answer {
        fn failure(&self, kind: SpanKind) -> Option<Failure> {
            (self.0 != 42 && kind == SpanKind::Internal).then(|| Failure {
                error_type: "wrong".into(),
                message: Some(self.0.to_string()),
                chain: Vec::new(),
            })
        }
    }

    #[traced]
    fn answer(n: u32) -> Answer {
        Answer(n)
    }

    #[traced(kind = producer)]
    fn answer_with_kind(n: u32) -> Answer {
        Answer(n)
    }

    #[traced]
    fn expected_error(n: u32) -> Result<(), Answer> {
        Err(Answer(n))
    }

    #[traced]
    fn generic<T: Outcome>(value: T) -> T {
        value
    }

    #[test]
    fn by_the_trait() {
        assert_ok(|| answer(42));
        assert_eq!(
            failure(|| answer(1)),
            ("wrong".to_owned(), Some("1".to_owned()))
        );
        assert_ok(|| answer_with_kind(1));
        assert_ok(|| expected_error(42));
        assert_eq!(message(|| expected_error(2)), "2");
        assert_eq!(message(|| generic(Answer(3))), "3");
    }

    fn is_even(n: &u32) -> bool {
        n % 2 == 0
    }

    #[traced(ok_if = is_even)]
    fn even(n: u32) -> u32 {
        n
    }

    #[traced(error_if = is_even)]
    async fn odd(n: u32) -> u32 {
        n
    }

    #[traced(error_if = Option::is_none)]
    fn found(n: u32) -> Option<u32> {
        if n == 0 {
            return None;
        }
        Some(n)
    }

    #[traced(ok_if = Result::is_ok)]
    fn result(ok: bool) -> Result<(), Outer> {
        if ok { Ok(()) } else { Err(Outer(Inner)) }
    }

    fn is_serious(result: &Result<(), u32>) -> bool {
        matches!(result, Err(n) if *n > 10)
    }

    #[traced(error_if = is_serious)]
    fn serious(n: u32) -> Result<(), u32> {
        Err(n)
    }

    #[test]
    fn by_a_function() {
        assert_ok(|| even(2));
        assert_eq!(failure(|| even(1)), ("_OTHER".to_owned(), None));
        assert_ok(|| block_on(odd(1)));
        assert_eq!(failure(|| block_on(odd(2))).0, "_OTHER");
        assert_ok(|| found(1));
        assert_eq!(failure(|| found(0)).0, "_OTHER");
        assert_ok(|| result(true));
        assert_eq!(message(|| result(false)), "outer");
        assert_ok(|| serious(1));
        assert_eq!(message(|| serious(11)), "11");
    }

    #[traced(err)]
    fn default() -> Result<(), Outer> {
        Err(Outer(Inner))
    }

    #[traced(err(Debug))]
    fn debug() -> Result<(), Outer> {
        Err(Outer(Inner))
    }

    #[traced(err(Display))]
    async fn display() -> Result<(), Outer> {
        Err(Outer(Inner))
    }

    #[traced(err(none))]
    fn none() -> Result<(), Outer> {
        Err(Outer(Inner))
    }

    #[test]
    fn how_the_message_is_recorded() {
        assert_eq!(message(default), "outer");
        assert_eq!(message(debug), "Outer(Inner)");
        assert_eq!(message(|| block_on(display())), "outer");
        let failure = span(none).failure.unwrap();
        assert_eq!(failure.error_type, "outcome::Outer");
        assert_eq!((failure.message, failure.chain), (None, vec![]));
    }
}

mod unwinding {
    use super::*;

    #[traced]
    fn panics(n: u32) -> Result<u32, String> {
        assert!(n == 0, "number {n}");
        Ok(n)
    }

    /// Calls `panics` and returns normally, while the thread unwinds.
    struct CallsWhileDropped;

    #[traced]
    fn early_while_unwinding(text: &str) {
        if text.is_empty() {
            return;
        }
        println!("{text}");
    }

    impl Drop for CallsWhileDropped {
        fn drop(&mut self) {
            panics(0).unwrap();
        }
    }

    #[test]
    fn a_panic_goes_on_unchanged() {
        let span = span(|| {
            let payload = std::panic::catch_unwind(|| panics(7)).unwrap_err();
            assert_eq!(*payload.downcast::<String>().unwrap(), "number 7");
        });
        assert_eq!(span.outcome, Some(CallOutcome::Panic));
        assert_eq!(span.failure, None);
    }

    #[test]
    fn a_call_within_an_unwinding_drop_is_its_own_outcome() {
        assert_ok(|| {
            let unwound = std::panic::catch_unwind(|| {
                let _calls = CallsWhileDropped;
                panic!("elsewhere");
            });
            unwound.unwrap_err();
        });
    }

    struct EarlyWhileDropped;

    impl Drop for EarlyWhileDropped {
        fn drop(&mut self) {
            early_while_unwinding("");
        }
    }

    #[test]
    fn an_early_return_within_an_unwinding_drop_is_ok() {
        assert_ok(|| {
            let unwound = std::panic::catch_unwind(|| {
                let _calls = EarlyWhileDropped;
                panic!("elsewhere");
            });
            unwound.unwrap_err();
        });
    }
}
