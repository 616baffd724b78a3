//! `impl` blocks and inline modules: every function in them, unless a marker says otherwise.

use proc_macro2::{Delimiter, TokenStream};
use quote::{ToTokens as _, TokenStreamExt as _, quote};
use syn::{Attribute, parse_quote};

use super::attributes::{self, Instrumented, Marker};
use super::{Scope, by_level, function};
use crate::args::Args;
use crate::diag::Errors;
use crate::item::{Block, Function, Item, Owner, regroup};
use crate::validate;

/// The block with its functions annotated; off, the block without markers.
pub(crate) fn block(
    mut block: Block,
    args: &Args,
    scope: &Scope,
    errors: &mut Errors,
) -> TokenStream {
    let mut scope = Scope {
        type_name: None,
        function: None,
        foreign: scope.foreign || attributes::any_foreign(&block.attrs),
        only_marked: scope.only_marked || args.skip_item.is_set(),
    };
    match &block.owner {
        Owner::Impl(name) => scope.type_name = Some(name.clone()),
        Owner::Module => scope.foreign = false,
        Owner::Trait => scope.only_marked = true,
    }
    let mut stream = std::mem::take(&mut block.inner);
    for item in std::mem::take(&mut block.items) {
        stream.extend(marked_item(item, args, &scope, errors));
    }
    let brace = regroup(&block.brace, Delimiter::Brace, stream);
    let Block { attrs, header, .. } = block;
    quote!(#(#attrs)* #header #brace)
}

/// Takes the markers off an item and does what they say.
fn marked_item(mut item: Item, outer: &Args, scope: &Scope, errors: &mut Errors) -> TokenStream {
    let attrs = match &mut item {
        Item::Function(f) => &mut f.attrs,
        Item::Block(block) => &mut block.attrs,
        Item::Other(attrs, _) => attrs,
    };
    let mut markers = attributes::take_markers(attrs).into_iter();
    let Some(marker) = markers.next() else {
        return one_item(item, None, outer, scope, errors);
    };
    for second in markers {
        errors.push(syn::Error::new_spanned(
            second.path,
            "`#[traced]` is given twice",
        ));
    }
    let Marker {
        condition, args, ..
    } = marker;
    let args = Args::parse(args, errors);
    // Off, the item is the same either way.
    let Some(condition) = condition.filter(|_| crate::ENABLED) else {
        return one_item(item, Some(args), outer, scope, errors);
    };
    // Whether the marker counts is only known after expansion: both versions, of which one stays.
    let without = only_if(item.clone(), parse_quote!(#[cfg(not(#condition))]));
    let without = one_item(without, None, outer, scope, errors);
    let with = only_if(item, parse_quote!(#[cfg(#condition)]));
    let with = one_item(with, Some(args), outer, scope, errors);
    quote!(#with #without)
}

/// The item under a condition, in front of its other attributes: it may become two, and each needs it.
fn only_if(mut item: Item, condition: Attribute) -> Item {
    let attrs = match &mut item {
        Item::Function(f) => &mut f.attrs,
        Item::Block(block) => &mut block.attrs,
        Item::Other(attrs, _) => attrs,
    };
    attrs.insert(0, condition);
    item
}

fn one_item(
    item: Item,
    own: Option<Args>,
    outer: &Args,
    scope: &Scope,
    errors: &mut Errors,
) -> TokenStream {
    match item {
        Item::Function(f) => one_function(*f, own, outer, scope, errors),
        Item::Block(inner) => {
            let mut scope = scope.clone();
            let args = match own {
                None => outer.clone(),
                Some(mut args) => {
                    validate::on_block(&args, &inner, errors);
                    scope.only_marked = false;
                    args.inherit(outer);
                    args
                }
            };
            block(*inner, &args, &scope, errors)
        }
        Item::Other(attrs, rest) => {
            let mut tokens = TokenStream::new();
            tokens.append_all(attrs);
            tokens.extend(rest);
            tokens
        }
    }
}

/// A function that may have an `#[instrument]` of its own: both versions, of which one stays.
fn beside_instrument(
    mut f: Function,
    condition: TokenStream,
    outer: &Args,
    scope: &Scope,
    errors: &mut Errors,
) -> TokenStream {
    let mut with = f.clone();
    with.attrs.insert(0, parse_quote!(#[cfg(#condition)]));
    f.attrs.insert(0, parse_quote!(#[cfg(not(#condition))]));
    let own = Some(Args::default());
    let without = one_function(f, own, outer, scope, errors);
    quote!(#with #without)
}

fn one_function(
    f: Function,
    own: Option<Args>,
    outer: &Args,
    scope: &Scope,
    errors: &mut Errors,
) -> TokenStream {
    let mut args = match own {
        None if scope.only_marked => return f.into_token_stream(),
        None => match attributes::instrumented(&f.attrs) {
            Instrumented::Always => return f.into_token_stream(),
            Instrumented::Where(condition) if crate::ENABLED => {
                return beside_instrument(f, condition, outer, scope, errors);
            }
            _ => Args::default(),
        },
        Some(own) => {
            let before = errors.count();
            validate::on_function(&own, &f, errors);
            if errors.count() > before {
                return f.into_token_stream();
            }
            own
        }
    };
    args.inherit(outer);
    let passed_over = args.skip_item.is_set() || f.sig.constness.is_some();
    if passed_over || !crate::ENABLED {
        return f.into_token_stream();
    }
    by_level(
        f,
        &args,
        |f| function(f, &args, scope),
        |f| f.into_token_stream(),
    )
}
