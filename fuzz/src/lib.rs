//! What holds of every format, whatever comes in.

use tracer_runtime::propagation::{Extract, Propagator, Propagators};

/// Headers as they come from the network.
#[derive(Debug, Default)]
pub struct Headers<'a>(Vec<(&'a str, &'a [u8])>);

impl Extract for Headers<'_> {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in &self.0 {
            see(name, value);
        }
    }
}

impl<'a> Headers<'a> {
    /// The lines as values of one header, which may come several times.
    #[must_use]
    pub fn values(name: &'a str, data: &'a [u8]) -> Self {
        Self(
            data.split(|&b| b == b'\n')
                .map(|line| (name, line))
                .collect(),
        )
    }

    /// Lines of `name:value`.
    #[must_use]
    pub fn lines(data: &'a [u8]) -> Self {
        let header = |line: &'a [u8]| {
            let colon = line.iter().position(|&b| b == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name, &line[colon + 1..]))
        };
        Self(data.split(|&b| b == b'\n').filter_map(header).collect())
    }

    /// These and one more.
    #[must_use]
    pub fn and(mut self, name: &'a str, value: &'a str) -> Self {
        self.0.push((name, value.as_bytes()));
        self
    }

    /// Those whose names do not begin like this.
    #[must_use]
    pub fn without(&self, prefix: &str) -> Self {
        let others = self.0.iter().filter(|(name, _)| !name.starts_with(prefix));
        Self(others.copied().collect())
    }
}

/// Reads the headers, writes what was read, and reads that: nothing may be lost or made up on the way.
///
/// # Panics
///
/// When it is.
pub fn round_trip(format: Propagator, headers: &Headers<'_>) {
    let formats = Propagators::new([format]);
    let Some(remote) = formats.extract(headers) else {
        return;
    };
    let mut written: Vec<(String, String)> = Vec::new();
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
    let mut twice: Vec<(String, String)> = Vec::new();
    formats.forward(&again, &mut twice);
    assert_eq!(twice, written);
}
