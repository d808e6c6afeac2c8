// SPDX-License-Identifier: ISC
//! The network rings against a backend that behaves, and single lies of one that does not. What any bytes at all do is in
//! `fuzz/net.rs`.

use crate::common::{Random, cases};
use std::collections::VecDeque;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::net::*;

/// A packet's size, the two flags of its checksum, and its segment size and type.
type Sent = (usize, u32, Option<(u32, u32)>);

const BLANK: u32 = 1;
const VALIDATED: u32 = 2;
const MORE: u32 = 4;
const EXTRA: u32 = 8;

/// Netback's side of the ring to send on.
struct Sender<'a> {
    page: &'a TxPage,
    cons: u32,
    prod: u32,
    /// Requests taken and not answered: their id, and whether they are extra information.
    taken: VecDeque<(u32, bool)>,
}

impl<'a> Sender<'a> {
    fn new(page: &'a TxPage) -> Self {
        Sender {
            page,
            cons: 0,
            prod: 0,
            taken: VecDeque::new(),
        }
    }

    fn slot(&mut self) -> [u32; 3] {
        let words = &self.page.slots[self.cons as usize % SLOTS];
        self.cons += 1;
        std::array::from_fn(|word| words[word].load(Relaxed))
    }

    /// Takes a packet: its pages, by reference and length, its size, flags and segment size.
    fn packet(&mut self) -> Option<(Vec<(u32, usize)>, Sent)> {
        if self.page.req_prod.load(Relaxed) == self.cons {
            return None;
        }
        let [reference, word, last] = self.slot();
        let (flags, total) = (word >> 16, (last >> 16) as usize);
        self.taken.push_back((last & 0xffff, false));
        let gso = (flags & EXTRA != 0).then(|| {
            let [first, second, _] = self.slot();
            self.taken.push_back((0xdead, true));
            assert_eq!(first & 0xffff, 1, "a segment size, and nothing after it");
            (first >> 16, second)
        });
        let mut rest = Vec::new();
        let mut more = flags & MORE != 0;
        while more {
            let [reference, word, last] = self.slot();
            self.taken.push_back((last & 0xffff, false));
            rest.push((reference, (last >> 16) as usize));
            more = (word >> 16) & MORE != 0;
        }
        let first = total - rest.iter().map(|(_, len)| len).sum::<usize>();
        let mut pages = vec![(reference, first)];
        pages.extend(rest);
        assert!(pages.iter().all(|&(_, len)| (1..=PAGE).contains(&len)));
        Some((pages, (total, flags & 3, gso)))
    }

    fn answer(&mut self) -> bool {
        let Some((id, extra)) = self.taken.pop_front() else {
            return false;
        };
        let status: u32 = if extra { 1 } else { 0 };
        self.page.slots[self.prod as usize % SLOTS][0].store(id | status << 16, Relaxed);
        self.prod += 1;
        self.page.rsp_prod.store(self.prod, Relaxed);
        true
    }
}

#[test]
fn packets_go_out_whole_and_pages_come_back() {
    let mut random = Random::new(21);
    let page = TxPage::new();
    let mut pool = Pool::new(100);
    let mut tx = Tx::new(&page);
    let mut netback = Sender::new(&page);
    let mut sent: VecDeque<Sent> = VecDeque::new();
    let mut count = 0;
    for _ in 0..cases(20_000) {
        match random.below(4) {
            0 | 1 => {
                let most = if random.one_in(8) {
                    MAX_PACKET as u64
                } else {
                    1514
                };
                let len = 1 + random.below(most) as usize;
                let gso = random.one_in(3).then(|| Gso {
                    size: 1 + random.below(2000) as u16,
                    v6: random.one_in(2),
                });
                let offload = Offload {
                    blank: random.one_in(2),
                    validated: random.one_in(2),
                    gso,
                };
                let room = tx.has_room(&pool, len);
                let mut covered = 0;
                let put = tx.put(&mut pool, len, offload, |page, part| {
                    assert!(page < 100 && part.start == covered && part.len() <= PAGE);
                    covered = part.end;
                    page as u32 + 1000
                });
                assert_eq!(put, room);
                if put {
                    assert_eq!(covered, len);
                    let mut flags = 0;
                    if offload.blank || gso.is_some() {
                        flags |= BLANK;
                    }
                    if flags != 0 || offload.validated {
                        flags |= VALIDATED;
                    }
                    sent.push_back((
                        len,
                        flags,
                        gso.map(|g| (u32::from(g.size), 1 + u32::from(g.v6))),
                    ));
                }
                let _ = tx.publish();
            }
            2 => {
                if let Some((pages, packet)) = netback.packet() {
                    assert_eq!(packet, sent.pop_front().unwrap());
                    assert!(
                        pages
                            .iter()
                            .all(|&(reference, _)| (1000..1100).contains(&reference))
                    );
                    count += 1;
                }
            }
            _ => {
                for _ in 0..random.below(30) {
                    netback.answer();
                }
                tx.reap(&mut pool).unwrap();
            }
        }
    }
    assert!(count > 1000);
    while netback.packet().is_some() {}
    while netback.answer() {}
    tx.reap(&mut pool).unwrap();
    assert_eq!((tx.in_flight(), tx.refused), (0, 0));
    assert!(tx.has_room(&pool, MAX_PACKET));
}

