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

/// What describes the returned value.
pub(crate) enum Describer {
    /// The judge that its type asks for.
    ByType,
    /// `|&value, kind| -> Option<Box<Failure>>`.
    Closure(TokenStream),
}

/// Nothing where every value is `ok` and none is recorded. `named`: the type of the value can be written down.
pub(crate) fn describer(
    private: &TokenStream,
    args: &Args,
    says: Says,
    named: bool,
) -> Option<Describer> {
    let decided = args.ok_if.is_set() || args.error_if.is_set();
    let special = decided || args.ret.is_set();
    match says {
        Says::AlwaysOk if !special => None,
        // Cheapest to compile.
        Says::ByType if named && !special && !args.err.is_set() => Some(Describer::ByType),
        _ => Some(Describer::Closure(closure(private, args, says))),
    }
}

/// The judge for the type that `probe` stands for. Never run, only looked at by the compiler, where the names of
/// `by_type` are in scope.
pub(crate) fn judge(private: &TokenStream, probe: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> if false {
        let probe = #probe.__traced_judged();
        probe.__traced_judge(
            (&probe.__traced_good()).__traced_status_by(),
            (&&&&&&probe.__traced_bad()).__traced_error_by(),
        )
    } else {
        #private::ByType(#private::core::marker::PhantomData)
    })
}

/// What stands for a type by its spelling.
pub(crate) fn probe_of(private: &TokenStream, ty: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> #private::Probe::<#ty>::of_type())
}

/// [`judge`] by the spelling of a type, anywhere.
pub(crate) fn judge_of(private: &TokenStream, ty: &TokenStream) -> TokenStream {
    let judge = judge(private, &probe_of(private, ty));
    quote_spanned!(Span::mixed_site()=> { use #private::by_type::*; #judge })
}

fn closure(private: &TokenStream, args: &Args, says: Says) -> TokenStream {
    let span = Span::mixed_site();
    let (value, kind) = (local("value"), local("kind"));
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
    quote_spanned!(span=> |#value: &_, #kind: #private::SpanKind| {
        use #private::by_type::*;
        #ret
        #failure
    })
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
