//! What tells the series of a metric apart.

use std::borrow::Cow;

/// The value of an attribute of a series, as OTLP sends it; a label of Prometheus is always text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Label<'a> {
    Text(Cow<'a, str>),
    Integer(i64),
    Flag(bool),
}

/// The attributes of a series, by the names that OpenTelemetry has for them; no name twice.
pub(crate) type Labels<'a> = Vec<(Cow<'a, str>, Label<'a>)>;

impl Label<'_> {
    pub(crate) fn as_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Integer(n) => Cow::Owned(n.to_string()),
            Self::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        }
    }
}

impl<'a> From<&'a str> for Label<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Label<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl<'a> From<Cow<'a, str>> for Label<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Label<'_> {
    fn from(flag: bool) -> Self {
        Self::Flag(flag)
    }
}

impl From<i64> for Label<'_> {
    fn from(n: i64) -> Self {
        Self::Integer(n)
    }
}
