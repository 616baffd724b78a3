//! What all telemetry of this process says about where it comes from.

use crate::id;
use crate::value::{KeyValue, Value};

/// The attributes of the process, each key once.
///
/// <https://opentelemetry.io/docs/specs/otel/resource/sdk/>
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Resource {
    attributes: Vec<KeyValue>,
}

impl Resource {
    /// What is said in code comes before what the environment says, that before what is known anyway.
    ///
    /// `environment` is `OTEL_RESOURCE_ATTRIBUTES`, `service_name` is `OTEL_SERVICE_NAME`, which comes before the same
    /// key in the former.
    pub(crate) fn new(
        code: &[KeyValue],
        service_name: Option<&str>,
        environment: &[(String, String)],
    ) -> Self {
        let mut resource = Self {
            attributes: Vec::new(),
        };
        for attribute in defaults() {
            resource.set(attribute);
        }
        for (key, value) in environment {
            resource.set(KeyValue::new(key.clone(), value.as_str()));
        }
        if let Some(name) = service_name {
            resource.set(KeyValue::new("service.name", name));
        }
        for attribute in code {
            resource.set(attribute.clone());
        }
        resource
    }

    fn set(&mut self, attribute: KeyValue) {
        match self.attributes.iter_mut().find(|a| a.key == attribute.key) {
            Some(place) => *place = attribute,
            None => self.attributes.push(attribute),
        }
    }

    pub(crate) fn attributes(&self) -> &[KeyValue] {
        &self.attributes
    }

    /// `service.name`, where somebody has said it.
    pub(crate) fn service_name(&self) -> Option<&str> {
        self.text("service.name")
            .filter(|name| !name.starts_with("unknown_service"))
    }

    /// `service.namespace`, where somebody has said it.
    pub(crate) fn service_namespace(&self) -> Option<&str> {
        self.text("service.namespace")
    }

    /// Where it is deployed, where somebody has said it; the second name is what it was called before.
    pub(crate) fn deployment_environment(&self) -> Option<&str> {
        self.text("deployment.environment.name")
            .or_else(|| self.text("deployment.environment"))
    }

    fn text(&self, key: &str) -> Option<&str> {
        let attribute = self.attributes.iter().find(|a| a.key == key)?;
        match &attribute.value {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }
}

fn defaults() -> [KeyValue; 5] {
    [
        KeyValue::new("service.name", unknown_service()),
        KeyValue::new("service.instance.id", instance_id()),
        KeyValue::new("telemetry.sdk.language", "rust"),
        KeyValue::new("telemetry.sdk.name", env!("CARGO_PKG_NAME")),
        KeyValue::new("telemetry.sdk.version", env!("CARGO_PKG_VERSION")),
    ]
}

fn unknown_service() -> String {
    let executable = std::env::current_exe().ok();
    let name = executable.as_deref().and_then(|path| path.file_name());
    match name {
        Some(name) => format!("unknown_service:{}", name.to_string_lossy()),
        None => "unknown_service".into(),
    }
}

/// A random UUID: two processes of one service must not push the same series.
fn instance_id() -> String {
    let (state, high) = id::next_random(id::seed());
    let (_, low) = id::next_random(state ^ id::seed());
    let bits = (u128::from(high) << 64) | u128::from(low);
    // Version 4 and the variant of RFC 9562.
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    fn get<'a>(resource: &'a Resource, key: &str) -> Option<&'a Value> {
        let mut found = resource.attributes().iter().filter(|a| a.key == key);
        let value = found.next().map(|a| &a.value);
        assert!(found.next().is_none(), "{key} is there twice");
        value
    }

    #[test]
    fn a_process_that_says_nothing_is_named_after_its_executable() {
        let resource = Resource::new(&[], None, &[]);
        let Some(Value::Str(name)) = get(&resource, "service.name") else {
            panic!("no service name in {resource:?}");
        };
        assert!(name.starts_with("unknown_service:tracer_runtime"), "{name}");
        assert_eq!(
            get(&resource, "telemetry.sdk.language"),
            Some(&"rust".into())
        );
        assert_eq!(
            get(&resource, "telemetry.sdk.name"),
            Some(&"tracer-runtime".into())
        );
        assert_eq!(
            get(&resource, "telemetry.sdk.version"),
            Some(&env!("CARGO_PKG_VERSION").into())
        );
    }

    #[test]
    fn code_comes_before_the_variables_and_otel_service_name_before_the_attributes() {
        let environment = [
            ("service.name".to_owned(), "attributes".to_owned()),
            ("zone".to_owned(), "a".to_owned()),
        ];
        let resource = Resource::new(&[], None, &environment);
        assert_eq!(get(&resource, "service.name"), Some(&"attributes".into()));
        let resource = Resource::new(&[], Some("variable"), &environment);
        assert_eq!(get(&resource, "service.name"), Some(&"variable".into()));
        let code = [
            KeyValue::new("service.name", "code"),
            KeyValue::new("zone", 7),
        ];
        let resource = Resource::new(&code, Some("variable"), &environment);
        assert_eq!(get(&resource, "service.name"), Some(&"code".into()));
        assert_eq!(get(&resource, "zone"), Some(&Value::I64(7)));
    }

    #[test]
    fn an_instance_id_is_a_random_uuid() {
        let (one, two) = (instance_id(), instance_id());
        assert_ne!(one, two);
        let groups: Vec<usize> = one.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{one}");
        assert_eq!(one.as_bytes()[14], b'4', "{one}");
        assert!(b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }
}