#[test]
fn what_cannot_be_a_packet_is_not_put() {
    let page = TxPage::new();
    let mut pool = Pool::new(4);
    let mut tx = Tx::new(&page);
    for len in [0, MAX_PACKET + 1, 4 * PAGE + 1] {
        assert!(!tx.put(&mut pool, len, Offload::default(), |_, _| panic!(
            "no page is needed"
        )));
    }
    assert!(tx.put(&mut pool, 4 * PAGE, Offload::default(), |_, _| 0));
    assert!(!tx.has_room(&pool, 1));
}

#[test]
fn lies_about_what_was_sent() {
    let page = TxPage::new();
    let lie = |id: u32, count: u32| {
        let mut pool = Pool::new(4);
        let mut tx = Tx::new(&page);
        tx.put(&mut pool, 100, Offload::default(), |_, _| 1);
        let _ = tx.publish();
        page.slots[0][0].store(id, Relaxed);
        page.slots[1][0].store(id, Relaxed);
        page.rsp_prod.store(count, Relaxed);
        tx.reap(&mut pool)
    };
    assert_eq!(lie(3, 1), Ok(()));
    assert_eq!(lie(3, 2), Err(Broken::Overrun));
    assert_eq!(lie(3, u32::MAX), Err(Broken::Overrun));
    for id in [0, 4, 255, 256, 65535] {
        assert_eq!(lie(id, 1), Err(Broken::BadId), "{id}");
    }
}

/// Netback's side of the ring to receive on.
struct Receiver<'a> {
    page: &'a RxPage,
    cons: u32,
}

impl Receiver<'_> {
    /// How many requests it may use.
    fn room(&self) -> usize {
        self.page.req_prod.load(Relaxed).wrapping_sub(self.cons) as usize
    }

    fn answer(&mut self, words: impl Fn(u32) -> [u32; 2]) -> u32 {
        let slot = &self.page.slots[self.cons as usize % SLOTS];
        let id = slot[0].load(Relaxed) & 0xffff;
        assert_eq!(slot[1].load(Relaxed), id + 500, "the page's own grant");
        for (place, word) in slot.iter().zip(words(id)) {
            place.store(word, Relaxed);
        }
        self.cons += 1;
        id
    }

    fn publish(&self) {
        self.page.rsp_prod.store(self.cons, Relaxed);
    }
}

