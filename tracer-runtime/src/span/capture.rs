//! Turns any value into an attribute: as it is, as its Debug text, or as the name of its type.
//!
//! The macro writes `(&&&&Capture(&value)).__traced_capture()`; see `probe` for how the compiler picks.

use std::any::type_name;
use std::borrow::Cow;
use std::fmt::{Debug, Display};

use super::inside::put;
use crate::value::Value;

/// What a value was before it became an attribute, for subscribers of `tracing`, which know more kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// What it still is.
    Plain,
    /// An integer without a sign, at most 64 bits wide.
    Unsigned,
    /// `i128`
    I128,
    /// `u128`
    U128,
    /// Anything, which is known by its Debug or Display text.
    Text,
}

/// Records `?expr`.
pub fn put_debug(key: &'static str, value: &(impl Debug + ?Sized)) {
    put(key, debug_dyn(&value), Form::Text);
}

/// Records `%expr`.
pub fn put_display(key: &'static str, value: &(impl Display + ?Sized)) {
    put(key, display_dyn(&value), Form::Text);
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
    fn __traced_put(&self, key: &'static str);
}

impl<T: ToValue + ?Sized> CaptureValue for &&&Capture<'_, T> {
    #[inline]
    fn __traced_capture(&self) -> Option<Value> {
        self.0.to_value()
    }

    fn __traced_put(&self, key: &'static str) {
        put(key, self.0.to_value(), T::FORM);
    }
}

/// There may be something that can be debugged.
pub trait CaptureOption {
    /// Its Debug text.
    fn __traced_capture(&self) -> Option<Value>;

    /// Records it.
    fn __traced_put(&self, key: &'static str) {
        put(key, self.__traced_capture(), Form::Text);
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
        put(key, self.__traced_capture(), Form::Text);
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
        put(key, self.__traced_capture(), Form::Plain);
    }
}

impl<T: ?Sized> CaptureType for Capture<'_, T> {
    fn __traced_capture(&self) -> Option<Value> {
        Some(Value::Str(Cow::Borrowed(type_name::<T>())))
    }
}

/// Booleans, numbers, strings, references to them and options of them.
pub trait ToValue {
    /// What it is.
    const FORM: Form = Form::Plain;

    /// `None` records nothing.
    fn to_value(&self) -> Option<Value>;
}

macro_rules! values {
    ($form:ident: $($copied:ty)*) => {
        $(impl ToValue for $copied {
            const FORM: Form = Form::$form;

            #[inline]
            fn to_value(&self) -> Option<Value> {
                Some(Value::from(*self))
            }
        })*
    };
}
values!(Plain: bool char f32 f64 i8 i16 i32 i64 isize);
values!(Unsigned: u8 u16 u32 u64 usize);
values!(I128: i128);
values!(U128: u128);

macro_rules! texts {
    ($($text:ty)*) => {
        $(impl ToValue for $text {
            #[inline]
            fn to_value(&self) -> Option<Value> {
                let text: &str = self;
                Some(Value::from(text))
            }
        })*
    };
}
texts!(str String Cow<'_, str>);

impl ToValue for Value {
    fn to_value(&self) -> Option<Value> {
        Some(self.clone())
    }
}

macro_rules! pointers {
    ($($pointer:ty)*) => {$(
        impl<T: ToValue + ?Sized> ToValue for $pointer {
            const FORM: Form = T::FORM;

            #[inline]
            fn to_value(&self) -> Option<Value> {
                T::to_value(self)
            }
        }
    )*};
}
pointers!(&T &mut T Box<T> std::rc::Rc<T> std::sync::Arc<T>);

impl<T: ToValue> ToValue for Option<T> {
    const FORM: Form = T::FORM;

    #[inline]
    fn to_value(&self) -> Option<Value> {
        self.as_ref().and_then(ToValue::to_value)
    }
}
