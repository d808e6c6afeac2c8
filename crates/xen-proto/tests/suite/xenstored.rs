// SPDX-License-Identifier: ISC
//! A xenstored for the tests: the requests a guest makes, with transactions, watches, quotas on
//! message size and reconnection, over the shared page, in pieces of random size. It sleeps until
//! it is sent an event, as the real one does.

use crate::common::Random;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::atomic::Ordering::SeqCst;
use xen_proto::xenstore::*;

type Store = BTreeMap<Vec<u8>, Vec<u8>>;

struct Transaction {
    store: Store,
    generation: u64,
    changed: BTreeSet<Vec<u8>>,
}

pub struct Daemon<'a> {
    page: &'a SharedPage,
    pub random: Random,
    pub store: Store,
    /// Counts changes; a directory's own generation is this, which is stricter than the real one.
    pub generation: u64,
    transactions: HashMap<u32, Transaction>,
    next_transaction: u32,
    pub watches: Vec<(Vec<u8>, Vec<u8>)>,
    /// How many of these there may be.
    pub most_watches: usize,
    input: Vec<u8>,
    output: VecDeque<u8>,
    awake: bool,
    /// Changes something else each time that a transaction ends or a part is read: conflicts.
    pub rivals: u32,
    /// Nothing may be written.
    pub read_only: bool,
    pub requests: u64,
}

impl<'a> Daemon<'a> {
    pub fn new(page: &'a SharedPage, seed: u64) -> Self {
        page.server_features.store(1, SeqCst);
        Daemon {
            page,
            random: Random::new(seed),
            store: Store::new(),
            generation: 1,
            transactions: HashMap::new(),
            next_transaction: 1,
            watches: Vec::new(),
            most_watches: usize::MAX,
            input: Vec::new(),
            output: VecDeque::new(),
            awake: false,
            rivals: 0,
            read_only: false,
            requests: 0,
        }
    }

    /// An event from the guest.
    pub fn wake(&mut self) {
        self.awake = true;
    }

    /// Does a little; false when it sleeps.
    pub fn run(&mut self) -> bool {
        if !self.awake {
            return false;
        }
        let reset = self.page.connection.load(SeqCst) == 1;
        if reset {
            self.reset();
        }
        let read = self.read();
        while let Some(len) = self.whole_message() {
            let message: Vec<u8> = self.input.drain(..len).collect();
            self.handle(&message);
        }
        let written = self.write();
        self.awake = reset || read || written;
        self.awake
    }

    fn reset(&mut self) {
        self.input.clear();
        self.output.clear();
        self.watches.clear();
        self.transactions.clear();
        for index in [
            &self.page.req_cons,
            &self.page.req_prod,
            &self.page.rsp_cons,
            &self.page.rsp_prod,
        ] {
            index.store(0, SeqCst);
        }
        self.page.connection.store(0, SeqCst);
    }

    fn read(&mut self) -> bool {
        let (cons, prod) = (
            self.page.req_cons.load(SeqCst),
            self.page.req_prod.load(SeqCst),
        );
        let waiting = prod.wrapping_sub(cons);
        assert!(waiting as usize <= RING_SIZE);
        if waiting == 0 {
            return false;
        }
        let len = 1 + self.random.below(u64::from(waiting)) as u32;
        for at in 0..len {
            let slot = cons.wrapping_add(at) as usize % RING_SIZE;
            self.input.push(self.page.req[slot].load(SeqCst));
        }
        self.page.req_cons.store(cons.wrapping_add(len), SeqCst);
        true
    }

    fn write(&mut self) -> bool {
        let (cons, prod) = (
            self.page.rsp_cons.load(SeqCst),
            self.page.rsp_prod.load(SeqCst),
        );
        let room = RING_SIZE - prod.wrapping_sub(cons) as usize;
        let most = room.min(self.output.len());
        if most == 0 {
            return false;
        }
        let len = 1 + self.random.below(most as u64) as u32;
        for at in 0..len {
            let slot = prod.wrapping_add(at) as usize % RING_SIZE;
            self.page.rsp[slot].store(self.output.pop_front().unwrap(), SeqCst);
        }
        self.page.rsp_prod.store(prod.wrapping_add(len), SeqCst);
        true
    }

    fn whole_message(&self) -> Option<usize> {
        let len = HEADER_SIZE + Header::from_bytes(&self.input)?.len as usize;
        (self.input.len() >= len).then_some(len)
    }

    pub fn send(&mut self, kind: Kind, request: u32, transaction: u32, payload: &[u8]) {
        assert!(payload.len() <= PAYLOAD_MAX);
        let header = Header {
            kind,
            request,
            transaction,
            len: payload.len() as u32,
        };
        self.output.extend(header.to_bytes());
        self.output.extend(payload);
        self.awake = true;
    }

    fn handle(&mut self, message: &[u8]) {
        self.requests += 1;
        let header = Header::from_bytes(message).unwrap();
        let payload = &message[HEADER_SIZE..];
        let result = self.answer(header, payload);
        let (kind, payload) = match result {
            Ok(payload) if payload.len() > PAYLOAD_MAX => (Kind::ERROR, b"E2BIG\0".to_vec()),
            Ok(payload) => (header.kind, payload),
            Err(error) => (Kind::ERROR, [error.as_bytes(), &[0]].concat()),
        };
        self.send(kind, header.request, header.transaction, &payload);
        if header.kind == Kind::WATCH && kind == Kind::WATCH {
            let (path, token) = self.watches.last().unwrap().clone();
            self.send(Kind::WATCH_EVENT, 0, 0, &[&path[..], &token, &[]].join(&0));
        }
    }

