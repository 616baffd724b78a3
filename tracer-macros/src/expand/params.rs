//! Parameters that drop inside the span.
//!
//! A parameter outlives every local of its function, the guard too. So each one is moved into a
//! local after the guard, in the order of declaration: it drops where it would have dropped, and
//! the span ends after it. A future does the same as an `async fn` does, for the same reason.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, format_ident, quote_spanned};
use syn::visit_mut::VisitMut;
use syn::{Attribute, FnArg, Pat, PatIdent, PatType, Receiver, ReceiverKind, Signature, Type};

use super::attributes;
use super::tokens::{generated, local};
use super::types;

/// Whose names the parameters have in the signature.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// Names that only the rebinding sees: no lint takes it for a use of the parameter.
    Ours,
    /// Another attribute, or an expression that is evaluated before the span begins, names them.
    Users,
}

/// How the body will be run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Capture {
    /// In the function itself.
    InPlace,
    /// In a closure that owns the parameters.
    Moved,
    /// In a future that owns them, `self` too: an `async fn` uses it, whatever its body does.
    Future,
    /// In a future inside of the function's own, which holds them already: each that moves in is held twice.
    Nested,
}

/// What the body needs before its first statement, and what stands in for the parameters before.
#[derive(Default)]
pub(crate) struct Params {
    pub(crate) rebinding: TokenStream,
    /// The parameters as they are called in the signature, with the `cfg`s they stand under.
    pub(crate) outside: Vec<(TokenStream, Ident)>,
}

/// Which parameters the context of an outgoing call is written to, where their type can take it.
#[derive(Clone, Copy)]
pub(crate) enum Inject<'a> {
    Nothing,
    All,
    Only(&'a Ident),
}

pub(crate) struct Plan<'a> {
    pub(crate) private: &'a TokenStream,
    pub(crate) naming: Naming,
    pub(crate) capture: Capture,
    pub(crate) inject: Inject<'a>,
}

