//! From the model to code. Only this module writes code.

mod attributes;
mod block;
mod by_level;
mod callsite;
mod function;
mod instrument;
mod outcome;
mod params;
mod recording;
mod seen;
mod subscriber;
mod sync;
mod tokens;
mod types;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote_spanned};

pub(crate) use attributes::is_ours;
pub(crate) use block::block;
pub(crate) use by_level::by_level;
pub(crate) use function::function;
pub(crate) use instrument::instrument;
pub(crate) use params::bindings;
pub(crate) use types::{impl_stream, is_impl_future, plain};

use crate::args::Args;

/// Where the support code lives.
pub(crate) struct Runtime {
    pub(crate) private: TokenStream,
    krate: Option<TokenStream>,
}

/// What a path of the user's is called inside of the body.
const ALIAS: &str = "__traced_private";

impl Runtime {
    pub(crate) fn new(args: &Args) -> Self {
        let krate = args.krate.get().map(ToTokens::to_token_stream);
        let private = Self::private(krate.is_some(), Span::mixed_site());
        Self { private, krate }
    }

    /// The same path as if it were written at that place in the user's code.
    fn private_at(&self, place: Span) -> TokenStream {
        Self::private(self.krate.is_some(), place)
    }

    fn private(aliased: bool, span: Span) -> TokenStream {
        match aliased {
            true => Ident::new(ALIAS, span).into_token_stream(),
            false => quote_spanned!(span=> ::tracer_runtime::__private),
        }
    }

    /// The one mention of a path of the user's in a body: a wrong one is one mistake.
    fn import(&self) -> Option<TokenStream> {
        let krate = self.krate.as_ref()?;
        let alias = &self.private;
        Some(quote_spanned!(Span::mixed_site()=> use #krate::__private as #alias;))
    }

    /// `core` in a signature, where what the body imports is out of sight.
    fn core_outside(&self, span: Span) -> TokenStream {
        match self.krate {
            None => quote_spanned!(span=> ::tracer_runtime::__private::core),
            Some(_) => quote_spanned!(span=> ::core),
        }
    }

    /// `!` as the output of a future, in a signature.
    fn never_outside(&self, span: Span) -> TokenStream {
        match &self.krate {
            None => quote_spanned!(span=> ::tracer_runtime::__private::Never),
            Some(krate) => quote_spanned!(span=> #krate::__private::Never),
        }
    }
}

/// What surrounds a function, as far as the attribute sees it.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// Of the annotated `impl`.
    pub(crate) type_name: Option<String>,
    /// The function that this one stands for.
    pub(crate) function: Option<Ident>,
    /// Another attribute on the `impl` comes after us and may need the functions as they were.
    pub(crate) foreign: bool,
    /// Only functions with a marker of their own are annotated.
    pub(crate) only_marked: bool,
}
