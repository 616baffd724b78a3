//! Arguments that contradict each other, the item, or its parameters.

use syn::{Error, Expr, ExprLit, Ident, Lit};

use crate::args::{Args, Recorded};
use crate::diag::{self, Errors};
use crate::expand;
use crate::item::{Block, Function, Item};

/// The arguments of one function.
pub(crate) fn on_function(args: &Args, f: &Function, errors: &mut Errors) {
    contradictions(args, errors);
    parameters(args, &[f], errors);
    if let syn::ReturnType::Type(_, ty) = &f.sig.output
        && let Some(stream) = expand::impl_stream(ty)
        && !args.skip_item.is_set()
    {
        errors.push(Error::new(
            stream.span(),
            "streams are not supported yet: a span would end before the first item",
        ));
    }
    if let Some(boxed) = args.boxed.key()
        && !may_return_future(f)
    {
        errors.push(Error::new(
            boxed.span(),
            "`boxed` boxes a future, and this function does not return one",
        ));
    }
}

fn may_return_future(f: &Function) -> bool {
    f.sig.asyncness.is_some()
        || match &f.sig.output {
            syn::ReturnType::Default => false,
            syn::ReturnType::Type(_, ty) => {
                expand::is_impl_future(ty) || matches!(expand::plain(ty), syn::Type::Path(_))
            }
        }
}

/// The arguments of an `impl` or `mod`.
pub(crate) fn on_block(args: &Args, block: &Block, errors: &mut Errors) {
    contradictions(args, errors);
    if let Some(name) = args.name.key() {
        errors.push(Error::new(
            name.span(),
            "one name for all of these functions: give it to the function that it belongs to",
        ));
    }
    let mut functions = Vec::new();
    collect(&block.items, &mut functions);
    parameters(args, &functions, errors);
}

fn collect<'a>(items: &'a [Item], functions: &mut Vec<&'a Function>) {
    for item in items {
        match item {
            Item::Function(f) => functions.push(f),
            Item::Block(block) => collect(&block.items, functions),
            Item::Other(..) => {}
        }
    }
}

fn contradictions(args: &Args, errors: &mut Errors) {
    let all = match args.args.get() {
        Some(Recorded::All) => args.args.key(),
        _ => None,
    };
    let pairs: [(Option<&Ident>, Option<&Ident>); 8] = [
        (args.server.key(), args.client.key()),
        (args.kind.key(), args.server.key()),
        (args.kind.key(), args.client.key()),
        (args.parent.key(), args.root.key()),
        (args.metrics.key(), args.metrics_only.key()),
        (args.ok_if.key(), args.error_if.key()),
        (all, args.skip_all.key()),
        (args.skip.key(), args.skip_all.key()),
    ];
    for (first, second) in pairs {
        if let (Some(first), Some(second)) = (first, second) {
            errors.push(Error::new(
                second.span(),
                format!("`{second}` contradicts `{first}`"),
            ));
        }
    }
    for needy in [args.carrier.key(), args.rpc.key()].into_iter().flatten() {
        if !args.server.is_set() && !args.client.is_set() {
            errors.push(Error::new(
                needy.span(),
                format!("`{needy}` needs `server` or `client`"),
            ));
        }
    }
    if let Some(Expr::Lit(ExprLit {
        lit: Lit::Str(name),
        ..
    })) = args.name.get()
        && name.value().is_empty()
    {
        errors.push(Error::new(
            name.span(),
            "the name of a span cannot be empty",
        ));
    }
    for field in args.fields.get().into_iter().flatten() {
        if let crate::args::FieldKey::Text(text, span) = &field.key
            && text.is_empty()
        {
            errors.push(Error::new(*span, "the name of a field cannot be empty"));
        }
    }
}

/// Names in `args` and `skip` must be parameters, of one of the functions at least.
fn parameters(args: &Args, functions: &[&Function], errors: &mut Errors) {
    let mut known: Vec<Ident> = functions
        .iter()
        .flat_map(|f| expand::bindings(&f.sig))
        .collect();
    known.sort();
    known.dedup();
    let recorded: Vec<&Ident> = match args.args.get() {
        Some(Recorded::Named(named)) => named.iter().map(|(_, name)| name).collect(),
        _ => Vec::new(),
    };
    let skipped: Vec<&Ident> = args.skip.get().into_iter().flatten().collect();
    for name in recorded.iter().chain(&skipped) {
        if !known.contains(name) {
            errors.push(unknown_parameter(name, &known));
        }
    }
    for (index, name) in recorded.iter().enumerate() {
        if skipped.contains(name) {
            errors.push(Error::new(
                name.span(),
                format!("`{name}` is in `args` and in `skip`"),
            ));
        }
        if recorded[..index].contains(name) {
            errors.push(Error::new(
                name.span(),
                format!("`{name}` is recorded twice"),
            ));
        }
    }
}

fn unknown_parameter(name: &Ident, known: &[Ident]) -> Error {
    let known: Vec<String> = known.iter().map(ToString::to_string).collect();
    let known = || known.iter().map(String::as_str);
    let text = name.to_string();
    let hint = match (diag::nearest(&text, known()), known().count()) {
        (Some(meant), _) => format!(", did you mean `{meant}`?"),
        (None, 0) => String::from(": there are none"),
        (None, _) => format!("; the parameters are {}", diag::list(known())),
    };
    Error::new(name.span(), format!("no parameter `{name}`{hint}"))
}
