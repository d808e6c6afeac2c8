// SPDX-License-Identifier: ISC
//! stdio's streams: buffering on the console, and streams in memory.

use crate::machine::{c, turn, written};
use crate::ours::errno::{EBADF, ENOENT, EROFS, ESPIPE, errno};
use crate::ours::malloc::free;
use crate::ours::stdio::aliases::*;
use crate::ours::stdio::character::*;
use crate::ours::stdio::file::EOF;
use crate::ours::stdio::memory_stream::*;
use crate::ours::stdio::refused::*;
use crate::ours::stdio::standard::{stderr, stdin, stdout};
use crate::ours::stdio::state::*;
use std::ptr::{null, null_mut};

#[test]
fn console() {
    let _turn = turn();
    written();
    // SAFETY: terminated texts and open streams.
    unsafe {
        assert_eq!(puts(c("line").as_ptr()), 1);
        assert_eq!(written(), [b"line\n".to_vec()]);
        putchar(i32::from(b'a'));
        fputs(c("bc").as_ptr(), stdout.get());
        assert!(written().is_empty());
        fputc(10, stdout.get());
        assert_eq!(written(), [b"abc\n".to_vec()]);
        // Many lines in one call are one write; what is longer than the buffer leaves in pieces.
        fputs(c("1\n2\n3").as_ptr(), stdout.get());
        assert_eq!(written(), [b"1\n2\n".to_vec()]);
        fflush(null_mut());
        assert_eq!(written(), [b"3".to_vec()]);
        let long = vec![b'x'; 10_000];
        assert_eq!(fwrite(long.as_ptr(), 100, 100, stdout.get()), 100);
        fflush(stdout.get());
        assert_eq!(written().concat(), long);
        // Fully buffered, nothing leaves at a newline.
        setvbuf(stdout.get(), null_mut(), 0, 0);
        puts(c("kept").as_ptr());
        assert!(written().is_empty());
        setvbuf(stdout.get(), null_mut(), 1, 0);
        assert_eq!(written(), [b"kept\n".to_vec()]);
        crate::ours::errno::set_errno(ENOENT);
        perror(c("name").as_ptr());
        assert_eq!(written(), [b"name: No such file or directory\n".to_vec()]);
        // Inlined putc_unlocked.
        assert_eq!(__overflow(stderr.get(), i32::from(b'!')), i32::from(b'!'));
        assert_eq!(written(), [b"!".to_vec()]);
    }
}

#[test]
fn standard_input_has_ended() {
    let _turn = turn();
    let mut buffer = [0_u8; 8];
    // SAFETY: open streams.
    unsafe {
        assert_eq!(getchar(), EOF);
        assert_eq!(feof(stdin.get()), 1);
        assert_eq!(ferror(stdin.get()), 0);
        clearerr(stdin.get());
        assert_eq!(feof(stdin.get()), 0);
        assert!(fgets(buffer.as_mut_ptr(), 8, stdin.get()).is_null());
        assert_eq!(fread(buffer.as_mut_ptr(), 1, 8, stdin.get()), 0);
        assert_eq!(ungetc(65, stdin.get()), 65);
        assert_eq!(getchar(), 65);
        assert_eq!(fputc(65, stdin.get()), EOF);
        assert_eq!(errno(), EBADF);
        assert_eq!(ftell(stdin.get()), -1);
        assert_eq!(errno(), ESPIPE);
        clearerr(stdin.get());
    }
}

#[test]
fn growing_text() {
    let _turn = turn();
    let (mut text, mut size) = (null_mut::<u8>(), 0_usize);
    // SAFETY: places that outlive the stream.
    unsafe {
        let stream = open_memstream(&raw mut text, &raw mut size);
        let line = "0123456789".repeat(50);
        for _ in 0..10 {
            fputs(c(&line).as_ptr(), stream);
        }
        fflush(stream);
        assert_eq!(size, 5000);
        assert_eq!(*text.add(5000), 0);
        fseek(stream, 2, 0);
        fputs(c("XY").as_ptr(), stream);
        assert_eq!(ftell(stream), 4);
        assert_eq!(fclose(stream), 0);
        assert_eq!(std::slice::from_raw_parts(text, 6), b"01XY45");
        free(text);
    }
}

#[test]
fn fixed_buffer() {
    let _turn = turn();
    let mut buffer = *b"one\ntwo\nthree";
    // SAFETY: the buffer outlives the stream.
    unsafe {
        let stream = fmemopen(buffer.as_mut_ptr(), buffer.len(), c("r").as_ptr());
        let mut line = [0_u8; 20];
        assert!(!fgets(line.as_mut_ptr(), 20, stream).is_null());
        assert_eq!(&line[..5], b"one\n\0");
        assert_eq!(fgetc(stream), i32::from(b't'));
        assert_eq!(ungetc(i32::from(b'T'), stream), i32::from(b'T'));
        assert_eq!(fread(line.as_mut_ptr(), 2, 3, stream), 3);
        assert_eq!(&line[..6], b"Two\nth");
        let (mut text, mut size) = (null_mut(), 0);
        assert_eq!(getline(&raw mut text, &raw mut size, stream), 3);
        assert_eq!(std::slice::from_raw_parts(text, 4), b"ree\0");
        assert_eq!(getline(&raw mut text, &raw mut size, stream), -1);
        assert_eq!(feof(stream), 1);
        free(text);
        rewind(stream);
        assert_eq!((feof(stream), fgetc(stream)), (0, i32::from(b'o')));
        assert_eq!(fseek(stream, -1, 2), 0);
        assert_eq!(fgetc(stream), i32::from(b'e'));
        assert_eq!(fseek(stream, 1, 2), -1);
        assert_eq!(fputc(65, stream), EOF);
        fclose(stream);

        let mut space = [0x55_u8; 8];
        let stream = fmemopen(space.as_mut_ptr(), 6, c("w").as_ptr());
        assert_eq!(fwrite(b"12345678".as_ptr(), 1, 8, stream), 6);
        assert_eq!(ferror(stream), 1);
        fclose(stream);
        assert_eq!(&space, b"123456\x55\x55");
        assert!(fmemopen(space.as_mut_ptr(), 6, c("q").as_ptr()).is_null());
    }
}

#[test]
fn files_are_refused() {
    let _turn = turn();
    let name = c("/tmp/file");
    // SAFETY: terminated texts.
    unsafe {
        assert!(fopen(name.as_ptr(), c("r").as_ptr()).is_null());
        assert_eq!(errno(), ENOENT);
        assert!(fopen(name.as_ptr(), c("w").as_ptr()).is_null());
        assert_eq!(errno(), EROFS);
        assert!(popen(name.as_ptr(), null()).is_null());
        assert_eq!(remove(name.as_ptr()), -1);
    }
}
