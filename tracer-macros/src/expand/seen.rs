//! Which parameters `tracing` records, and as what.

use proc_macro2::Ident;
use syn::{FnArg, Pat, Signature, Type};

use crate::args::Instrument;

/// A parameter that is a field.
pub(crate) struct Param {
    pub(crate) name: Ident,
    /// Else by `Debug`.
    pub(super) is_value: bool,
}

/// Every name that the parameters bind, but for what is skipped or left to a field.
pub(crate) fn recorded_params(arguments: &Instrument, sig: &Signature) -> Vec<Param> {
    if arguments.ours.skip_all.is_set() {
        return Vec::new();
    }
    let mut params = Vec::new();
    for input in &sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                let name = Ident::new("self", receiver.self_token.span);
                params.push(Param {
                    name,
                    is_value: false,
                });
            }
            FnArg::Typed(param) => collect(&param.pat, is_value(&param.ty), &mut params),
        }
    }
    let skipped = arguments.ours.skip.get();
    params.retain(|Param { name, .. }| {
        !skipped.is_some_and(|skipped| skipped.contains(name))
            && !arguments
                .fields
                .iter()
                .any(|field| field.is_in_the_place_of(name))
    });
    params
}

/// Patterns of which `tracing` sees the names. What is inside of a value has no type to go by.
fn collect(pat: &Pat, is_value: bool, params: &mut Vec<Param>) {
    match pat {
        Pat::Ident(pat) => {
            let name = pat.ident.clone();
            params.push(Param { name, is_value });
        }
        Pat::Reference(pat) => collect(&pat.pat, is_value, params),
        Pat::Struct(pat) => pat
            .fields
            .iter()
            .for_each(|field| collect(&field.pat, false, params)),
        Pat::Tuple(pat) => pat.elems.iter().for_each(|pat| collect(pat, false, params)),
        Pat::TupleStruct(pat) => pat.elems.iter().for_each(|pat| collect(pat, false, params)),
        _ => {}
    }
}

/// Whether `tracing` takes a value of this type as one, by the name of the type: an alias is none to it.
fn is_value(ty: &Type) -> bool {
    const VALUES: [&str; 30] = [
        "bool",
        "str",
        "String",
        "f32",
        "f64",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "usize",
        "i8",
        "i16",
        "i32",
        "i64",
        "i128",
        "isize",
        "NonZeroU8",
        "NonZeroU16",
        "NonZeroU32",
        "NonZeroU64",
        "NonZeroU128",
        "NonZeroUsize",
        "NonZeroI8",
        "NonZeroI16",
        "NonZeroI32",
        "NonZeroI64",
        "NonZeroI128",
        "NonZeroIsize",
        "Wrapping",
    ];
    match ty {
        Type::Reference(reference) => is_value(&reference.elem),
        Type::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| VALUES.iter().any(|name| last.ident == name)),
        _ => false,
    }
}
