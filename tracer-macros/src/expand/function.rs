//! One function: a guard around a body that runs at once, a wrapper around one that is a future.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{Expr, FnArg, ReturnType, Token, Type};

use super::callsite::{self, callsite};
use super::outcome::{Says, describer};
use super::params::{self, Capture, Inject, Naming, Params, Plan};
use super::tokens::{self, AsyncBody, local};
use super::{Runtime, Scope, attributes, recording, types};
use crate::args::Args;
use crate::item::{Function, regroup};

/// The function, annotated. One without a body has nothing to annotate.
pub(crate) fn function(mut f: Function, args: &Args, scope: &Scope) -> TokenStream {
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
    let call = Call {
        callsite: callsite(&rt, scope, args, &f.sig.ident),
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
    };
    let statements = call.expand(&mut f);
    let group = regroup(&body, Delimiter::Brace, statements);
    let Function {
        attrs, prefix, sig, ..
    } = f;
    quote_spanned!(Span::mixed_site()=> #(#attrs)* #inner #prefix #sig #group)
}

/// Everything that the templates below have in common.
struct Call<'a> {
    rt: &'a Runtime,
    args: &'a Args,
    body: &'a Group,
    callsite: TokenStream,
    /// What is recorded before the body.
    fields: TokenStream,
    naming: Naming,
    keep_async: bool,
}