#[test]
fn packets_come_in_whole() {
    let mut random = Random::new(22);
    let page = RxPage::new();
    let mut rx = Rx::new(&page, 128);
    let mut netback = Receiver {
        page: &page,
        cons: 0,
    };
    let mut expected = VecDeque::new();
    let mut count = 0;
    for _ in 0..cases(20_000) {
        rx.refill(|page| page as u32 + 500);
        let _ = rx.publish();
        if random.one_in(2) {
            let most = if random.one_in(5) { 17 } else { 2 };
            let pieces = 1 + random.below(most) as usize;
            let extras = random.below(3) as usize;
            if netback.room() < pieces + extras {
                continue;
            }
            let failed = random.one_in(20);
            let mut fragments = Vec::new();
            for piece in 0..pieces {
                let offset = random.below(PAGE as u64) as u32;
                let len = 1 + random.below(u64::from(PAGE as u32 - offset)) as u32;
                let more = if piece + 1 < pieces { MORE } else { 0 };
                let extra = if piece == 0 && extras > 0 { EXTRA } else { 0 };
                let status = if failed && piece == 0 { 0xffff } else { len };
                let id = netback.answer(|id| [id | offset << 16, more | extra | 2 | status << 16]);
                let len = if failed && piece == 0 { 0 } else { len };
                fragments.push(Fragment {
                    page: id as usize,
                    offset: offset as usize,
                    len: len as usize,
                });
                for extra in (0..extras).filter(|_| piece == 0) {
                    let more = if extra + 1 < extras { 1 << 8 } else { 0 };
                    // The segment size comes last; before it, something that is of no interest.
                    let kind = if more == 0 { 1 } else { 4 };
                    netback.answer(|_| [kind | more | 1448 << 16, 2]);
                }
            }
            netback.publish();
            expected.push_back((fragments, extras > 0, failed));
        } else if let Some(packet) = rx.next().unwrap() {
            let (fragments, gso, failed) = expected.pop_front().unwrap();
            assert_eq!(packet.fragments(), fragments);
            assert_eq!(packet.len, fragments.iter().map(|f| f.len).sum::<usize>());
            assert_eq!(
                packet.offload.gso,
                gso.then_some(Gso {
                    size: 1448,
                    v6: true
                })
            );
            assert!(packet.offload.blank && packet.offload.validated && packet.failed == failed);
            rx.finish(&packet);
            count += 1;
        } else {
            assert!(expected.is_empty());
        }
    }
    assert!(count > 1000);
}

#[test]
fn a_packet_is_waited_for_until_it_is_whole() {
    let page = RxPage::new();
    let mut rx = Rx::new(&page, 8);
    rx.refill(|page| page as u32 + 500);
    let _ = rx.publish();
    let mut netback = Receiver {
        page: &page,
        cons: 0,
    };
    netback.answer(|id| [id, MORE | EXTRA | 10 << 16]);
    netback.publish();
    assert!(rx.next().unwrap().is_none());
    // Half a packet is not ready, and the rest of it raises an event.
    assert_eq!(rx.ask_event(), Ok(false));
    assert_eq!(page.rsp_event.load(Relaxed), 2);
    netback.answer(|_| [1 | 1448 << 16, 1]);
    netback.publish();
    assert!(rx.next().unwrap().is_none());
    netback.answer(|id| [id, 20 << 16]);
    netback.publish();
    assert_eq!(rx.ask_event(), Ok(true));
    assert_eq!(rx.next().unwrap().unwrap().len, 30);
}

#[test]
fn lies_about_what_came() {
    let page = RxPage::new();
    let lie = |count: u32, words: &dyn Fn(u32) -> [u32; 2]| {
        let mut rx = Rx::new(&page, 64);
        rx.refill(|page| page as u32 + 500);
        let _ = rx.publish();
        let mut netback = Receiver {
            page: &page,
            cons: 0,
        };
        for _ in 0..count.min(64) {
            netback.answer(words);
        }
        page.rsp_prod.store(count, Relaxed);
        rx.next().map(|packet| packet.map(|packet| packet.len))
    };
    assert_eq!(lie(1, &|id| [id | 4000 << 16, 96 << 16]), Ok(Some(96)));
    assert_eq!(
        lie(1, &|id| [id | 4000 << 16, 97 << 16]),
        Err(Broken::BadLength)
    );
    assert_eq!(
        lie(1, &|id| [id | 0xffff << 16, 0x7fff << 16]),
        Err(Broken::BadLength)
    );
    assert_eq!(lie(1, &|id| [id + 1, 96 << 16]), Err(Broken::BadId));
    assert_eq!(lie(65, &|id| [id, 96 << 16]), Err(Broken::Overrun));
    assert_eq!(lie(64, &|id| [id, MORE | 96 << 16]), Err(Broken::BadPacket));
    assert_eq!(lie(2, &|id| [id, EXTRA | 96 << 16]), Err(Broken::BadPacket));
}
