//! The `static` that stands for the function, and where its span hangs.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::ext::IdentExt as _;

use super::params::Params;
use super::tokens::generated;
use super::{Runtime, Scope};
use crate::args::Args;

/// Items have no hygiene: this is in scope where the user's body is.
const NAME: &str = "__TRACED_CALLSITE";

/// What is recorded of a call.
pub(crate) struct Fields {
    /// Between commas.
    pub(crate) keys: TokenStream,
    /// Some of it before the body.
    pub(crate) at_start: bool,
}

/// `&'static Callsite`, in a block with the `static` that it refers to.
pub(crate) fn callsite(
    rt: &Runtime,
    scope: &Scope,
    args: &Args,
    ident: &Ident,
    fields: &Fields,
) -> TokenStream {
    let (item, name) = (item(rt, scope, args, ident, fields), reference());
    quote_spanned!(Span::mixed_site()=> { #item #name })
}

/// `&'static Callsite`, where the [`item`] is in scope.
pub(crate) fn reference() -> TokenStream {
    let name = Ident::new(NAME, Span::mixed_site());
    quote_spanned!(Span::mixed_site()=> &#name)
}

/// The `static`.
pub(crate) fn item(
    rt: &Runtime,
    scope: &Scope,
    args: &Args,
    ident: &Ident,
    fields: &Fields,
) -> TokenStream {
    let span = Span::mixed_site();
    let private = &rt.private;
    let plain = ident.unraw().to_string();
    let function = match &scope.type_name {
        Some(owner) => format!("{owner}::{plain}"),
        None => plain,
    };
    let name = args
        .name
        .get()
        .map_or_else(|| function.to_token_stream(), ToTokens::to_token_stream);
    // The location of the callsite is that of the call to `new`. Tokens of ours would say where
    // the attribute is, so these pretend to be the name of the function.
    let path = rt.private_at(ident.span());
    let arguments = quote_spanned!(span=> #name, #function, #private::core::module_path!());
    let new = quote_spanned!(ident.span()=> #path::Callsite::new(#arguments));
    let mut value = quote_spanned!(span=> #new);
    if let Some(kind) = kind(args) {
        value.extend(quote_spanned!(span=> .with_kind(#private::SpanKind::#kind)));
    }
    if let Some(level) = args.level.get() {
        value.extend(quote_spanned!(span=> .with_level(#private::Level::#level)));
    }
    if let Some(target) = args.target.get() {
        value.extend(quote_spanned!(span=> .with_target(#target)));
    }
    if args.metrics.is_set() {
        value.extend(quote_spanned!(span=> .without_metrics()));
    }
    if args.metrics_only.is_set() {
        value.extend(quote_spanned!(span=> .metrics_only()));
    }
    let keys = &fields.keys;
    if !keys.is_empty() && !args.metrics_only.is_set() {
        value.extend(match fields.at_start {
            true => quote_spanned!(span=> .with_fields(&[#keys])),
            false => quote_spanned!(span=> .with_empty_fields(&[#keys])),
        });
    }
    let item = Ident::new(NAME, span);
    quote_spanned!(span=> static #item: #private::Callsite = #value;)
}

fn kind(args: &Args) -> Option<Ident> {
    if args.server.is_set() {
        Some(Ident::new("Server", Span::mixed_site()))
    } else if args.client.is_set() {
        Some(Ident::new("Client", Span::mixed_site()))
    } else {
        args.kind.get().cloned()
    }
}

/// Whether where the span hangs is decided by expressions over the parameters.
pub(crate) fn names_parameters(args: &Args) -> bool {
    args.parent.is_set() || args.links.is_set() || args.carrier.is_set()
}

/// What is used in these expressions is used: it is no unused variable inside the body.
pub(crate) fn uses(args: &Args, bindings: &[Ident]) -> TokenStream {
    let outside = [&args.parent, &args.links, &args.carrier];
    let words: Vec<Ident> = outside
        .iter()
        .filter_map(|slot| slot.get())
        .flat_map(|expr| words(expr.to_token_stream()))
        .collect();
    bindings
        .iter()
        .filter(|name| *name != "self" && words.contains(name))
        .map(|name| quote_spanned!(Span::mixed_site()=> let _ = &#name;))
        .collect()
}

fn words(tokens: TokenStream) -> Vec<Ident> {
    tokens
        .into_iter()
        .flat_map(|tree| match tree {
            TokenTree::Ident(word) => vec![word],
            TokenTree::Group(group) => words(group.stream()),
            _ => Vec::new(),
        })
        .collect()
}

/// `Start`, unless the span hangs under the current context.
pub(crate) fn start(rt: &Runtime, args: &Args, params: &Params) -> Option<TokenStream> {
    let span = Span::mixed_site();
    let private = &rt.private;
    let at = if let Some(parent) = args.parent.get() {
        Some(quote_spanned!(span=> #private::Start::parent(#parent)))
    } else if args.root.is_set() {
        Some(quote_spanned!(span=> #private::Start::root()))
    } else if args.server.is_set() {
        let remote = remote(private, args, params);
        Some(quote_spanned!(span=> #private::Start::served(#remote)))
    } else if args.client.is_set() {
        Some(quote_spanned!(span=> #private::Start::current()))
    } else {
        None
    };
    let Some(links) = args.links.get() else {
        return at;
    };
    let at = at.unwrap_or_else(|| quote_spanned!(span=> #private::Start::current()));
    // What cannot be links is reported where it stands.
    let links = links.to_token_stream();
    let first = links.clone().into_iter().next();
    let span = first.map_or(span, |tree| generated(tree.span()));
    let private = rt.private_at(span);
    Some(quote_spanned!(span=> #private::Start::with_links(#at, #links)))
}

/// `Identity`, where the function stands for a call between services.
pub(crate) fn identity(rt: &Runtime, args: &Args, params: &Params) -> Option<TokenStream> {
    let span = Span::mixed_site();
    let private = &rt.private;
    let side = match (args.server.is_set(), args.client.is_set()) {
        (true, _) => quote_spanned!(span=> server),
        (_, true) => quote_spanned!(span=> client),
        _ => return None,
    };
    let asks = |carrier: TokenStream| {
        quote_spanned!(span=> match &(#carrier) { carrier => {
            use #private::identity::*;
            (&Identify(carrier)).__traced_identify(&mut identity)
        } })
    };
    // A client's may need to be changed, inside of the body.
    let carrier = args.carrier.get().filter(|_| args.server.is_set());
    let carrier = carrier.map(|carrier| asks(carrier.to_token_stream()));
    let parameters = params.outside.iter().map(|(conditions, name)| {
        let ask = asks(name.to_token_stream());
        if conditions.is_empty() {
            ask
        } else {
            quote_spanned!(span=> match () { #conditions () => #ask, () => {} })
        }
    });
    let said = args.rpc.get().map(|rpc| {
        let parts = [
            ("system", &rpc.system),
            ("service", &rpc.service),
            ("method", &rpc.method),
        ];
        let said = parts.into_iter().filter_map(|(name, value)| {
            let (name, value) = (Ident::new(name, span), value.as_ref()?);
            Some(quote_spanned!(span=> #private::Identity::#name(&mut identity, #value);))
        });
        quote_spanned!(span=> #(#said)*)
    });
    Some(quote_spanned!(span=> {
        #[allow(unused_mut)]
        let mut identity = #private::Identity::#side();
        #(#parameters;)*
        #carrier;
        #said
        identity
    }))
}

/// The context of the caller: from the carrier that was named, else from the first parameter that
/// brings one.
fn remote(private: &TokenStream, args: &Args, params: &Params) -> TokenStream {
    let span = Span::mixed_site();
    // The expression stays out of the scope of our names.
    let incoming = |carrier: TokenStream| {
        quote_spanned!(span=> match &(#carrier) { carrier => {
            use #private::carrier::*;
            (&Carrier(carrier)).__traced_incoming()
        } })
    };
    if let Some(carrier) = args.carrier.get() {
        return incoming(carrier.to_token_stream());
    }
    let mut remote = quote_spanned!(span=> #private::core::option::Option::None);
    for (conditions, name) in params.outside.iter().rev() {
        let this = incoming(name.to_token_stream());
        let otherwise = quote_spanned!(span=>
            #private::core::option::Option::or_else(#this, || #remote));
        remote = if conditions.is_empty() {
            otherwise
        } else {
            quote_spanned!(span=> match () { #conditions () => #otherwise, () => #remote })
        };
    }
    remote
}
