//! What the process is: `target_info` with its resource, `tracer_build_info` with its build.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::family::{Family, Point, PointValue};
use super::label::Labels;
use super::names;
use crate::value::{KeyValue, Value};

static TARGET: Mutex<Vec<KeyValue>> = Mutex::new(Vec::new());

fn lock() -> MutexGuard<'static, Vec<KeyValue>> {
    TARGET.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Says what the metrics are about; replaces what was said before.
pub(crate) fn set_target(resource: &[KeyValue]) {
    *lock() = resource.to_vec();
}

/// `target_info`; no point before [`set_target`].
pub(super) fn target() -> Family<'static> {
    let labels = labels(&lock());
    let points = if labels.is_empty() {
        Vec::new()
    } else {
        let labels = labels.into_iter().map(|(key, value)| (key, value.into()));
        vec![info(labels.collect())]
    };
    Family {
        metric: names::TARGET,
        points,
    }
}

/// `tracer_build_info`.
pub(super) fn build() -> Family<'static> {
    let version = ("version".into(), env!("CARGO_PKG_VERSION").into());
    let profile = if cfg!(debug_assertions) {
        "debug"
    } else {
        "release"
    };
    Family {
        metric: names::BUILD,
        points: vec![info(vec![version, ("profile".into(), profile.into())])],
    }
}

fn info(labels: Labels<'static>) -> Point<'static> {
    Point {
        labels,
        value: PointValue::Integer(1),
    }
}

/// Attributes as labels. Values of keys that become one label are joined by `;`, as the specification asks for.
fn labels(resource: &[KeyValue]) -> Vec<(Cow<'static, str>, Cow<'static, str>)> {
    let mut ordered: Vec<&KeyValue> = resource.iter().collect();
    ordered.sort_by(|a, b| a.key.cmp(&b.key));
    let mut labels: BTreeMap<String, String> = BTreeMap::new();
    for KeyValue { key, value } in ordered {
        let text = match value {
            Value::Str(text) => text.to_string(),
            other => other.to_string(),
        };
        labels
            .entry(label_name(key))
            .and_modify(|joined| *joined = format!("{joined};{text}"))
            .or_insert(text);
    }
    labels
        .into_iter()
        .map(|(key, value)| (key.into(), value.into()))
        .collect()
}

/// What Prometheus does not allow in a name becomes one `_`, and a name does not begin with a digit.
fn label_name(key: &str) -> String {
    let mut name = String::with_capacity(key.len() + 4);
    if key.starts_with(|c: char| c.is_ascii_digit()) {
        name.push_str("key_");
    }
    for c in key.chars() {
        if c.is_ascii_alphanumeric() {
            name.push(c);
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    // Names that begin with two underscores are Prometheus' own, and an empty one is not allowed.
    if name.is_empty() { "_".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_become_labels_that_prometheus_allows() {
        let resource = [
            KeyValue::new("service.name", "shop"),
            KeyValue::new("a..b", 1),
            KeyValue::new("a-b", true),
            KeyValue::new("9lives", 1.5),
            KeyValue::new("__name__", "x"),
            KeyValue::new("", "nothing"),
        ];
        let labels = labels(&resource);
        let labels: Vec<(&str, &str)> = labels.iter().map(|(k, v)| (&**k, &**v)).collect();
        let expected = [
            ("_", "nothing"),
            ("_name_", "x"),
            ("a_b", "true;1"),
            ("key_9lives", "1.5"),
            ("service_name", "shop"),
        ];
        assert_eq!(labels, expected);
    }
}
