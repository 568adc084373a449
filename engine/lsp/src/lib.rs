//! The language server: what editors ask about pipeline files, in the Language Server Protocol.
//!
//! What is true about a text is found out by [`loopline_dsl::assist`]; this room knows the protocol and nothing of the
//! language. It touches nothing but the connection: texts come from the editor, and what stands around a file is read by
//! whoever starts it ([`LibraryOf`]).
//!
//! ```text
//! editor ── messages ──► inbox ──► session ── answers ──► editor
//!                                     │  texts that changed, once nothing waits in the inbox
//!                                     ▼
//!                                  checker (a thread) ── diagnostics ──► editor
//! ```
//!
//! Requests are answered in their order, by the session; the compiler runs beside it, so that nobody waits for diagnostics.
//! Start at [`serve()`]; one file of `answers` a request.

mod answers;
mod checker;
mod client;
mod documents;
mod handshake;
mod inbox;
mod pipeline_files;
mod serve;
mod session;
mod text;

pub use serve::{Ended, LibraryOf, ServeError, serve, serve_stdio};
