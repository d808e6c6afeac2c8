// SPDX-License-Identifier: ISC
//! A xenstored that writes anything into the page at any time, and now and then a message that
//! makes sense. Checked: nothing panics, payloads stay within their limit, watch events have a
//! path and a token, replies answer requests, and what is broken can be connected anew.

use super::input::Input;
use std::sync::atomic::Ordering::Relaxed;
use xen_proto::xenstore::*;

pub fn run(data: &[u8]) {
    let mut input = Input::new(data);
    if input.u8() & 1 == 0 {
        anything(&mut input)
    } else {
        answers(input)
    }
}

/// A page that changes in any way at any time.
fn anything(input: &mut Input<'_>) {
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

/// Requests are answered, in form at least, with anything.
fn answers(input: Input<'_>) {
    let page = SharedPage::new();
    page.server_features.store(1, Relaxed);
    let mut buffer = [0; 9000];
    let mut session = Session::new(
        &page,
        Answers {
            page: &page,
            input,
            requests: Vec::new(),
        },
    );
    while !session.link().input.is_empty() {
        let result = match session.link().input.u8() % 8 {
            0 => session
                .read(0, b"/a")
                .map(|value| assert!(value.len() <= PAYLOAD_MAX)),
            1 => session.watch(b"/a", b"token"),
            2 => session.transaction(3, |session, number| {
                assert_ne!(number, 0);
                session.write(number, b"/a", &[b'v'; 2000])
            }),
            3 => session.drain(),
            5 => session.tend().map(|()| {
                // Nobody waits for it.
                let _ = session.submit(Kind::READ, 0, b"/a\0");
            }),
            4 => session.remove(0, b"relative"),
            _ => session.directory(0, b"/d", &mut buffer).map(|names| {
                assert!(names.is_empty() || names.len() <= 9000);
            }),
        };
        if let Err(Error::Protocol) = result {
            assert_eq!(session.tend(), Ok(()));
        }
    }
}

struct Answers<'p, 'd> {
    page: &'p SharedPage,
    input: Input<'d>,
    requests: Vec<u8>,
}

impl Link for Answers<'_, '_> {
    fn notify(&mut self) {}

    fn wait(&mut self, has_news: &dyn Fn() -> bool) -> Result<(), Error> {
        has_news();
        let page = self.page;
        if page.connection.swap(0, Relaxed) == 1 {
            self.requests.clear();
            for index in [
                &page.req_cons,
                &page.req_prod,
                &page.rsp_cons,
                &page.rsp_prod,
            ] {
                index.store(0, Relaxed);
            }
            return Ok(());
        }
        if self.input.is_empty() {
            return Err(Error::Interrupted);
        }
        let (cons, prod) = (page.req_cons.load(Relaxed), page.req_prod.load(Relaxed));
        for at in 0..prod.wrapping_sub(cons) {
            let slot = cons.wrapping_add(at) as usize % RING_SIZE;
            self.requests.push(page.req[slot].load(Relaxed));
        }
        page.req_cons.store(prod, Relaxed);
        while let Some(header) = Header::from_bytes(&self.requests) {
            let len = HEADER_SIZE + header.len as usize;
            if self.requests.len() < len {
                break;
            }
            self.requests.drain(..len);
            self.answer(header);
        }
        Ok(())
    }

    fn watch_event(&mut self, path: &[u8], token: &[u8]) {
        assert!(!path.contains(&0) && !token.contains(&0));
    }
}

impl Answers<'_, '_> {
    fn answer(&mut self, header: Header) {
        let (kind, payload) = match self.input.u8() % 8 {
            0 => (Kind::ERROR, &b"EAGAIN\0"[..]),
            1 | 2 => (Kind::ERROR, &b"E2BIG\0"[..]),
            3 => (Kind(u32::from(self.input.u8())), &b"7\0"[..]),
            4 => {
                // Not what was asked for, but before it.
                let event = Header {
                    kind: Kind::WATCH_EVENT,
                    request: 0,
                    transaction: 0,
                    len: 4,
                };
                put(self.page, &event.to_bytes());
                put(self.page, b"a\0b\0");
                (header.kind, &b"OK\0"[..])
            }
            5 => (header.kind, &b"12\0name\0\0"[..]),
            _ => {
                let len = usize::from(self.input.u8());
                (header.kind, self.input.bytes(len))
            }
        };
        let reply = Header {
            kind,
            len: payload.len() as u32,
            ..header
        };
        put(self.page, &reply.to_bytes());
        put(self.page, payload);
    }
}
