//! What the attribute stands on. Bodies of functions stay raw tokens: nothing in them needs to be
//! understood, and a half-typed one must still expand.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, TokenStreamExt as _};
use syn::ext::IdentExt as _;
use syn::parse::discouraged::Speculative as _;
use syn::parse::{Parse as _, ParseStream, Parser as _};
use syn::{
    Attribute, Error, Generics, ImplItem, Signature, Token, TraitItem, Type, TypeParamBound,
    Visibility, WhereClause, token,
};

/// A function, method or associated function.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    /// Visibility and `default`.
    pub(crate) prefix: TokenStream,
    pub(crate) sig: Signature,
    /// `None` for a declaration, which ends in a semicolon.
    pub(crate) body: Option<Group>,
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.append_all(&self.attrs);
        self.prefix.to_tokens(tokens);
        self.sig.to_tokens(tokens);
        match &self.body {
            Some(body) => body.to_tokens(tokens),
            None => <Token![;]>::default().to_tokens(tokens),
        }
    }
}

/// What the items of a [`Block`] belong to.
#[derive(Clone)]
pub(crate) enum Owner {
    /// With the last path segment of the self type.
    Impl(String),
    Module,
    Trait,
}

/// An `impl`, an inline module, or a trait inside of one.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) attrs: Vec<Attribute>,
    /// Up to the brace.
    pub(crate) header: TokenStream,
    pub(crate) owner: Owner,
    pub(crate) brace: Group,
    /// `#![…]` at the top.
    pub(crate) inner: TokenStream,
    pub(crate) items: Vec<Item>,
}

/// Anything that can stand in a module, an `impl` or a trait.
#[derive(Clone)]
pub(crate) enum Item {
    Function(Box<Function>),
    Block(Box<Block>),
    /// Passed through: its attributes and the rest.
    Other(Vec<Attribute>, TokenStream),
}

/// Where an item stands decides how the ones that are not functions end.
#[derive(Clone, Copy)]
enum Place {
    Module,
    Impl,
    Trait,
}

impl Item {
    /// Never fails on what the compiler would take; what cannot be understood is [`Item::Other`].
    pub(crate) fn parse(tokens: TokenStream) -> syn::Result<Self> {
        (|input: ParseStream<'_>| parse_item(input, Place::Module)).parse2(tokens)
    }
}

fn parse_items(tokens: TokenStream, place: Place) -> syn::Result<(TokenStream, Vec<Item>)> {
    let parser = |input: ParseStream<'_>| {
        let mut inner = TokenStream::new();
        inner.append_all(Attribute::parse_inner(input)?);
        let mut items = Vec::new();
        while !input.is_empty() {
            items.push(parse_item(input, place)?);
        }
        Ok((inner, items))
    };
    parser.parse2(tokens)
}

fn parse_item(input: ParseStream<'_>, place: Place) -> syn::Result<Item> {
    let attrs = input.call(Attribute::parse_outer)?;
    if let Some((prefix, sig, body)) = attempt(input, parse_function) {
        return Ok(Item::Function(Box::new(Function {
            attrs,
            prefix,
            sig,
            body,
        })));
    }
    if let Some((header, owner, brace)) = attempt(input, parse_block) {
        let place = match owner {
            Owner::Impl(_) => Place::Impl,
            Owner::Module => Place::Module,
            Owner::Trait => Place::Trait,
        };
        return Ok(match parse_items(brace.stream(), place) {
            Ok((inner, items)) => Item::Block(Box::new(Block {
                attrs,
                header,
                owner,
                brace,
                inner,
                items,
            })),
            Err(_) => Item::Other(
                attrs,
                [header, brace.into_token_stream()].into_iter().collect(),
            ),
        });
    }
    let start = input.fork();
    let whole = match place {
        Place::Module => attempt(input, |i| i.parse::<syn::Item>().map(|_| ())),
        Place::Impl => attempt(input, |i| i.parse::<ImplItem>().map(|_| ())),
        Place::Trait => attempt(input, |i| i.parse::<TraitItem>().map(|_| ())),
    };
    let rest = match whole {
        Some(()) => between(&start, input)?,
        None => input.parse()?,
    };
    Ok(Item::Other(attrs, rest))
}

/// Advances only where `parse` succeeds.
fn attempt<T>(
    input: ParseStream<'_>,
    parse: impl FnOnce(ParseStream<'_>) -> syn::Result<T>,
) -> Option<T> {
    let fork = input.fork();
    let parsed = parse(&fork).ok()?;
    input.advance_to(&fork);
    Some(parsed)
}

/// The tokens that were read since `start`: what the parser understood of them does not matter.
fn between(start: ParseStream<'_>, end: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while start.cursor() != end.cursor() {
        start.parse::<TokenTree>()?.to_tokens(&mut tokens);
    }
    Ok(tokens)
}

