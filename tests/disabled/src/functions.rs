//! The attribute on functions of every shape, with every argument.

use std::future::Future;
use std::pin::Pin;

use tracer_runtime::{Context, Failure, Outcome, Remote, SpanKind, traced};

/// A name that is computed.
pub const NAME: &str = "named";

/// An answer that says itself whether it is a failure.
#[derive(Debug)]
pub struct Answer(pub bool);

impl Outcome for Answer {
    fn failure(&self, kind: SpanKind) -> Option<Failure> {
        (!self.0 && kind == SpanKind::Internal).then(|| Failure {
            error_type: "no".into(),
            ..Failure::default()
        })
    }
}

/// No arguments.
#[traced]
pub fn plain() {}

/// A value that decides.
#[traced]
pub fn answer(yes: bool) -> Answer {
    Answer(yes)
}

/// An error.
///
/// # Errors
///
/// Always.
#[traced(args(a, ?b, %c), fields(k = 1, later), ret, err(Debug))]
pub fn fails(a: u32, b: &str, c: f64) -> Result<u32, String> {
    tracer_runtime::record("later", a);
    Err(format!("{b}{c}"))
}

/// Everything is recorded but one.
#[traced(args(*), skip(_secret), name = NAME, target = "shop", level = "debug", kind = producer)]
pub fn named(a: u32, _secret: &str) -> u32 {
    a
}

/// Another outcome than the type says.
#[traced(error_if = is_negative, level = tracer_runtime::Level::WARN)]
#[must_use]
pub fn checked(n: i32) -> i32 {
    n
}

/// What makes it an error. Public, as without `enable` nothing names it.
#[must_use]
pub fn is_negative(n: &i32) -> bool {
    *n < 0
}

/// A future.
///
/// # Errors
///
/// Always.
#[traced(boxed, err(none))]
pub async fn later() -> Result<(), std::fmt::Error> {
    Err(std::fmt::Error)
}

/// A boxed future.
#[traced]
#[must_use]
pub fn boxed<'a>(n: &'a u32) -> Pin<Box<dyn Future<Output = u32> + Send + 'a>> {
    Box::pin(async move { *n })
}

/// Works before it returns its future.
#[traced]
pub fn works_first(n: u32) -> impl Future<Output = u32> {
    let doubled = n * 2;
    async move { doubled }
}

/// Hangs elsewhere.
#[traced(parent = context, links = [context])]
pub fn placed(context: Context) {
    let _ = context;
}

/// A new trace without metrics.
#[traced(root, metrics = off)]
pub fn root() {}

/// Metrics alone.
#[traced(metrics_only)]
pub fn counted() {}

/// Continues its caller's trace.
#[traced(server)]
pub async fn handler(request: http::Request<()>) -> http::StatusCode {
    let _ = request;
    http::StatusCode::OK
}

/// Passes its trace on.
///
/// # Errors
///
/// Never.
#[traced(client)]
pub async fn call(request: &mut tonic::Request<()>) -> Result<Option<Remote>, tonic::Status> {
    Ok(tracer_runtime::propagation::extract(request))
}

/// A block with a function for each marker.
#[derive(Debug)]
pub struct Store;

#[traced]
impl Store {
    /// By the block.
    pub fn get(&self) -> u32 {
        1
    }

    /// Left out.
    #[traced(skip)]
    pub fn quiet(&self) {}

    /// Left out under a condition.
    #[cfg_attr(all(), traced(skip))]
    #[must_use]
    pub fn quiet_too(&self) -> u32 {
        2
    }

    /// Renamed.
    #[traced("fetch", args(id))]
    pub fn fetch(&self, id: u32) -> u32 {
        id
    }
}

/// A module.
#[traced]
pub mod module {
    /// By the module.
    pub fn inner() {}

    /// Left out.
    #[traced(skip)]
    pub fn quiet() {}
}
