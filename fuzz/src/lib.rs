//! What holds of every format, whatever comes in.

use tracer_runtime::propagation::{Extract, Inject, Propagator, Propagators};

/// Headers as they come from the network.
#[derive(Debug, Default)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Extract for Headers {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in &self.0 {
            see(name, value);
        }
    }
}

impl Inject for Headers {
    fn set(&mut self, name: &str, value: &str) {
        self.0.retain(|(known, _)| known != name);
        self.0.push((name.to_owned(), value.as_bytes().to_vec()));
    }
}

impl Headers {
    /// Those whose names do not begin like this.
    #[must_use]
    pub fn without(&self, prefix: &str) -> Self {
        let others = self.0.iter().filter(|(name, _)| !name.starts_with(prefix));
        Self(others.cloned().collect())
    }
}

/// The lines as values of one header, which may come several times.
#[must_use]
pub fn values(name: &str, data: &[u8]) -> Headers {
    let lines = data.split(|&b| b == b'\n');
    Headers(lines.map(|line| (name.to_owned(), line.to_vec())).collect())
}

/// Lines of `name:value`.
#[must_use]
pub fn headers(data: &[u8]) -> Headers {
    let lines = data.split(|&b| b == b'\n');
    let header = |line: &[u8]| {
        let colon = line.iter().position(|&b| b == b':')?;
        let name = String::from_utf8(line[..colon].to_vec()).ok()?;
        Some((name, line[colon + 1..].to_vec()))
    };
    Headers(lines.filter_map(header).collect())
}

/// Reads the headers, writes what was read, and reads that: nothing may be lost or made up on the way.
///
/// # Panics
///
/// When it is.
pub fn round_trip(format: Propagator, headers: &Headers) {
    let formats = Propagators::new([format]);
    let Some(remote) = formats.extract(headers) else {
        return;
    };
    let mut written = Headers::default();
    formats.forward(&remote, &mut written);
    let again = formats.extract(&written);
    let members = remote.baggage().len();
    assert!(members <= 180);
    let Some(again) = again else {
        assert!(!remote.is_valid());
        return;
    };
    assert_eq!(
        (
            again.trace_id,
            again.span_id,
            again.flags,
            again.is_sampled()
        ),
        (
            remote.trace_id,
            remote.span_id,
            remote.flags,
            remote.is_sampled()
        ),
    );
    assert_eq!(again.tracestate(), remote.tracestate());
    for member in again.baggage().iter() {
        assert_eq!(remote.baggage().get(member.key), Some(member.value));
    }
    let mut twice = Headers::default();
    formats.forward(&again, &mut twice);
    assert_eq!(twice.0, written.0);
}
