//! The arguments of `#[instrument(…)]`: those of the attribute of `tracing`, as leniently as it reads them, and ours.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Error, Expr, LitStr, Path, Token, braced, parenthesized, token};

use super::values::{self, Mode};
use super::{Args, Field, FieldKey, FieldValue, Format, after_equals, assigned, in_parentheses};
use crate::diag::Errors;

/// Everything that may stand in the parentheses.
#[derive(Default, Clone)]
pub(crate) struct Instrument {
    /// What our span needs of it: all but what follows.
    pub(crate) ours: Args,
    pub(crate) level: Severity,
    pub(crate) parent: Option<Expr>,
    pub(crate) follows_from: Option<Expr>,
    pub(crate) fields: Vec<SpanField>,
    pub(crate) err: Option<Event>,
    pub(crate) ret: Option<Event>,
    /// What `tracing` only warns about.
    pub(crate) unrecognized: Vec<Error>,
}

/// A level as `tracing` will read it.
#[derive(Clone)]
pub(crate) enum Severity {
    /// A constant of `tracing::Level`.
    Named(Ident),
    /// Any other, which need not be called what it is.
    Path(Path),
}

impl Default for Severity {
    fn default() -> Self {
        Self::Named(Ident::new("INFO", proc_macro2::Span::mixed_site()))
    }
}

/// `err(…)` or `ret(…)`.
#[derive(Clone)]
pub(crate) struct Event {
    pub(crate) key: Ident,
    pub(crate) level: Option<Severity>,
    pub(crate) format: Format,
}

/// One of `fields(…)`.
#[derive(Clone)]
pub(crate) struct SpanField {
    /// As it was written, with the braces of an expression.
    pub(crate) name: TokenStream,
    /// The name, or the expression in the braces.
    key: FieldKey,
    /// The parameter in whose place it stands.
    replaces: Option<Ident>,
    pub(crate) mode: Mode,
    pub(crate) value: Option<TokenStream>,
}

/// Arguments that `tracing` has too.
const SHARED: [&str; 10] = [
    "name",
    "target",
    "level",
    "parent",
    "follows_from",
    "skip",
    "skip_all",
    "fields",
    "err",
    "ret",
];

/// Arguments that only we have, in the order in which the documentation lists them.
const OURS: [&str; 13] = [
    "kind",
    "server",
    "client",
    "carrier",
    "rpc",
    "ok_if",
    "error_if",
    "root",
    "links",
    "metrics",
    "metrics_only",
    "boxed",
    "crate",
];

impl Instrument {
    /// Parses all that it can, and notes every mistake.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut arguments = Self::default();
        let parser = |input: ParseStream<'_>| {
            while !input.is_empty() {
                let parsed = arguments.parse_one(input);
                if errors.check(parsed).is_none() {
                    after_mistake(input);
                }
            }
            Ok(())
        };
        let result = parser.parse2(tokens);
        errors.check(result);
        arguments
    }

    /// Commas are spaces to `tracing`: they may be anywhere, or missing.
    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if input.peek(Token![,]) {
            input.parse::<Token![,]>()?;
            return Ok(());
        }
        if input.peek(LitStr) {
            return self.ours.positional_name(input);
        }
        if !input.peek(Ident::peek_any) {
            let unknown: TokenTree = input.parse()?;
            let message = "unknown argument: it is passed over";
            self.unrecognized.push(Error::new(unknown.span(), message));
            return Ok(());
        }
        let key = &input.call(Ident::parse_any)?;
        match key.to_string().as_str() {
            "name" => self.ours.name.set(key, assigned(key, input)?),
            "target" => self.ours.target.set(key, assigned(key, input)?),
            "level" => self.parse_level(key, input),
            "skip" => self.parse_skip(key, input),
            "skip_all" => self.ours.skip_all.set(key, ()),
            "fields" => self.parse_fields(key, input),
            // Of these the last one counts.
            "parent" => assigned(key, input).map(|parent| self.parent = Some(parent)),
            "follows_from" => assigned(key, input).map(|causes| self.follows_from = Some(causes)),
            "err" => Event::parse(key, input, true).map(|err| self.err = Some(err)),
            "ret" => Event::parse(key, input, false).map(|ret| self.ret = Some(ret)),
            word if OURS.contains(&word) => self.ours.parse_value(key, input),
            _ => self.parse_unknown(key, input),
        }
    }

    fn parse_level(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let (severity, ours) = after_equals(key, input, severity)?;
        self.ours.level.set(key, ours)?;
        self.level = severity;
        Ok(())
    }

    fn parse_skip(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        let names = in_parentheses(key, input, values::names)?;
        for (index, name) in names.iter().enumerate() {
            if names[..index].contains(name) {
                return Err(Error::new(
                    name.span(),
                    format!("`{name}` is skipped twice"),
                ));
            }
        }
        // None at all are none to `tracing`.
        match names.is_empty() {
            true => Ok(()),
            false => self.ours.skip.set(key, names),
        }
    }

    fn parse_fields(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        // For its name alone: what it holds is in `fields`.
        self.ours.fields.set(key, Vec::new())?;
        self.fields = in_parentheses(key, input, values::separated(SpanField::parse))?;
        Ok(())
    }

    fn parse_unknown(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        self.unrecognized.push(super::unknown(key, &known()));
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            input.parse::<Expr>()?;
        } else if input.peek(token::Paren) {
            input.parse::<TokenTree>()?;
        }
        Ok(())
    }
}

