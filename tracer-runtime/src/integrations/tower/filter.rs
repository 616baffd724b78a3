//! Which operations are looked at.

use std::fmt;
use std::sync::Arc;

/// Says which operations the layers pass over: those have no span, no metrics and no events, and their context is neither
/// read nor written.
///
/// An operation is the path of its request: `/shop.Stock/Reserve`, `/orders/7`. Unless said otherwise the health checks
/// and the reflection of gRPC are passed over.
///
/// ```
/// use tracer_runtime::integrations::tower::{Filter, ServerLayer};
///
/// let filter = Filter::default()
///     .without_prefix("/internal/")
///     .without_match(r"^/orders/\d+/ping$")
///     .expect("the expression is valid")
///     .without(|path| path.ends_with(".css"));
/// let layer = ServerLayer::new().with_filter(filter);
/// # let _ = layer;
/// ```
#[derive(Clone)]
pub struct Filter(Arc<Vec<Rule>>);

#[derive(Clone)]
enum Rule {
    Prefix(String),
    Match(regex_lite::Regex),
    Closure(Arc<dyn Fn(&str) -> bool + Send + Sync>),
}

impl Rule {
    fn applies(&self, path: &str) -> bool {
        match self {
            Self::Prefix(prefix) => path.starts_with(prefix.as_str()),
            Self::Match(expression) => expression.is_match(path),
            Self::Closure(closure) => closure(path),
        }
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::none()
            .without_prefix("/grpc.health.")
            .without_prefix("/grpc.reflection.")
    }
}

impl Filter {
    /// Passes nothing over.
    #[must_use]
    pub fn none() -> Self {
        Self(Arc::new(Vec::new()))
    }

    /// Passes over what begins like this.
    #[must_use]
    pub fn without_prefix(self, prefix: impl Into<String>) -> Self {
        self.and(Rule::Prefix(prefix.into()))
    }

    /// Passes over what this regular expression matches somewhere.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression; see [`regex_lite`] for what it may have.
    pub fn without_match(self, expression: &str) -> Result<Self, regex_lite::Error> {
        Ok(self.and(Rule::Match(regex_lite::Regex::new(expression)?)))
    }

    /// Passes over what this closure wants passed over.
    #[must_use]
    pub fn without(self, closure: impl Fn(&str) -> bool + Send + Sync + 'static) -> Self {
        self.and(Rule::Closure(Arc::new(closure)))
    }

    fn and(mut self, rule: Rule) -> Self {
        Arc::make_mut(&mut self.0).push(rule);
        self
    }

    /// Whether an operation is looked at.
    pub(super) fn wants(&self, path: &str) -> bool {
        !self.0.iter().any(|rule| rule.applies(path))
    }
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Filter").field(&self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn health_checks_and_reflection_are_passed_over_unless_said() {
        for path in [
            "/grpc.health.v1.Health/Check",
            "/grpc.reflection.v1.ServerReflection/Info",
        ] {
            assert!(!Filter::default().wants(path), "{path}");
            assert!(Filter::none().wants(path), "{path}");
        }
        assert!(Filter::default().wants("/shop.Stock/Reserve"));
    }

    #[test]
    fn each_rule_passes_over_what_it_says() {
        let filter = Filter::none()
            .without_prefix("/internal/")
            .without_match("^/orders/[0-9]+$")
            .expect("it is valid")
            .without(|path| path.len() > 20);
        for passed_over in ["/internal/x", "/orders/17", "/a/path/that/is/long/indeed"] {
            assert!(!filter.wants(passed_over), "{passed_over}");
        }
        for looked_at in ["/orders/x", "/an/internal/x"] {
            assert!(filter.wants(looked_at), "{looked_at}");
        }
        assert!(Filter::none().without_match("(").is_err());
    }
}
