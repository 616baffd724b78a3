//! Functions that are annotated in some builds only.

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse_quote;

use crate::args::{Args, LEVELS};
use crate::item::Function;
use crate::level::Kept;

/// The function, annotated where its level stays; else `plain`, which is the function without our span.
///
/// Which build it is the compiler of the user's crate knows: where it matters it gets both versions, of which one stays.
pub(crate) fn by_level(
    mut f: Function,
    args: &Args,
    annotate: impl FnOnce(Function) -> TokenStream,
    plain: impl FnOnce(Function) -> TokenStream,
) -> TokenStream {
    let (with, without): (syn::Attribute, _) = match Kept::of(level(args)) {
        Kept::Always => return annotate(f),
        Kept::Never => return plain(f),
        Kept::InDebug => (
            parse_quote!(#[cfg(debug_assertions)]),
            quote!(#[cfg(not(debug_assertions))]),
        ),
        Kept::InRelease => (
            parse_quote!(#[cfg(not(debug_assertions))]),
            quote!(#[cfg(debug_assertions)]),
        ),
    };
    let plain = plain(f.clone());
    f.attrs.insert(0, with);
    let annotated = annotate(f);
    quote!(#annotated #without #plain)
}

/// Its place in [`LEVELS`].
fn level(args: &Args) -> usize {
    let named = |name: &&str| match args.level.get() {
        Some(level) => level == name,
        None => *name == "Info",
    };
    LEVELS.iter().position(named).unwrap_or(0)
}
