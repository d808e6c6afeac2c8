// SPDX-License-Identifier: ISC
//! A network backend that writes anything anywhere at any time. Checked: nothing panics, no page is lent twice, and what
//! is said of a packet lies within the pages that were lent.

use super::input::Input;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::net::*;

const PAGES: usize = 40;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let (tx_page, rx_page) = (TxPage::new(), RxPage::new());
    let mut pool = Pool::new(PAGES);
    let mut tx = Tx::new(&tx_page);
    let mut rx = Rx::new(&rx_page, PAGES);
    while !input.is_empty() {
        match input.u8() % 12 {
            0 => tx_page.rsp_prod.store(input.u32(), Relaxed),
            1 => rx_page.rsp_prod.store(input.u32(), Relaxed),
            2 => tx_page.slots[usize::from(input.u8())][usize::from(input.u8() % 3)]
                .store(input.u32(), Relaxed),
            3 => rx_page.slots[usize::from(input.u8())][usize::from(input.u8() % 2)]
                .store(input.u32(), Relaxed),
            4 => {
                tx_page.req_event.store(input.u32(), Relaxed);
                rx_page.req_prod.store(input.u32(), Relaxed);
            }
            // A backend that does as it should, once in a while.
            5 => {
                let prod = rx_page.rsp_prod.load(Relaxed);
                let slot = &rx_page.slots[prod as usize % SLOTS];
                slot[0].store(
                    slot[0].load(Relaxed) & 0xffff | u32::from(input.u8()) << 16,
                    Relaxed,
                );
                slot[1].store(
                    u32::from(input.u8() & 15) | u32::from(input.u16()) << 16,
                    Relaxed,
                );
                rx_page.rsp_prod.store(prod.wrapping_add(1), Relaxed);
            }
            6 => {
                let prod = tx_page.rsp_prod.load(Relaxed);
                let slot = &tx_page.slots[prod as usize % SLOTS];
                slot[0].store(slot[2].load(Relaxed) & 0xffff, Relaxed);
                tx_page.rsp_prod.store(prod.wrapping_add(1), Relaxed);
            }
            7 | 8 => {
                let len = usize::from(input.u16());
                let gso = Some(Gso {
                    size: input.u16(),
                    v6: false,
                });
                let offload = Offload {
                    blank: false,
                    validated: false,
                    gso,
                };
                let mut lent = [false; PAGES];
                let room = len > 0 && tx.has_room(&pool, len);
                let before = tx.in_flight();
                let put = tx.put(&mut pool, len, offload, |page, part| {
                    assert!(!std::mem::replace(&mut lent[page], true));
                    assert!(!part.is_empty() && part.len() <= PAGE);
                    1
                });
                assert_eq!(put, room);
                assert_eq!(
                    tx.in_flight(),
                    before + lent.iter().filter(|&&lent| lent).count()
                );
                let _ = tx.publish();
            }
            9 => {
                if tx.reap(&mut pool).is_err() {
                    pool = Pool::new(PAGES);
                    tx = Tx::new(&tx_page);
                }
                let _ = tx.ask_event();
            }
            10 => {
                rx.refill(|page| page as u32);
                let _ = rx.publish();
                let _ = rx.ask_event();
            }
            _ => match rx.next() {
                Ok(Some(packet)) => {
                    let mut len = 0;
                    for piece in packet.fragments() {
                        assert!(piece.page < PAGES && piece.offset + piece.len <= PAGE);
                        len += piece.len;
                    }
                    assert_eq!(packet.len, len);
                    rx.finish(&packet);
                }
                Ok(None) => {}
                Err(_) => rx = Rx::new(&rx_page, PAGES),
            },
        }
    }
    let mut frame = data.to_vec();
    fill_checksum(&mut frame);
    assert_eq!(frame.len(), data.len());
}
