//! `#[instrument]`: what `#[traced]` makes of a function, with a span for subscribers of `tracing` inside of it.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::parse::Parser as _;
use syn::{Block, Error, Expr, Item, LitStr, ReturnType, Stmt};

use super::function::{annotated, return_edge};
use super::seen::recorded_params;
use super::subscriber::Layer;
use super::{Runtime, Scope, by_level, tokens, types};
use crate::args::{Args, Field, Format, Instrument, Mode, Recorded, Slot, SpanField};
use crate::item::{Function, regroup};

/// The function with both spans; with that of `tracing` alone where its level is beyond our `max_level_*`.
pub(crate) fn instrument(f: Function, arguments: &Instrument) -> TokenStream {
    let ident = f.sig.ident.clone();
    let f = match in_a_box(&f) {
        Some(inner) => return inner.annotate(f, arguments),
        None => f,
    };
    with_name_of(f, arguments, &ident)
}

/// Called `ident`, unless it has a name of its own.
fn with_name_of(f: Function, arguments: &Instrument, ident: &Ident) -> TokenStream {
    let args = ours(arguments, &f);
    let scope = Scope {
        function: Some(ident.clone()),
        ..Scope::default()
    };
    let annotate = |f| annotated(f, &args, &scope, Some((arguments, ident)));
    by_level(f, &args, annotate, |f| visible(f, arguments, ident))
}

/// The arguments of our span.
fn ours(arguments: &Instrument, f: &Function) -> Args {
    let mut args = arguments.ours.clone();
    (args.args, args.skip) = (Slot::default(), Slot::default());
    let params = recorded_params(arguments, &f.sig);
    let named: Vec<(Mode, Ident)> = params
        .into_iter()
        .map(|param| (Mode::Value, param.name))
        .collect();
    if !named.is_empty() {
        args.args.put(Recorded::Named(named));
    }
    args.fields = Slot::default();
    if !arguments.fields.iter().any(SpanField::is_computed) {
        let fields: Vec<Field> = arguments.fields.iter().map(SpanField::as_ours).collect();
        args.fields.put(fields);
    }
    // How it is said to `tracing` decides nothing here, unless it is said.
    if let Some(err) = arguments
        .err
        .as_ref()
        .filter(|err| !matches!(err.format, Format::Default))
    {
        args.err.put(err.format);
    }
    if let Some(ret) = &arguments.ret {
        args.ret.put(ret.format);
    }
    args
}

