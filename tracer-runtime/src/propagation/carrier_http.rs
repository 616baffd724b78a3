//! HTTP headers and gRPC metadata as carriers.

use http::{HeaderMap, HeaderName};

#[cfg(feature = "enable")]
use super::errors::{Format, Reason, count};
use super::{Extract, Inject};

macro_rules! known_names {
    ($($name:literal)*) => {
        /// The names that we look for, ready to be looked up.
        fn known(name: &str) -> Option<&'static HeaderName> {
            match name {
                $($name => {
                    static NAME: HeaderName = HeaderName::from_static($name);
                    Some(&NAME)
                })*
                _ => None,
            }
        }
    };
}
known_names!(
    "traceparent" "tracestate" "baggage" "b3" "x-b3-traceid" "x-b3-spanid" "x-b3-sampled" "x-b3-flags" "uber-trace-id"
    "x-md-service-name"
);

impl Extract for HeaderMap {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in self {
            see(name.as_str(), value.as_bytes());
        }
    }

    fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
        let values = match known(name) {
            Some(name) => self.get_all(name),
            None => self.get_all(name),
        };
        for value in values {
            see(value.as_bytes());
        }
    }
}

impl Inject for HeaderMap {
    fn set(&mut self, name: &str, value: &str) {
        #[cfg(feature = "enable")]
        put(self, name, value, false);
        #[cfg(not(feature = "enable"))]
        let _ = (name, value);
    }
}

/// Headers of a request whose `traceparent` is never twice the same: HTTP/2 must not index it and evict what does repeat.
///
/// Not even now and then, for the sake of its name: `h2` looks at every value that it has under a name before it sends one
/// that it shall not index. From a dozen of them on that takes longer than to send the name, and only newer entries make
/// them leave.
#[cfg(all(feature = "enable", feature = "tower"))]
#[derive(Debug)]
pub(super) struct NotIndexed<'a>(pub(super) &'a mut HeaderMap);

#[cfg(all(feature = "enable", feature = "tower"))]
impl Inject for NotIndexed<'_> {
    fn set(&mut self, name: &str, value: &str) {
        put(self.0, name, value, name == "traceparent");
    }
}

/// As through [`NotIndexed`], for a text that need not be looked at.
#[cfg(all(feature = "enable", feature = "tower"))]
pub(super) fn set_traceparent(headers: &mut HeaderMap, text: &super::traceparent::Text) {
    static NAME: HeaderName = HeaderName::from_static(super::traceparent::HEADER);
    let mut value = super::stored::traceparent(text);
    value.set_sensitive(true);
    headers.insert(&NAME, value);
}

#[cfg(feature = "enable")]
fn put(headers: &mut HeaderMap, name: &str, value: &str, is_sensitive: bool) {
    let value = super::stored::header_value(value);
    let name = match known(name) {
        Some(name) => Ok(name.clone()),
        None => HeaderName::try_from(name),
    };
    match (name, value) {
        (Ok(name), Some(mut value)) => {
            value.set_sensitive(is_sensitive);
            headers.insert(name, value);
        }
        _ => count(Format::Carrier, Reason::Unwritable),
    }
}

impl<B> Extract for http::Request<B> {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.headers().for_each(see);
    }

    fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
        self.headers().for_each_value(name, see);
    }
}

impl<B> Inject for http::Request<B> {
    fn set(&mut self, name: &str, value: &str) {
        Inject::set(self.headers_mut(), name, value);
    }
}

#[cfg(feature = "tonic")]
mod grpc {
    use http::HeaderMap;
    use tonic::metadata::MetadataMap;

    use super::{Extract, Inject};

    impl Extract for MetadataMap {
        fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
            let headers: &HeaderMap = self.as_ref();
            headers.for_each(see);
        }

        fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
            let headers: &HeaderMap = self.as_ref();
            headers.for_each_value(name, see);
        }
    }

    impl Inject for MetadataMap {
        fn set(&mut self, name: &str, value: &str) {
            let headers: &mut HeaderMap = self.as_mut();
            headers.set(name, value);
        }
    }

    impl<T> Extract for tonic::Request<T> {
        fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
            self.metadata().for_each(see);
        }

        fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
            self.metadata().for_each_value(name, see);
        }
    }

    impl<T> Inject for tonic::Request<T> {
        fn set(&mut self, name: &str, value: &str) {
            self.metadata_mut().set(name, value);
        }
    }
}
