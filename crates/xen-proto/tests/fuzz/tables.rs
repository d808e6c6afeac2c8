// SPDX-License-Identifier: ISC
//! Grant references and window slots taken and given back in any order, rightly and wrongly, with
//! a peer that maps what is granted. Checked against plain models.

use super::input::Input;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::grant::{Error, GrantPage, PERMIT_ACCESS, READING, References, entry};
use xen_proto::window::{self, Window};

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    if input.u8() & 1 == 0 {
        grants(&mut input)
    } else {
        slots(&mut input)
    }
}

fn grants(input: &mut Input<'_>) {
    let (one, two) = (GrantPage::new(), GrantPage::default());
    let table = [&one, &two];
    let mut references = References::new();
    let mut taken = Vec::new();
    while !input.is_empty() {
        let any = u32::from(input.u16() % 1100);
        match input.u8() % 6 {
            0 => {
                if let Ok(reference) = references.take(&table) {
                    assert!((8..1024).contains(&reference) && !taken.contains(&reference));
                    taken.push(reference);
                }
            }
            1 => {
                let granted = entry(&table, any).is_some_and(|entry| entry.is_granted());
                let result = references.give(&table, any);
                let expected = match taken.iter().position(|&taken| taken == any) {
                    None => Err(Error::BadReference),
                    Some(_) if granted => Err(Error::Busy),
                    Some(at) => {
                        taken.swap_remove(at);
                        Ok(())
                    }
                };
                assert_eq!(result, expected);
            }
            2 if taken.contains(&any) => {
                let entry = entry(&table, any).unwrap();
                if !entry.is_granted() {
                    entry.grant(input.u16(), input.u32().into(), true).unwrap();
                }
            }
            3 => {
                if let Some(entry) = entry(&table, any).filter(|_| taken.contains(&any)) {
                    let mapped = entry.flags.load(Relaxed) & READING != 0;
                    assert_eq!(
                        entry.end_access(),
                        if mapped { Err(Error::Busy) } else { Ok(()) }
                    );
                    assert_eq!(entry.is_granted(), mapped);
                }
            }
            4 => {
                if let Some(entry) = entry(&table, any)
                    && entry.flags.load(Relaxed) & PERMIT_ACCESS != 0
                {
                    entry.flags.fetch_xor(READING, Relaxed);
                }
            }
            _ => assert_eq!(references.taken() as usize, taken.len()),
        }
    }
}

fn slots(input: &mut Input<'_>) {
    let (slots, limit) = (
        usize::from(input.u16() % 400),
        usize::from(input.u16() % 400),
    );
    let mut free = [0; 7];
    let mut window = Window::new(&mut free, slots, limit);
    let mut model = vec![true; slots];
    while !input.is_empty() {
        let (start, len) = (usize::from(input.u16() % 450), usize::from(input.u8()));
        let used = model.iter().filter(|&&free| !free).count();
        assert_eq!(window.used(), used);
        if input.u8() & 1 == 0 {
            let fits =
                |at: &usize| model[*at..].iter().take(len).filter(|&&free| free).count() == len;
            match window.take(len) {
                Ok(start) => {
                    assert_eq!((0..slots).find(fits), Some(start));
                    model[start..start + len].fill(false);
                }
                Err(window::Error::NotTaken) => assert_eq!(len, 0),
                Err(window::Error::Full) => assert!(used + len > limit.min(slots)),
                Err(window::Error::Fragmented) => assert_eq!((0..slots).find(fits), None),
            }
        } else {
            let all = len != 0
                && start + len <= slots
                && model[start..start + len].iter().all(|&free| !free);
            assert_eq!(window.give(start, len).is_ok(), all);
            if all {
                model[start..start + len].fill(true);
            }
        }
    }
}
