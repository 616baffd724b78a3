//! Formats as they are on the wire. What the W3C asks for is in `tests/tests/trace_context.rs`.

#[cfg(feature = "opentelemetry")]
mod foreign;
mod formats;
mod robustness;
mod round_trips;
#[cfg(all(feature = "tower", feature = "testing"))]
mod straight;

use super::{Extract as _, Propagator, Propagators};
use crate::context::Remote;

type Headers = Vec<(String, String)>;

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    pairs.iter().map(owned).collect()
}

fn extracted<const N: usize>(formats: [Propagator; N], pairs: &[(&str, &str)]) -> Option<Remote> {
    Propagators::new(formats).extract(&headers(pairs))
}

/// What is written of it, by name.
fn forwarded<const N: usize>(formats: [Propagator; N], remote: &Remote) -> Headers {
    let mut written = Headers::new();
    Propagators::new(formats).forward(remote, &mut written);
    written.sort();
    written
}

/// What one format writes of what it has read.
fn passed_on(format: Propagator, pairs: &[(&str, &str)]) -> Headers {
    let remote = extracted([format.clone()], pairs);
    remote.map_or_else(Headers::new, |remote| forwarded([format], &remote))
}

fn value<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.first(name)
}
