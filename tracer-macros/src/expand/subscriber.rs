//! The span that subscribers of `tracing` see.
//!
//! It is opened by `tracing`'s own macros, inside of the call that our span is: what they promise of levels, filters, logs
//! and values needs no second version. Parameters drop after it, as they would without us.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};
use syn::{Signature, Token, Type};

use super::recording;
use super::seen::{Param, recorded_params};
use super::tokens::{self, Exits, generated, local};
use super::{callsite, types};
use crate::args::{Event, Format, Instrument, Mode, Severity, SpanField};

/// What a function needs to open the span.
pub(crate) struct Layer<'a> {
    private: &'a TokenStream,
    arguments: &'a Instrument,
    name: TokenStream,
    params: Vec<Param>,
    returned: Option<&'a Type>,
    /// Our span is around it.
    ours: bool,
    /// Our span records as well, by the callsite that is in scope: what is computed for a field is computed for both.
    both: bool,
}

impl<'a> Layer<'a> {
    pub(crate) fn new(
        private: &'a TokenStream,
        arguments: &'a Instrument,
        sig: &'a Signature,
        ident: &Ident,
        ours: bool,
    ) -> Self {
        let name = match arguments.ours.name.get() {
            Some(name) => name.to_token_stream(),
            None => ident.to_string().into_token_stream(),
        };
        Self {
            private,
            arguments,
            name,
            params: recorded_params(arguments, sig),
            returned: types::returned(&sig.output),
            ours,
            both: ours && arguments.fields.iter().any(SpanField::is_computed),
        }
    }

    /// Whether fields are recorded here, for both sides.
    pub(crate) fn records_fields(&self) -> bool {
        self.both
    }

    /// Whether a `return` of the body stays inside of what [`Self::sync`] makes of it.
    pub(super) fn is_closed(&self) -> bool {
        self.error().is_some() || self.value().is_some()
    }

