"""The functions that `build-cost` compiles: four shapes, plain and with each attribute."""

HEAD = """#![allow(missing_docs, unused)]
use std::future::Future;
use std::hint::black_box;
use std::pin::Pin;

#[derive(Debug)]
pub struct Broken(u64);
impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("broken")
    }
}
impl std::error::Error for Broken {}

#[inline(never)]
pub fn step(n: u64) -> u64 {
    black_box(n) + 1
}
#[inline(never)]
pub fn attempt(n: u64) -> Result<u64, Broken> {
    if black_box(n) == 7 { Err(Broken(n)) } else { Ok(n) }
}
pub async fn pause() {
    black_box(());
}
"""

# A future that nobody names is never compiled, so each is boxed where it is.
BODIES = {
    "sync": """
ATTRIBUTE
#[inline(never)]
pub fn sync_N() -> u64 {
    step(N)
}
""",
    "fallible": """
ATTRIBUTE
#[inline(never)]
pub fn fallible_N() -> Result<u64, Broken> {
    let n = attempt(N)?;
    Ok(step(n))
}
""",
    "async": """
ATTRIBUTE
pub async fn async_N() -> u64 {
    pause().await;
    step(N)
}
pub fn boxed_N() -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async_N())
}
""",
    "argument": """
ATTRIBUTE
#[inline(never)]
pub fn argument_N(n: u64) -> u64 {
    step(n + N)
}
""",
}

SHAPES = list(BODIES)

# Attribute of each shape.
VARIANTS = {
    "plain": dict.fromkeys(SHAPES, ""),
    "traced": {**dict.fromkeys(SHAPES, "#[tracer_runtime::traced]"), "argument": "#[tracer_runtime::traced(args(n))]"},
    "instrument": {
        **dict.fromkeys(SHAPES, "#[tracing::instrument]"),
        "fallible": "#[tracing::instrument(err)]",
    },
    "fastrace": {
        **dict.fromkeys(SHAPES, "#[fastrace::trace]"),
        "argument": '#[fastrace::trace(properties = { "n": "{n}" })]',
    },
    "autometrics": dict.fromkeys(SHAPES, "#[autometrics::autometrics]"),
}


def source(variant, shapes, functions):
    """A crate of that many functions, the shapes in turn."""
    parts = [HEAD]
    for index in range(functions):
        shape = shapes[index % len(shapes)]
        body = BODIES[shape].replace("ATTRIBUTE\n", VARIANTS[variant][shape] + "\n")
        parts.append(body.replace("N", str(index)))
    return "".join(parts)


FUTURES = """
mod bare {
    pub async fn nothing() { super::pause().await }
    pub async fn large(bytes: [u8; 300]) -> usize { super::pause().await; bytes.len() }
    pub async fn fallible(bytes: [u8; 300]) -> Result<usize, String> { super::pause().await; Ok(bytes.len()) }
}
mod annotated {
    ATTRIBUTE
    pub async fn nothing() { super::pause().await }
    ATTRIBUTE
    pub async fn large(bytes: [u8; 300]) -> usize { super::pause().await; bytes.len() }
    FALLIBLE
    pub async fn fallible(bytes: [u8; 300]) -> Result<usize, String> { super::pause().await; Ok(bytes.len()) }
}
struct Pause(bool);
impl std::future::Future for Pause {
    type Output = ();
    fn poll(mut self: std::pin::Pin<&mut Self>, _: &mut std::task::Context<'_>) -> std::task::Poll<()> {
        if std::mem::replace(&mut self.0, true) { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    }
}
fn pause() -> Pause { Pause(false) }
// A future without parameters is no multiple of eight bytes; what is lost to alignment is not counted.
fn grown<A, B>(annotated: A, bare: B) -> usize {
    size_of_val(&annotated).saturating_sub(size_of_val(&bare).next_multiple_of(8))
}
fn main() {
    let largest = [
        grown(annotated::nothing(), bare::nothing()),
        grown(annotated::large([0; 300]), bare::large([0; 300])),
        grown(annotated::fallible([0; 300]), bare::fallible([0; 300])),
    ];
    println!("{}", largest.iter().max().unwrap());
}
"""


def futures(variant):
    """A program that prints by how many bytes a future grows at most."""
    attributes = VARIANTS[variant]
    return FUTURES.replace("ATTRIBUTE", attributes["async"]).replace("FALLIBLE", attributes["fallible"])
