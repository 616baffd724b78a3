//! A function whose body runs at once: a guard around it.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::{FnArg, Token, Type};

use super::callsite;
use super::function::{Call, says};
use super::instrument::future_at_the_end;
use super::outcome::{Describer, describer, judge, judge_of, probe_of};
use super::params::{self, Capture, Params};
use super::tokens::{self, Exits, local};
use super::{attributes, types};
use crate::item::Function;

impl Call<'_> {
    /// A guard; in a closure where the body could leave the function before the outcome is seen,
    /// or where only a closure can drop `self` before the guard.
    pub(super) fn sync_fn(&self, f: &mut Function) -> TokenStream {
        let output = f.sig.output.clone();
        let returned = types::returned(&output);
        let tries =
            returned.is_some_and(|ty| !types::is_always_ok(ty) || types::is_opaque_inside(ty));
        let exits = tokens::exits(self.body.stream(), tries);
        // A closure would be the caller that the body sees.
        let located = attributes::has(&f.attrs, "track_caller");
        // What a returned closure takes is known where it is returned, and nowhere else.
        let returns_closure = returned.is_some_and(types::is_impl_fn);
        let mut end = self.end(returned, exits);
        // What returns from inside of a closure does not leave the function.
        let exits = match self.layer {
            Some(layer)
                if layer.is_closed() && future_at_the_end(layer, self.body, &output).is_none() =>
            {
                Exits::Never
            }
            _ => exits,
        };
        end = match end {
            End::Described(_) | End::Reached if located && exits != Exits::Never => End::Unseen,
            End::Reached if returns_closure => End::Unseen,
            end => end,
        };
        let watched = !matches!(end, End::Unseen | End::Never);
        let by_value = f
            .sig
            .inputs
            .iter()
            .any(|input| matches!(input, FnArg::Receiver(this) if params::is_by_value(this)));
        // `todo!()` as the value of a `let` is a warning of clippy.
        let diverges = watched && returned.is_some() && tokens::is_one_macro(self.body.stream());
        let closure = match watched {
            true => exits != Exits::Never || by_value || diverges,
            false => by_value && !returns_closure,
        };
        let closure = closure && !located;
        let capture = if closure {
            Capture::Moved
        } else {
            Capture::InPlace
        };
        let params = self.plan(capture).apply(&mut f.sig);
        let place = tokens::place_of_value(self.body);
        let body = SyncBody {
            private: &self.rt.private,
            place,
            private_there: self.rt.private_at(place),
            enter: self.enter(&params),
            inside: self.inside(&params, &output),
            closure: closure.then_some(self.body),
            exits,
            returned,
            end,
        };
        body.expand()
    }

    /// What would be done with the returned value if nothing were in the way.
    fn end(&self, returned: Option<&Type>, exits: Exits) -> End {
        let valueless = exits == Exits::Never && !tokens::has_value(self.body.stream());
        if returned.is_some_and(|ty| types::is_never(ty) || valueless) {
            return End::Never;
        }
        let private = &self.rt.private;
        let future = returned.filter(|ty| types::is_impl_future(ty));
        let says = match future {
            Some(ty) => says(types::future_output(ty).as_ref()),
            None => says(returned),
        };
        let output = future.and_then(|ty| types::output_of(ty, private));
        // A value has its type, a future can hide it.
        let named = future.is_none() || output.as_ref().is_some_and(types::is_known);
        match (future, describer(private, self.args, says, named)) {
            (Some(_), describe) => End::Future(output, describe),
            (None, Some(describe)) => End::Described(describe),
            (None, None) => End::Reached,
        }
    }

    fn enter(&self, params: &Params) -> Enter {
        let span = Span::mixed_site();
        let (private, callsite) = (&self.rt.private, &self.callsite);
        let start = callsite::start(self.rt, self.args, params);
        match (start, callsite::identity(self.rt, self.args, params)) {
            (Some(start), Some(identity)) => Enter::Call(
                quote_spanned!(span=> #private::enter_call(#callsite, #start, #identity)),
            ),
            (Some(start), None) => {
                Enter::At(quote_spanned!(span=> #private::enter_at(#callsite, #start)))
            }
            (None, _) => Enter::Here(callsite.clone()),
        }
    }
}

/// How the call begins.
enum Enter {
    /// Under what is current, by this callsite.
    Here(TokenStream),
    /// By this expression.
    At(TokenStream),
    /// By this expression, as a call between services.
    Call(TokenStream),
}

impl Enter {
    /// The guard; `alone` when nobody will say that the body has reached its end.
    ///
    /// Where it can, the call begins in the guard's place: to move a guard costs more than to make one.
    fn statements(self, private: &TokenStream, guard: &TokenStream, alone: bool) -> TokenStream {
        let span = Span::mixed_site();
        match (self, alone) {
            (Self::Here(callsite), false) => quote_spanned!(span=>
                let mut #guard = #private::Guard::off(); #private::Guard::enter(&mut #guard, #callsite);),
            (Self::Here(callsite), true) => quote_spanned!(span=>
                let mut #guard = #private::Guard::off(); #private::Guard::enter_alone(&mut #guard, #callsite);),
            (Self::At(enter), false) => quote_spanned!(span=> let mut #guard = #enter;),
            (Self::At(enter), true) => quote_spanned!(span=>
                let mut #guard = #enter; #private::Guard::alone(&mut #guard);),
            (Self::Call(enter), false) => quote_spanned!(span=> let mut #guard = #enter;),
            (Self::Call(enter), true) => quote_spanned!(span=>
                let mut #guard = #enter; #private::CallGuard::alone(&mut #guard);),
        }
    }

    /// The names of what ends it.
    fn names(&self) -> Names {
        let name = |name| Ident::new(name, Span::mixed_site());
        match self {
            Self::Call(_) => Names {
                guard: name("CallGuard"),
                end: name("__traced_end_call"),
                settle: name("__traced_settle_call"),
                settle_future: name("settle_call_future"),
            },
            Self::Here(_) | Self::At(_) => Names {
                guard: name("Guard"),
                end: name("__traced_end"),
                settle: name("__traced_settle"),
                settle_future: name("settle_future"),
            },
        }
    }
}

/// How the runtime calls what ends a call.
struct Names {
    guard: Ident,
    end: Ident,
    settle: Ident,
    settle_future: Ident,
}

/// What is done with the returned value.
enum End {
    /// There is none: the body can only unwind. Or it is a mistake, which is reported as without us.
    Never,
    /// Nothing: the guard alone tells whether the body unwinds.
    Unseen,
    /// Nothing, but that the body has reached its end.
    Reached,
    Described(Describer),
    /// With what the future gives.
    Future(Option<TokenStream>, Option<Describer>),
}

struct SyncBody<'a> {
    private: &'a TokenStream,
    /// Where the value that is returned stands.
    place: Span,
    /// `private`, at that place.
    private_there: TokenStream,
    enter: Enter,
    inside: TokenStream,
    /// The user's body, if it runs in a closure.
    closure: Option<&'a Group>,
    exits: Exits,
    returned: Option<&'a Type>,
    end: End,
}

impl SyncBody<'_> {
    fn expand(self) -> TokenStream {
        let span = Span::mixed_site();
        let (private, ty, run) = (self.private, self.ty(), self.run());
        let guard = local("__traced_guard");
        let value = Ident::new("__traced_value", self.place);
        // A body can end in `panic!()` whatever the function returns.
        let alone = matches!(self.end, End::Unseen);
        let names = self.enter.names();
        let (kind, end, settle) = (&names.guard, &names.end, &names.settle);
        let enter = self
            .enter
            .statements(private, &guard.to_token_stream(), alone);
        let place = self.place;
        let private_there = self.private_there;
        let ended = match self.end {
            End::Unseen | End::Never => return quote_spanned!(span=> #enter #run),
            End::Reached if self.returned.is_none() => {
                let semicolon = self.closure.map(|_| quote_spanned!(span=> ;));
                return quote_spanned!(span=>
                    #enter #run #semicolon #[allow(unreachable_code)] #private::#kind::finish(&mut #guard););
            }
            End::Reached => quote_spanned!(span=> #private::#kind::finish(&mut #guard); #value),
            End::Described(Describer::ByType) => {
                // By the type where it has a name: the value is of none after a mistake in the body.
                let known = self
                    .returned
                    .map(types::without_lifetimes)
                    .filter(types::is_known);
                let probe = match known {
                    Some(ty) => probe_of(private, &ty),
                    None => quote_spanned!(span=> #private::Probe(&#value)),
                };
                let judge = judge(private, &probe);
                quote_spanned!(place=>
                    use #private::by_type::*;
                    let judge = #judge;
                    #private_there::Returned(#value).#end(&mut #guard, judge))
            }
            End::Described(Describer::Closure(describe)) => quote_spanned!(place=>
                use #private::by_type::*;
                #private_there::Returned(#value).#settle(&mut #guard, #describe)
            ),
            End::Future(output, describe) => {
                future_of(private, &names, &guard, &value, output.as_ref(), describe)
            }
        };
        quote_spanned!(span=>
            #enter let #value: #ty = #run; #[allow(unreachable_code)] { #ended })
    }

    fn ty(&self) -> TokenStream {
        let span = Span::mixed_site();
        match self.returned {
            Some(ty) if types::is_never(ty) => quote_spanned!(span=> !),
            // By the names a closure says which `return` has a value that does not live long enough.
            Some(ty) if self.exits == Exits::Written => types::nameable(ty),
            Some(ty) => types::without_lifetimes(ty),
            None => quote_spanned!(span=> ()),
        }
    }

    /// The body, in a block or in a closure that is called.
    fn run(&self) -> TokenStream {
        let span = Span::mixed_site();
        let (private, inside, ty) = (self.private, &self.inside, self.ty());
        let Some(body) = self.closure else {
            return quote_spanned!(span=> { #inside });
        };
        // What it gives up makes it a closure that is called once, which may return what it borrows mutably.
        let inside = quote_spanned!(span=> let _once = once; #inside);
        let (keyword, block) = tokens::as_written(Token![move](span), body, inside);
        quote_spanned!(span=> {
            let once = #private::Once;
            #[allow(clippy::result_large_err)]
            let body = #keyword || -> #ty #block;
            body()
        })
    }
}

/// The returned future, in which the call goes on.
fn future_of(
    private: &TokenStream,
    names: &Names,
    guard: &Ident,
    value: &Ident,
    output: Option<&TokenStream>,
    describe: Option<Describer>,
) -> TokenStream {
    let span = Span::mixed_site();
    let (kind, settle_future) = (&names.guard, &names.settle_future);
    let judge = match (&describe, output) {
        (Some(Describer::ByType), Some(output)) => judge_of(private, output),
        _ => quote_spanned!(span=> #private::AlwaysOk),
    };
    let future = match output {
        Some(output) => quote_spanned!(span=> #private::output::<#output, _>(#value)),
        None => value.to_token_stream(),
    };
    match describe {
        Some(Describer::Closure(describe)) => quote_spanned!(span=>
            #private::#settle_future(&mut #guard, #future, #describe)),
        _ => quote_spanned!(span=>
            #private::#kind::into_future(#private::#kind::take(&mut #guard), #future, #judge)),
    }
}