    /// The span around a body that runs at once.
    pub(super) fn sync(&self, body: &Group) -> TokenStream {
        let open = self.open();
        if !self.is_closed() {
            return quote_spanned!(Span::mixed_site()=> #open (#body));
        }
        let private = self.private;
        let (value, ty) = (local("__traced_returned"), self.ty(body));
        let (once, _once) = match self.error() {
            // What the body only looks at drops after the event.
            Some(_) => (None, None),
            None => (
                Some(quote_spanned!(Span::mixed_site()=> let once = #private::Once;)),
                Some(quote_spanned!(Span::mixed_site()=> let _once = once;)),
            ),
        };
        let inside = quote_spanned!(Span::mixed_site()=> #_once (#body));
        let (keyword, block) = tokens::as_written(Token![move](Span::mixed_site()), body, inside);
        let events = self.events(&value);
        let call = quote_spanned!(Span::mixed_site()=>
            #once
            #[allow(clippy::result_large_err, unused_mut)]
            let mut body = #keyword || -> #ty #block;
        );
        match self.error() {
            Some(_) => quote_spanned!(Span::mixed_site()=>
                #open #call #[allow(clippy::let_unit_value)] let #value: #ty = body(); #events #value),
            None => quote_spanned!(Span::mixed_site()=>
                #open #[allow(clippy::let_unit_value)] let #value: #ty = { #call body() }; #events #value),
        }
    }

    /// The span around a body that is a future; `edge` tells what it gives.
    pub(super) fn future(&self, body: &Group, edge: Option<&TokenStream>) -> TokenStream {
        let private = self.private;
        let (span, causes) = (local("__traced_span"), self.causes());
        let opened = self.opened();
        let inside = quote_spanned!(Span::mixed_site()=> #edge (#body));
        let (keyword, block) = tokens::as_written(Token![async](Span::mixed_site()), body, inside);
        let mut future = quote_spanned!(Span::mixed_site()=> #keyword move #block);
        if self.is_closed() {
            let value = local("__traced_returned");
            let (ty, events) = (self.ty(body), self.events(&value));
            future = quote_spanned!(Span::mixed_site()=> async move {
                let #value: #ty = #future.await;
                #events
                #value
            });
        }
        // Nothing is logged of a span that nobody wanted, but its begin and end.
        quote_spanned!(Span::mixed_site()=>
            #opened
            let #span = if #span.is_disabled() { #private::tracing::Span::none() } else { #causes #span };
            #private::tracing::Instrument::instrument(#future, #span).await
        )
    }

    fn ty(&self, body: &Group) -> TokenStream {
        match self.returned {
            None => quote_spanned!(Span::mixed_site()=> ()),
            Some(ty) if tokens::exits(body.stream(), true) == Exits::Written => types::nameable(ty),
            Some(ty) => types::without_lifetimes(ty),
        }
    }

    /// Opens and enters it, without a trace where its level is compiled away.
    fn open(&self) -> TokenStream {
        let (private, level, span) = (
            self.private,
            self.severity(&self.arguments.level),
            self.span(),
        );
        let (name, entered) = (local("__traced_span"), local("__traced_entered"));
        let (due, missed, causes) = (self.due(), self.missed(), self.causes());
        quote_spanned!(Span::mixed_site()=>
            #due
            let #name;
            let #entered;
            if #private::tracing::level_enabled!(#level)
                || #private::tracing::if_log_enabled!(#level, { true } else { false })
            {
                #name = #span;
                #causes
                #entered = #name.enter();
            }
            #missed
        )
    }

    fn opened(&self) -> TokenStream {
        let (name, span, due, missed) = (
            local("__traced_span"),
            self.span(),
            self.due(),
            self.missed(),
        );
        quote_spanned!(Span::mixed_site()=> #due let #name = #span; #missed)
    }

    fn span(&self) -> TokenStream {
        let private = self.private;
        let (target, name) = (self.target(), &self.name);
        let level = self.severity(&self.arguments.level);
        let parent = self.arguments.parent.iter();
        let params = self.params.iter().map(|Param { name, is_value }| {
            let place = generated(name.span());
            match is_value {
                true => quote_spanned!(place=> #name = #name),
                false => quote_spanned!(place=> #name = #private::tracing::field::debug(&#name)),
            }
        });
        let fields = self.arguments.fields.iter().map(|field| self.field(field));
        let span = quote_spanned!(Span::mixed_site()=> #private::tracing::span!(
            target: #target, #(parent: #parent,)* #level, #name, #(#params,)* #(#fields),*
        ));
        if !self.ours {
            return span;
        }
        quote_spanned!(Span::mixed_site()=> {
            static VISIBLE: #private::Visible = #private::Visible::new(#name, #private::core::module_path!());
            let first = VISIBLE.first();
            let span = #span;
            if let #private::core::option::Option::Some(first) = first {
                first.know(&span);
            }
            span
        })
    }

    fn field(&self, field: &SpanField) -> TokenStream {
        let (private, name) = (self.private, &field.name);
        let Some(value) = &field.value else {
            return quote_spanned!(Span::mixed_site()=> #name = #private::tracing::field::Empty);
        };
        let sigil = match field.mode {
            Mode::Value => TokenStream::new(),
            Mode::Debug(_) => quote_spanned!(Span::mixed_site()=> ?),
            Mode::Display(_) => quote_spanned!(Span::mixed_site()=> %),
        };
        if !self.both || field.expression().is_none() {
            return quote_spanned!(Span::mixed_site()=> #name = #sigil #value);
        }
        let this = local("__traced_field");
        let put = recording::field(
            private,
            &field.as_ours_with(quote_spanned!(Span::mixed_site()=> *#this)),
        );
        quote_spanned!(Span::mixed_site()=> #name = #sigil match &(#value) {
            #this => {
                if __traced_due {
                    __traced_seen = true;
                    #put
                }
                #this
            }
        })
    }

    fn due(&self) -> Option<TokenStream> {
        let private = self.private;
        let site = callsite::reference();
        self.both.then(|| {
            quote_spanned!(Span::mixed_site()=>
                let __traced_due = #private::recording_of(#site);
                let mut __traced_seen = false;
            )
        })
    }

    /// Where `tracing` has computed nothing, for want of a subscriber, our span has it computed.
    fn missed(&self) -> Option<TokenStream> {
        let (private, site) = (self.private, callsite::reference());
        let fields = self.arguments.fields.iter();
        let puts = fields.map(|field| recording::field(private, &field.as_ours()));
        self.both.then(|| {
            quote_spanned!(Span::mixed_site()=> if __traced_due {
                if !__traced_seen { #(#puts)* }
                #private::recorded_of(#site);
            })
        })
    }

    fn causes(&self) -> Option<TokenStream> {
        let (causes, span) = (
            self.arguments.follows_from.as_ref()?,
            local("__traced_span"),
        );
        Some(
            quote_spanned!(Span::mixed_site()=> for cause in #causes { #span.follows_from(cause); }),
        )
    }

    fn target(&self) -> TokenStream {
        let private = self.private;
        match self.arguments.ours.target.get() {
            Some(target) => target.to_token_stream(),
            None => quote_spanned!(Span::mixed_site()=> #private::core::module_path!()),
        }
    }

    fn severity(&self, level: &Severity) -> TokenStream {
        let private = self.private;
        match level {
            Severity::Named(name) => {
                quote_spanned!(Span::mixed_site()=> #private::tracing::Level::#name)
            }
            Severity::Path(path) => path.to_token_stream(),
        }
    }

    fn error(&self) -> Option<&Event> {
        let event = self.arguments.err.as_ref();
        event.filter(|event| !matches!(event.format, Format::None))
    }

    fn value(&self) -> Option<&Event> {
        self.arguments.ret.as_ref()
    }

    /// What is said of the value before it is returned.
    fn events(&self, value: &Ident) -> TokenStream {
        let private = self.private;
        let event = |event: &Event,
                     key: TokenStream,
                     level: TokenStream,
                     display: bool,
                     value: &Ident| {
            let (target, place) = (self.target(), generated(event.key.span()));
            let sigil = match (event.format, display) {
                (Format::Mode(Mode::Display(_)), _) | (Format::Default, true) => {
                    quote_spanned!(place=> %)
                }
                _ => quote_spanned!(place=> ?),
            };
            let value = Ident::new(&value.to_string(), place);
            quote_spanned!(place=> #private::tracing::event!(target: #target, #level, #key = #sigil #value))
        };
        let (good, bad) = (local("__traced_good"), local("__traced_bad"));
        let result = quote_spanned!(Span::mixed_site()=> #private::core::result::Result);
        let error = self.error().map(|error| {
            let level = match &error.level {
                Some(level) => self.severity(level),
                None => quote_spanned!(Span::mixed_site()=> #private::tracing::Level::ERROR),
            };
            event(
                error,
                quote_spanned!(Span::mixed_site()=> error),
                level,
                true,
                &bad,
            )
        });
        let returned = |value: &Ident| {
            self.value().map(|ret| {
                let level = self.severity(ret.level.as_ref().unwrap_or(&self.arguments.level));
                event(
                    ret,
                    quote_spanned!(Span::mixed_site()=> return),
                    level,
                    false,
                    value,
                )
            })
        };
        match (error, returned(&good)) {
            (Some(error), returned) => quote_spanned!(Span::mixed_site()=> match &#value {
                #[allow(unused_variables)]
                #result::Ok(#good) => { #returned; }
                #result::Err(#bad) => { #error; }
            }),
            (None, _) => {
                let returned = returned(value);
                quote_spanned!(Span::mixed_site()=> #returned;)
            }
        }
    }
}
