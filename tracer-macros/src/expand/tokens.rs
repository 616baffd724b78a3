//! Spans and raw bodies.
//!
//! What we generate resolves at the mixed site: its locals are invisible to the user's code, its
//! braces follow the 2024 rules for temporaries whatever the user's edition, and lints know that
//! nobody wrote it. What the user wrote keeps its own span, so that lints and errors stay there.

use proc_macro2::{Delimiter, Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};

use crate::item::regroup;

/// Same place in the source, but generated.
pub(crate) fn generated(span: Span) -> Span {
    span.resolved_at(Span::mixed_site())
}

/// Where the value of a body stands, as far as its tokens tell: what we do with it is blamed for what is wrong with it.
pub(crate) fn place_of_value(body: &Group) -> Span {
    let last = body.stream().into_iter().last();
    generated(last.map_or_else(|| body.span_close(), |tree| tree.span()))
}

/// A second copy of something that the user wrote once: errors still point at it, lints do not
/// report it again.
pub(crate) fn silent(tokens: TokenStream) -> TokenStream {
    map_spans(tokens, &generated)
}

fn map_spans(tokens: TokenStream, map: &dyn Fn(Span) -> Span) -> TokenStream {
    tokens
        .into_iter()
        .map(|mut tree| {
            match &mut tree {
                TokenTree::Group(group) => {
                    *group = regroup(group, group.delimiter(), map_spans(group.stream(), map));
                    group.set_span(map(group.span()));
                }
                // It means the crate of the `macro_rules!` that wrote it.
                TokenTree::Ident(ident) if ident == "$crate" => {}
                other => other.set_span(map(other.span())),
            }
            tree
        })
        .collect()
}

/// The keyword and the braces of a closure or `async` block, at the place of the user's body: lints about the last
/// expression of a function pass over what nobody wrote. Inside of braces of ours, for the rules of 2024.
pub(crate) fn as_written(
    keyword: impl ToTokens,
    body: &Group,
    inside: TokenStream,
) -> (TokenStream, Group) {
    let keyword = map_spans(keyword.into_token_stream(), &|_| body.span_open());
    let inside = quote_spanned!(Span::mixed_site()=> { #inside });
    (keyword, regroup(body, Delimiter::Brace, inside))
}

/// Moves `#![…]` out of the body: `(as outer attributes, the rest)`.
pub(crate) fn split_inner_attributes(body: &Group) -> (TokenStream, Group) {
    let mut trees = body.stream().into_iter().peekable();
    let mut attributes = TokenStream::new();
    loop {
        let mut ahead = trees.clone();
        match (ahead.next(), ahead.next(), ahead.next()) {
            (Some(pound), Some(TokenTree::Punct(bang)), Some(TokenTree::Group(meta)))
                if is_punct(&pound, '#')
                    && bang.as_char() == '!'
                    && meta.delimiter() == Delimiter::Bracket =>
            {
                attributes.extend([pound, TokenTree::Group(meta)]);
                trees = ahead;
            }
            _ => break,
        }
    }
    if attributes.is_empty() {
        return (attributes, body.clone());
    }
    (attributes, regroup(body, Delimiter::Brace, trees.collect()))
}

/// Whether the word stands anywhere in it.
pub(crate) fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|tree| match tree {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(group.stream(), word),
        _ => false,
    })
}

fn is_punct(tree: &TokenTree, wanted: char) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted)
}

/// How the body may leave the function before its end.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exits {
    Never,
    /// By a macro that may contain a `return` or a `?`.
    Hidden,
    Written,
}

/// `tries`: whether a `?` can be the function's own, and not only that of a closure in it.
pub(crate) fn exits(body: TokenStream, tries: bool) -> Exits {
    let mut name: Option<String> = None;
    let mut called: Option<String> = None;
    let mut found = Exits::Never;
    for tree in body {
        match &tree {
            TokenTree::Ident(ident) => {
                if ident == "return" || ident == "become" {
                    return Exits::Written;
                }
                (name, called) = (Some(ident.to_string()), None);
                continue;
            }
            TokenTree::Punct(punct) if punct.as_char() == '?' && tries => return Exits::Written,
            TokenTree::Punct(punct) if punct.as_char() == '!' => {
                called = name.take();
                continue;
            }
            TokenTree::Group(group) => {
                if called.is_some_and(|name| !STAYS.contains(&name.as_str())) {
                    found = Exits::Hidden;
                }
                found = found.max(exits(group.stream(), tries));
                if found == Exits::Written {
                    return found;
                }
            }
            _ => {}
        }
        (name, called) = (None, None);
    }
    found
}

