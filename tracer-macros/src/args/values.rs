//! The grammar of single arguments.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Error, Expr, Ident, Lit, LitStr, Path, Token, braced, token};

use crate::diag;

/// How a value becomes an attribute.
#[derive(Clone, Copy)]
pub(crate) enum Mode {
    /// As a boolean, number or string where it is one, else as its Debug text.
    Value,
    Debug(Span),
    Display(Span),
}

impl Mode {
    pub(super) fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![?]) {
            return Ok(Self::Debug(input.parse::<Token![?]>()?.span));
        }
        if input.peek(Token![%]) {
            return Ok(Self::Display(input.parse::<Token![%]>()?.spans[0]));
        }
        Ok(Self::Value)
    }
}

/// `Debug` or `Display` in parentheses.
#[derive(Clone, Copy)]
pub(crate) enum Format {
    Default,
    Mode(Mode),
    None,
}

impl Format {
    /// After the keyword: nothing, or `(Debug)`, `(Display)` and, where it is allowed, `(none)`.
    pub(crate) fn parse(input: ParseStream<'_>, none: bool) -> syn::Result<Self> {
        if !input.peek(token::Paren) {
            return Ok(Self::Default);
        }
        let inner;
        syn::parenthesized!(inner in input);
        let word: Ident = inner.call(Ident::parse_any)?;
        if !inner.is_empty() {
            return Err(inner.error("expected one word in the parentheses"));
        }
        Self::of(&word, none)
    }

    /// `Debug`, `Display` or, where it is allowed, `none`.
    pub(crate) fn of(word: &Ident, none: bool) -> syn::Result<Self> {
        match word.to_string().as_str() {
            "Debug" => Ok(Self::Mode(Mode::Debug(word.span()))),
            "Display" => Ok(Self::Mode(Mode::Display(word.span()))),
            "none" if none => Ok(Self::None),
            _ if none => Err(Error::new(
                word.span(),
                "expected `Debug`, `Display` or `none`",
            )),
            _ => Err(Error::new(word.span(), "expected `Debug` or `Display`")),
        }
    }
}

/// `args(a, ?b, %c)` or `args(*)`.
#[derive(Clone)]
pub(crate) enum Recorded {
    All,
    Named(Vec<(Mode, Ident)>),
}

impl Parse for Recorded {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![*]) {
            input.parse::<Token![*]>()?;
            return if input.is_empty() {
                Ok(Self::All)
            } else {
                Err(input.error("`*` is every parameter: nothing may follow it"))
            };
        }
        let named = Punctuated::<(Mode, Ident), Token![,]>::parse_terminated_with(
            input,
            |input| {
                let mode = Mode::parse(input)?;
                let ident = input.call(Ident::parse_any)?;
                if input.is_empty() || input.peek(Token![,]) {
                    Ok((mode, ident))
                } else {
                    Err(input.error("expected the name of a parameter; an expression goes in `fields(name = …)`"))
                }
            },
        )?;
        Ok(Self::Named(named.into_iter().collect()))
    }
}

/// The name of a field.
#[derive(Clone)]
pub(crate) enum FieldKey {
    Text(String, Span),
    /// `{CONST}`
    Const(TokenStream),
}

/// What a field holds.
#[derive(Clone)]
pub(crate) enum FieldValue {
    /// A bare name: the parameter of that name, or nothing.
    Bare(Option<Ident>),
    Expr(Mode, TokenStream),
}

/// One of `fields(…)`.
#[derive(Clone)]
pub(crate) struct Field {
    pub(crate) key: FieldKey,
    pub(crate) value: FieldValue,
}

impl Parse for Field {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let shorthand = Mode::parse(input)?;
        if !matches!(shorthand, Mode::Value) {
            let (text, path) = dotted(input)?;
            return Ok(Self {
                key: FieldKey::Text(text, Span::call_site()),
                value: FieldValue::Expr(shorthand, path),
            });
        }
        let mut bare = None;
        let key = if input.peek(token::Brace) {
            let inner;
            braced!(inner in input);
            FieldKey::Const(inner.parse::<Expr>()?.into_token_stream())
        } else if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            FieldKey::Text(text.value(), text.span())
        } else {
            let span = input.span();
            let (text, path) = dotted(input)?;
            bare = syn::parse2::<Ident>(path).ok();
            FieldKey::Text(text, span)
        };
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            let mode = Mode::parse(input)?;
            FieldValue::Expr(mode, input.parse::<Expr>()?.into_token_stream())
        } else if input.is_empty() || input.peek(Token![,]) {
            FieldValue::Bare(bare)
        } else {
            return Err(input.error("expected `=` or `,`"));
        };
        Ok(Self { key, value })
    }
}

