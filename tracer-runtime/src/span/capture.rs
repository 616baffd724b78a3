//! Turns any value into an attribute: as it is, as its Debug text, or as the name of its type.
//!
//! The macro writes `(&&&&Capture(&value)).__traced_capture()`; see `probe` for how the compiler picks.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt::{Debug, Display};

use super::inside::attribute;
use crate::value::Value;

/// Records an attribute on the current span; `None` records nothing.
#[inline(never)]
pub fn put(key: &'static str, value: Option<Value>) {
    if let Some(value) = value {
        attribute(key, value);
    }
}

/// Records `?expr`.
pub fn put_debug(key: &'static str, value: &(impl Debug + ?Sized)) {
    put(key, debug_dyn(&value));
}

/// Records `%expr`.
pub fn put_display(key: &'static str, value: &(impl Display + ?Sized)) {
    put(key, display_dyn(&value));
}

/// The value of `?expr`.
pub fn debug(value: &(impl Debug + ?Sized)) -> Option<Value> {
    debug_dyn(&value)
}

/// The value of `%expr`.
pub fn display(value: &(impl Display + ?Sized)) -> Option<Value> {
    display_dyn(&value)
}

#[inline(never)]
fn debug_dyn(value: &dyn Debug) -> Option<Value> {
    Some(format!("{value:?}").into())
}

#[inline(never)]
fn display_dyn(value: &dyn Display) -> Option<Value> {
    Some(value.to_string().into())
}

/// A value whose type decides what is recorded.
#[derive(Debug)]
pub struct Capture<'a, T: ?Sized>(pub &'a T);

/// It is a value as attributes have them.
pub trait CaptureValue {
    /// The value, if there is one.
    fn __traced_capture(&self) -> Option<Value>;

    /// Records it.
    fn __traced_put(&self, key: &'static str) {
        put(key, self.__traced_capture());
    }
}

impl<T: ToValue + ?Sized> CaptureValue for &&&Capture<'_, T> {
    #[inline]
    fn __traced_capture(&self) -> Option<Value> {
        self.0.to_value()
    }
}

/// There may be something that can be debugged.
pub trait CaptureOption {
    /// Its Debug text.
    fn __traced_capture(&self) -> Option<Value>;

    /// Records it.
    fn __traced_put(&self, key: &'static str) {
        put(key, self.__traced_capture());
    }
}

impl<T: Debug> CaptureOption for &&Capture<'_, Option<T>> {
    fn __traced_capture(&self) -> Option<Value> {
        self.0.as_ref().and_then(|inner| debug_dyn(inner))
    }
}

/// It can be debugged.
pub trait CaptureDebug {
    /// Its Debug text.
    fn __traced_capture(&self) -> Option<Value>;

    /// Records it.
    fn __traced_put(&self, key: &'static str) {
        put(key, self.__traced_capture());
    }
}

impl<T: Debug + ?Sized> CaptureDebug for &Capture<'_, T> {
    fn __traced_capture(&self) -> Option<Value> {
        debug(self.0)
    }
}

/// Nothing is known but its type.
pub trait CaptureType {
    /// The name of the type.
    fn __traced_capture(&self) -> Option<Value>;

    /// Records it.
    fn __traced_put(&self, key: &'static str) {
        put(key, self.__traced_capture());
    }
}

impl<T: ?Sized> CaptureType for Capture<'_, T> {
    fn __traced_capture(&self) -> Option<Value> {
        Some(Value::Str(Cow::Borrowed(type_name::<T>())))
    }
}

/// Booleans, numbers, strings, references to them and options of them.
pub trait ToValue {
    /// `None` records nothing.
    fn to_value(&self) -> Option<Value>;
}

macro_rules! values {
    ($($copied:ty)*; $($text:ty)*) => {
        $(impl ToValue for $copied {
            #[inline]
            fn to_value(&self) -> Option<Value> {
                Some(Value::from(*self))
            }
        })*
        $(impl ToValue for $text {
            #[inline]
            fn to_value(&self) -> Option<Value> {
                let text: &str = self;
                Some(Value::from(text))
            }
        })*
    };
}
values! {
    bool char f32 f64 i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize;
    str String Cow<'_, str>
}

impl ToValue for Value {
    fn to_value(&self) -> Option<Value> {
        Some(self.clone())
    }
}

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<T: ToValue + ?Sized> ToValue for $pointer {
            #[inline]
            fn to_value(&self) -> Option<Value> {
                T::to_value(self)
            }
        }
    )*};
}
pointers!(&T &mut T Box<T> std::rc::Rc<T> std::sync::Arc<T>);

impl<T: ToValue> ToValue for Option<T> {
    #[inline]
    fn to_value(&self) -> Option<Value> {
        self.as_ref().and_then(ToValue::to_value)
    }
}
