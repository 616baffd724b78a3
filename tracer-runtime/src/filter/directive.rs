//! What a filter says: `info,shop::db=off,shop::cache=off/metrics=off`.

use crate::callsite::{Callsite, Level, Signals};
use crate::telemetry::error::FilterError;

const LEVELS: [(&str, Option<Level>); 6] = [
    ("off", None),
    ("error", Some(Level::Error)),
    ("warn", Some(Level::Warn)),
    ("info", Some(Level::Info)),
    ("debug", Some(Level::Debug)),
    ("trace", Some(Level::Trace)),
];
/// For messages.
const LEVEL_WORDS: &str = "off, error, warn, info, debug or trace";

/// What is recorded of which targets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// Of each target the last that was said, the longest target first.
    directives: Vec<Directive>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Directive {
    /// A module path; empty for all.
    target: String,
    /// The least severe level whose spans are recorded; `None` for no spans.
    level: Option<Level>,
    metrics: Metrics,
}

/// Whether calls are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Metrics {
    /// Those of annotated functions are.
    Usual,
    /// Those of other crates' spans, too.
    On,
    Off,
}

impl Filter {
    /// Says nothing: everything is recorded.
    pub(crate) const fn everything() -> Self {
        Self {
            directives: Vec::new(),
        }
    }

    /// Directives between commas; empty ones say nothing.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        let mut directives: Vec<Directive> = Vec::new();
        for written in text.split(',').map(str::trim).filter(|d| !d.is_empty()) {
            let directive = Directive::parse(written).map_err(|problem| FilterError {
                directive: written.to_owned(),
                problem,
            })?;
            directives.retain(|before| before.target != directive.target);
            directives.push(directive);
        }
        directives.sort_by_key(|directive| std::cmp::Reverse(directive.target.len()));
        Ok(Self { directives })
    }

    /// The signals that a callsite is left with.
    pub(super) fn leaves(&self, site: &Callsite) -> Signals {
        let target = site.target();
        match self.directives.iter().find(|d| d.covers(target)) {
            None => site.declared.less(true, true),
            Some(directive) => {
                let spans = directive.level.is_some_and(|least| site.level >= least);
                let asked = directive.metrics == Metrics::On && site.is_counted_on_request();
                let declared = if asked { Signals::Both } else { site.declared };
                declared.less(spans, directive.metrics != Metrics::Off)
            }
        }
    }
}

impl Directive {
    /// `TARGET=LEVEL`, `LEVEL` or `TARGET`, each with `/metrics=off` or `/metrics=on` behind it or without.
    fn parse(text: &str) -> Result<Self, String> {
        let (spans, metrics) = match text.split_once('/') {
            None => (text, Metrics::Usual),
            Some((spans, rest)) => (spans.trim(), metrics(rest.trim())?),
        };
        let (target, level) = match spans.split_once('=') {
            Some((target, word)) => {
                let word = word.trim();
                let level = level(word)
                    .ok_or_else(|| format!("{word:?} is no level: expected {LEVEL_WORDS}"))?;
                (self::target(target.trim())?, level)
            }
            None => match level(spans) {
                Some(level) => ("", level),
                None => (self::target(spans)?, Some(Level::Trace)),
            },
        };
        Ok(Self {
            target: target.to_owned(),
            level,
            metrics,
        })
    }

    /// The target itself, and what is below it.
    fn covers(&self, target: &str) -> bool {
        let rest = target.strip_prefix(self.target.as_str());
        self.target.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    }
}

/// `None` where the word names no level; `Some(None)` is `off`.
fn level(word: &str) -> Option<Option<Level>> {
    let named = |(name, _): &&(&str, _)| name.eq_ignore_ascii_case(word);
    LEVELS.iter().find(named).map(|&(_, level)| level)
}

fn target(text: &str) -> Result<&str, String> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "=[]{}()\"'`;|&".contains(c);
    if text.is_empty() || text.contains(odd) {
        return Err(format!(
            "{text:?} is no target: expected a module path such as shop::db, or a level: {LEVEL_WORDS}"
        ));
    }
    // `shop::` means what is below `shop`, and so does `shop`.
    Ok(text
        .strip_suffix("::")
        .filter(|t| !t.is_empty())
        .unwrap_or(text))
}

fn metrics(text: &str) -> Result<Metrics, String> {
    match text
        .split_once('=')
        .map(|(key, value)| (key.trim(), value.trim()))
    {
        Some(("metrics", "off")) => Ok(Metrics::Off),
        Some(("metrics", "on")) => Ok(Metrics::On),
        _ => Err(format!(
            "{text:?} after the slash: expected metrics=off or metrics=on"
        )),
    }
}
