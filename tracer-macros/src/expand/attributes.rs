//! The other attributes of a function, and our own markers inside an `impl` or `mod`.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
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
    let list = meta.require_list().ok()?;
    let parser = |input: syn::parse::ParseStream<'_>| {
        let predicate: Meta = input.parse()?;
        input.parse::<Token![,]>()?;
        let attributes = Punctuated::<Meta, Token![,]>::parse_terminated(input)?;
        Ok((
            predicate.into_token_stream(),
            attributes.into_iter().collect(),
        ))
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
pub(crate) fn is_instrumented(attrs: &[Attribute]) -> bool {
    let of = |path: &Path| path.segments.last().map(|last| last.ident == "instrument");
    attrs.iter().any(|attr| of(attr.path()) == Some(true))
}

/// Removes our markers.
pub(crate) fn take_markers(attrs: &mut Vec<Attribute>) -> Vec<Marker> {
    let mut markers = Vec::new();
    attrs.retain_mut(|attr| {
        if let Some(marker) = Marker::of(None, &attr.meta) {
            markers.push(marker);
            return false;
        }
        if !attr.path().is_ident("cfg_attr") {
            return true;
        }
        let Some((condition, mut inner)) = conditional(&attr.meta) else {
            return true;
        };
        let before = inner.len();
        inner.retain(|meta| {
            let marker = Marker::of(Some(condition.clone()), meta);
            let keep = marker.is_none();
            markers.extend(marker);
            keep
        });
        if inner.len() < before {
            attr.meta = parse_quote!(cfg_attr(#condition, #(#inner),*));
        }
        !inner.is_empty()
    });
    markers
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