impl Call<'_> {
    fn expand(&self, f: &mut Function) -> TokenStream {
        if f.sig.asyncness.is_some() {
            return self.async_fn(f);
        }
        if let ReturnType::Type(_, ty) = &f.sig.output
            && let Some(body) = AsyncBody::find(self.body)
        {
            return self.async_body(f, ty, &body);
        }
        self.sync_fn(f)
    }

    /// An `async fn` becomes a plain one that returns its body, wrapped: one future inside of
    /// another would hold the parameters twice.
    fn async_fn(&self, f: &mut Function) -> TokenStream {
        let span = Span::mixed_site();
        let private = &self.rt.private;
        let params = self.plan(Capture::Moved).apply(&mut f.sig);
        let returned = types::returned(&f.sig.output).cloned();
        // A body that never ends takes any return type, `!` among them.
        let edge = returned
            .as_ref()
            .filter(|ty| !types::is_never(ty))
            .map(types::nameable)
            .filter(|output| output.to_string() != "_")
            .map(|output| return_edge(private, &output));
        let inside = self.inside(&params);
        let block = quote_spanned!(span=> async move { #edge #inside });
        let (start, future) = self.wrap(&params, block, says(returned.as_ref()));
        let future = self.maybe_boxed(future);
        if self.keep_async {
            return quote_spanned!(span=> #start #future.await);
        }
        f.sig.asyncness = None;
        f.sig.output = self.future_of(&f.sig.output);
        quote_spanned!(span=> #start #future)
    }

    fn future_of(&self, output: &ReturnType) -> ReturnType {
        let span = Span::mixed_site();
        let private = &self.rt.private;
        let (arrow, output) = match output {
            ReturnType::Default => (Token![->](span), quote_spanned!(span=> ())),
            ReturnType::Type(arrow, ty) if types::is_never(ty) => {
                (*arrow, quote_spanned!(span=> #private::Never))
            }
            ReturnType::Type(arrow, ty) => (*arrow, ty.to_token_stream()),
        };
        let future = quote_spanned!(span=> impl #private::core::future::Future<Output = #output>);
        ReturnType::Type(arrow, Box::new(Type::Verbatim(future)))
    }

    /// A function whose whole body is a future: that future is the call.
    fn async_body(&self, f: &Function, ty: &Type, body: &AsyncBody) -> TokenStream {
        let span = Span::mixed_site();
        let private = &self.rt.private;
        let params = self.plan(Capture::Moved).leave(&f.sig);
        let output = types::output_of(ty, private).filter(|output| output.to_string() != "_");
        let edge = output.as_ref().map(|output| return_edge(private, output));
        let says = match types::future_output(ty) {
            Some(output) => says(Some(&output)),
            None if output.is_some() => Says::ByType,
            None => Says::AlwaysOk,
        };
        let call = Call {
            body: &body.block,
            callsite: self.callsite.clone(),
            fields: self.fields.clone(),
            ..*self
        };
        let inside = call.inside(&params);
        let mut before = TokenStream::new();
        let wrapped = body.rebuild(quote_spanned!(span=> #edge #inside), |block| {
            let (start, future) = self.wrap(&params, block, says);
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
    fn inside(&self, params: &Params) -> TokenStream {
        let (rebinding, fields, body) = (&params.rebinding, &self.fields, self.body);
        let injection = self.named_carrier();
        // A block of its own, in the user's edition: temporaries of its last expression drop before
        // the parameters. In parentheses, because a block at the end of a block is a warning.
        quote_spanned!(Span::mixed_site()=> #rebinding #injection #fields (#body))
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

    fn plan(&self, capture: Capture) -> Plan<'_> {
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

    /// `(statements before, the traced future)`.
    fn wrap(&self, params: &Params, block: TokenStream, says: Says) -> (TokenStream, TokenStream) {
        let span = Span::mixed_site();
        let (private, callsite) = (&self.rt.private, &self.callsite);
        let describe = describer(private, self.args, says);
        match (callsite::start(self.rt, self.args, params), describe) {
            (None, None) => (
                TokenStream::new(),
                quote_spanned!(span=> #private::traced(#callsite, #block)),
            ),
            (None, Some(describe)) => (
                TokenStream::new(),
                quote_spanned!(span=> #private::traced_by(#callsite, #block, #describe)),
            ),
            (Some(start), None) => (
                quote_spanned!(span=> let __traced_start = #start;),
                quote_spanned!(span=> #private::traced_at(#callsite, __traced_start, #block, #private::AlwaysOk)),
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

    /// A guard; in a closure where the body could leave the function before the outcome is seen,
    /// or where only a closure can drop `self` before the guard.
    fn sync_fn(&self, f: &mut Function) -> TokenStream {
        let span = Span::mixed_site();
        let private = &self.rt.private;
        let output = f.sig.output.clone();
        let returned = types::returned(&output);
        let future = returned.filter(|ty| types::is_impl_future(ty));
        let says = match future {
            Some(ty) => says(types::future_output(ty).as_ref()),
            None => says(returned),
        };
        let describe = describer(private, self.args, says);
        let early = tokens::exits_early(self.body.stream());
        let by_value = f
            .sig
            .inputs
            .iter()
            .any(|input| matches!(input, FnArg::Receiver(this) if params::is_by_value(this)));
        // A closure would be the caller that the body sees.
        let located = attributes::has(&f.attrs, "track_caller");
        let watched = describe.is_some() || future.is_some();
        // `todo!()` as the value of a `let` is a warning of clippy.
        let diverges = returned.is_some() && tokens::is_one_macro(self.body.stream());
        let closure = !located && (by_value || (early && watched) || diverges);
        let capture = if closure {
            Capture::Moved
        } else {
            Capture::InPlace
        };
        let params = self.plan(capture).apply(&mut f.sig);
        let inside = self.inside(&params);
        let callsite = &self.callsite;
        let enter = match callsite::start(self.rt, self.args, &params) {
            Some(start) => Enter::At(quote_spanned!(span=> #private::enter_at(#callsite, #start))),
            None => Enter::Here(callsite.clone()),
        };
        let alone = early && !closure;
        let end = match (future, describe) {
            _ if returned.is_some_and(types::is_never) => End::Unseen,
            (None, _) if alone && located && returned.is_some() => End::Unseen,
            (Some(ty), describe) => End::Future(types::output_of(ty, private), describe),
            (None, Some(describe)) if !alone => End::Described(describe),
            _ => End::Plain,
        };
        SyncBody {
            private,
            enter,
            inside,
            closure,
            alone,
            returned,
            end,
        }
        .expand()
    }
}

/// How the call begins.
enum Enter {
    /// Under what is current, by this callsite.
    Here(TokenStream),
    /// By this expression.
    At(TokenStream),
}

/// What is done with the returned value.
enum End {
    /// The guard alone: the end is not reached, or not looked at.
    Unseen,
    Plain,
    Described(TokenStream),
    /// With what the future gives.
    Future(Option<TokenStream>, Option<TokenStream>),
}

struct SyncBody<'a> {
    private: &'a TokenStream,
    enter: Enter,
    inside: TokenStream,
    closure: bool,
    /// Early exits are not seen: only unwinding is told from a normal end.
    alone: bool,
    returned: Option<&'a Type>,
    end: End,
}

impl SyncBody<'_> {
    fn expand(self) -> TokenStream {
        let span = Span::mixed_site();
        let Self {
            private,
            enter,
            inside,
            end,
            ..
        } = self;
        let (guard, value) = (local("__traced_guard"), local("__traced_value"));
        let ty = match self.returned {
            Some(ty) if types::is_never(ty) => quote_spanned!(span=> !),
            Some(ty) => types::nameable(ty),
            None => quote_spanned!(span=> ()),
        };
        let run = match self.closure {
            true => quote_spanned!(span=> #private::once(move || -> #ty { #inside })),
            false => quote_spanned!(span=> { #inside }),
        };
        let alone = self
            .alone
            .then(|| quote_spanned!(span=> #private::Guard::alone(&mut #guard);));
        let start = match enter {
            // Begun in its place: to move a guard costs more than to make one.
            Enter::Here(callsite) => quote_spanned!(span=>
                let mut #guard = #private::Guard::off();
                #private::Guard::enter(&mut #guard, #callsite);
                #alone),
            Enter::At(enter) => {
                let mutable = match (&end, self.alone) {
                    (End::Plain | End::Described(_), _) | (_, true) => {
                        Some(quote_spanned!(span=> mut))
                    }
                    _ => None,
                };
                quote_spanned!(span=> let #mutable #guard = #enter; #alone)
            }
        };
        // A body can end in `panic!()` whatever the function returns.
        let maybe_unreached = quote_spanned!(span=> #[allow(unreachable_code)]);
        match end {
            End::Unseen => quote_spanned!(span=> #start #run),
            End::Plain if self.returned.is_none() => {
                let semicolon = self.closure.then(|| quote_spanned!(span=> ;));
                quote_spanned!(span=> #start #run #semicolon #maybe_unreached #private::Guard::finish(&mut #guard);)
            }
            End::Plain => quote_spanned!(span=>
                #start let #value: #ty = #run; #maybe_unreached #private::Guard::finish(&mut #guard); #value),
            End::Described(describe) => quote_spanned!(span=>
            #start let #value: #ty = #run;
            #maybe_unreached {
                use #private::by_type::*;
                #private::Returned(#value).__traced_settle(&mut #guard, #describe)
            }),
            End::Future(output, describe) => {
                let future = match output {
                    Some(output) => quote_spanned!(span=> #private::output::<#output, _>(#value)),
                    None => value.to_token_stream(),
                };
                let end = match describe {
                    Some(describe) => quote_spanned!(span=>
                        #private::settle_future(#guard, #future, #describe)),
                    None => {
                        quote_spanned!(span=> #private::Guard::into_future(#guard, #future, #private::AlwaysOk))
                    }
                };
                quote_spanned!(span=>
                    #start let #value: #ty = #run; #maybe_unreached { #end })
            }
        }
    }
}

fn says(returned: Option<&Type>) -> Says {
    match returned {
        Some(ty) if !types::is_always_ok(ty) => Says::ByType,
        _ => Says::AlwaysOk,
    }
}

/// Tells the compiler what the future returns before it looks at the body: without it, an error in
/// the body would be reported somewhere else, and `Ok(1)` would have no error type.
fn return_edge(private: &TokenStream, output: &TokenStream) -> TokenStream {
    quote_spanned!(Span::mixed_site()=> if false { return #private::any::<#output>(); })
}
