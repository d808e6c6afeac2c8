// SPDX-License-Identifier: ISC
//! A block backend that writes anything anywhere at any time, and a manifest of any bytes. Checked: nothing panics, and an
//! answer is to a request that was put and not answered.

use super::input::Input;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::block::*;
use xen_proto::manifest::Manifest;

pub fn run(data: &[u8]) {
    if let Ok(manifest) = Manifest::parse(data) {
        assert!(
            manifest
                .devices()
                .all(|device| device.handle < 64 && !device.name.is_empty())
        );
    }
    let mut input = Input::new(data);
    let page = Page::new();
    let mut queue = Queue::new(&page, 7);
    let mut lent = [false; REQUESTS];
    let put_now = |lent: &[bool]| lent.iter().filter(|&&lent| lent).count();
    while !input.is_empty() {
        match input.u8() % 8 {
            0 => page.rsp_prod.store(input.u32(), Relaxed),
            1 => page.slots[usize::from(input.u8()) % SLOTS][usize::from(input.u8()) % 28]
                .store(input.u32(), Relaxed),
            2 => page.req_event.store(input.u32(), Relaxed),
            3 => {
                let prod = page.rsp_prod.load(Relaxed);
                let slot = &page.slots[prod as usize % SLOTS];
                slot[0].store(slot[2].load(Relaxed), Relaxed);
                slot[1].store(0, Relaxed);
                slot[2].store(u32::from(input.u16()) << 16, Relaxed);
                page.rsp_prod.store(prod.wrapping_add(1), Relaxed);
            }
            4 | 5 => {
                let id = usize::from(input.u8()) % (REQUESTS + 2);
                let segments = [Segment {
                    reference: input.u32(),
                    first: input.u8(),
                    last: input.u8(),
                }];
                let put = queue.put(
                    id,
                    Operation::Read,
                    input.u64(),
                    0,
                    Segments::Direct(&segments),
                );
                let room = put_now(&lent) < SLOTS;
                assert_eq!(put, id < REQUESTS && !lent[id] && room);
                if put {
                    lent[id] = true;
                }
                let _ = queue.publish();
            }
            6 => {
                let _ = queue.ask_event(usize::from(input.u8()));
            }
            _ => match queue.take() {
                Ok(Some((id, _))) => assert!(std::mem::take(&mut lent[id])),
                Ok(None) => {}
                Err(_) => {
                    queue = Queue::new(&page, 7);
                    lent = [false; REQUESTS];
                }
            },
        }
    }
    let numbers: [u64; 3] =
        std::array::from_fn(|i| Input::new(data.get(i * 8..).unwrap_or(&[])).u64());
    if let Some(disk) = Geometry::new(numbers[0], numbers[1] & 0xffff, numbers[2]) {
        assert!(disk.capacity() < 1 << 63 && disk.capacity() % disk.block == 0);
        assert!(!disk.holds(numbers[1], numbers[2]) || numbers[1] + numbers[2] <= disk.capacity());
    }
}
