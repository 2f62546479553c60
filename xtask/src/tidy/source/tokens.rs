//! The tokens of a file with their lines, and its comments apart.
//!
//! Tokens come from proc-macro2, which knows what is a string and what a comment. It drops plain comments, so those
//! are found as what follows `//` on a line whose literals were blanked.

use proc_macro2::{Delimiter, LexError, Span, TokenStream, TokenTree};

/// An identifier, a literal, one character of punctuation, or a bracket.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::tidy) struct Token {
    pub(in crate::tidy) text: String,
    /// Counts from 1.
    pub(in crate::tidy) line: usize,
}

/// A file cut up.
pub(super) struct Lexed<'a> {
    text: &'a str,
    pub(super) tokens: Vec<Token>,
    /// The text with literals overwritten, so that a `//` in a string is no comment.
    blanked: Vec<u8>,
    /// Where each line starts.
    starts: Vec<usize>,
}

impl<'a> Lexed<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, LexError> {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        let mut lexed = Lexed {
            text,
            tokens: Vec::new(),
            blanked: text.as_bytes().to_vec(),
            starts: starts.collect(),
        };
        lexed.read(text.parse()?);
        Ok(lexed)
    }

    /// The comment on each line, empty where there is none.
    pub(super) fn comments(&self) -> Vec<String> {
        let blanked = String::from_utf8_lossy(&self.blanked);
        let comment = |line: &str| {
            line.find("//")
                .map_or(String::new(), |at| line[at..].to_owned())
        };
        blanked.lines().map(comment).collect()
    }

    fn read(&mut self, stream: TokenStream) {
        for tree in stream {
            if self.is_comment(tree.span()) {
                continue;
            }
            match tree {
                TokenTree::Group(group) => {
                    let (open, close) = brackets(group.delimiter());
                    self.push(open, group.span_open());
                    self.read(group.stream());
                    self.push(close, group.span_close());
                }
                TokenTree::Ident(ident) => self.push(&ident.to_string(), ident.span()),
                TokenTree::Punct(punct) => self.push(&punct.as_char().to_string(), punct.span()),
                TokenTree::Literal(literal) => {
                    self.blanked[literal.span().byte_range()]
                        .iter_mut()
                        .filter(|b| **b != b'\n')
                        .for_each(|b| *b = b' ');
                    self.push(&literal.to_string(), literal.span());
                }
            }
        }
    }

    /// A doc comment arrives as the tokens of an attribute, all with the span of the comment.
    fn is_comment(&self, span: Span) -> bool {
        let text = &self.text[span.byte_range()];
        text.starts_with("//") || text.starts_with("/*")
    }

    fn push(&mut self, text: &str, span: Span) {
        if text.is_empty() {
            return;
        }
        let line = self
            .starts
            .partition_point(|start| *start <= span.byte_range().start);
        self.tokens.push(Token {
            text: text.to_owned(),
            line,
        });
    }
}

fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

/// Whether the tokens at `index` read as `texts`.
pub(super) fn reads(tokens: &[Token], index: usize, texts: &[&str]) -> bool {
    let found = tokens[index.min(tokens.len())..]
        .iter()
        .map(|token| token.text.as_str());
    found.take(texts.len()).eq(texts.iter().copied())
}

/// The index of the bracket that closes the one at `open`; `open` itself if that is none.
pub(super) fn closing(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    tokens.len() - 1
}
