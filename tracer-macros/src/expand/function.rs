//! One function: a guard around a body that runs at once, a wrapper around one that is a future.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote_spanned};
use syn::{Expr, ReturnType, Signature, Token, Type, parse_quote_spanned};

use super::callsite;
use super::instrument::{future_at_the_end, warnings};
use super::outcome::{Describer, Says, describer, judge_of};
use super::params::{self, Capture, Inject, Naming, Params, Plan};
use super::subscriber::Layer;
use super::tokens::{self, AsyncBody};
use super::{Runtime, Scope, attributes, recording, types};
use crate::args::{Args, Instrument};
use crate::item::{Function, regroup};

/// The function, annotated. One without a body has nothing to annotate.
pub(crate) fn function(f: Function, args: &Args, scope: &Scope) -> TokenStream {
    annotated(f, args, scope, None)
}

/// With the arguments of `#[instrument]` and the name that `tracing` shall know: seen by its subscribers as well.
pub(super) fn annotated(
    mut f: Function,
    args: &Args,
    scope: &Scope,
    visible: Option<(&Instrument, &Ident)>,
) -> TokenStream {
    let Some(body) = f.body.take() else {
        return f.into_token_stream();
    };
    let (inner, body) = tokens::split_inner_attributes(&body);
    let rt = Runtime::new(args);
    let foreign = scope.foreign || attributes::any_foreign(&f.attrs);
    let names_parameters = foreign || callsite::names_parameters(args);
    let bindings = params::bindings(&f.sig);
    let uses = callsite::uses(args, &bindings);
    let recorded = recording::at_start(&rt.private, args, &bindings);
    let sig = f.sig.clone();
    let layer =
        visible.map(|(arguments, ident)| Layer::new(&rt.private, arguments, &sig, ident, true));
    let shared = layer.as_ref().is_some_and(Layer::records_fields);
    let fields = callsite::Fields {
        keys: recording::keys(args, &bindings),
        at_start: !recorded.is_empty(),
    };
    let site = |make: fn(&_, &_, &_, &_, &_) -> _| make(&rt, scope, args, &sig.ident, &fields);
    let (item, callsite) = match shared || recording::names_callsite(args, &recorded) {
        true => (Some(site(callsite::item)), callsite::reference()),
        false => (None, site(callsite::callsite)),
    };
    let call = Call {
        callsite,
        fields: quote_spanned!(Span::mixed_site()=> #uses #recorded),
        naming: if names_parameters {
            Naming::Users
        } else {
            Naming::Ours
        },
        keep_async: foreign,
        rt: &rt,
        args,
        body: &body,
        layer: layer.as_ref(),
    };
    let (import, statements) = (rt.import(), call.expand(&mut f));
    let warnings = visible.map(|(arguments, _)| warnings(arguments));
    let statements = quote_spanned!(Span::mixed_site()=> #import #warnings #item #statements);
    let group = regroup(&body, Delimiter::Brace, statements);
    let Function {
        attrs, prefix, sig, ..
    } = f;
    quote_spanned!(Span::mixed_site()=> #(#attrs)* #inner #prefix #sig #group)
}

/// Everything that the templates below have in common.
pub(super) struct Call<'a> {
    pub(super) rt: &'a Runtime,
    pub(super) args: &'a Args,
    pub(super) body: &'a Group,
    pub(super) callsite: TokenStream,
    /// What is recorded before the body.
    fields: TokenStream,
    naming: Naming,
    keep_async: bool,
    /// What subscribers of `tracing` see, where they do.
    pub(super) layer: Option<&'a Layer<'a>>,
}

impl Call<'_> {
    fn expand(&self, f: &mut Function) -> TokenStream {
        if f.sig.asyncness.is_some() {
            return self.async_fn(f);
        }
        if let ReturnType::Type(_, ty) = &f.sig.output
            && let Some(body) = AsyncBody::find(self.body)
        {
            let body = match self.layer {
                Some(_) => body.moving(),
                None => body,
            };
            return self.async_body(f, ty, &body);
        }
        self.sync_fn(f)
    }

    /// An `async fn` becomes a plain one that returns its body, wrapped: one future inside of
    /// another would hold the parameters twice.
    fn async_fn(&self, f: &mut Function) -> TokenStream {
        let span = Span::mixed_site();
        // Only of an `async fn` `#[must_use]` means what comes out of it, and only it is what a macro below may ask for.
        let nested = self.keep_async || attributes::has(&f.attrs, "must_use");
        let capture = match nested {
            true => Capture::Nested,
            false => Capture::Future,
        };
        let params = self.plan(capture).apply(&mut f.sig);
        let returned = types::returned(&f.sig.output).cloned();
        if returned.as_ref().is_some_and(types::may_be_future) {
            // Of an `async fn` it is not said.
            f.attrs
                .push(parse_quote_spanned!(span=> #[allow(clippy::async_yields_async)]));
        }
        let edge = match &returned {
            None => {
                let span = tokens::generated(f.sig.paren_token.span.close());
                Some(quote_spanned!(span=> if false { return; }))
            }
            // A body that never ends takes any return type, `!` among them.
            Some(ty) if types::is_never(ty) => None,
            Some(ty) => return_edge(self.rt, types::without_lifetimes(ty)),
        };
        let inside = self.inside_future(&params, edge);
        let (keyword, block) = tokens::as_written(Token![async](span), self.body, inside);
        let block = quote_spanned!(span=> #keyword move #block);
        let output = returned.as_ref().map(types::without_lifetimes);
        let (start, future) = self.wrap(&params, block, says(returned.as_ref()), output);
        let future = self.maybe_boxed(future);
        if nested {
            return quote_spanned!(span=> #start #future.await);
        }
        f.sig.asyncness = None;
        f.sig.output = self.future_of(&f.sig);
        quote_spanned!(span=> #start #future)
    }

    /// Where the user wrote what the future gives: a mistake in it is reported there.
    fn future_of(&self, sig: &Signature) -> ReturnType {
        let written = match &sig.output {
            ReturnType::Default => None,
            ReturnType::Type(_, ty) => Some(ty.to_token_stream()),
        };
        let paren = sig.paren_token.span.close();
        let place = |tree: Option<TokenTree>| tree.map_or(paren, |tree| tree.span());
        let span = tokens::generated(place(written.clone().and_then(|t| t.into_iter().next())));
        // The signature ends where the user's did: that is where lints about the function point.
        let end = Token![>](place(written.clone().and_then(|t| t.into_iter().last())));
        let (arrow, output) = match &sig.output {
            ReturnType::Default => (Token![->](span), quote_spanned!(span=> ())),
            ReturnType::Type(arrow, ty) if types::is_never(ty) => {
                (*arrow, self.rt.never_outside(span))
            }
            ReturnType::Type(arrow, ty) => (*arrow, ty.to_token_stream()),
        };
        let core = self.rt.core_outside(span);
        let future = quote_spanned!(span=> impl #core::future::Future<Output = #output #end);
        ReturnType::Type(arrow, Box::new(Type::Verbatim(future)))
    }

    /// A function whose whole body is a future: that future is the call.
    fn async_body(&self, f: &Function, ty: &Type, body: &AsyncBody) -> TokenStream {
        let span = Span::mixed_site();
        let private = &self.rt.private;
        let params = self.plan(Capture::Future).leave(&f.sig);
        let output = types::output_of(ty, private);
        let edge = output
            .clone()
            .and_then(|output| return_edge(self.rt, output));
        let says = match types::future_output(ty) {
            Some(output) => says(Some(&output)),
            None if edge.is_some() => Says::ByType,
            None => Says::AlwaysOk,
        };
        let call = Call {
            body: &body.block,
            callsite: self.callsite.clone(),
            fields: self.fields.clone(),
            ..*self
        };
        let inside = call.inside_future(&params, edge);
        let mut before = TokenStream::new();
        let wrapped = body.rebuild(inside, |block| {
            let (start, future) = call.wrap(&params, block, says, output);
            before = start;
            future
        });
        let whole = match body.is_pinned() {
            true => wrapped,
            false => self.maybe_boxed(wrapped),
        };
        quote_spanned!(span=> #before #whole)
    }

    /// What runs inside the span: the parameters move in, then the user's body, untouched.
    pub(super) fn inside(&self, params: &Params, output: &ReturnType) -> TokenStream {
        let body = self.body;
        // A block of its own, in the user's edition: temporaries of its last expression drop before
        // the parameters. In parentheses, because a block at the end of a block is a warning.
        let body = match self.layer {
            None => quote_spanned!(Span::mixed_site()=> (#body)),
            Some(layer) => {
                future_at_the_end(layer, body, output).unwrap_or_else(|| layer.sync(body))
            }
        };
        self.behind_parameters(params, body)
    }

    /// The same of a body that is a future; `edge` tells what it gives.
    fn inside_future(&self, params: &Params, edge: Option<TokenStream>) -> TokenStream {
        let body = self.body;
        let body = match self.layer {
            None => {
                let inside =
                    self.behind_parameters(params, quote_spanned!(Span::mixed_site()=> (#body)));
                return quote_spanned!(Span::mixed_site()=> #edge #inside);
            }
            Some(layer) => layer.future(body, edge.as_ref()),
        };
        self.behind_parameters(params, body)
    }

    fn behind_parameters(&self, params: &Params, body: TokenStream) -> TokenStream {
        let (rebinding, fields) = (&params.rebinding, &self.fields);
        let injection = self.named_carrier();
        quote_spanned!(Span::mixed_site()=> #rebinding #injection #fields #body)
    }

    /// `carrier = EXPR` of a client, unless it is a parameter.
    fn named_carrier(&self) -> Option<TokenStream> {
        let private = &self.rt.private;
        let carrier = self
            .args
            .carrier
            .get()
            .filter(|_| self.args.client.is_set())?;
        if self.injected().is_some() {
            return None;
        }
        Some(
            quote_spanned!(Span::mixed_site()=> match #carrier { mut carrier => {
            use #private::carrier::*;
            (&mut CarrierMut(&mut carrier)).__traced_outgoing();
        } }),
        )
    }

    /// The one parameter that was named as the carrier.
    fn injected(&self) -> Option<&Ident> {
        match self.args.carrier.get() {
            Some(Expr::Path(path)) => path.path.get_ident(),
            _ => None,
        }
    }

    pub(super) fn plan(&self, capture: Capture) -> Plan<'_> {
        Plan {
            private: &self.rt.private,
            naming: self.naming,
            capture,
            inject: match (self.args.client.is_set(), &self.args.carrier.get()) {
                (false, _) => Inject::Nothing,
                (true, None) => Inject::All,
                (true, Some(_)) => self.injected().map_or(Inject::Nothing, Inject::Only),
            },
        }
    }

    /// `(statements before, the traced future)`; `output` is what it gives, where that can be written down.
    fn wrap(
        &self,
        params: &Params,
        block: TokenStream,
        says: Says,
        output: Option<TokenStream>,
    ) -> (TokenStream, TokenStream) {
        let (private, callsite) = (&self.rt.private, &self.callsite);
        let output = output.filter(types::is_known);
        let by = match describer(private, self.args, says, output.is_some()) {
            Some(Describer::Closure(describe)) => Some(describe),
            _ => None,
        };
        let judge = match output.filter(|_| by.is_none() && says == Says::ByType) {
            Some(output) => judge_of(private, &output),
            None => quote_spanned!(Span::mixed_site()=> #private::AlwaysOk),
        };
        let span = tokens::place_of_value(self.body);
        let private = self.rt.private_at(span);
        let identity = callsite::identity(self.rt, self.args, params);
        if let (Some(start), Some(identity)) =
            (callsite::start(self.rt, self.args, params), identity)
        {
            let before = quote_spanned!(span=>
                let __traced_start = #start; let __traced_identity = #identity;);
            let place = quote_spanned!(span=> #callsite, __traced_start, __traced_identity);
            let call = match by {
                None => quote_spanned!(span=> #private::traced_call(#place, #block, #judge)),
                Some(describe) => {
                    quote_spanned!(span=> #private::traced_call_by(#place, #block, #describe))
                }
            };
            return (before, call);
        }
        match (callsite::start(self.rt, self.args, params), by) {
            (None, None) => (
                TokenStream::new(),
                quote_spanned!(span=> #private::traced_with(#callsite, #block, #judge)),
            ),
            (None, Some(describe)) => (
                TokenStream::new(),
                quote_spanned!(span=> #private::traced_by(#callsite, #block, #describe)),
            ),
            (Some(start), None) => (
                quote_spanned!(span=> let __traced_start = #start;),
                quote_spanned!(span=> #private::traced_at(#callsite, __traced_start, #block, #judge)),
            ),
            (Some(start), Some(describe)) => (
                quote_spanned!(span=> let __traced_start = #start;),
                quote_spanned!(span=> #private::traced_at_by(#callsite, __traced_start, #block, #describe)),
            ),
        }
    }

    fn maybe_boxed(&self, future: TokenStream) -> TokenStream {
        let private = &self.rt.private;
        match self.args.boxed.is_set() {
            true => quote_spanned!(Span::mixed_site()=> #private::Box::pin(#future)),
            false => future,
        }
    }
}

pub(super) fn says(returned: Option<&Type>) -> Says {
    match returned {
        Some(ty) if !types::is_always_ok(ty) => Says::ByType,
        _ => Says::AlwaysOk,
    }
}

/// Tells the compiler what the future returns before it looks at the body: without it, an error in
/// the body would be reported somewhere else, and `Ok(1)` would have no error type. `_` says nothing.
pub(super) fn return_edge(rt: &Runtime, output: TokenStream) -> Option<TokenStream> {
    if output.to_string() == "_" {
        return None;
    }
    let place = output.clone().into_iter().next()?.span();
    let span = tokens::generated(place);
    let private = rt.private_at(span);
    Some(quote_spanned!(span=> if false { return #private::any::<#output>(); }))
}
