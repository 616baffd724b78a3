//! The attributes `#[traced]` and `#[instrument]`. Use them through `tracer-runtime`.
#![cfg_attr(not(test), warn(clippy::expect_used, clippy::unwrap_used))]

mod args;
mod diag;
mod expand;
mod item;
mod level;
mod validate;

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::Error;

use crate::args::{Args, Instrument};
use crate::diag::Errors;
use crate::expand::Scope;
use crate::item::{Block, Function, Item};

/// Without the feature the arguments are checked and the item stays as it is.
const ENABLED: bool = cfg!(feature = "enable");

/// See `traced` in `tracer-runtime`, from where it is used.
#[proc_macro_attribute]
pub fn traced(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    annotate(args.into(), item.into()).into()
}

/// See `instrument` in `tracer-runtime`, from where it is used.
#[proc_macro_attribute]
pub fn instrument(
    args: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    annotate_visibly(args.into(), item.into()).into()
}

fn annotate_visibly(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Instrument::parse(args, &mut errors);
    let mut expanded = match Item::parse(tokens.clone()) {
        Ok(Item::Function(f)) => visibly_on_function(*f, &args, tokens, &mut errors),
        Ok(_) => {
            errors.push(Error::new(
                Span::call_site(),
                "`#[instrument]` goes on a function",
            ));
            tokens
        }
        Err(_) => tokens,
    };
    expanded.extend(errors.into_tokens());
    expanded
}

fn visibly_on_function(
    f: Function,
    args: &Instrument,
    tokens: TokenStream,
    errors: &mut Errors,
) -> TokenStream {
    if let Some(constness) = f.sig.constness {
        errors.push(Error::new(constness.span, CONST));
        return tokens;
    }
    validate::on_function(&args.ours, &f, errors);
    match errors.is_empty() && ENABLED {
        true => expand::instrument(f, args),
        false => tokens,
    }
}

const CONST: &str = "a `const fn` cannot be traced: it may run at compile time";

fn annotate(args: TokenStream, tokens: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let args = Args::parse(args, &mut errors);
    let mut expanded = match Item::parse(tokens.clone()) {
        Ok(Item::Function(f)) => on_function(*f, &args, tokens, &mut errors),
        Ok(Item::Block(block)) => on_block(*block, &args, tokens, &mut errors),
        Ok(Item::Other(attrs, _)) => {
            check_other(attrs.len(), &tokens, &mut errors);
            tokens
        }
        // Not even an item: the compiler has more to say about it than we have.
        Err(_) => tokens,
    };
    expanded.extend(errors.into_tokens());
    expanded
}

fn on_function(f: Function, args: &Args, tokens: TokenStream, errors: &mut Errors) -> TokenStream {
    if let Some(constness) = f.sig.constness {
        errors.push(Error::new(constness.span, CONST));
        return tokens;
    }
    if let Some(second) = f.attrs.iter().find(|attr| expand::is_ours(attr.path())) {
        errors.push(Error::new_spanned(
            second.path(),
            "`#[traced]` is given twice",
        ));
    }
    validate::on_function(args, &f, errors);
    if !errors.is_empty() || !ENABLED || args.skip_item.is_set() {
        return tokens;
    }
    let scope = Scope::default();
    expand::by_level(f, args, |f| expand::function(f, args, &scope), |_| tokens)
}

fn on_block(block: Block, args: &Args, tokens: TokenStream, errors: &mut Errors) -> TokenStream {
    if matches!(block.owner, item::Owner::Trait) {
        let keyword = block
            .header
            .into_iter()
            .find(|tree| tree.to_string() == "trait");
        errors.push(Error::new_spanned(keyword, MISPLACED));
        return tokens;
    }
    validate::on_block(args, &block, errors);
    expand::block(block, args, &Scope::default(), errors)
}

const MISPLACED: &str = "`#[traced]` goes on a function, an `impl` block or an inline module";

/// Passes over what has no function to annotate by its nature, and complains about the rest.
fn check_other(attributes: usize, tokens: &TokenStream, errors: &mut Errors) {
    let silent = match syn::parse2::<syn::Item>(tokens.clone()) {
        Ok(item) => matches!(item, syn::Item::Macro(_) | syn::Item::Mod(_)),
        // A half-typed function.
        Err(_) => tokens
            .clone()
            .into_iter()
            .any(|tree| matches!(&tree, TokenTree::Ident(word) if word == "fn")),
    };
    if !silent {
        let item: TokenStream = tokens.clone().into_iter().skip(2 * attributes).collect();
        let keyword = item
            .into_iter()
            .find(|tree| matches!(tree, TokenTree::Ident(word) if word != "pub"));
        errors.push(Error::new_spanned(keyword.into_token_stream(), MISPLACED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(tokens: TokenStream) -> usize {
        tokens
            .into_iter()
            .map(|tree| match tree {
                TokenTree::Group(group) => 1 + count(group.stream()),
                _ => 1,
            })
            .sum()
    }

    /// How many tokens the attribute adds.
    fn added(item: &str) -> usize {
        let item: TokenStream = item.parse().unwrap();
        count(annotate(TokenStream::new(), item.clone())) - count(item)
    }

    #[test]
    fn the_expansion_is_small() {
        if !ENABLED {
            return;
        }
        for (item, most) in [
            ("fn f() {}", 120),
            ("fn f(a: u8) -> u8 { a }", 120),
            ("async fn f() {}", 150),
            ("fn f() -> Result<u8, String> { Ok(1) }", 250),
            ("async fn f(a: String) -> Result<u8, String> { Ok(1) }", 290),
        ] {
            assert!(added(item) <= most, "{} for {item}", added(item));
        }
    }

    #[test]
    fn an_unknown_argument_of_instrument_is_a_warning() {
        let warned = |args: &str| {
            let item = "fn f(a: u8) {}".parse().unwrap();
            annotate_visibly(args.parse().unwrap(), item).to_string()
        };
        let near = warned("skipp(a), 3, fields(b = 1)");
        assert!(!near.contains("compile_error"), "{near}");
        let said = near.contains("unknown argument `skipp`, did you mean `skip`?");
        assert_eq!(said, ENABLED, "{near}");
        assert_eq!(
            near.matches("deprecated (note").count(),
            if ENABLED { 2 } else { 0 },
            "{near}"
        );
        assert!(!warned(", skip(a) level = \"debug\",").contains("deprecated"));
    }

    #[test]
    fn what_is_given_is_given_back_where_nothing_is_to_do() {
        for item in ["fn f();", "macro_rules! m { () => {} }", "mod file;"] {
            let tokens: TokenStream = item.parse().unwrap();
            let expanded = annotate(TokenStream::new(), tokens.clone());
            assert_eq!(expanded.to_string(), tokens.to_string());
        }
    }
}
