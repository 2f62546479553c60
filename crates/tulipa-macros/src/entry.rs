//! `#[tulipa::main]` and `#[tulipa::test]`: a plain function around the async one.
//!
//! The async function stays as it was written, inside: its types, its `?` and its error messages are the user's own.
//! What runs it is a helper in the facade, so that an expansion is small and does not change when the runtime does.
//!
//! ```text
//! #[tulipa::main(workers = 2)]           fn main() -> R {
//! async fn main() -> R { .. }     ==>        async fn main() -> R { .. }
//!                                            ::tulipa::__private::main(::tulipa::Builder::new() .., main())
//!                                        }
//! ```

use crate::args::{Accepts, Args, Flavour};
use proc_macro2::TokenStream;
use quote::quote;
use syn::spanned::Spanned as _;
use syn::{Error, ItemFn, Result};

const MAIN: Accepts = Accepts {
    attribute: "#[tulipa::main]",
    arguments: &["workers", "flavour", "name"],
    flavours: &[
        ("multi", Flavour::MultiThread),
        ("current_thread", Flavour::CurrentThread),
    ],
    default_flavour: Flavour::MultiThread,
};

const TEST: Accepts = Accepts {
    attribute: "#[tulipa::test]",
    arguments: &["time", "seed", "flavour", "workers", "name"],
    flavours: &[
        ("deterministic", Flavour::Deterministic),
        ("multi", Flavour::MultiThread),
        ("current_thread", Flavour::CurrentThread),
    ],
    default_flavour: Flavour::Deterministic,
};

/// Expands `#[tulipa::main]`.
pub(crate) fn main(args: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => return not_a_function(&item, &MAIN),
    };
    match checked(&function, args, &MAIN) {
        Ok(args) => wrapped(&function, None, |name| {
            let builder = args.builder();
            quote!(::tulipa::__private::main(#builder, #name()))
        }),
        Err(error) => {
            // Without a `main` the compiler would complain of that too; the body inside is still looked at.
            let error = error.to_compile_error();
            let name = &function.sig.ident;
            quote!(#error #[allow(unused)] fn #name() { #function })
        }
    }
}

/// Expands `#[tulipa::test]`.
pub(crate) fn test(args: TokenStream, item: TokenStream) -> TokenStream {
    let function: ItemFn = match syn::parse2(item.clone()) {
        Ok(function) => function,
        Err(_) => return not_a_function(&item, &TEST),
    };
    match checked(&function, args, &TEST) {
        Ok(args) => wrapped(
            &function,
            Some(quote!(#[::core::prelude::v1::test])),
            |name| {
                let builder = with_test_defaults(args).builder();
                quote!(::tulipa::__private::test(#builder, #name))
            },
        ),
        Err(error) => {
            let error = error.to_compile_error();
            quote!(#error #[allow(unused)] #function)
        }
    }
}

/// Time stands still and the schedule is known unless the test says otherwise.
fn with_test_defaults(mut args: Args) -> Args {
    args.virtual_time.get_or_insert(true);
    if args.flavour == Flavour::Deterministic {
        args.seed.get_or_insert(0);
    }
    args
}

/// The sync function that the outside sees: `call` runs the async one, which lies inside under the same name.
fn wrapped(
    function: &ItemFn,
    attribute: Option<TokenStream>,
    call: impl FnOnce(&syn::Ident) -> TokenStream,
) -> TokenStream {
    let ItemFn {
        attrs,
        vis,
        sig,
        block,
        ..
    } = function;
    let mut outside = sig.clone();
    outside.asyncness = None;
    let call = call(&sig.ident);
    quote! {
        #(#attrs)*
        #attribute
        #vis #outside {
            #sig #block
            #call
        }
    }
}

/// The arguments, if these and the function are what the attribute takes.
fn checked(function: &ItemFn, args: TokenStream, accepts: &Accepts) -> Result<Args> {
    check_function(function, accepts)?;
    Args::parse(args, accepts)
}

fn check_function(function: &ItemFn, accepts: &Accepts) -> Result<()> {
    let ItemFn { attrs, sig, .. } = function;
    let attribute = accepts.attribute;
    if sig.asyncness.is_none() {
        return Err(Error::new(
            sig.fn_token.span,
            format!(
                "`{attribute}` runs an async function: write `async fn {}`",
                sig.ident
            ),
        ));
    }
    if !sig.inputs.is_empty() {
        return Err(Error::new(
            sig.inputs.span(),
            format!(
                "`{}` is called without arguments, so it must take none",
                sig.ident
            ),
        ));
    }
    if !sig.generics.params.is_empty() {
        return Err(Error::new(
            sig.generics.span(),
            format!(
                "`{}` is called without type arguments, so it must not be generic",
                sig.ident
            ),
        ));
    }
    if let Some(second) = attrs
        .iter()
        .find(|attribute| attribute.path().is_ident("test"))
    {
        return Err(Error::new(
            second.span(),
            format!("`{attribute}` makes the function a test already: drop this `#[test]`"),
        ));
    }
    Ok(())
}

fn not_a_function(item: &TokenStream, accepts: &Accepts) -> TokenStream {
    let message = format!("`{}` goes before an async function", accepts.attribute);
    let error = Error::new_spanned(item, message).to_compile_error();
    quote!(#error #item)
}
