// SPDX-License-Identifier: ISC
//! ctype.h (C11 7.4) and wctype.h in the "C" locale, and the tables that glibc's macros read.

use libc_core::ctype::{
    ALNUM, ALPHA, BLANK, CLASSES, CNTRL, DIGIT, GRAPH, LOWER, LOWER_CASE, PRINT, PUNCT, SPACE,
    UPPER, UPPER_CASE, XDIGIT,
};

/// A pointer into a table, in a place that C reads.
#[repr(transparent)]
pub struct Table<T>(*const T);

// SAFETY: the tables never change.
unsafe impl<T> Sync for Table<T> {}

static CLASS_TABLE: Table<u16> = Table(&raw const CLASSES[128]);
static UPPER_TABLE: Table<i32> = Table(&raw const UPPER_CASE[128]);
static LOWER_TABLE: Table<i32> = Table(&raw const LOWER_CASE[128]);

/// Where the pointer to the class bits of character 0 lies.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __ctype_b_loc() -> *const *const u16 {
    &raw const CLASS_TABLE.0
}

/// Where the pointer to the upper case of character 0 lies.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __ctype_toupper_loc() -> *const *const i32 {
    &raw const UPPER_TABLE.0
}

/// Where the pointer to the lower case of character 0 lies.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __ctype_tolower_loc() -> *const *const i32 {
    &raw const LOWER_TABLE.0
}

/// glibc counts them; here always 1.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn __ctype_get_mb_cur_max() -> usize {
    1
}

fn class(character: i32, bits: u16) -> i32 {
    let index = usize::try_from(i64::from(character) + 128).ok();
    i32::from(index.and_then(|i| CLASSES.get(i)).copied().unwrap_or(0) & bits)
}

fn mapped(character: i32, table: &[i32; 384]) -> i32 {
    let index = usize::try_from(i64::from(character) + 128).ok();
    index
        .and_then(|i| table.get(i))
        .copied()
        .unwrap_or(character)
}

/// C's `toupper`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn toupper(character: i32) -> i32 {
    mapped(character, &UPPER_CASE)
}

/// C's `tolower`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn tolower(character: i32) -> i32 {
    mapped(character, &LOWER_CASE)
}

/// POSIX's `toascii`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn toascii(character: i32) -> i32 {
    character & 127
}

/// POSIX's `isascii`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isascii(character: i32) -> i32 {
    i32::from(character & !127 == 0)
}

/// C's `towupper`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn towupper(character: u32) -> u32 {
    char::from_u32(character).map_or(character, |c| c.to_ascii_uppercase().into())
}

/// C's `towlower`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn towlower(character: u32) -> u32 {
    char::from_u32(character).map_or(character, |c| c.to_ascii_lowercase().into())
}

/// C's `isalnum`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isalnum(character: i32) -> i32 {
    class(character, ALNUM)
}

/// C's `iswalnum`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswalnum(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, ALNUM)
    } else {
        0
    }
}

/// C's `isalpha`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isalpha(character: i32) -> i32 {
    class(character, ALPHA)
}

/// C's `iswalpha`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswalpha(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, ALPHA)
    } else {
        0
    }
}

/// C's `isblank`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isblank(character: i32) -> i32 {
    class(character, BLANK)
}

/// C's `iswblank`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswblank(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, BLANK)
    } else {
        0
    }
}

/// C's `iscntrl`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iscntrl(character: i32) -> i32 {
    class(character, CNTRL)
}

/// C's `iswcntrl`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswcntrl(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, CNTRL)
    } else {
        0
    }
}

/// C's `isdigit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isdigit(character: i32) -> i32 {
    class(character, DIGIT)
}

/// C's `iswdigit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswdigit(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, DIGIT)
    } else {
        0
    }
}

/// C's `isgraph`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isgraph(character: i32) -> i32 {
    class(character, GRAPH)
}

/// C's `iswgraph`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswgraph(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, GRAPH)
    } else {
        0
    }
}

/// C's `islower`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn islower(character: i32) -> i32 {
    class(character, LOWER)
}

/// C's `iswlower`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswlower(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, LOWER)
    } else {
        0
    }
}

/// C's `isprint`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isprint(character: i32) -> i32 {
    class(character, PRINT)
}

/// C's `iswprint`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswprint(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, PRINT)
    } else {
        0
    }
}

/// C's `ispunct`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn ispunct(character: i32) -> i32 {
    class(character, PUNCT)
}

/// C's `iswpunct`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswpunct(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, PUNCT)
    } else {
        0
    }
}

/// C's `isspace`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isspace(character: i32) -> i32 {
    class(character, SPACE)
}

/// C's `iswspace`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswspace(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, SPACE)
    } else {
        0
    }
}

/// C's `isupper`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isupper(character: i32) -> i32 {
    class(character, UPPER)
}

/// C's `iswupper`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswupper(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, UPPER)
    } else {
        0
    }
}

/// C's `isxdigit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn isxdigit(character: i32) -> i32 {
    class(character, XDIGIT)
}

/// C's `iswxdigit`.
#[cfg_attr(not(test), unsafe(no_mangle))]
pub extern "C" fn iswxdigit(character: u32) -> i32 {
    if character < 128 {
        class(character as i32, XDIGIT)
    } else {
        0
    }
}