/// Macros of the standard library that leave the function by what is written in them, or not at all.
const STAYS: [&str; 26] = [
    "assert",
    "assert_eq",
    "assert_ne",
    "cfg",
    "concat",
    "dbg",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "env",
    "eprint",
    "eprintln",
    "format",
    "format_args",
    "include_str",
    "line",
    "matches",
    "panic",
    "print",
    "println",
    "stringify",
    "todo",
    "unimplemented",
    "unreachable",
    "vec",
    "writeln",
];

/// Whether the body ends in an expression. One that does not, of a function that returns something, has no end.
pub(crate) fn has_value(body: TokenStream) -> bool {
    body.into_iter()
        .last()
        .is_some_and(|last| !is_punct(&last, ';'))
}

/// Whether the body is nothing but one call of a macro.
pub(crate) fn is_one_macro(body: TokenStream) -> bool {
    let trees: Vec<TokenTree> = body.into_iter().collect();
    matches!(trees.as_slice(),
        [path @ .., bang, TokenTree::Group(_)]
            if is_punct(bang, '!')
                && path.iter().all(|tree| matches!(tree, TokenTree::Ident(_)) || is_punct(tree, ':')))
}

/// A body that is nothing but an `async` block, maybe in `Box::pin(…)`.
pub(crate) struct AsyncBody {
    /// `Box::pin` and its parentheses.
    pin: Option<(TokenStream, Group)>,
    /// `async` or `async move`.
    keywords: TokenStream,
    pub(crate) block: Group,
}

impl AsyncBody {
    pub(crate) fn find(body: &Group) -> Option<Self> {
        if let Some((keywords, block)) = async_block(body.stream()) {
            let pin = None;
            return Some(Self {
                pin,
                keywords,
                block,
            });
        }
        let mut trees: Vec<TokenTree> = body.stream().into_iter().collect();
        let Some(TokenTree::Group(group)) = trees.pop() else {
            return None;
        };
        let path: Vec<String> = trees.iter().map(ToString::to_string).collect();
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let is_path = trees
            .iter()
            .all(|tree| matches!(tree, TokenTree::Ident(_)) || is_punct(tree, ':'));
        if group.delimiter() != Delimiter::Parenthesis
            || !is_path
            || !path.ends_with(&["Box", ":", ":", "pin"])
        {
            return None;
        }
        let (keywords, block) = async_block(group.stream())?;
        Some(Self {
            pin: Some((trees.into_iter().collect(), group)),
            keywords,
            block,
        })
    }

    /// With what it uses moved into it, asked for or not.
    pub(crate) fn moving(mut self) -> Self {
        self.keywords = quote_spanned!(Span::mixed_site()=> async move);
        self
    }

    pub(crate) fn is_pinned(&self) -> bool {
        self.pin.is_some()
    }

    /// The `async` block around something else, and the parts around that.
    pub(crate) fn rebuild(
        &self,
        block: TokenStream,
        wrap: impl FnOnce(TokenStream) -> TokenStream,
    ) -> TokenStream {
        let keywords = &self.keywords;
        let wrapped = wrap(quote_spanned!(Span::mixed_site()=> #keywords { #block }));
        match &self.pin {
            Some((path, parens)) => {
                let parens = regroup(parens, Delimiter::Parenthesis, wrapped);
                quote_spanned!(Span::mixed_site()=> #path #parens)
            }
            None => wrapped,
        }
    }
}

fn async_block(tokens: TokenStream) -> Option<(TokenStream, Group)> {
    let mut trees: Vec<TokenTree> = tokens.into_iter().collect();
    if trees.last().is_some_and(|last| is_punct(last, ',')) {
        trees.pop();
    }
    let Some(TokenTree::Group(block)) = trees.pop() else {
        return None;
    };
    let keyword = |tree: Option<&TokenTree>, word: &str| matches!(tree, Some(TokenTree::Ident(ident)) if ident == word);
    let plain = trees.len() == 1 && keyword(trees.first(), "async");
    let moving =
        trees.len() == 2 && keyword(trees.first(), "async") && keyword(trees.get(1), "move");
    (block.delimiter() == Delimiter::Brace && (plain || moving))
        .then(|| (trees.into_iter().collect(), block))
}

/// A local of ours.
pub(crate) fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}
