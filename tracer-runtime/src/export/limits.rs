//! How much of a span leaves the process.

/// Limits of what is exported of a span; what is over them is counted in the `dropped_*_count` fields.
///
/// <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#attribute-limits>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// Attributes of a span.
    pub(crate) attributes: usize,
    /// Events of a span.
    pub(crate) events: usize,
    /// Links of a span.
    pub(crate) links: usize,
    /// Attributes of an event.
    pub(crate) event_attributes: usize,
    /// Attributes of a link.
    pub(crate) link_attributes: usize,
    /// Characters of a string.
    pub(crate) value_length: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attributes: 128,
            events: 128,
            links: 128,
            event_attributes: 128,
            link_attributes: 128,
            value_length: None,
        }
    }
}

impl Limits {
    /// The text, cut to the allowed number of characters.
    pub(crate) fn cut<'a>(&self, text: &'a str) -> &'a str {
        let Some(max) = self.value_length else {
            return text;
        };
        match text.char_indices().nth(max) {
            Some((end, _)) => &text[..end],
            None => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_cut_by_characters_and_never_inside_one() {
        let limits = Limits {
            value_length: Some(3),
            ..Limits::default()
        };
        assert_eq!(limits.cut("äöüß"), "äöü");
        assert_eq!(limits.cut("äöü"), "äöü");
        assert_eq!(limits.cut(""), "");
        assert_eq!(Limits::default().cut("whole"), "whole");
    }
}
