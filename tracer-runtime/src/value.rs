//! Attribute values.

use std::borrow::Cow;
use std::fmt;

/// The value of an attribute: a boolean, an integer, a float, a string or a list of one of them.
///
/// Integers that do not fit an `i64` become strings.
///
/// ```
/// use tracer_runtime::Value;
///
/// assert_eq!(Value::from(7_u8), Value::I64(7));
/// assert_eq!(Value::from(u64::MAX), Value::from("18446744073709551615"));
/// assert_eq!(Value::from("north").to_string(), "\"north\"");
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A boolean.
    Bool(bool),
    /// A signed integer.
    I64(i64),
    /// A floating point number.
    F64(f64),
    /// A string.
    Str(Cow<'static, str>),
    /// Values of one kind, none of them a list.
    Array(Vec<Self>),
}

/// An attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyValue {
    /// What it is, in dotted lower case.
    pub key: Cow<'static, str>,
    /// What it says.
    pub value: Value,
}

impl KeyValue {
    /// An attribute from anything that converts.
    #[must_use]
    pub fn new(key: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}

impl Value {
    /// Heap bytes behind the value.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Str(Cow::Owned(text)) => text.capacity(),
            Self::Array(values) => {
                let inner: usize = values.iter().map(Self::heap_bytes).sum();
                values.capacity() * size_of::<Self>() + inner
            }
            _ => 0,
        }
    }
}

/// Numbers and booleans bare, strings quoted and escaped, lists in brackets.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(x) => write!(f, "{x}"),
            Self::I64(x) => write!(f, "{x}"),
            Self::F64(x) => write!(f, "{x}"),
            Self::Str(x) => write!(f, "{x:?}"),
            Self::Array(values) => {
                f.write_str("[")?;
                for (i, value) in values.iter().enumerate() {
                    let comma = if i == 0 { "" } else { ", " };
                    write!(f, "{comma}{value}")?;
                }
                f.write_str("]")
            }
        }
    }
}

macro_rules! integers {
    ($($small:ty)* ; $($large:ty)*) => {
        $(impl From<$small> for Value {
            #[inline]
            fn from(x: $small) -> Self {
                Self::I64(x.into())
            }
        })*
        $(impl From<$large> for Value {
            #[inline]
            fn from(x: $large) -> Self {
                i64::try_from(x).map_or_else(|_| Self::Str(x.to_string().into()), Self::I64)
            }
        })*
    };
}
integers!(i8 i16 i32 i64 u8 u16 u32; u64 i128 u128 isize usize);

impl From<bool> for Value {
    fn from(x: bool) -> Self {
        Self::Bool(x)
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Self {
        Self::F64(x)
    }
}

impl From<f32> for Value {
    fn from(x: f32) -> Self {
        Self::F64(x.into())
    }
}

impl From<char> for Value {
    fn from(x: char) -> Self {
        Self::Str(x.to_string().into())
    }
}

impl From<&str> for Value {
    fn from(x: &str) -> Self {
        Self::Str(x.to_owned().into())
    }
}

impl From<String> for Value {
    fn from(x: String) -> Self {
        Self::Str(x.into())
    }
}

impl From<&String> for Value {
    fn from(x: &String) -> Self {
        Self::Str(x.clone().into())
    }
}

impl From<Cow<'static, str>> for Value {
    fn from(x: Cow<'static, str>) -> Self {
        Self::Str(x)
    }
}
