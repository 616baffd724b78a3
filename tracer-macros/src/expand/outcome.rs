//! What decides between `ok` and `error`.
//!
//! It is decided where the type of the value is known, by the traits that it has: inherent methods
//! win over trait methods, and a trait on more references wins over one on fewer. Names of types
//! are never looked at: an alias counts as what it stands for.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

use super::recording;
use super::tokens::{generated, local};
use crate::args::{Args, Format, Mode};

/// Whether the type of the value can say anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Says {
    AlwaysOk,
    ByType,
}

/// `|&value, kind| -> Option<Box<Failure>>`, or nothing where every value is `ok` and none is
/// recorded.
pub(crate) fn describer(private: &TokenStream, args: &Args, says: Says) -> Option<TokenStream> {
    let span = Span::mixed_site();
    let (value, kind) = (local("value"), local("kind"));
    let decided = args.ok_if.is_set() || args.error_if.is_set();
    if says == Says::AlwaysOk && !decided && !args.ret.is_set() {
        return None;
    }
    let ret = recording::at_end(private, args, &value);
    let mut failure = match says {
        Says::ByType => by_type(private, args),
        Says::AlwaysOk => quote_spanned!(span=> #private::core::option::Option::None),
    };
    if let Some(path) = args.ok_if.get() {
        let value = at_end_of(path);
        failure = quote_spanned!(span=>
            if #path(#value) { #private::core::option::Option::None } else { #private::or_other(#failure) });
    }
    if let Some(path) = args.error_if.get() {
        let value = at_end_of(path);
        failure = quote_spanned!(span=>
            if #path(#value) { #private::or_other(#failure) } else { #private::core::option::Option::None });
    }
    Some(
        quote_spanned!(span=> |#value: &_, #kind: #private::SpanKind| {
            use #private::by_type::*;
            #ret
            #failure
        }),
    )
}

/// The value, where the function that decides about it stands: a mismatch of their types is reported there.
fn at_end_of(path: &Path) -> Ident {
    let last = path.segments.last().map(|last| last.ident.span());
    Ident::new("value", last.map_or_else(Span::mixed_site, generated))
}

fn by_type(private: &TokenStream, args: &Args) -> TokenStream {
    let span = Span::mixed_site();
    let error = quote_spanned!(span=> (&&&&&&bad).__traced_error(kind));
    let error = match args.err.get() {
        Some(Format::None) => quote_spanned!(span=> #private::without_message(#error)),
        Some(Format::Mode(Mode::Debug(at))) => {
            let text = quote_spanned!(generated(*at)=> #private::debug_text(bad.0));
            quote_spanned!(span=> #private::with_message(#error, || #text))
        }
        Some(Format::Mode(Mode::Display(at))) => {
            let text = quote_spanned!(generated(*at)=> #private::display_text(bad.0));
            quote_spanned!(span=> #private::with_message(#error, || #text))
        }
        _ => error,
    };
    quote_spanned!(span=> match #private::Probe(value).__traced_split() {
        #private::core::result::Result::Ok(good) => (&good).__traced_status(kind),
        #private::core::result::Result::Err(bad) => #error,
    })
}
