//! The headers of a request that say something about its call, found in one go: to look each of them up costs more.

use http::{HeaderMap, HeaderValue};

type Text = std::borrow::Cow<'static, str>;

macro_rules! said {
    ($($(#[$doc:meta])* $field:ident: $name:literal,)*) => {
        /// The first value of each.
        #[derive(Debug, Clone, Copy, Default)]
        pub(super) struct Said<'a> {
            $($(#[$doc])* pub(super) $field: Option<&'a HeaderValue>,)*
        }

        impl<'a> Said<'a> {
            pub(super) fn by(headers: &'a HeaderMap) -> Self {
                let mut said = Self::default();
                for (name, value) in headers {
                    let field = match name.as_str() {
                        $($name => &mut said.$field,)*
                        _ => continue,
                    };
                    field.get_or_insert(value);
                }
                said
            }
        }
    };
}
said! {
    content_type: "content-type",
    user_agent: "user-agent",
    host: "host",
    forwarded_host: "x-forwarded-host",
    forwarded_proto: "x-forwarded-proto",
    grpc_timeout: "grpc-timeout",
    /// Kratos' name of the caller.
    kratos_service: "x-md-service-name",
    /// Kitex' names of the caller and of its method.
    kitex_service: "source-service",
    kitex_method: "source-method",
}

/// At most 256 bytes of what a header says.
pub(super) fn text(value: Option<&HeaderValue>) -> Option<Text> {
    let text = value?.to_str().ok()?;
    let text = text.get(..256).unwrap_or(text).trim();
    (!text.is_empty()).then(|| text.to_owned().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_of_a_header_counts_as_far_as_it_is_text() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("host", " a "), ("host", "b"), ("user-agent", "")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let no_text = HeaderValue::from_bytes(b"\xe9").expect("a header may be that");
        headers.insert("x-forwarded-host", no_text);
        let said = Said::by(&headers);
        assert_eq!(text(said.host).as_deref(), Some("a"));
        assert_eq!(text(said.user_agent), None);
        assert_eq!(text(said.forwarded_host), None);
        assert_eq!(text(said.kitex_service), None);
    }

    #[test]
    fn a_long_header_is_cut() {
        let value = HeaderValue::try_from("x".repeat(300)).expect("it is text");
        assert_eq!(text(Some(&value)).map(|text| text.len()), Some(256));
    }
}