impl Plan<'_> {
    /// Changes the signature and returns what undoes the change inside the body.
    pub(crate) fn apply(&self, sig: &mut Signature) -> Params {
        let mut params = Params::default();
        let mut seen = Vec::new();
        for (index, input) in sig.inputs.iter_mut().enumerate() {
            match input {
                FnArg::Receiver(receiver) => {
                    let taken = match self.capture {
                        Capture::InPlace => false,
                        Capture::Moved => is_by_value(receiver),
                        Capture::Future | Capture::Nested => true,
                    };
                    if taken {
                        params.rebinding.extend(mention(receiver));
                    }
                }
                FnArg::Typed(param) => {
                    let name = self.rebind(index, param, &mut seen, &mut params.rebinding);
                    params
                        .outside
                        .push((attributes::conditions(&param.attrs), name));
                }
            }
        }
        params
    }

    /// For a body that the user made a future: it owns what it uses, only the injection is ours.
    pub(crate) fn leave(&self, sig: &Signature) -> Params {
        let mut params = Params::default();
        for input in &sig.inputs {
            let FnArg::Typed(param) = input else { continue };
            let Some(PatIdent { ident, .. }) = simple_ident(&param.pat) else {
                continue;
            };
            let conditions = attributes::conditions(&param.attrs);
            let injection = self.injection(&conditions, Some(ident), ident, &param.ty);
            params.rebinding.extend(injection);
            params.outside.push((conditions, ident.clone()));
        }
        params
    }

    /// Writes the context to a parameter called `name`, where it may carry one.
    fn injection(
        &self,
        conditions: &TokenStream,
        users_name: Option<&Ident>,
        name: &Ident,
        ty: &Type,
    ) -> TokenStream {
        let span = Span::mixed_site();
        let wanted = match self.inject {
            Inject::Nothing => false,
            Inject::All => true,
            Inject::Only(only) => users_name.is_some_and(|name| name == only),
        };
        if !wanted {
            TokenStream::new()
        } else if types::is_mutable_reference(ty) {
            let write = self.write(quote_spanned!(span=> &mut *#name));
            quote_spanned!(span=> #conditions { #write })
        } else if types::is_trivially_dropped(ty) {
            TokenStream::new()
        } else {
            let held = local("__traced_held");
            let write = self.write(quote_spanned!(span=> &mut #held));
            quote_spanned!(span=> #conditions let #name = { let mut #held = #name; #write #held };)
        }
    }

    /// Returns the name of the parameter in the signature.
    fn rebind(
        &self,
        index: usize,
        param: &mut PatType,
        seen: &mut Vec<String>,
        out: &mut TokenStream,
    ) -> Ident {
        let simple = simple_ident(&param.pat).cloned();
        let trivial = types::is_trivially_dropped(&param.ty);
        if let Some(simple) = &simple {
            let moved = match self.capture {
                Capture::InPlace | Capture::Nested => false,
                Capture::Moved => simple.mutability.is_some(),
                // Unused or not: what a future holds decides whether it is `Send`.
                Capture::Future => true,
            };
            if trivial && !moved {
                let name = &simple.ident;
                let conditions = attributes::conditions(&param.attrs);
                out.extend(self.injection(&conditions, Some(name), name, &param.ty));
                return name.clone();
            }
        }
        let name = self.outer_name(index, &param.pat, simple.as_ref(), seen);
        let pat = std::mem::replace(&mut *param.pat, named(name.clone()));
        let (kept, moved) = split_attributes(std::mem::take(&mut param.attrs));
        out.extend(self.injection(
            &attributes::conditions(&kept),
            simple.as_ref().map(|simple| &simple.ident),
            &name,
            &param.ty,
        ));
        out.extend(rebinding(&pat, simple.as_ref(), &name, &kept, &moved));
        param.attrs = kept;
        name
    }

    fn outer_name(
        &self,
        index: usize,
        pat: &Pat,
        simple: Option<&PatIdent>,
        seen: &mut Vec<String>,
    ) -> Ident {
        if let Some(simple) = simple {
            let text = simple.ident.to_string();
            // Two parameters can look alike where a `macro_rules!` made one of them.
            // And one can be called like a local of ours.
            if !seen.contains(&text) && !text.starts_with("__traced") {
                seen.push(text);
                return match self.naming {
                    Naming::Users => simple.ident.clone(),
                    Naming::Ours => {
                        let mut ident = simple.ident.clone();
                        ident.set_span(generated(ident.span()));
                        ident
                    }
                };
            }
        }
        let span = generated(span_of(pat));
        format_ident!("__traced_p{}", index, span = span)
    }

    fn write(&self, carrier: TokenStream) -> TokenStream {
        let private = self.private;
        quote_spanned!(Span::mixed_site()=> {
            use #private::carrier::*;
            (&mut CarrierMut(#carrier)).__traced_outgoing();
        })
    }
}

fn rebinding(
    pat: &Pat,
    simple: Option<&PatIdent>,
    name: &Ident,
    kept: &[Attribute],
    moved: &[Attribute],
) -> TokenStream {
    let span = Span::mixed_site();
    let conditions = attributes::conditions(kept);
    if let Some(simple) = simple {
        // What clippy says of locals is not said of parameters.
        let unused = name.to_string().starts_with('_');
        let allow = match (unused, simple.mutability) {
            (true, _) => quote_spanned!(span=> #[allow(clippy::no_effect_underscore_binding)]),
            (_, Some(_)) => quote_spanned!(span=> #[allow(clippy::collection_is_never_read)]),
            _ => TokenStream::new(),
        };
        return quote_spanned!(span=> #conditions #(#moved)* #allow let #pat = #name;);
    }
    let mutability = has_ref_mut(pat).then(|| quote_spanned!(span=> mut));
    let held = quote_spanned!(span=> #conditions let #mutability #name = #name;);
    if matches!(pat, Pat::Wild(_)) {
        return held;
    }
    quote_spanned!(span=> #held #conditions #(#moved)* let #pat = #name;)
}

/// Whether `self` is owned: it cannot be rebound, so only a closure or a future can drop it early.
pub(crate) fn is_by_value(receiver: &Receiver) -> bool {
    match &receiver.kind {
        ReceiverKind::Value => true,
        ReceiverKind::Typed(_, ty) => !types::is_trivially_dropped(ty),
        _ => false,
    }
}

/// Makes a closure or future take all of `self`, not only the fields that it uses.
fn mention(receiver: &Receiver) -> TokenStream {
    let this = &receiver.self_token;
    quote_spanned!(Span::mixed_site()=> let _ = &#this;)
}

fn simple_ident(pat: &Pat) -> Option<&PatIdent> {
    match pat {
        Pat::Ident(pat) if pat.by_ref.is_none() && pat.subpat.is_none() => Some(pat),
        _ => None,
    }
}

fn named(ident: Ident) -> Pat {
    Pat::Ident(PatIdent {
        attrs: Vec::new(),
        by_ref: None,
        mutability: None,
        ident,
        subpat: None,
    })
}

/// Attributes that stay on the parameter, and lint levels, which go where the user's pattern goes.
fn split_attributes(attrs: Vec<Attribute>) -> (Vec<Attribute>, Vec<Attribute>) {
    attrs.into_iter().partition(|attr| {
        let path = attr.path();
        !["allow", "expect", "warn", "deny", "forbid"]
            .iter()
            .any(|lint| path.is_ident(lint))
    })
}

fn span_of(pat: &Pat) -> Span {
    pat.to_token_stream()
        .into_iter()
        .next()
        .map_or_else(Span::call_site, |tree| tree.span())
}

/// `ref mut` borrows from the value that we hold, which must be mutable then.
fn has_ref_mut(pat: &Pat) -> bool {
    struct Finder(bool);
    impl VisitMut for Finder {
        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            self.0 |= pat.by_ref.is_some() && pat.mutability.is_some();
        }
    }
    let mut finder = Finder(false);
    finder.visit_pat_mut(&mut pat.clone());
    finder.0
}

/// Every name that the parameters bind, `self` first where there is one.
pub(crate) fn bindings(sig: &Signature) -> Vec<Ident> {
    struct Names(Vec<Ident>);
    impl VisitMut for Names {
        fn visit_pat_ident_mut(&mut self, pat: &mut PatIdent) {
            self.0.push(pat.ident.clone());
            if let Some((_, inner)) = &mut pat.subpat {
                self.visit_pat_mut(inner);
            }
        }
    }
    let mut names = Names(Vec::new());
    for input in &sig.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                names.0.push(Ident::new("self", receiver.self_token.span));
            }
            FnArg::Typed(param) => names.visit_pat_mut(&mut param.pat.clone()),
        }
    }
    names.0
}
