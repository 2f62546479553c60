//! `gather!`: evaluates its arguments, then hands them to the facade as a list of children.
//!
//! Whether an argument is a task, a future that can fail or one that cannot is a question about its type, and a macro
//! sees none. So the expansion asks by method lookup: `future_or_task` is found on the first of several types that
//! have it for such an argument, and says how the argument becomes a child.
//!
//! ```text
//! gather!(a(), b)   ==>   {
//!                             let (child0, child1) = (a(), b);
//!                             let child0 = ::tulipa::__private::gather::kind::kind_of(&child0).future_or_task().child(child0);
//!                             let child1 = ::tulipa::__private::gather::kind::kind_of(&child1).future_or_task().child(child1);
//!                             ::tulipa::__private::gather::all((child0, (child1, ())))
//!                         }
//! ```
//!
//! The arguments stand in a `let`, so that their temporaries are gone before anybody awaits.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::spanned::Spanned as _;
use syn::{Error, Expr, Token};

/// Tuples of more have no `Debug` and no equality.
const MOST: usize = 12;

/// Expands `gather!`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let parsed = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(input);
    match parsed.and_then(few_enough) {
        Ok(arguments) => expand_arguments(&arguments),
        Err(error) => error.to_compile_error(),
    }
}

fn few_enough(arguments: Punctuated<Expr, Token![,]>) -> syn::Result<Vec<Expr>> {
    match arguments.iter().nth(MOST) {
        None => Ok(arguments.into_iter().collect()),
        Some(extra) => Err(Error::new(
            extra.span(),
            format!(
                "gather! takes up to {MOST} arguments: gather some of them first, or an array of one type"
            ),
        )),
    }
}

fn expand_arguments(arguments: &[Expr]) -> TokenStream {
    let names: Vec<Ident> = (0..arguments.len())
        .map(|n| format_ident!("child{n}", span = Span::mixed_site()))
        .collect();
    let children = arguments.iter().zip(&names).map(|(argument, name)| {
        // At the argument: that is where a task was spawned, and where a future that is not `Send` is to be found.
        let becomes_child = quote_spanned!(argument.span()=> .future_or_task().child(#name));
        quote!(let #name = ::tulipa::__private::gather::kind::kind_of(&#name) #becomes_child;)
    });
    let list = names
        .iter()
        .rev()
        .fold(quote!(()), |rest, name| quote!((#name, #rest)));
    quote! {{
        let (#(#names,)*) = (#(#arguments,)*);
        #(#children)*
        ::tulipa::__private::gather::all(#list)
    }}
}
