//! What context travels in.

use std::collections::{BTreeMap, HashMap};

/// Something that context is read from.
pub trait Extract {
    /// Every value of this header, in order; names compare without case.
    fn get_all(&self, name: &str) -> Vec<&str>;
}

/// Something that context is written to.
pub trait Inject {
    /// Sets the header to this one value.
    fn set(&mut self, name: &'static str, value: String);
}

macro_rules! string_maps {
    ($($map:ident)*) => {$(
        impl Extract for $map<String, String> {
            fn get_all(&self, name: &str) -> Vec<&str> {
                self.iter().filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str()).collect()
            }
        }

        impl Inject for $map<String, String> {
            fn set(&mut self, name: &'static str, value: String) {
                self.retain(|key, _| !key.eq_ignore_ascii_case(name));
                self.insert(name.to_owned(), value);
            }
        }
    )*};
}
string_maps!(HashMap BTreeMap);

#[cfg(any(feature = "axum", feature = "tower"))]
mod http_types {
    use super::{Extract, Inject};
    use http::{HeaderMap, HeaderValue};

    impl Extract for HeaderMap {
        fn get_all(&self, name: &str) -> Vec<&str> {
            // A value that is not text is there all the same, and malformed.
            self.get_all(name)
                .iter()
                .map(|value| value.to_str().unwrap_or(""))
                .collect()
        }
    }

    impl Inject for HeaderMap {
        fn set(&mut self, name: &'static str, value: String) {
            if let Ok(value) = HeaderValue::from_str(&value) {
                self.insert(name, value);
            }
        }
    }

    impl<B> Extract for http::Request<B> {
        fn get_all(&self, name: &str) -> Vec<&str> {
            Extract::get_all(self.headers(), name)
        }
    }

    impl<B> Inject for http::Request<B> {
        fn set(&mut self, name: &'static str, value: String) {
            Inject::set(self.headers_mut(), name, value);
        }
    }
}

#[cfg(feature = "tonic")]
mod tonic_types {
    use super::{Extract, Inject};
    use tonic::metadata::{AsciiMetadataValue, MetadataMap};

    impl Extract for MetadataMap {
        fn get_all(&self, name: &str) -> Vec<&str> {
            self.get_all(name)
                .iter()
                .map(|value| value.to_str().unwrap_or(""))
                .collect()
        }
    }

    impl Inject for MetadataMap {
        fn set(&mut self, name: &'static str, value: String) {
            if let Ok(value) = AsciiMetadataValue::try_from(value) {
                self.insert(name, value);
            }
        }
    }

    impl<T> Extract for tonic::Request<T> {
        fn get_all(&self, name: &str) -> Vec<&str> {
            Extract::get_all(self.metadata(), name)
        }
    }

    impl<T> Inject for tonic::Request<T> {
        fn set(&mut self, name: &'static str, value: String) {
            Inject::set(self.metadata_mut(), name, value);
        }
    }
}
