// SPDX-License-Identifier: ISC
//! A console daemon that writes anything anywhere at any time. Checked: nothing panics, and counts
//! stay within the rings.

use super::input::Input;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::console::{Console, IN_SIZE, OUT_SIZE, SharedPage};

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let page = SharedPage::new();
    let mut console = Console::new(&page);
    while !input.is_empty() {
        match input.u8() % 8 {
            0 => page.in_cons.store(input.u32(), Relaxed),
            1 => page.in_prod.store(input.u32(), Relaxed),
            2 => page.out_cons.store(input.u32(), Relaxed),
            3 => page.out_prod.store(input.u32(), Relaxed),
            4 => page.input[usize::from(input.u16()) % IN_SIZE].store(input.u8(), Relaxed),
            5 => {
                let len = usize::from(input.u8()) * 16;
                let bytes = vec![input.u8(); len];
                let free = console.free();
                assert!(free.is_none_or(|free| free <= OUT_SIZE));
                assert_eq!(console.push(&bytes), free.unwrap_or(0).min(len));
            }
            6 => {
                let mut buffer = vec![0; usize::from(input.u8()) * 8];
                let waiting = console.waiting();
                assert!(waiting.is_none_or(|waiting| waiting <= IN_SIZE));
                let pulled = console.pull(&mut buffer);
                assert_eq!(pulled, waiting.unwrap_or(0).min(buffer.len()));
            }
            _ => {
                assert!(console.is_drained() == console.free().is_none_or(|free| free == OUT_SIZE))
            }
        }
    }
}
