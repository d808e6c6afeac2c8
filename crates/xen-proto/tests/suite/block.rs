// SPDX-License-Identifier: ISC
//! The block ring against a backend that keeps a disk, and single lies of one that does not.

use crate::common::{Random, cases};
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::block::*;

/// A request as a backend reads it.
#[derive(Debug, PartialEq)]
struct Request {
    operation: u32,
    indirect: Option<u32>,
    segments: usize,
    handle: u32,
    id: u64,
    sector: u64,
    words: Vec<u32>,
}

fn read(page: &Page, index: u32) -> Request {
    let words: Vec<u32> = page.slots[index as usize % SLOTS]
        .iter()
        .map(|word| word.load(Relaxed))
        .collect();
    let indirect = words[0] & 0xff == 6;
    Request {
        operation: if indirect {
            words[0] >> 8 & 0xff
        } else {
            words[0] & 0xff
        },
        indirect: indirect.then(|| words[7]),
        segments: (if indirect {
            words[0] >> 16
        } else {
            words[0] >> 8 & 0xff
        }) as usize,
        handle: if indirect {
            words[6] & 0xffff
        } else {
            words[0] >> 16
        },
        id: u64::from(words[2]) | u64::from(words[3]) << 32,
        sector: u64::from(words[4]) | u64::from(words[5]) << 32,
        words,
    }
}

fn answer(page: &Page, index: u32, id: u64, status: i16) {
    let slot = &page.slots[index as usize % SLOTS];
    slot[0].store(id as u32, Relaxed);
    slot[1].store((id >> 32) as u32, Relaxed);
    slot[2].store((status as u16 as u32) << 16, Relaxed);
    page.rsp_prod.store(index.wrapping_add(1), Relaxed);
}

const TWO: [Segment; 2] = [
    Segment {
        reference: 77,
        first: 3,
        last: 7,
    },
    Segment {
        reference: 78,
        first: 0,
        last: 1,
    },
];

#[test]
fn requests_have_the_layout_of_the_header() {
    let page = Page::new();
    let mut queue = Queue::new(&page, 0xca10);
    let sector = 0x12_3456_789a;
    assert!(queue.put(3, Operation::Read, sector, 7, Segments::Direct(&TWO)));
    assert!(queue.put(4, Operation::Write, sector, 7, Segments::Indirect(300, 99)));
    assert!(queue.put(5, Operation::Flush, 0, 0, Segments::Direct(&[])));
    assert!(queue.put(
        6,
        Operation::Discard,
        8,
        0x1_0000_0001,
        Segments::Direct(&[])
    ));
    assert!(queue.publish());
    assert_eq!(page.req_prod.load(Relaxed), 4);
    let direct = read(&page, 0);
    assert_eq!(
        (
            direct.operation,
            direct.segments,
            direct.handle,
            direct.id,
            direct.sector
        ),
        (0, 2, 0xca10, 3, sector)
    );
    assert_eq!(direct.words[6..10], [77, 3 | 7 << 8, 78, 1 << 8]);
    let indirect = read(&page, 1);
    assert_eq!(
        (indirect.operation, indirect.indirect, indirect.segments),
        (1, Some(99), 300)
    );
    assert_eq!(
        (indirect.handle, indirect.id, indirect.sector),
        (0xca10, 4, sector)
    );
    assert_eq!((read(&page, 2).operation, read(&page, 2).segments), (3, 0));
    let discard = read(&page, 3);
    assert_eq!(
        (discard.operation, discard.segments, discard.sector),
        (5, 0, 8)
    );
    assert_eq!(discard.words[6..8], [1, 1]);
    assert_eq!(queue.in_flight(), 4);
}

#[test]
fn what_cannot_be_a_request_is_not_put() {
    let page = Page::new();
    let mut queue = Queue::new(&page, 0);
    let many = [Segment::default(); DIRECT + 1];
    assert!(!queue.put(0, Operation::Read, 0, 0, Segments::Direct(&many)));
    assert!(!queue.put(
        0,
        Operation::Read,
        0,
        0,
        Segments::Indirect(INDIRECT + 1, 9)
    ));
    assert!(!queue.put(REQUESTS, Operation::Read, 0, 0, Segments::Direct(&TWO)));
    assert!(!queue.put(usize::MAX, Operation::Read, 0, 0, Segments::Direct(&TWO)));
    assert!(queue.put(0, Operation::Read, 0, 0, Segments::Direct(&TWO)));
    assert!(
        !queue.put(0, Operation::Read, 0, 0, Segments::Direct(&TWO)),
        "an id in use"
    );
}