/// The function with the span of `tracing` and nothing else.
fn visible(mut f: Function, arguments: &Instrument, ident: &Ident) -> TokenStream {
    let Some(body) = f.body.take() else {
        return f.into_token_stream();
    };
    let (inner, body) = tokens::split_inner_attributes(&body);
    let rt = Runtime::new(&arguments.ours);
    let layer = Layer::new(&rt.private, arguments, &f.sig, ident, false);
    let statements = if f.sig.asyncness.is_some() {
        let edge = types::returned(&f.sig.output)
            .filter(|ty| !types::is_never(ty))
            .and_then(|ty| return_edge(&rt, types::without_lifetimes(ty)));
        layer.future(&body, edge.as_ref())
    } else {
        future_at_the_end(&layer, &body, &f.sig.output).unwrap_or_else(|| layer.sync(&body))
    };
    let (import, warnings) = (rt.import(), warnings(arguments));
    let statements = quote_spanned!(Span::mixed_site()=> #import #warnings #statements);
    let group = regroup(&body, Delimiter::Brace, statements);
    let Function {
        attrs, prefix, sig, ..
    } = f;
    quote_spanned!(Span::mixed_site()=> #(#attrs)* #inner #prefix #sig #group)
}

/// A body whose value is an `async` block, or one in `Box::pin(…)`: the span is that of the future, and what comes before is
/// outside of it.
pub(super) fn future_at_the_end(
    layer: &Layer<'_>,
    body: &Group,
    output: &ReturnType,
) -> Option<TokenStream> {
    let statements = statements(body, output)?;
    let end = last_expression(&statements)?;
    let Stmt::Expr(expr, _) = &statements[end] else {
        return None;
    };
    let (block, pinned) = match expr {
        Expr::Async(block) => (block, false),
        expr => match boxed(expr)? {
            Expr::Async(block) => (block, true),
            _ => return None,
        },
    };
    let mut brace = Group::new(
        Delimiter::Brace,
        block
            .block
            .stmts
            .iter()
            .map(|stmt| stmt.to_token_stream())
            .collect(),
    );
    brace.set_span(block.block.brace_token.span.join());
    let attrs = &block.attrs;
    let layered = layer.future(&brace, None);
    let mut future = quote_spanned!(Span::mixed_site()=> #(#attrs)* async move { #layered });
    if pinned {
        future = quote_spanned!(Span::mixed_site()=> ::std::boxed::Box::pin(#future));
    }
    let (before, after) = (&statements[..end], &statements[end + 1..]);
    Some(quote_spanned!(Span::mixed_site()=> #(#before)* #future #(#after)*))
}

/// Of a body that could be one: few are, and the others need not be understood.
fn statements(body: &Group, output: &ReturnType) -> Option<Vec<Stmt>> {
    let future = matches!(output, ReturnType::Type(..)) && tokens::has_word(body.stream(), "async");
    future
        .then(|| Block::parse_within.parse2(body.stream()).ok())
        .flatten()
}

fn last_expression(statements: &[Stmt]) -> Option<usize> {
    statements
        .iter()
        .rposition(|stmt| matches!(stmt, Stmt::Expr(..)))
}

/// What is in `Box::pin(…)`.
fn boxed(expr: &Expr) -> Option<&Expr> {
    let Expr::Call(call) = expr else { return None };
    let Expr::Path(path) = &*call.func else {
        return None;
    };
    let mut names = path
        .path
        .segments
        .iter()
        .rev()
        .map(|segment| segment.ident.to_string());
    let is_pin = names.next().as_deref() == Some("pin") && names.next().as_deref() == Some("Box");
    is_pin.then(|| call.args.first()).flatten()
}

/// An `async fn` inside of the body that is called in a `Box::pin(…)` at its end.
struct Inner {
    before: TokenStream,
    function: Function,
    after: TokenStream,
}

fn in_a_box(f: &Function) -> Option<Inner> {
    let body = f.body.as_ref().filter(|_| f.sig.asyncness.is_none())?;
    let statements = statements(body, &f.sig.output)?;
    let Stmt::Expr(expr, _) = &statements[last_expression(&statements)?] else {
        return None;
    };
    let Expr::Call(call) = boxed(expr)? else {
        return None;
    };
    let Expr::Path(path) = &*call.func else {
        return None;
    };
    let called = &path.path.segments.last()?.ident;
    let place = statements.iter().position(|stmt| {
        matches!(stmt, Stmt::Item(Item::Fn(item)) if item.sig.asyncness.is_some() && item.sig.ident == *called)
    })?;
    let function = crate::item::Item::parse(statements[place].to_token_stream()).ok()?;
    let crate::item::Item::Function(function) = function else {
        return None;
    };
    let tokens = |statements: &[Stmt]| {
        statements
            .iter()
            .map(|stmt| stmt.to_token_stream())
            .collect()
    };
    Some(Inner {
        before: tokens(&statements[..place]),
        function: *function,
        after: tokens(&statements[place + 1..]),
    })
}

impl Inner {
    fn annotate(self, outer: Function, arguments: &Instrument) -> TokenStream {
        let Self {
            before,
            function,
            after,
        } = self;
        let function = with_name_of(function, arguments, &outer.sig.ident);
        let Function {
            attrs,
            prefix,
            sig,
            body,
        } = outer;
        let statements = quote_spanned!(Span::mixed_site()=> #before #function #after);
        let body = body.map(|body| regroup(&body, Delimiter::Brace, statements));
        quote_spanned!(Span::mixed_site()=> #(#attrs)* #prefix #sig #body)
    }
}

/// A macro can only warn by using what is deprecated.
pub(super) fn warnings(arguments: &Instrument) -> TokenStream {
    let warning = |error: &Error| {
        let note = LitStr::new(&error.to_string(), error.span());
        quote_spanned!(error.span()=> {
            #[warn(deprecated)]
            {
                #[deprecated(note = #note)]
                const INSTRUMENT_ARGUMENT: () = ();
                let _ = INSTRUMENT_ARGUMENT;
            }
        })
    };
    arguments.unrecognized.iter().map(warning).collect()
}
