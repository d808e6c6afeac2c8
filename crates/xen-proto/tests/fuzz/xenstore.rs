// SPDX-License-Identifier: ISC
//! A xenstored that writes anything into the page at any time, and now and then a message that
//! makes sense. Checked: nothing panics, payloads stay within their limit, watch events have a
//! path and a token, replies answer requests, and what is broken can be connected anew.

use super::input::Input;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::xenstore::*;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    let page = SharedPage::new();
    page.server_features.store(1, Relaxed);
    let mut client = Client::new(&page);
    let mut waiting = Vec::new();
    while !input.is_empty() {
        match input.u8() % 12 {
            0 => page.req_cons.store(input.u32(), Relaxed),
            1 => page.req_prod.store(input.u32(), Relaxed),
            2 => page.rsp_cons.store(input.u32(), Relaxed),
            3 => page.rsp_prod.store(input.u32(), Relaxed),
            4 => page.connection.store(u32::from(input.u8() & 1), Relaxed),
            5 => page.rsp[usize::from(input.u16()) % RING_SIZE].store(input.u8(), Relaxed),
            6 => page.req_cons.store(page.req_prod.load(Relaxed), Relaxed),
            7 | 8 => {
                let kind = Kind(u32::from(input.u8() % 24));
                let request = match waiting.get(usize::from(input.u8())) {
                    Some(&(number, _)) => number,
                    None => 0,
                };
                let payload = input.bytes(60);
                let len = payload.len() as u32;
                put(
                    &page,
                    &Header {
                        kind,
                        request,
                        transaction: 0,
                        len,
                    }
                    .to_bytes(),
                );
                put(&page, payload);
            }
            9 => {
                let kind = Kind(u32::from(input.u8() % 24));
                let bytes = vec![input.u8(); usize::from(input.u16() % 5000)];
                if let Ok(number) = client.request(kind, 0, &[&bytes, &[0]]) {
                    assert!(number != 0 && waiting.iter().all(|&(other, _)| other != number));
                    waiting.push((number, kind));
                }
                assert!(waiting.len() <= OUTSTANDING);
            }
            _ => poll(&mut client, &mut waiting),
        }
    }
    let mut buffer = [0; 4096];
    let mut session = Session::new(&page, Silent(3));
    let _ = session.directory(0, b"/d", &mut buffer);
    let _ = session.transaction(2, |session, number| session.write(number, b"/a", b"b"));
}

fn poll(client: &mut Client<'_>, waiting: &mut Vec<(u32, Kind)>) {
    let event = client.poll();
    assert!(client.payload().len() <= PAYLOAD_MAX);
    client.take_notify();
    match event {
        Event::Idle => {}
        Event::Reply(number, _) => {
            let at = waiting.iter().position(|&(other, _)| other == number);
            waiting.swap_remove(at.expect("a reply that was not asked for"));
        }
        Event::Watch => assert!(client.watch_event().is_some()),
        Event::Reconnected => assert!(waiting.is_empty()),
        Event::Broken => {
            client.reconnect().unwrap();
            waiting.clear();
        }
    }
}

/// What a xenstored that behaves does to send `bytes`, except that it does not look for room.
fn put(page: &SharedPage, bytes: &[u8]) {
    let prod = page.rsp_prod.load(Relaxed);
    for (i, &byte) in bytes.iter().enumerate() {
        page.rsp[(prod as usize).wrapping_add(i) % RING_SIZE].store(byte, Relaxed);
    }
    page.rsp_prod
        .store(prod.wrapping_add(bytes.len() as u32), Relaxed);
}

/// Waits a few times, then gives up.
struct Silent(u32);

impl Link for Silent {
    fn notify(&mut self) {}

    fn wait(&mut self) -> Result<(), Error> {
        self.0 = self.0.checked_sub(1).ok_or(Error::Interrupted)?;
        Ok(())
    }

    fn watch_event(&mut self, _path: &[u8], _token: &[u8]) {}
}