#[test]
fn answers_in_any_order_end_their_own_requests() {
    let mut random = Random::new(31);
    let page = Page::new();
    let mut queue = Queue::new(&page, 1);
    let (mut taken, mut answered) = (0_u32, 0_u32);
    let mut at_backend: Vec<(u64, i16)> = Vec::new();
    let mut status = [None; SLOTS];
    let mut done = 0;
    for _ in 0..cases(20_000) {
        match random.below(3) {
            0 => {
                let id = random.below(SLOTS as u64) as usize;
                let free = status[id].is_none();
                assert_eq!(
                    queue.put(id, Operation::Write, 5, 0, Segments::Direct(&TWO)),
                    free
                );
                if free {
                    status[id] = Some([0, -1, -2, -7][random.below(4) as usize]);
                }
                let _ = queue.publish();
            }
            1 => {
                while taken != page.req_prod.load(Relaxed) {
                    let request = read(&page, taken);
                    at_backend.push((request.id, status[request.id as usize].unwrap()));
                    taken += 1;
                }
                if !at_backend.is_empty() {
                    let (id, status) =
                        at_backend.swap_remove(random.below(at_backend.len() as u64) as usize);
                    answer(&page, answered, id, status);
                    answered += 1;
                }
            }
            _ => {
                while let Some((id, result)) = queue.take().unwrap() {
                    let wanted = match status[id].take().unwrap() {
                        0 => Status::Done,
                        -2 => Status::Unsupported,
                        _ => Status::Failed,
                    };
                    assert_eq!(result, wanted);
                    done += 1;
                }
            }
        }
    }
    assert!(done > 1000);
}

#[test]
fn lies_about_requests() {
    let page = Page::new();
    let lie = |id: u64, count: u32| {
        let mut queue = Queue::new(&page, 1);
        queue.put(3, Operation::Read, 0, 0, Segments::Direct(&TWO));
        let _ = queue.publish();
        answer(&page, 0, id, 0);
        page.rsp_prod.store(count, Relaxed);
        queue.take()
    };
    assert_eq!(lie(3, 1), Ok(Some((3, Status::Done))));
    assert_eq!(lie(3, 2), Err(Broken::Overrun));
    assert_eq!(lie(3, u32::MAX), Err(Broken::Overrun));
    for id in [0, 4, 32, 35, 131, 3 | 1 << 32, u64::MAX] {
        assert_eq!(lie(id, 1), Err(Broken::BadId), "{id}");
    }
}

#[test]
fn queues_are_as_many_as_both_sides_have() {
    for (offered, wanted, found) in [
        (None, 1, 1),
        (None, 4, 1),
        (Some(0), 4, 1),
        (Some(1), 4, 1),
        (Some(3), 4, 3),
        (Some(4), 2, 2),
        (Some(u64::MAX), 4, 4),
        (Some(4), 0, 1),
        (Some(100), 100, QUEUES),
    ] {
        assert_eq!(count(offered, wanted), found, "{offered:?} {wanted}");
    }
}

/// A disk of so many queues, and a request in each.
fn in_each(pages: &[Page]) -> Queues<'_> {
    let mut queues = Queues::new(|number| pages.get(number), 1);
    for id in 0..pages.len() {
        assert!(queues.put(id * 40 % 128, Operation::Read, 0, 0, Segments::Direct(&TWO)));
    }
    assert_eq!(queues.publish(), (1 << pages.len()) - 1);
    for (number, page) in pages.iter().enumerate() {
        assert_eq!(page.req_prod.load(Relaxed), 1, "of queue {number}");
    }
    queues
}

