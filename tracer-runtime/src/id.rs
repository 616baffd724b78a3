//! Trace and span ids as W3C trace context defines them, and where they come from.

use std::fmt;

/// Identifies a trace: 16 bytes, not all zero.
///
/// <https://www.w3.org/TR/trace-context-2/#trace-id>
///
/// ```
/// use tracer_runtime::TraceId;
///
/// let id = TraceId::from_bytes([0xab; 16]);
/// assert_eq!(id.to_string(), "abababababababababababababababab");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct TraceId(pub(crate) [u64; 2]);

/// Identifies a span within a trace: 8 bytes, not all zero.
///
/// <https://www.w3.org/TR/trace-context-2/#parent-id>
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SpanId(pub(crate) u64);

impl TraceId {
    /// The id that means "no trace".
    pub const INVALID: Self = Self([0; 2]);

    /// The id with these big-endian bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        let n = u128::from_be_bytes(bytes);
        Self([(n >> 64) as u64, n as u64])
    }

    /// Big-endian bytes, as they travel.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 16] {
        (((self.0[0] as u128) << 64) | self.0[1] as u128).to_be_bytes()
    }

    /// Whether any bit is set.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0[0] | self.0[1] != 0
    }
}

impl SpanId {
    /// The id that means "no span".
    pub const INVALID: Self = Self(0);

    /// The id with these big-endian bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 8]) -> Self {
        Self(u64::from_be_bytes(bytes))
    }

    /// Big-endian bytes, as they travel.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    /// Whether any bit is set.
    #[must_use]
    pub const fn is_valid(self) -> bool {
        self.0 != 0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{:016x}", self.0[0], self.0[1])
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One step of wyrand, <https://github.com/wangyi-fudan/wyhash>: the next state and a number that is not zero.
#[inline(always)]
pub(crate) const fn next_random(state: u64) -> (u64, u64) {
    let (state, t) = step(state);
    (state, not_zero((t as u64) ^ ((t >> 64) as u64)))
}

/// One step of the same: the next state and a trace id. `key` makes up for what 64 bits of state cannot tell apart.
#[inline(always)]
pub(crate) const fn next_trace(state: u64, key: u64) -> (u64, TraceId) {
    let (state, t) = step(state);
    let high = (t >> 64) as u64;
    (state, TraceId([high ^ key, not_zero(high ^ t as u64)]))
}

#[inline(always)]
const fn step(state: u64) -> (u64, u128) {
    let state = state.wrapping_add(0xa076_1d64_78bd_642f);
    let t = (state as u128).wrapping_mul((state ^ 0xe703_7ed1_a0b4_28db) as u128);
    (state, t)
}

/// The next state and a span id, from an odd state: all odd numbers in turn, so that no id comes twice and none is zero,
/// in steps and with a shift that make them look like nothing in particular. Even ids are left for
/// [`SpanId::overruling`].
#[inline(always)]
pub(crate) const fn next_span(state: u64) -> (u64, SpanId) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c16);
    (state, SpanId(state ^ state << 32))
}

impl SpanId {
    /// The same as an id for the owner of a fragment whose trace is sampled otherwise than the sampler here says. So the
    /// fragment's id tells it to whoever knows that, however far away its future has been carried.
    pub(crate) const fn overruling(self) -> Self {
        match self.0 & !1 {
            0 => Self(2),
            even => Self(even),
        }
    }

    /// Whether it is of [`Self::overruling`].
    pub(crate) const fn overrules(self) -> bool {
        self.0 & 1 == 0
    }
}

#[inline(always)]
const fn not_zero(n: u64) -> u64 {
    if n == 0 { 1 } else { n }
}

/// A seed that differs from thread to thread and from run to run; odd.
#[cold]
pub(crate) fn seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    let random = std::collections::hash_map::RandomState::new();
    random.build_hasher().finish() | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_render_as_lower_case_hex_and_survive_bytes() {
        let bytes: [u8; 16] = std::array::from_fn(|i| i as u8 * 17);
        let id = TraceId::from_bytes(bytes);
        assert_eq!(id.to_string(), "00112233445566778899aabbccddeeff");
        assert_eq!(id.to_bytes(), bytes);
        let span = SpanId::from_bytes([0, 1, 2, 3, 4, 5, 6, 0xf7]);
        assert_eq!(span.to_string(), "00010203040506f7");
        assert_eq!(SpanId::from_bytes(span.to_bytes()), span);
        assert!(!TraceId::INVALID.is_valid() && !SpanId::INVALID.is_valid());
    }

    #[test]
    fn span_ids_differ_and_stay_valid_where_the_state_wraps() {
        let mut state = u64::MAX;
        let ids: std::collections::HashSet<SpanId> = (0..1000)
            .map(|_| {
                let id;
                (state, id) = next_span(state);
                id
            })
            .collect();
        assert_eq!(ids.len(), 1000);
        assert!(state % 2 == 1 && ids.iter().all(|id| id.is_valid()));
        assert!(
            ids.iter()
                .all(|id| !id.overrules() && id.overruling().overrules())
        );
        assert!(SpanId(1).overruling().is_valid());
    }
}
