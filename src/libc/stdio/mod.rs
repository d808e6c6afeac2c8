// SPDX-License-Identifier: ISC
//! stdio.h (C11 7.21): streams on the console and in memory, and formatted input and output.
//!
//! Standard output is buffered by line, standard error for the length of one call, so that each
//! call costs one console write. Standard input is the console's, or at its end over a Solo5 part that does not read it.

pub mod aliases;
pub mod character;
pub mod file;
pub mod memory_stream;
pub mod printf;
pub mod refused;
pub mod scanf;
pub mod standard;
pub mod state;
pub mod va_list;
