//! From the model to code. Only this module writes code.

mod attributes;
mod block;
mod by_level;
mod callsite;
mod function;
mod outcome;
mod params;
mod recording;
mod sync;
mod tokens;
mod types;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote_spanned};

pub(crate) use attributes::is_ours;
pub(crate) use block::block;
pub(crate) use by_level::by_level;
pub(crate) use function::function;
pub(crate) use params::bindings;
pub(crate) use types::{impl_stream, is_impl_future, plain};

use crate::args::Args;

/// Where the support code lives.
pub(crate) struct Runtime {
    pub(crate) private: TokenStream,
    krate: Option<TokenStream>,
}

impl Runtime {
    pub(crate) fn new(args: &Args) -> Self {
        let krate = args.krate.get().map(ToTokens::to_token_stream);
        let private = Self::private(krate.clone(), Span::mixed_site());
        Self { private, krate }
    }

    /// The same path as if it were written at that place in the user's code.
    fn private_at(&self, place: Span) -> TokenStream {
        let krate = self.krate.clone();
        Self::private(krate.map(|path| tokens::located(path, place)), place)
    }

    fn private(krate: Option<TokenStream>, span: Span) -> TokenStream {
        let krate = krate.unwrap_or_else(|| quote_spanned!(span=> ::tracer_runtime));
        quote_spanned!(span=> #krate::__private)
    }
}

/// What surrounds a function, as far as the attribute sees it.
#[derive(Clone, Default)]
pub(crate) struct Scope {
    /// Of the annotated `impl`.
    pub(crate) type_name: Option<String>,
    /// Another attribute on the `impl` comes after us and may need the functions as they were.
    pub(crate) foreign: bool,
    /// Only functions with a marker of their own are annotated.
    pub(crate) only_marked: bool,
}
