//! What the spelling of a type shows. It never decides an outcome, it only saves work and tells
//! where a type has no name to write down.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens as _, quote_spanned};
use syn::visit_mut::{self, VisitMut};
use syn::{
    GenericArgument, Lifetime, PathArguments, ReturnType, Token, Type, TypeInfer, TypeParamBound,
    punctuated::Punctuated,
};

use super::tokens::{generated, has_word, silent};

/// Through the invisible groups of `macro_rules!` and parentheses.
pub(crate) fn plain(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => plain(&group.elem),
        Type::Paren(paren) => plain(&paren.elem),
        other => other,
    }
}

/// `None` for a function that returns `()`.
pub(crate) fn returned(output: &ReturnType) -> Option<&Type> {
    match output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => match plain(ty) {
            Type::Tuple(tuple) if tuple.elems.is_empty() => None,
            _ => Some(ty),
        },
    }
}

pub(crate) fn is_never(ty: &Type) -> bool {
    matches!(plain(ty), Type::Never(_))
}

/// The type as it may stand in a `let` or a closure: `impl Trait` becomes `_`.
pub(crate) fn nameable(ty: &Type) -> TokenStream {
    erased(ty, false)
}

/// [`nameable`] with `'_` for every lifetime: one that a body names is taken for one that the signature needs.
pub(crate) fn without_lifetimes(ty: &Type) -> TokenStream {
    // Under a `for<'a>` the names belong to the type itself.
    erased(ty, !has_word(ty.to_token_stream(), "for"))
}

fn erased(ty: &Type, lifetimes: bool) -> TokenStream {
    struct Eraser {
        lifetimes: bool,
    }
    impl VisitMut for Eraser {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if let Type::ImplTrait(it) = ty {
                *ty = Type::Infer(TypeInfer {
                    attrs: Vec::new(),
                    underscore_token: Token![_](generated(it.impl_token.span)),
                });
            } else {
                visit_mut::visit_type_mut(self, ty);
            }
        }

        fn visit_lifetime_mut(&mut self, lifetime: &mut Lifetime) {
            if self.lifetimes && lifetime.ident != "static" {
                *lifetime = Lifetime::new("'_", lifetime.span());
            }
        }
    }
    let mut ty = ty.clone();
    Eraser { lifetimes }.visit_type_mut(&mut ty);
    silent(ty.into_token_stream())
}

/// Whether no `_` stands for anything in it.
pub(crate) fn is_known(ty: &TokenStream) -> bool {
    ty.clone().into_iter().all(|tree| match tree {
        proc_macro2::TokenTree::Ident(ident) => ident != "_",
        proc_macro2::TokenTree::Punct(punct) => punct.as_char() != '_',
        proc_macro2::TokenTree::Group(group) => is_known(&group.stream()),
        proc_macro2::TokenTree::Literal(_) => true,
    })
}

/// Whether `impl Trait` stands anywhere in it.
pub(crate) fn is_opaque_inside(ty: &Type) -> bool {
    has_word(ty.to_token_stream(), "impl")
}

/// Types whose values cannot say that the call failed.
pub(crate) fn is_always_ok(ty: &Type) -> bool {
    match plain(ty) {
        Type::Never(_)
        | Type::Reference(_)
        | Type::Ptr(_)
        | Type::FnPtr(_)
        | Type::Slice(_)
        | Type::Array(_)
        | Type::ImplTrait(_) => true,
        Type::Tuple(tuple) => tuple.elems.first().is_none_or(is_always_ok),
        other => is_primitive(other),
    }
}

/// Types whose values may be futures, as far as their names tell.
pub(crate) fn may_be_future(ty: &Type) -> bool {
    const NONE: [&str; 4] = ["Option", "Result", "String", "Vec"];
    let ty = plain(ty);
    match ty {
        Type::Path(path) => {
            path.path.segments.last().is_some_and(|last| {
                !is_primitive(ty) && !NONE.iter().any(|name| last.ident == name)
            })
        }
        Type::ImplTrait(it) => bound_named(&it.bounds, "Future").is_some(),
        _ => false,
    }
}

/// Types whose values may be dropped anywhere: dropping does nothing.
pub(crate) fn is_trivially_dropped(ty: &Type) -> bool {
    match plain(ty) {
        Type::Never(_) | Type::Reference(_) | Type::Ptr(_) | Type::FnPtr(_) => true,
        Type::Tuple(tuple) => tuple.elems.iter().all(is_trivially_dropped),
        Type::Array(array) => is_trivially_dropped(&array.elem),
        other => is_primitive(other) || is_pinned_reference(other),
    }
}

