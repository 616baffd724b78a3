//! Attributes: what `args`, `fields` and `ret` record.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::ext::IdentExt as _;

use super::callsite;
use super::tokens::generated;
use crate::args::{Args, Field, FieldKey, FieldValue, Format, Mode, Recorded};

/// Whether what is recorded asks for the callsite by name.
pub(crate) fn names_callsite(args: &Args, at_start: &TokenStream) -> bool {
    !at_start.is_empty() || args.ret.is_set()
}

/// Statements for the start of the body, in the order in which they were asked for. Nothing is
/// evaluated unless the span records.
pub(crate) fn at_start(private: &TokenStream, args: &Args, bindings: &[Ident]) -> TokenStream {
    let mut statements = TokenStream::new();
    for (mode, param) in parameters(args, bindings) {
        let key = param.unraw().to_string();
        let unused = key.starts_with('_');
        statements.extend(unused.then(
            || quote_spanned!(Span::mixed_site()=> #[allow(clippy::used_underscore_binding)]),
        ));
        let key = key.to_token_stream();
        statements.extend(put(
            private,
            &key,
            mode,
            param.span(),
            param.to_token_stream(),
        ));
    }
    for field in args.fields.get().into_iter().flatten() {
        statements.extend(field_statement(private, field, bindings));
    }
    if statements.is_empty() {
        return statements;
    }
    let site = callsite::reference();
    quote_spanned!(Span::mixed_site()=> if #private::recording_of(#site) { #statements #private::recorded_of(#site); })
}

/// A field that names no parameter by its name alone.
pub(crate) fn field(private: &TokenStream, field: &Field) -> TokenStream {
    field_statement(private, field, &[])
}

/// The keys of all that may be recorded: the fields of the span in a `tracing` subscriber.
pub(crate) fn keys(args: &Args, bindings: &[Ident]) -> TokenStream {
    let mut keys: Vec<TokenStream> = Vec::new();
    let parameters = parameters(args, bindings).into_iter();
    keys.extend(parameters.map(|(_, param)| param.unraw().to_string().to_token_stream()));
    let fields = args.fields.get().into_iter().flatten();
    keys.extend(fields.filter(|field| is_static(field)).map(key));
    if args.ret.is_set() {
        keys.push("return".to_token_stream());
    }
    let mut seen = Vec::new();
    keys.retain(|key| {
        let text = key.to_string();
        let new = !seen.contains(&text);
        seen.push(text);
        new
    });
    quote_spanned!(Span::mixed_site()=> #(#keys),*)
}

/// Whether a `static` can name the key: not by a type, which may be `Self` or generic.
fn is_static(field: &Field) -> bool {
    let FieldKey::Const(expr) = &field.key else {
        return true;
    };
    let words: Vec<String> = expr
        .clone()
        .into_iter()
        .map(|tree| tree.to_string())
        .collect();
    match words.as_slice() {
        [_] => true,
        // A module, or `crate`, `self`, `super`; a leading `::` too.
        [first, ..] => first.starts_with(|c: char| c.is_lowercase() || c == ':'),
        [] => false,
    }
}

fn key(field: &Field) -> TokenStream {
    match &field.key {
        FieldKey::Text(text, _) => text.to_token_stream(),
        FieldKey::Const(expr) => expr.clone(),
    }
}

fn parameters(args: &Args, bindings: &[Ident]) -> Vec<(Mode, Ident)> {
    let skipped = |name: &Ident| args.skip.get().is_some_and(|skip| skip.contains(name));
    match args.args.get() {
        None => Vec::new(),
        // `self` is everything that the object owns: it is recorded when it is named.
        Some(Recorded::All) => bindings
            .iter()
            .filter(|name| *name != "self" && !skipped(name))
            .map(|name| (Mode::Value, name.clone()))
            .collect(),
        // An `impl` or a module can name parameters that only some of its functions have.
        Some(Recorded::Named(named)) => named
            .iter()
            .filter(|(_, name)| bindings.contains(name) && !skipped(name))
            .cloned()
            .collect(),
    }
}

fn field_statement(private: &TokenStream, field: &Field, bindings: &[Ident]) -> TokenStream {
    let key = key(field);
    match &field.value {
        FieldValue::Bare(Some(name)) if bindings.contains(name) => put(
            private,
            &key,
            Mode::Value,
            name.span(),
            name.to_token_stream(),
        ),
        // Declared and left empty.
        FieldValue::Bare(_) => TokenStream::new(),
        FieldValue::Expr(mode, expr) => {
            let first = expr.clone().into_iter().next();
            let span = first.map_or_else(Span::call_site, |tree| tree.span());
            put(private, &key, *mode, span, expr.clone())
        }
    }
}

fn is_literal(tokens: &TokenStream) -> bool {
    let mut trees = tokens.clone().into_iter();
    matches!(
        (trees.next(), trees.next()),
        (Some(TokenTree::Literal(_)), None)
    )
}

/// Records an expression. A missing `Debug` or `Display` is reported at the expression.
fn put(
    private: &TokenStream,
    key: &TokenStream,
    mode: Mode,
    place: Span,
    expr: TokenStream,
) -> TokenStream {
    let span = Span::mixed_site();
    let borrowed = quote_spanned!(generated(place)=> &(#expr));
    match mode {
        // Both expressions stay out of the scope of our traits: they could call a method of that name. A literal cannot.
        Mode::Value if is_literal(key) => quote_spanned!(span=> match #borrowed { value => {
            use #private::by_type::*;
            (&&&&#private::Capture(value)).__traced_put(#key)
        } }),
        Mode::Value => quote_spanned!(span=> match (#key, #borrowed) { (key, value) => {
            use #private::by_type::*;
            (&&&&#private::Capture(value)).__traced_put(key)
        } }),
        Mode::Debug(_) => quote_spanned!(span=> #private::put_debug(#key, #borrowed);),
        Mode::Display(_) => quote_spanned!(span=> #private::put_display(#key, #borrowed);),
    }
}

/// Statements for the end, where the value is borrowed as `value`: of a `Result` only `Ok` counts.
pub(crate) fn at_end(private: &TokenStream, args: &Args, returned: &Ident) -> TokenStream {
    let span = Span::mixed_site();
    let Some(format) = args.ret.get() else {
        return TokenStream::new();
    };
    let captured = match format {
        Format::Mode(Mode::Debug(at)) => {
            quote_spanned!(generated(*at)=> #private::debug(good.0))
        }
        Format::Mode(Mode::Display(at)) => {
            quote_spanned!(generated(*at)=> #private::display(good.0))
        }
        _ => quote_spanned!(span=> (&&&&#private::Capture(good.0)).__traced_capture()),
    };
    let site = callsite::reference();
    quote_spanned!(span=> if #private::recording_end_of(#site) {
        if let #private::core::result::Result::Ok(good) = #private::Probe(#returned).__traced_split() {
            #private::put_end(#site, "return", #captured);
        }
    })
}