fn parse_function(input: ParseStream<'_>) -> syn::Result<(TokenStream, Signature, Option<Group>)> {
    let mut prefix = input.parse::<Visibility>()?.into_token_stream();
    if input.peek(Token![default]) {
        input.parse::<Token![default]>()?.to_tokens(&mut prefix);
    }
    let sig = input.parse()?;
    let body = if input.peek(Token![;]) {
        input.parse::<Token![;]>()?;
        None
    } else {
        Some(parse_brace(input)?)
    };
    Ok((prefix, sig, body))
}

fn parse_brace(input: ParseStream<'_>) -> syn::Result<Group> {
    if let Some(group) = attempt(input, Group::parse) {
        return match group.delimiter() {
            Delimiter::Brace => Ok(group),
            _ => Err(Error::new(group.span(), "expected a body in braces")),
        };
    }
    // A `$body:block` of a `macro_rules!` comes in an invisible group.
    let content;
    let brace = syn::braced!(content in input);
    let mut group = Group::new(Delimiter::Brace, content.parse()?);
    group.set_span(brace.span.join());
    Ok(group)
}

fn parse_block(input: ParseStream<'_>) -> syn::Result<(TokenStream, Owner, Group)> {
    let mut header = input.parse::<Visibility>()?.into_token_stream();
    input
        .parse::<Option<Token![default]>>()?
        .to_tokens(&mut header);
    input
        .parse::<Option<Token![unsafe]>>()?
        .to_tokens(&mut header);
    input
        .parse::<Option<Token![auto]>>()?
        .to_tokens(&mut header);
    let owner = if input.peek(Token![impl]) {
        Owner::Impl(parse_impl_header(input, &mut header)?)
    } else if input.peek(Token![mod]) {
        input.parse::<Token![mod]>()?.to_tokens(&mut header);
        input.parse::<Ident>()?.to_tokens(&mut header);
        Owner::Module
    } else {
        parse_trait_header(input, &mut header)?;
        Owner::Trait
    };
    Ok((header, owner, parse_brace(input)?))
}

/// Returns the name of the self type.
fn parse_impl_header(input: ParseStream<'_>, header: &mut TokenStream) -> syn::Result<String> {
    input.parse::<Token![impl]>()?.to_tokens(header);
    // NOTE: `impl <T as Trait>::Assoc {}` begins like generics and is rare enough to be passed on.
    if input.peek(Token![<]) {
        input.parse::<Generics>()?.to_tokens(header);
    }
    input.parse::<Option<Token![const]>>()?.to_tokens(header);
    input.parse::<Option<Token![!]>>()?.to_tokens(header);
    let mut self_ty: Type = input.parse()?;
    self_ty.to_tokens(header);
    if input.peek(Token![for]) {
        input.parse::<Token![for]>()?.to_tokens(header);
        self_ty = input.parse()?;
        self_ty.to_tokens(header);
    }
    input.parse::<Option<WhereClause>>()?.to_tokens(header);
    Ok(type_name(&self_ty))
}

fn parse_trait_header(input: ParseStream<'_>, header: &mut TokenStream) -> syn::Result<()> {
    input.parse::<Token![trait]>()?.to_tokens(header);
    input.parse::<Ident>()?.to_tokens(header);
    input.parse::<Generics>()?.to_tokens(header);
    if input.peek(Token![:]) {
        input.parse::<Token![:]>()?.to_tokens(header);
        while !input.peek(token::Brace) && !input.peek(Token![where]) {
            input.parse::<TypeParamBound>()?.to_tokens(header);
            input.parse::<Option<Token![+]>>()?.to_tokens(header);
        }
    }
    input.parse::<Option<WhereClause>>()?.to_tokens(header);
    Ok(())
}

/// The last path segment without generics: `a::Type<T>` is `Type`, `&mut Type` and `dyn Type` too.
fn type_name(ty: &Type) -> String {
    match ty {
        Type::Path(path) => path
            .path
            .segments
            .last()
            .map_or_else(String::new, |last| last.ident.unraw().to_string()),
        Type::Reference(reference) => type_name(&reference.elem),
        Type::Ptr(pointer) => type_name(&pointer.elem),
        Type::Paren(paren) => type_name(&paren.elem),
        Type::Group(group) => type_name(&group.elem),
        Type::TraitObject(object) => object
            .bounds
            .iter()
            .find_map(|bound| match bound {
                TypeParamBound::Trait(bound) => bound.path.segments.last(),
                _ => None,
            })
            .map_or_else(String::new, |last| last.ident.unraw().to_string()),
        other => other.to_token_stream().to_string().replace(' ', ""),
    }
}

/// A group in the place of another: same delimiter, same span.
pub(crate) fn regroup(old: &Group, delimiter: Delimiter, stream: TokenStream) -> Group {
    let mut group = Group::new(delimiter, stream);
    group.set_span(old.span());
    group
}
