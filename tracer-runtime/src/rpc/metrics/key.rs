//! What tells the series of one family apart.

use crate::rpc::info::RpcStatus;

/// How many texts there are at most.
const TEXTS: usize = 8;
/// Bytes of a text; what comes from outside may be of any length.
const MAX_TEXT: usize = 256;

/// Texts by place, which each family gives a meaning of its own, a status and a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key<'a> {
    texts: [&'a str; TEXTS],
    pub(super) status: Option<RpcStatus>,
    pub(super) number: u32,
}

impl<'a> Key<'a> {
    /// Texts beyond 256 bytes are cut.
    pub(super) fn new<const N: usize>(texts: [&'a str; N]) -> Self {
        const { assert!(N <= TEXTS) };
        let mut all = [""; TEXTS];
        for (place, text) in all.iter_mut().zip(texts) {
            *place = cut(text);
        }
        Self {
            texts: all,
            status: None,
            number: 0,
        }
    }

    pub(super) fn with_status(mut self, status: Option<RpcStatus>) -> Self {
        self.status = status;
        self
    }

    pub(super) fn with_number(mut self, number: u32) -> Self {
        self.number = number;
        self
    }

    /// The first texts.
    pub(super) fn texts<const N: usize>(&self) -> [&'a str; N] {
        const { assert!(N <= TEXTS) };
        std::array::from_fn(|place| self.texts[place])
    }

    /// With texts that stay; never freed.
    pub(super) fn leaked(&self) -> Key<'static> {
        let leak = |text: &str| -> &'static str {
            match text {
                "" => "",
                text => Box::leak(text.to_owned().into_boxed_str()),
            }
        };
        Key {
            texts: self.texts.map(leak),
            status: self.status,
            number: self.number,
        }
    }

    /// A quick hash: who finds a series by it compares the whole key.
    pub(super) fn hash(&self, seed: u32) -> u64 {
        let status = match self.status {
            None => 0,
            Some(RpcStatus::Grpc(code)) => 1 + u64::from(code),
            Some(RpcStatus::Http(code)) => 0x1_0000 + u64::from(code),
        };
        let mut hash = mix(u64::from(seed) << 32 | u64::from(self.number), status);
        for text in &self.texts {
            hash = hash.rotate_left(7);
            // As most are.
            if !text.is_empty() {
                hash = mix_text(hash, text.as_bytes());
            }
        }
        hash ^ hash >> 32
    }

    /// Whether it is this one. Most texts of most keys are empty.
    pub(super) fn is(&self, other: &Key<'_>) -> bool {
        let same = |place: usize| {
            let (own, other) = (self.texts[place], other.texts[place]);
            own.len() == other.len() && (own.is_empty() || own == other)
        };
        self.status == other.status && self.number == other.number && (0..TEXTS).all(same)
    }
}

/// Word by word, and the last bytes as a word that may share some with the one before.
#[inline]
fn mix_text(hash: u64, text: &[u8]) -> u64 {
    let hash = hash.wrapping_add(text.len() as u64);
    if let Some(end) = text.last_chunk::<8>() {
        let words = text.as_chunks::<8>().0.iter().chain([end]);
        return words.fold(hash, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    }
    if let (Some(start), Some(end)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        let (start, end) = (u32::from_le_bytes(*start), u32::from_le_bytes(*end));
        return mix(hash, u64::from(start) << 32 | u64::from(end));
    }
    match *text {
        [a, b, c, ..] => mix(hash, u32::from_le_bytes([a, b, c, 0]).into()),
        [a, b] => mix(hash, u16::from_le_bytes([a, b]).into()),
        [a] => mix(hash, a.into()),
        [] => hash,
    }
}

fn mix(hash: u64, word: u64) -> u64 {
    // 2^64 divided by the golden ratio: every bit of the word reaches the upper half.
    (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn cut(text: &str) -> &str {
    if text.len() <= MAX_TEXT {
        return text;
    }
    let mut ends = (0..=MAX_TEXT).rev();
    let end = ends.find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_differ_anywhere_have_other_hashes() {
        let key = Key::new(["grpc", "shop", "Stock", "reserve"]);
        let others = [
            Key::new(["grpc", "shop", "Stock", "reserves"]),
            Key::new(["grpc", "shop", "Stockr", "eserve"]),
            Key::new(["grpc", "", "Stock", "reserve"]),
            key.with_number(1),
            key.with_status(Some(RpcStatus::Grpc(0))),
            key.with_status(Some(RpcStatus::Http(0))),
        ];
        for other in others {
            assert_ne!(key, other);
            assert_ne!(key.hash(0), other.hash(0), "{other:?}");
        }
        assert_ne!(key.hash(0), key.hash(1));
        assert_eq!(key.hash(0), key.leaked().hash(0));
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let long = format!("x{}", "ä".repeat(300));
        let [text] = Key::new([&long]).texts();
        assert_eq!((text.len(), text.chars().last()), (255, Some('ä')));
    }
}
