//! Who calls and who is called.

use std::borrow::Cow;

use super::info::Text;

/// The tag of the environment that a service is deployed in.
pub(super) const DEPLOYMENT_ENVIRONMENT: &str = "deployment.environment";

/// One side of a call. What is not known is empty.
#[derive(Debug, Clone, Default)]
pub struct Endpoint {
    pub(crate) service_name: Text,
    pub(crate) method: Text,
    pub(crate) address: Text,
    seldom: Option<Box<Seldom>>,
}

/// What is said of few: every call holds two endpoints.
#[derive(Debug, Clone, Default)]
struct Seldom {
    namespace: Text,
    tags: Vec<(Text, Text)>,
}

impl Endpoint {
    /// The name of a service.
    pub fn new(service_name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            service_name: service_name.into(),
            ..Self::default()
        }
    }

    /// Whether no more is said than its service and its address.
    #[cfg(feature = "tower")]
    pub(crate) fn is_plain(&self) -> bool {
        self.seldom.is_none() && self.method.is_empty()
    }

    /// The namespace that the name of the service is unique in.
    #[must_use]
    pub fn with_namespace(mut self, namespace: impl Into<Cow<'static, str>>) -> Self {
        self.set_namespace(namespace.into());
        self
    }

    pub(super) fn set_namespace(&mut self, namespace: Text) {
        self.seldom.get_or_insert_default().namespace = namespace;
    }

    /// The method, called or calling.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<Cow<'static, str>>) -> Self {
        self.method = method.into();
        self
    }

    /// `host:port`, or what takes its place.
    #[must_use]
    pub fn with_address(mut self, address: impl Into<Cow<'static, str>>) -> Self {
        self.address = address.into();
        self
    }

    /// Something else that is known about it; the last value of a key counts.
    #[must_use]
    pub fn with_tag(
        mut self,
        key: impl Into<Cow<'static, str>>,
        value: impl Into<Cow<'static, str>>,
    ) -> Self {
        self.set_tag(key.into(), value.into());
        self
    }

    pub(super) fn set_tag(&mut self, key: Text, value: Text) {
        self.seldom.get_or_insert_default().tags.push((key, value));
    }

    /// Its service.
    #[must_use]
    pub fn service_name(&self) -> &str {
        &self.service_name
    }

    /// The namespace of its service.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.seldom.as_ref().map_or("", |seldom| &seldom.namespace)
    }

    /// The method, called or calling.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// `host:port`, or what takes its place.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The value of a tag; an empty one counts as none.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<&str> {
        let mut tags = self.seldom.as_ref()?.tags.iter().rev();
        let (_, value) = tags.find(|(name, value)| name == key && !value.is_empty())?;
        Some(value)
    }
}
