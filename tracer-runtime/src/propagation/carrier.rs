//! What context travels in.

use std::collections::{BTreeMap, HashMap};
use std::hash::BuildHasher;

/// Something that context is read from.
///
/// ```
/// use tracer_runtime::propagation::{Extract, extract};
///
/// struct Frame {
///     headers: Vec<(String, Vec<u8>)>,
/// }
///
/// impl Extract for Frame {
///     fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
///         for (name, value) in &self.headers {
///             see(name, value);
///         }
///     }
/// }
///
/// let traceparent = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_vec();
/// let frame = Frame { headers: vec![("Traceparent".to_owned(), traceparent)] };
/// assert!(extract(&frame).is_some());
/// ```
pub trait Extract {
    /// Shows the name and the value of every header, in order. A name may come several times, in any case; values are
    /// bytes, since what comes from the network may be anything.
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8]));

    /// Shows every value of one header, in order. Names compare without case. A carrier that finds a header faster than by
    /// looking at all of them says how here.
    fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
        self.for_each(&mut |key, value| {
            if key.eq_ignore_ascii_case(name) {
                see(value);
            }
        });
    }

    /// The first value of a header, where it is text.
    fn first<'a>(&'a self, name: &str) -> Option<&'a str> {
        let mut first = None;
        self.for_each_value(name, &mut |value| first = first.or(Some(value)));
        std::str::from_utf8(first?).ok()
    }
}

/// Something that context is written to.
pub trait Inject {
    /// Sets the header to this one value, in place of all that it had. Names are in lower case, but for those of
    /// [`Propagator::KitexTtheader`](super::Propagator::KitexTtheader).
    fn set(&mut self, name: &str, value: &str);
}

macro_rules! string_maps {
    ($($map:ident<$($hasher:ident)?>)*) => {$(
        impl$(<$hasher>)? Extract for $map<String, String $(, $hasher)?> {
            fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
                for (name, value) in self {
                    see(name, value.as_bytes());
                }
            }
        }

        impl$(<$hasher: BuildHasher>)? Inject for $map<String, String $(, $hasher)?> {
            fn set(&mut self, name: &str, value: &str) {
                self.retain(|key, _| key == name || !key.eq_ignore_ascii_case(name));
                match self.get_mut(name) {
                    Some(place) => value.clone_into(place),
                    None => {
                        self.insert(name.to_owned(), value.to_owned());
                    }
                }
            }
        }
    )*};
}
string_maps!(HashMap<S> BTreeMap<>);

impl Extract for [(String, String)] {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        for (name, value) in self {
            see(name, value.as_bytes());
        }
    }
}

impl Extract for Vec<(String, String)> {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        self.as_slice().for_each(see);
    }
}

impl Inject for Vec<(String, String)> {
    fn set(&mut self, name: &str, value: &str) {
        self.retain(|(key, _)| !key.eq_ignore_ascii_case(name));
        self.push((name.to_owned(), value.to_owned()));
    }
}

/// Through references.
impl<T: Extract + ?Sized> Extract for &T {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        (**self).for_each(see);
    }

    fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
        (**self).for_each_value(name, see);
    }
}

impl<T: Extract + ?Sized> Extract for &mut T {
    fn for_each<'a>(&'a self, see: &mut dyn FnMut(&'a str, &'a [u8])) {
        (**self).for_each(see);
    }

    fn for_each_value<'a>(&'a self, name: &str, see: &mut dyn FnMut(&'a [u8])) {
        (**self).for_each_value(name, see);
    }
}

impl<T: Inject + ?Sized> Inject for &mut T {
    fn set(&mut self, name: &str, value: &str) {
        (**self).set(name, value);
    }
}