pub(crate) fn is_mutable_reference(ty: &Type) -> bool {
    matches!(plain(ty), Type::Reference(reference) if reference.mutability.is_some())
}

fn is_primitive(ty: &Type) -> bool {
    const PRIMITIVES: [&str; 17] = [
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32",
        "i64", "i128", "isize", "f32", "f64",
    ];
    match ty {
        Type::Path(path) if path.qself.is_none() => path
            .path
            .get_ident()
            .is_some_and(|ident| PRIMITIVES.iter().any(|name| ident == name)),
        _ => false,
    }
}

/// `Pin<&mut Self>` and the like.
fn is_pinned_reference(ty: &Type) -> bool {
    let Type::Path(path) = ty else { return false };
    path.path.segments.last().is_some_and(|last| {
        last.ident == "Pin"
            && first_type_argument(&last.arguments)
                .is_some_and(|inner| matches!(plain(inner), Type::Reference(_)))
    })
}

fn first_type_argument(arguments: &PathArguments) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// `impl Future<Output = T>`, with no bound that our wrapper could not keep: it is no `Clone`, nor what others define.
pub(crate) fn is_impl_future(ty: &Type) -> bool {
    const KEPT: [&str; 7] = [
        "Future",
        "Send",
        "Sync",
        "Unpin",
        "UnwindSafe",
        "RefUnwindSafe",
        "Debug",
    ];
    let Type::ImplTrait(it) = plain(ty) else {
        return false;
    };
    let kept = |bound: &TypeParamBound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .is_some_and(|last| KEPT.iter().any(|name| last.ident == name)),
        _ => true,
    };
    bound_named(&it.bounds, "Future").is_some() && it.bounds.iter().all(kept)
}

/// `impl Fn(…) -> …` and its relatives, in a tuple too.
pub(crate) fn is_impl_fn(ty: &Type) -> bool {
    const RELATIVES: [&str; 6] = [
        "Fn",
        "FnMut",
        "FnOnce",
        "AsyncFn",
        "AsyncFnMut",
        "AsyncFnOnce",
    ];
    match plain(ty) {
        Type::ImplTrait(it) => RELATIVES
            .iter()
            .any(|name| bound_named(&it.bounds, name).is_some()),
        Type::Tuple(tuple) => tuple.elems.iter().any(is_impl_fn),
        _ => false,
    }
}

/// The token to complain about in `impl Stream<…>`.
pub(crate) fn impl_stream(ty: &Type) -> Option<&syn::Ident> {
    match plain(ty) {
        Type::ImplTrait(it) => bound_named(&it.bounds, "Stream").map(|last| &last.ident),
        _ => None,
    }
}

fn bound_named<'a>(
    bounds: &'a Punctuated<TypeParamBound, Token![+]>,
    name: &str,
) -> Option<&'a syn::PathSegment> {
    bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => {
            bound.path.segments.last().filter(|last| last.ident == name)
        }
        _ => None,
    })
}

/// What a future of this type returns, as written in `Future<Output = T>`, at any depth.
pub(crate) fn future_output(ty: &Type) -> Option<Type> {
    let in_bounds = |bounds: &Punctuated<TypeParamBound, Token![+]>| {
        let last = bound_named(bounds, "Future")?;
        let PathArguments::AngleBracketed(arguments) = &last.arguments else {
            return None;
        };
        arguments.args.iter().find_map(|argument| match argument {
            GenericArgument::AssocType(output) if output.ident == "Output" => {
                Some(output.ty.clone())
            }
            _ => None,
        })
    };
    match plain(ty) {
        Type::ImplTrait(it) => in_bounds(&it.bounds),
        Type::TraitObject(object) => in_bounds(&object.bounds),
        Type::Path(path) => path
            .path
            .segments
            .last()
            .and_then(|last| first_type_argument(&last.arguments))
            .and_then(future_output),
        _ => None,
    }
}

/// What the future behind a return type gives, as a type to write down. Spelled where the
/// signature spells it, else by projection, which sees through aliases.
pub(crate) fn output_of(ty: &Type, private: &TokenStream) -> Option<TokenStream> {
    if let Some(output) = future_output(ty) {
        return Some(without_lifetimes(&output));
    }
    if is_opaque_inside(ty) {
        return None;
    }
    let ty = without_lifetimes(ty);
    Some(quote_spanned!(Span::mixed_site()=>
        <#ty as #private::core::future::Future>::Output))
}
