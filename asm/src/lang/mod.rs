//! The language: [`parser::parse`] makes a syntax tree of a text, and [`fmt::format`] lays the text out anew.

pub mod ast;
pub(crate) mod dialect;
pub mod doc;
pub mod fmt;
pub mod lexer;
pub mod parser;
pub mod token;
pub mod words;
