//! The arguments of `#[traced(…)]`: what was written, each with its keyword.

mod instrument;
mod slot;
mod values;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use syn::ext::IdentExt as _;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::{Error, Expr, ExprLit, Ident, Lit, LitStr, Path, Token, parenthesized, token};

pub(crate) use instrument::{Event, Instrument, Severity, SpanField};
pub(crate) use slot::Slot;
pub(crate) use values::{Field, FieldKey, FieldValue, Format, LEVELS, Mode, Recorded, Rpc};

use crate::diag::{self, Errors};

/// Everything that may stand in the parentheses.
#[derive(Default, Clone)]
pub(crate) struct Args {
    /// `#[traced(skip)]`: leave this item out.
    pub(crate) skip_item: Slot<()>,
    pub(crate) name: Slot<Expr>,
    pub(crate) target: Slot<Expr>,
    pub(crate) level: Slot<Ident>,
    pub(crate) kind: Slot<Ident>,
    pub(crate) server: Slot<()>,
    pub(crate) client: Slot<()>,
    pub(crate) carrier: Slot<Expr>,
    pub(crate) rpc: Slot<Rpc>,
    pub(crate) args: Slot<Recorded>,
    pub(crate) fields: Slot<Vec<Field>>,
    pub(crate) skip: Slot<Vec<Ident>>,
    pub(crate) skip_all: Slot<()>,
    pub(crate) err: Slot<Format>,
    pub(crate) ret: Slot<Format>,
    pub(crate) ok_if: Slot<Path>,
    pub(crate) error_if: Slot<Path>,
    pub(crate) parent: Slot<Expr>,
    pub(crate) root: Slot<()>,
    pub(crate) links: Slot<Expr>,
    pub(crate) metrics: Slot<()>,
    pub(crate) metrics_only: Slot<()>,
    pub(crate) boxed: Slot<()>,
    pub(crate) krate: Slot<Path>,
}

/// In the order in which the documentation lists them.
const KNOWN: [&str; 23] = [
    "name",
    "target",
    "level",
    "kind",
    "server",
    "client",
    "carrier",
    "rpc",
    "args",
    "fields",
    "skip",
    "skip_all",
    "err",
    "ret",
    "ok_if",
    "error_if",
    "parent",
    "root",
    "links",
    "metrics",
    "metrics_only",
    "boxed",
    "crate",
];

/// What other attributes of this sort call the same thing.
const ELSEWHERE: [(&str, &str); 4] = [
    ("follows_from", "links"),
    ("properties", "fields"),
    ("parent_from", "carrier"),
    ("crate_path", "crate"),
];

impl Args {
    /// Parses all that it can, and notes every mistake.
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let parser = |input: ParseStream<'_>| {
            args.parse_list(input, errors);
            Ok(())
        };
        let result = parser.parse2(tokens);
        errors.check(result);
        args
    }

    fn parse_list(&mut self, input: ParseStream<'_>, errors: &mut Errors) {
        if input.peek(LitStr) {
            let parsed = self.positional_name(input);
            end_argument(input, parsed, errors);
        }
        while !input.is_empty() {
            let parsed = self.parse_one(input);
            end_argument(input, parsed, errors);
        }
    }

    fn positional_name(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        let text: LitStr = input.parse()?;
        let key = Ident::new("name", text.span());
        let name = Expr::Lit(ExprLit {
            attrs: Vec::new(),
            lit: Lit::Str(text),
        });
        self.name.set(&key, name)
    }

    fn parse_one(&mut self, input: ParseStream<'_>) -> syn::Result<()> {
        if !input.peek(Ident::peek_any) {
            return Err(input.error("expected the name of an argument"));
        }
        let key = &input.call(Ident::parse_any)?;
        self.parse_value(key, input)
    }

    /// What comes after the keyword.
    fn parse_value(&mut self, key: &Ident, input: ParseStream<'_>) -> syn::Result<()> {
        match key.to_string().as_str() {
            "name" => self.name.set(key, assigned(key, input)?),
            "target" => self.target.set(key, assigned(key, input)?),
            "level" => self
                .level
                .set(key, after_equals(key, input, values::level)?),
            "kind" => self.kind.set(key, after_equals(key, input, values::kind)?),
            "server" => self.server.set(key, ()),
            "client" => self.client.set(key, ()),
            "carrier" => self.carrier.set(key, assigned(key, input)?),
            "rpc" => self.rpc.set(key, in_parentheses(key, input, Rpc::parse)?),
            "args" => self
                .args
                .set(key, in_parentheses(key, input, Recorded::parse)?),
            "fields" => self.fields.set(
                key,
                in_parentheses(key, input, values::separated(Field::parse))?,
            ),
            "skip" if input.peek(token::Paren) => self
                .skip
                .set(key, in_parentheses(key, input, values::names)?),
            "skip" => self.skip_item.set(key, ()),
            "skip_all" => self.skip_all.set(key, ()),
            "err" => self.err.set(key, Format::parse(input, true)?),
            "ret" => self.ret.set(key, Format::parse(input, false)?),
            "ok_if" => self.ok_if.set(key, assigned(key, input)?),
            "error_if" => self.error_if.set(key, assigned(key, input)?),
            "parent" => self.parent.set(key, assigned(key, input)?),
            "root" => self.root.set(key, ()),
            "links" => self.links.set(key, assigned(key, input)?),
            "metrics" => self.metrics.set(key, after_equals(key, input, off)?),
            "metrics_only" => self.metrics_only.set(key, ()),
            "boxed" => self.boxed.set(key, ()),
            "crate" => self
                .krate
                .set(key, after_equals(key, input, Path::parse_mod_style)?),
            _ => Err(unknown(key, &KNOWN)),
        }
    }

    /// Fills in what the enclosing `impl` or `mod` says. An argument that contradicts one of the
    /// outer ones replaces it.
    pub(crate) fn inherit(&mut self, outer: &Self) {
        if !self.kind.is_set() && !self.server.is_set() && !self.client.is_set() {
            self.kind.or(&outer.kind);
            self.server.or(&outer.server);
            self.client.or(&outer.client);
            self.carrier.or(&outer.carrier);
            self.rpc.or(&outer.rpc);
        }
        if !self.parent.is_set() && !self.root.is_set() {
            self.parent.or(&outer.parent);
            self.root.or(&outer.root);
        }
        if !self.metrics.is_set() && !self.metrics_only.is_set() {
            self.metrics.or(&outer.metrics);
            self.metrics_only.or(&outer.metrics_only);
        }
        if !self.ok_if.is_set() && !self.error_if.is_set() {
            self.ok_if.or(&outer.ok_if);
            self.error_if.or(&outer.error_if);
        }
        if !self.args.is_set() && !self.skip_all.is_set() {
            self.args.or(&outer.args);
        }
        self.target.or(&outer.target);
        self.level.or(&outer.level);
        self.fields.or(&outer.fields);
        self.skip.or(&outer.skip);
        self.skip_all.or(&outer.skip_all);
        self.err.or(&outer.err);
        self.ret.or(&outer.ret);
        self.links.or(&outer.links);
        self.boxed.or(&outer.boxed);
        self.krate.or(&outer.krate);
    }
}

