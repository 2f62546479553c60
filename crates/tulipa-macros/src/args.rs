//! What stands in the parentheses of an attribute: `name = literal`, separated by commas.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use std::fmt::Display;
use std::str::FromStr;
use syn::parse::{Parse, ParseStream, Parser as _};
use syn::punctuated::Punctuated;
use syn::{Error, Lit, LitStr, Result, Token};

/// What one of the attributes takes, and what it assumes.
pub(crate) struct Accepts {
    /// The attribute as one writes it.
    pub(crate) attribute: &'static str,
    pub(crate) arguments: &'static [&'static str],
    pub(crate) flavours: &'static [(&'static str, Flavour)],
    pub(crate) default_flavour: Flavour,
}

/// The flavours of a runtime, as the facade's enum of that name has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flavour {
    MultiThread,
    CurrentThread,
    Deterministic,
}

/// The arguments, each checked on its own and against the others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Args {
    pub(crate) flavour: Flavour,
    pub(crate) workers: Option<usize>,
    pub(crate) name: Option<String>,
    pub(crate) seed: Option<u64>,
    pub(crate) virtual_time: Option<bool>,
}

impl Args {
    /// Reads `tokens`.
    ///
    /// # Errors
    ///
    /// If an argument is unknown, given twice, malformed, or at odds with the flavour: at the place where it stands.
    pub(crate) fn parse(tokens: TokenStream, accepts: &Accepts) -> Result<Args> {
        let list = Punctuated::<Argument, Token![,]>::parse_terminated.parse2(tokens)?;
        let mut args = Args {
            flavour: accepts.default_flavour,
            workers: None,
            name: None,
            seed: None,
            virtual_time: None,
        };
        let mut seen: Vec<&Ident> = Vec::new();
        for argument in &list {
            if seen.contains(&&argument.name) {
                return Err(Error::new(
                    argument.name.span(),
                    format!("`{}` is given twice", argument.name),
                ));
            }
            seen.push(&argument.name);
            args.set(argument, accepts)?;
        }
        args.check(&list)?;
        Ok(args)
    }

    fn set(&mut self, argument: &Argument, accepts: &Accepts) -> Result<()> {
        let name = argument.name.to_string();
        if !accepts.arguments.contains(&name.as_str()) {
            let known = accepts.arguments.join("`, `");
            let message = format!(
                "unknown argument `{name}`: `{}` takes `{known}`",
                accepts.attribute
            );
            return Err(Error::new(argument.name.span(), message));
        }
        match name.as_str() {
            "workers" => self.workers = Some(argument.workers()?),
            "seed" => self.seed = Some(argument.seed()?),
            "name" => self.name = Some(argument.text("a string such as \"crawler\"")?.value()),
            "time" => {
                self.virtual_time = Some(argument.choice(&[("virtual", true), ("real", false)])?)
            }
            "flavour" => self.flavour = argument.choice(accepts.flavours)?,
            other => unreachable!("`{other}` is accepted, so it is read"),
        }
        Ok(())
    }

    /// What fits on its own but not together.
    fn check(&self, list: &Punctuated<Argument, Token![,]>) -> Result<()> {
        let at = |name: &str| {
            list.iter()
                .find(|a| a.name == name)
                .map_or_else(Span::call_site, |a| a.name.span())
        };
        if self.workers.is_some() && self.flavour == Flavour::CurrentThread {
            return Err(Error::new(
                at("workers"),
                "`workers` does not go with flavour = \"current_thread\", which has one: drop either of them",
            ));
        }
        if self.seed.is_some() && self.flavour != Flavour::Deterministic {
            return Err(Error::new(
                at("seed"),
                "`seed` chooses the schedule of flavour = \"deterministic\", and means nothing to another: drop it",
            ));
        }
        Ok(())
    }

    /// The facade's `Builder`, told all this.
    pub(crate) fn builder(&self) -> TokenStream {
        let flavour = self.flavour;
        let workers = self.workers.map(|workers| quote!(.workers(#workers)));
        let name = self.name.as_ref().map(|name| quote!(.name(#name)));
        let seed = self.seed.map(|seed| quote!(.seed(#seed)));
        let time = self
            .virtual_time
            .map(|virtual_time| quote!(.virtual_time(#virtual_time)));
        quote!(::tulipa::Builder::new().flavour(#flavour) #workers #name #seed #time)
    }
}

impl ToTokens for Flavour {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Flavour::MultiThread => quote!(::tulipa::Flavour::MultiThread),
            Flavour::CurrentThread => quote!(::tulipa::Flavour::CurrentThread),
            Flavour::Deterministic => quote!(::tulipa::Flavour::Deterministic),
        });
    }
}

/// `name = literal`.
struct Argument {
    name: Ident,
    value: Lit,
}

impl Parse for Argument {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let name: Ident = input.parse()?;
        let _: Token![=] = input.parse().map_err(|_| {
            Error::new(
                name.span(),
                format!("`{name}` takes a value: `{name} = ..`"),
            )
        })?;
        let value = input
            .parse()
            .map_err(|error| Error::new(error.span(), format!("`{name}` takes a literal")))?;
        Ok(Argument { name, value })
    }
}

impl Argument {
    fn workers(&self) -> Result<usize> {
        let workers = self.number().filter(|workers| *workers > 0);
        workers
            .ok_or_else(|| self.wrong("a number of at least 1: without a worker nothing would run"))
    }

    fn seed(&self) -> Result<u64> {
        self.number()
            .ok_or_else(|| self.wrong("a number from 0 to 18446744073709551615"))
    }

    fn number<N>(&self) -> Option<N>
    where
        N: FromStr,
        N::Err: Display,
    {
        match &self.value {
            Lit::Int(number) if number.suffix().is_empty() => number.base10_parse().ok(),
            _ => None,
        }
    }

    fn text(&self, example: &str) -> Result<&LitStr> {
        match &self.value {
            Lit::Str(text) => Ok(text),
            _ => Err(self.wrong(example)),
        }
    }

    /// The value that goes with the word which this argument is.
    fn choice<T: Copy>(&self, words: &[(&str, T)]) -> Result<T> {
        let known = words
            .iter()
            .map(|(word, _)| format!("\"{word}\""))
            .collect::<Vec<_>>()
            .join(" or ");
        let given = self.text(&known)?.value();
        let chosen = words.iter().find(|(word, _)| *word == given);
        chosen
            .map(|(_, value)| *value)
            .ok_or_else(|| self.wrong(&known))
    }

    fn wrong(&self, wanted: &str) -> Error {
        Error::new(self.value.span(), format!("`{}` takes {wanted}", self.name))
    }
}