/// `a.b.c`, keywords allowed.
pub(super) fn dotted(input: ParseStream<'_>) -> syn::Result<(String, TokenStream)> {
    let first = input.call(Ident::parse_any)?;
    let mut text = first.unraw().to_string();
    let mut tokens = first.into_token_stream();
    while input.peek(Token![.]) {
        input.parse::<Token![.]>()?.to_tokens(&mut tokens);
        let next = input.call(Ident::parse_any)?;
        text.push('.');
        text.push_str(&next.unraw().to_string());
        next.to_tokens(&mut tokens);
    }
    Ok((text, tokens))
}

/// A comma separated list.
pub(crate) fn separated<T>(
    parse: fn(ParseStream<'_>) -> syn::Result<T>,
) -> impl FnOnce(ParseStream<'_>) -> syn::Result<Vec<T>> {
    move |input| {
        let list = Punctuated::<T, Token![,]>::parse_terminated_with(input, parse)?;
        Ok(list.into_iter().collect())
    }
}

/// Names of parameters: `skip(a, self)`.
pub(crate) fn names(input: ParseStream<'_>) -> syn::Result<Vec<Ident>> {
    Ok(
        Punctuated::<Ident, Token![,]>::parse_terminated_with(input, Ident::parse_any)?
            .into_iter()
            .collect(),
    )
}

/// From the least severe on.
pub(crate) const LEVELS: [&str; 5] = ["Trace", "Debug", "Info", "Warn", "Error"];

/// `"debug"` in any case, 1 to 5 from trace to error, or a path that ends in the name of a level.
/// The result is the variant of `Level`.
pub(crate) fn level(input: ParseStream<'_>) -> syn::Result<Ident> {
    const EXPECTED: &str = "expected a level: `\"trace\"`, `\"debug\"`, `\"info\"`, `\"warn\"`, \
                            `\"error\"`, a number from 1 (trace) to 5 (error), or `Level::INFO` and the like";
    let span = input.span();
    let index = if input.peek(Lit) {
        match input.parse()? {
            Lit::Str(text) => position(&LEVELS, &text.value()),
            Lit::Int(number) => number
                .base10_parse::<usize>()
                .ok()
                .and_then(|n| n.checked_sub(1))
                .filter(|&n| n < LEVELS.len()),
            _ => None,
        }
    } else {
        let path: Path = input
            .call(Path::parse_mod_style)
            .map_err(|_| Error::new(span, EXPECTED))?;
        path.segments
            .last()
            .and_then(|last| position(&LEVELS, &last.ident.to_string()))
    };
    index
        .map(|index| Ident::new(LEVELS[index], Span::mixed_site()))
        .ok_or_else(|| Error::new(span, EXPECTED))
}

const KINDS: [&str; 5] = ["Internal", "Server", "Client", "Producer", "Consumer"];

/// A span kind in lower case; the result is the variant of `SpanKind`.
pub(crate) fn kind(input: ParseStream<'_>) -> syn::Result<Ident> {
    let span = input.span();
    let word = if input.peek(LitStr) {
        input.parse::<LitStr>()?.value()
    } else {
        input.call(Ident::parse_any)?.to_string()
    };
    let known = KINDS.map(str::to_lowercase);
    position(&KINDS, &word)
        .map(|index| Ident::new(KINDS[index], Span::mixed_site()))
        .ok_or_else(|| {
            let known = known.iter().map(String::as_str);
            Error::new(span, format!("expected a span kind: {}", diag::list(known)))
        })
}

fn position(words: &[&str], word: &str) -> Option<usize> {
    words.iter().position(|w| w.eq_ignore_ascii_case(word))
}

/// `rpc(system = "…", service = "…", method = "…")`.
#[derive(Clone, Default)]
pub(crate) struct Rpc {
    pub(crate) system: Option<Expr>,
    pub(crate) service: Option<Expr>,
    pub(crate) method: Option<Expr>,
}

impl Parse for Rpc {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut rpc = Self::default();
        while !input.is_empty() {
            let key = input.call(Ident::parse_any)?;
            let slot = match key.to_string().as_str() {
                "system" => &mut rpc.system,
                "service" => &mut rpc.service,
                "method" => &mut rpc.method,
                _ => {
                    return Err(Error::new(
                        key.span(),
                        format!(
                            "unknown part `{key}`; an RPC has `system`, `service` and `method`"
                        ),
                    ));
                }
            };
            if slot.is_some() {
                return Err(Error::new(key.span(), format!("`{key}` is given twice")));
            }
            input.parse::<Token![=]>()?;
            *slot = Some(input.parse()?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(rpc)
    }
}
