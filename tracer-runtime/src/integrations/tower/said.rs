//! The headers of a request that say something about its call, found in one go: to look each of them up costs more.

use http::{HeaderMap, HeaderValue};

use crate::context::Remote;
use crate::propagation::{Extract, extract, extract_alone};

macro_rules! said {
    ($($(#[$doc:meta])* $field:ident: $name:literal,)*) => {
        /// The first value of each.
        #[derive(Debug, Clone, Copy, Default)]
        pub(crate) struct Said<'a> {
            /// One of them came twice.
            repeated: bool,
            $($(#[$doc])* pub(super) $field: Option<&'a HeaderValue>,)*
        }

        impl<'a> Said<'a> {
            pub(crate) fn by(headers: &'a HeaderMap) -> Self {
                let mut said = Self::default();
                for (name, value) in headers {
                    let field = match name.as_str() {
                        $($name => &mut said.$field,)*
                        _ => continue,
                    };
                    match field {
                        Some(_) => said.repeated = true,
                        None => *field = Some(value),
                    }
                }
                said
            }
        }
    };
}
said! {
    traceparent: "traceparent",
    tracestate: "tracestate",
    baggage: "baggage",
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

impl<'a> Said<'a> {
    /// The caller's context, which these headers bring.
    pub(super) fn context(self, headers: &'a HeaderMap) -> Option<Remote> {
        let is_alone = !self.repeated && self.tracestate.is_none() && self.baggage.is_none();
        let straight = self
            .traceparent
            .filter(|_| is_alone)
            .and_then(extract_alone);
        straight.unwrap_or_else(|| {
            let said = self;
            extract(&Carrier { headers, said })
        })
    }
}

/// Headers as a carrier, where W3C context need not be looked for again.
#[derive(Debug)]
struct Carrier<'a> {
    headers: &'a HeaderMap,
    said: Said<'a>,
}

impl Extract for Carrier<'_> {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.headers.for_each(see);
    }

    fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
        let value = match name {
            "traceparent" if !self.said.repeated => self.said.traceparent,
            "tracestate" if !self.said.repeated => self.said.tracestate,
            "baggage" if !self.said.repeated => self.said.baggage,
            _ => return self.headers.for_each_value(name, see),
        };
        if let Some(value) = value {
            see(value.as_bytes());
        }
    }
}

/// At most 256 bytes of what a header says.
pub(super) fn text(value: Option<&HeaderValue>) -> Option<&str> {
    let text = value?.to_str().ok()?;
    let text = text.get(..256).unwrap_or(text).trim();
    (!text.is_empty()).then_some(text)
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
        assert_eq!(text(said.host), Some("a"));
        assert_eq!(text(said.user_agent), None);
        assert_eq!(text(said.forwarded_host), None);
        assert_eq!(text(said.kitex_service), None);
    }

    #[test]
    fn context_is_read_as_from_the_headers_themselves() {
        let once = [("traceparent", "a"), ("baggage", "b=1"), ("b3", "0")];
        let twice = [("tracestate", "a=1"), ("b3", "0"), ("tracestate", "b=2")];
        for all in [once, twice] {
            let mut headers = HeaderMap::new();
            for (name, value) in all {
                headers.append(name, HeaderValue::from_static(value));
            }
            let said = Said::by(&headers);
            let carrier = Carrier {
                headers: &headers,
                said,
            };
            for name in ["traceparent", "tracestate", "baggage", "b3", "none"] {
                let (mut direct, mut through) = (Vec::new(), Vec::new());
                headers.for_each_value(name, &mut |value| direct.push(value));
                carrier.for_each_value(name, &mut |value| through.push(value));
                assert_eq!(direct, through, "{name}");
            }
        }
    }

    #[test]
    fn a_long_header_is_cut() {
        let value = HeaderValue::try_from("x".repeat(300)).expect("it is text");
        assert_eq!(text(Some(&value)).map(str::len), Some(256));
    }
}