fn known() -> Vec<&'static str> {
    [SHARED.as_slice(), OURS.as_slice()].concat()
}

/// Goes on behind the next comma.
fn after_mistake(input: ParseStream<'_>) {
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

/// For `tracing` and for us, who cannot know what a constant with a name of its own stands for.
fn severity(input: ParseStream<'_>) -> syn::Result<(Severity, Ident)> {
    let by_path = input.peek(syn::Ident) || input.peek(Token![::]) || input.peek(Token![crate]);
    if by_path {
        let path: Path = input.fork().parse()?;
        let known = values::level(&input.fork());
        input.parse::<Path>()?;
        let ours = known.unwrap_or_else(|_| Ident::new("Info", proc_macro2::Span::mixed_site()));
        return Ok((Severity::Path(path), ours));
    }
    let ours = values::level(input)?;
    let name = Ident::new(&ours.to_string().to_uppercase(), ours.span());
    Ok((Severity::Named(name), ours))
}

impl Event {
    fn parse(key: &Ident, input: ParseStream<'_>, none: bool) -> syn::Result<Self> {
        let mut event = Self {
            key: key.clone(),
            level: None,
            format: Format::Default,
        };
        if !input.peek(token::Paren) {
            return Ok(event);
        }
        let inner;
        parenthesized!(inner in input);
        while !inner.is_empty() {
            if inner.peek(Token![,]) {
                inner.parse::<Token![,]>()?;
                continue;
            }
            let word = inner.call(Ident::parse_any)?;
            if word == "level" {
                if event.level.is_some() {
                    return Err(Error::new(word.span(), "`level` is given twice"));
                }
                event.level = Some(after_equals(&word, &inner, severity)?.0);
            } else if matches!(event.format, Format::Default) {
                event.format = Format::of(&word, none)?;
            } else {
                return Err(Error::new(word.span(), "the format is given twice"));
            }
        }
        Ok(event)
    }
}

impl SpanField {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut mode = Mode::parse(input)?;
        let (name, key, replaces) = Self::parse_name(input)?;
        let mut value = None;
        if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            if !matches!(Mode::parse(&input.fork())?, Mode::Value) {
                mode = Mode::parse(input)?;
            }
            value = Some(input.parse::<Expr>()?.into_token_stream());
        } else if !matches!(mode, Mode::Value) {
            value = Some(name.clone());
        }
        Ok(Self {
            name,
            key,
            replaces,
            mode,
            value,
        })
    }

    fn parse_name(input: ParseStream<'_>) -> syn::Result<(TokenStream, FieldKey, Option<Ident>)> {
        if input.peek(token::Brace) {
            let inner;
            let brace = braced!(inner in input);
            let expr = inner.parse::<Expr>()?.into_token_stream();
            let mut name = TokenStream::new();
            brace.surround(&mut name, |name| name.extend(expr.clone()));
            return Ok((name, FieldKey::Const(expr), None));
        }
        if input.peek(LitStr) {
            let text: LitStr = input.parse()?;
            let key = FieldKey::Text(text.value(), text.span());
            return Ok((text.into_token_stream(), key, None));
        }
        let span = input.span();
        let first = input.fork().call(Ident::parse_any)?;
        let (text, name) = values::dotted(input)?;
        let last = name.clone().into_iter().last();
        // A name that ends as it begins counts as that name.
        let replaces = last.is_some_and(|last| first == last.to_string());
        Ok((name, FieldKey::Text(text, span), replaces.then_some(first)))
    }

    /// Whether a parameter of this name is left to the field.
    pub(crate) fn is_in_the_place_of(&self, param: &Ident) -> bool {
        self.replaces.as_ref() == Some(param)
    }

    /// What it holds, if it is more than declared.
    pub(crate) fn expression(&self) -> Option<&TokenStream> {
        let value = self.value.as_ref()?;
        let last = value.clone().into_iter().last();
        let empty = matches!(last, Some(TokenTree::Ident(last)) if last == "Empty");
        (!empty).then_some(value)
    }

    /// Whether evaluating it again could be noticed.
    pub(crate) fn is_computed(&self) -> bool {
        self.expression().is_some_and(|value| {
            let literal = syn::parse2::<syn::Lit>(value.clone()).is_ok();
            !literal && syn::parse2::<Path>(value.clone()).is_err()
        })
    }

    /// The same for our side.
    pub(crate) fn as_ours(&self) -> Field {
        let value = match self.expression() {
            Some(value) => FieldValue::Expr(self.mode, value.clone()),
            None => FieldValue::Bare(None),
        };
        Field {
            key: self.key.clone(),
            value,
        }
    }

    /// [`Self::as_ours`] of what has been computed already.
    pub(crate) fn as_ours_with(&self, value: TokenStream) -> Field {
        Field {
            key: self.key.clone(),
            value: FieldValue::Expr(self.mode, value),
        }
    }
}