    fn store(&mut self, transaction: u32) -> Result<&mut Store, &'static str> {
        match transaction {
            0 => Ok(&mut self.store),
            _ => Ok(&mut self
                .transactions
                .get_mut(&transaction)
                .ok_or("ENOENT")?
                .store),
        }
    }

    fn change(&mut self, transaction: u32, path: &[u8]) {
        match self.transactions.get_mut(&transaction) {
            Some(open) => {
                open.changed.insert(path.to_vec());
            }
            None => self.fire(path),
        }
    }

    fn fire(&mut self, path: &[u8]) {
        self.generation += 1;
        for (watched, token) in self.watches.clone() {
            if path == watched || path.starts_with(&[&watched[..], b"/"].concat()) {
                self.send(Kind::WATCH_EVENT, 0, 0, &[path, &token[..], &[]].join(&0));
            }
        }
    }

    /// Somebody else writes a value.
    pub fn put(&mut self, path: &str, value: &str) {
        self.store
            .insert(path.as_bytes().to_vec(), value.as_bytes().to_vec());
        self.fire(path.as_bytes());
    }

    /// Somebody else changes something.
    fn rival(&mut self) {
        if self.rivals > 0 {
            self.rivals -= 1;
            let path = format!("/rival{}", self.rivals);
            self.store.insert(path.clone().into_bytes(), vec![]);
            self.fire(path.as_bytes());
        }
    }

    fn answer(&mut self, header: Header, payload: &[u8]) -> Result<Vec<u8>, &'static str> {
        let transaction = header.transaction;
        let mut strings = payload.split(|&byte| byte == 0);
        let path = strings.next().unwrap();
        if header.kind != Kind::WRITE && payload.last() != Some(&0) {
            return Err("EINVAL");
        }
        let ok = || b"OK\0".to_vec();
        match header.kind {
            Kind::READ => self.store(transaction)?.get(path).cloned().ok_or("ENOENT"),
            Kind::WRITE | Kind::MKDIR if self.read_only => Err("EACCES"),
            Kind::WRITE | Kind::MKDIR => {
                let value = payload.get(path.len() + 1..).ok_or("EINVAL")?.to_vec();
                self.store(transaction)?.insert(path.to_vec(), value);
                self.change(transaction, path);
                Ok(ok())
            }
            Kind::RM => {
                self.store(transaction)?
                    .retain(|other, _| !other.starts_with(path));
                self.change(transaction, path);
                Ok(ok())
            }
            Kind::DIRECTORY => self.names(transaction, path),
            Kind::DIRECTORY_PART => {
                let offset = std::str::from_utf8(strings.next().unwrap()).unwrap();
                let offset: usize = offset.parse().map_err(|_| "EINVAL")?;
                if offset > 0 {
                    self.rival();
                }
                let names = self.names(transaction, path)?;
                let rest = names.get(offset..).ok_or("EINVAL")?;
                let mut reply = format!("{}\0", self.generation).into_bytes();
                let most = PAYLOAD_MAX - reply.len() - 1;
                if rest.len() <= most {
                    reply.extend(rest);
                    reply.push(0);
                } else {
                    let end = rest[..most].iter().rposition(|&byte| byte == 0).unwrap();
                    reply.extend(&rest[..=end]);
                }
                Ok(reply)
            }
            Kind::WATCH => {
                let token = strings.next().unwrap();
                if self
                    .watches
                    .iter()
                    .any(|watch| watch.0 == path && watch.1 == token)
                {
                    return Err("EEXIST");
                }
                if self.watches.len() >= self.most_watches {
                    return Err("ENOSPC");
                }
                self.watches.push((path.to_vec(), token.to_vec()));
                Ok(ok())
            }
            Kind::UNWATCH => {
                let token = strings.next().unwrap();
                let at = self
                    .watches
                    .iter()
                    .position(|watch| watch.0 == path && watch.1 == token);
                self.watches.remove(at.ok_or("ENOENT")?);
                Ok(ok())
            }
            Kind::TRANSACTION_START => {
                let open = Transaction {
                    store: self.store.clone(),
                    generation: self.generation,
                    changed: BTreeSet::new(),
                };
                self.next_transaction += 1;
                self.transactions.insert(self.next_transaction, open);
                Ok(format!("{}\0", self.next_transaction).into_bytes())
            }
            Kind::TRANSACTION_END => {
                let open = self.transactions.remove(&transaction).ok_or("ENOENT")?;
                if path == b"T" {
                    self.rival();
                    if open.generation != self.generation {
                        return Err("EAGAIN");
                    }
                    self.store = open.store;
                    open.changed.iter().for_each(|path| self.fire(path));
                }
                Ok(ok())
            }
            _ => Err("ENOSYS"),
        }
    }

    fn names(&mut self, transaction: u32, path: &[u8]) -> Result<Vec<u8>, &'static str> {
        let below = [path, b"/"].concat();
        let store = self.store(transaction)?;
        let children: BTreeSet<_> = store
            .keys()
            .filter_map(|key| {
                key.strip_prefix(&below[..])?
                    .split(|&byte| byte == b'/')
                    .next()
            })
            .collect();
        if children.is_empty() && !store.contains_key(path) {
            return Err("ENOENT");
        }
        Ok(children
            .iter()
            .flat_map(|name| name.iter().chain(&[0]))
            .copied()
            .collect())
    }
}
