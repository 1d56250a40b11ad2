//! The language: text to tokens to a syntax tree.

pub mod ast;
pub(crate) mod dialect;
pub mod doc;
pub mod fmt;
pub mod lexer;
pub mod parser;
pub mod token;
pub mod words;
