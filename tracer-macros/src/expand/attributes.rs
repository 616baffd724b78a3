//! The other attributes of a function, and our own markers inside an `impl` or `mod`.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, TokenStreamExt as _, quote};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Attribute, Meta, Path, Token, parse_quote};

/// Attributes of the language and its tools: they do not look at the shape of a function.
const KNOWN: [&str; 34] = [
    "allow",
    "automatically_derived",
    "cfg",
    "clippy",
    "cold",
    "coverage",
    "deny",
    "deprecated",
    "diagnostic",
    "doc",
    "expect",
    "export_name",
    "forbid",
    "ignore",
    "inline",
    "link_section",
    "must_use",
    "no_mangle",
    "non_exhaustive",
    "optimize",
    "rustc_deprecated_safe_2024",
    "rustfmt",
    "should_panic",
    "target_feature",
    "test",
    "track_caller",
    "unsafe",
    "warn",
    "naked",
    "no_coverage",
    "rustdoc",
    "stable",
    "unstable",
    "miri",
];

/// Whether another attribute macro still comes after us. It may need to see `async`, and
/// expressions of its own that name the parameters.
pub(crate) fn any_foreign(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| is_foreign(&attr.meta))
}

fn is_foreign(meta: &Meta) -> bool {
    let path = meta.path();
    if path.is_ident("cfg_attr") {
        return conditional(meta).is_none_or(|(_, inner)| inner.iter().any(is_foreign));
    }
    let first = path.segments.first().map(|s| s.ident.to_string());
    first.is_none_or(|first| !KNOWN.contains(&first.as_str()))
}

/// `cfg_attr(PREDICATE, ATTRIBUTES)`.
fn conditional(meta: &Meta) -> Option<(TokenStream, Vec<Meta>)> {
    if !meta.path().is_ident("cfg_attr") {
        return None;
    }
    let list = meta.require_list().ok()?;
    let parser = |input: syn::parse::ParseStream<'_>| {
        let mut predicate = TokenStream::new();
        // Not as a path: `true` is a predicate too.
        while !input.peek(Token![,]) {
            predicate.append(input.parse::<TokenTree>()?);
        }
        input.parse::<Token![,]>()?;
        let attributes = Punctuated::<Meta, Token![,]>::parse_terminated(input)?;
        Ok((predicate, attributes.into_iter().collect()))
    };
    parser.parse2(list.tokens.clone()).ok()
}

/// A `#[traced…]` inside of an annotated `impl` or `mod`.
pub(crate) struct Marker {
    /// `None`: always; else the predicate of a `cfg_attr`.
    pub(crate) condition: Option<TokenStream>,
    pub(crate) path: Path,
    pub(crate) args: TokenStream,
}

impl Marker {
    fn of(condition: Option<TokenStream>, meta: &Meta) -> Option<Self> {
        is_ours(meta.path()).then(|| Self {
            condition,
            path: meta.path().clone(),
            args: crate::args::of_attribute(meta.to_token_stream()),
        })
    }
}

/// By the last segment: a re-export has its own path, and needs no import in here.
pub(crate) fn is_ours(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|last| last.ident == "traced")
}

/// Whether a function has an `#[instrument]` of its own, ours or that of `tracing`, which makes its span.
pub(crate) enum Instrumented {
    Never,
    Always,
    /// Where this predicate holds.
    Where(TokenStream),
}

pub(crate) fn instrumented(attrs: &[Attribute]) -> Instrumented {
    let mut found = Vec::new();
    for attr in attrs {
        conditions_of_instrument(&attr.meta, &[], &mut found);
    }
    match &found[..] {
        [] => Instrumented::Never,
        all if all.iter().any(Vec::is_empty) => Instrumented::Always,
        all => Instrumented::Where(quote!(any(#(all(#(#all),*)),*))),
    }
}

/// The predicates that must hold for each `#[instrument]`.
fn conditions_of_instrument(meta: &Meta, outer: &[TokenStream], found: &mut Vec<Vec<TokenStream>>) {
    let last = meta.path().segments.last();
    if last.is_some_and(|last| last.ident == "instrument") {
        found.push(outer.to_vec());
    } else if let Some((condition, inner)) = conditional(meta) {
        let all = [outer, &[condition]].concat();
        for meta in &inner {
            conditions_of_instrument(meta, &all, found);
        }
    }
}

/// Removes our markers.
pub(crate) fn take_markers(attrs: &mut Vec<Attribute>) -> Vec<Marker> {
    let mut markers = Vec::new();
    attrs.retain_mut(|attr| take_marker(&mut attr.meta, None, &mut markers));
    markers
}

/// Whether anything is left.
fn take_marker(meta: &mut Meta, outer: Option<&TokenStream>, markers: &mut Vec<Marker>) -> bool {
    if let Some(marker) = Marker::of(outer.cloned(), meta) {
        markers.push(marker);
        return false;
    }
    let Some((condition, mut inner)) = conditional(meta) else {
        return true;
    };
    let all = match outer {
        Some(outer) => quote!(all(#outer, #condition)),
        None => condition.clone(),
    };
    let (before, had) = (markers.len(), !inner.is_empty());
    inner.retain_mut(|meta| take_marker(meta, Some(&all), markers));
    if markers.len() > before {
        *meta = parse_quote!(cfg_attr(#condition, #(#inner),*));
    }
    !(had && inner.is_empty())
}

/// Attributes that decide whether a parameter is there at all.
pub(crate) fn conditions(attrs: &[Attribute]) -> TokenStream {
    attrs
        .iter()
        .filter(|attr| attr.path().is_ident("cfg"))
        .map(|attr| quote!(#attr))
        .collect()
}

pub(crate) fn has(attrs: &[Attribute], name: &str) -> bool {
    attrs.iter().any(|attr| attr.path().is_ident(name))
}
