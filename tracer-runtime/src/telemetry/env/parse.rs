//! From the text of a variable to its value, or to a warning.

use std::time::Duration;

use super::Warning;

/// The variables, and what was wrong with those that were read.
pub(super) struct Lookup<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
    pub(super) warnings: Vec<Warning>,
}

/// Longer than any process runs, and short enough to be added to any time.
const FOREVER: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);

impl<'a> Lookup<'a> {
    pub(super) fn new(get: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            get,
            warnings: Vec::new(),
        }
    }

    /// Once a variable, however many settings are read from it.
    pub(super) fn warn(&mut self, variable: &'static str, value: String, expected: String) {
        if self.warnings.iter().all(|w| w.variable != variable) {
            self.warnings.push(Warning {
                variable,
                value,
                expected,
            });
        }
    }

    /// The value without the space around it; an empty one is none.
    pub(super) fn text(&self, variable: &str) -> Option<String> {
        let value = (self.get)(variable)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Only `true`, in upper or lower case, is true.
    pub(super) fn flag(&mut self, variable: &'static str) -> bool {
        let Some(value) = self.text(variable) else {
            return false;
        };
        let is_true = value.eq_ignore_ascii_case("true");
        if !is_true && !value.eq_ignore_ascii_case("false") {
            let expected = "expected true or false; it counts as false".to_owned();
            self.warn(variable, value, expected);
        }
        is_true
    }

    /// Whether a list, separated by commas, has this word; others are for others.
    pub(super) fn has(&self, variable: &str, word: &str) -> bool {
        let list = self.text(variable).unwrap_or_default();
        list.split(',').any(|entry| entry.trim() == word)
    }

    fn parsed<T>(
        &mut self,
        variable: &'static str,
        parse: impl Fn(&str) -> Option<T>,
        expected: &str,
    ) -> Option<T> {
        let value = self.text(variable)?;
        let parsed = parse(&value);
        if parsed.is_none() {
            self.warn(variable, value, format!("expected {expected}"));
        }
        parsed
    }

    /// A number that may be 0.
    pub(super) fn count(&mut self, variable: &'static str) -> Option<usize> {
        let expected = "a whole number from 0; the default is used";
        self.parsed(variable, |value| value.parse().ok(), expected)
    }

    /// A number that may not be 0.
    pub(super) fn positive(&mut self, variable: &'static str) -> Option<usize> {
        let parse = |value: &str| value.parse().ok().filter(|n| *n > 0);
        let expected = "a whole number from 1; the default is used";
        self.parsed(variable, parse, expected)
    }

    pub(super) fn port(&mut self, variable: &'static str, default: u16) -> u16 {
        let expected = format!("a port from 0 to 65535; {default} is used");
        self.parsed(variable, |value| value.parse().ok(), &expected)
            .unwrap_or(default)
    }

    pub(super) fn ratio(&mut self, variable: &'static str, default: f64) -> f64 {
        let parse = |value: &str| {
            let ratio: Option<f64> = value.parse().ok();
            ratio.filter(|ratio| (0.0..=1.0).contains(ratio))
        };
        let expected = format!("a number from 0 to 1; {default} is used");
        self.parsed(variable, parse, &expected).unwrap_or(default)
    }

    /// Milliseconds.
    pub(super) fn duration(&mut self, variable: &'static str) -> Option<Duration> {
        let parse = |value: &str| value.parse().ok().map(Duration::from_millis);
        let expected = "milliseconds as a whole number; the default is used";
        self.parsed(variable, parse, expected)
            .map(|duration| duration.min(FOREVER))
    }
}

/// `key=value,key=value`; the values are percent-decoded. The part that is not one of these is the error.
pub(super) fn parse_pairs(text: &str) -> Result<Vec<(String, String)>, &str> {
    let parts = text.split(',').map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| pair(part).ok_or(part))
        .collect()
}

fn pair(part: &str) -> Option<(String, String)> {
    let (key, value) = part.split_once('=')?;
    let key = percent_decoded(key.trim())?;
    let value = percent_decoded(value.trim())?;
    (!key.is_empty()).then_some((key, value))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let (high, low) = (bytes.next()?, bytes.next()?);
            decoded.push(hex(high)? << 4 | hex(low)?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16)?.try_into().ok()
}