fn assigned<T: Parse>(key: &Ident, input: ParseStream<'_>) -> syn::Result<T> {
    after_equals(key, input, T::parse)
}

fn after_equals<T>(
    key: &Ident,
    input: ParseStream<'_>,
    parse: fn(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    let equals = input.parse::<Option<Token![=]>>()?;
    if equals.is_none() || input.is_empty() || input.peek(Token![,]) {
        let message = format!("`{key}` needs a value: `{key} = …`");
        return Err(Error::new(key.span(), message));
    }
    parse(input)
}

fn in_parentheses<T>(
    key: &Ident,
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> syn::Result<T> {
    if !input.peek(token::Paren) {
        let message = format!("`{key}` needs parentheses: `{key}(…)`");
        return Err(Error::new(key.span(), message));
    }
    let inner;
    parenthesized!(inner in input);
    let parsed = parse(&inner);
    if parsed.is_err() {
        // What is left unread would be a second error.
        let _ = inner.parse::<TokenStream>();
    }
    parsed
}

fn off(input: ParseStream<'_>) -> syn::Result<()> {
    let span = input.span();
    match input.call(Ident::parse_any) {
        Ok(word) if word == "off" => Ok(()),
        _ => Err(Error::new(
            span,
            "expected `off`; metrics are on by default",
        )),
    }
}

fn unknown(key: &Ident, known: &[&'static str]) -> Error {
    let name = key.unraw().to_string();
    let meant = diag::nearest(&name, known.iter().copied()).or_else(|| {
        let same = ELSEWHERE
            .iter()
            .find(|(other, ours)| *other == name && known.contains(ours));
        same.map(|&(_, ours)| ours)
    });
    let hint = meant.map_or(String::from("."), |meant| {
        format!(", did you mean `{meant}`?")
    });
    let known = diag::list(known.iter().copied());
    Error::new(
        key.span(),
        format!("unknown argument `{key}`{hint} The arguments are {known}"),
    )
}

/// Consumes the comma; after a mistake, everything up to it.
fn end_argument(input: ParseStream<'_>, parsed: syn::Result<()>, errors: &mut Errors) {
    let failed = errors.check(parsed).is_none();
    if !input.is_empty() && !input.peek(Token![,]) {
        if !failed {
            errors.push(input.error("expected `,`"));
        }
        while !input.is_empty() && !input.peek(Token![,]) {
            if input.parse::<TokenTree>().is_err() {
                return;
            }
        }
    }
    let _ = input.parse::<Option<Token![,]>>();
}

/// The arguments of an attribute: what stands in its parentheses.
pub(crate) fn of_attribute(meta: TokenStream) -> TokenStream {
    meta.into_iter()
        .find_map(|tree| match tree {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis => {
                Some(group.stream())
            }
            _ => None,
        })
        .unwrap_or_default()
}