#[test]
fn requests_go_by_the_emptiest_queue() {
    let pages: [Page; QUEUES] = std::array::from_fn(|_| Page::new());
    let mut queues = in_each(&pages);
    assert_eq!((queues.count(), queues.in_flight()), (QUEUES, QUEUES));
    answer(&pages[2], 0, 80, 0);
    assert_eq!(queues.take(), Ok(Some((80, Status::Done))));
    assert!(queues.put(5, Operation::Flush, 0, 0, Segments::Direct(&[])));
    assert!(queues.publish() & !(1 << 2) == 0);
    assert_eq!(pages[2].req_prod.load(Relaxed), 2);
    // One by one they go by the first, and in all as many as there are slots.
    let pages: [Page; 2] = std::array::from_fn(|_| Page::new());
    let mut queues = Queues::new(|number| pages.get(number), 1);
    for index in 0..3 {
        assert!(queues.put(9, Operation::Read, 0, 0, Segments::Direct(&TWO)));
        let _ = queues.publish();
        assert_eq!(pages[0].req_prod.load(Relaxed), index + 1);
        answer(&pages[0], index, 9, 0);
        assert_eq!(queues.take(), Ok(Some((9, Status::Done))));
    }
    for id in 0..2 * SLOTS {
        assert!(queues.has_room());
        assert!(queues.put(id, Operation::Read, 0, 0, Segments::Direct(&TWO)));
    }
    assert!(!queues.has_room());
    assert!(!queues.put(100, Operation::Read, 0, 0, Segments::Direct(&TWO)));
}

#[test]
fn an_answer_by_another_queue_is_none() {
    let pages: [Page; 2] = std::array::from_fn(|_| Page::new());
    let mut queues = in_each(&pages);
    answer(&pages[1], 0, 0, 0);
    assert_eq!(queues.take(), Err(Broken::BadId));
    let pages: [Page; 2] = std::array::from_fn(|_| Page::new());
    let mut queues = in_each(&pages);
    pages[1].rsp_prod.store(2, Relaxed);
    assert_eq!(queues.has_response(), Err(Broken::Overrun));
    assert_eq!(queues.take(), Err(Broken::Overrun));
}

#[test]
fn an_event_comes_from_some_queue_by_the_time_that_enough_is_answered() {
    let mut random = Random::new(33);
    for _ in 0..cases(3000) {
        let pages: [Page; QUEUES] = std::array::from_fn(|_| Page::new());
        let used = 1 + random.below(QUEUES as u64) as usize;
        let mut queues = Queues::new(|number| pages.get(number).filter(|_| number < used), 1);
        let asked = 1 + random.below((used * SLOTS) as u64) as usize;
        for id in 0..asked {
            assert!(queues.put(id, Operation::Read, 0, 0, Segments::Direct(&TWO)));
        }
        let _ = queues.publish();
        let more = random.below(asked as u64 + 3) as usize;
        assert_eq!(queues.ask_event(more), Ok(false));
        let mut answered = 0;
        let mut events = 0;
        let mut rings = [0; QUEUES];
        while answered < more.clamp(1, asked) {
            let number = random.below(used as u64) as usize;
            let (page, index) = (&pages[number], rings[number]);
            if index == page.req_prod.load(Relaxed) {
                continue;
            }
            answer(page, index, read(page, index).id, 0);
            rings[number] += 1;
            answered += 1;
            events += u32::from(page.rsp_event.load(Relaxed) == rings[number]);
        }
        assert!(events > 0, "{asked} asked by {used}, {more} waited for");
    }
}

#[test]
fn disks_that_make_no_sense_are_none() {
    let disk = Geometry::new(8193, 4096, 4).unwrap();
    assert_eq!(
        (disk.sectors, disk.block, disk.read_only, disk.capacity()),
        (8192, 4096, true, 8192 * 512)
    );
    assert!(disk.holds(4096, 8192) && disk.holds(disk.capacity(), 0));
    assert!(!disk.holds(512, 4096) && !disk.holds(4096, 512));
    assert!(!disk.holds(disk.capacity(), 4096) && !disk.holds(u64::MAX, 4096));
    for block in [0, 1, 256, 511, 513, 8192, u64::MAX] {
        assert_eq!(Geometry::new(100, block, 0), None, "{block}");
    }
    assert_eq!(Geometry::new(u64::MAX, 512, 0), None);
    assert_eq!(Geometry::new(0, 512, 0).unwrap().capacity(), 0);
}

#[test]
fn transfers_are_cut_without_gap_or_overlap() {
    let mut random = Random::new(32);
    for _ in 0..cases(2000) {
        let (sector, pages) = (random.below(1 << 40), random.below(300) as usize);
        let len = random.below(4000) as usize * 512;
        let mut at = 0;
        for part in parts(sector, len, pages) {
            assert_eq!((part.start, part.sector), (at, sector + at as u64 / 512));
            assert!(part.len > 0 && part.len <= pages.max(1) * 4096 && part.len % 512 == 0);
            at += part.len;
        }
        assert_eq!(at, len);
    }
}
