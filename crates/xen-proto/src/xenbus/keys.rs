// SPDX-License-Identifier: ISC
//! What a frontend writes into its folder for the backend.

use crate::text::{Path, Text};
use crate::xenstore::{self, Error, Session};

/// A node of the frontend's folder.
#[derive(Clone, Copy)]
struct Key {
    /// The queue whose folder it is in, for those that have one.
    queue: Option<usize>,
    name: &'static [u8],
    /// `None` for a node that an earlier connection may have left and that must not be there.
    value: Option<u64>,
}

/// Names and values for the frontend's folder.
pub struct Keys {
    keys: [Key; Keys::MOST],
    count: usize,
    queue: Option<usize>,
    protocol: Option<&'static [u8]>,
}

impl Default for Keys {
    fn default() -> Self {
        Keys::new()
    }
}

impl Keys {
    /// How many there can be.
    pub const MOST: usize = 32;

    /// None.
    pub const fn new() -> Self {
        const NONE: Key = Key {
            queue: None,
            name: b"",
            value: None,
        };
        Keys {
            keys: [NONE; Keys::MOST],
            count: 0,
            queue: None,
            protocol: None,
        }
    }

    /// What is added from now on is in the folder of that queue, `queue-N`, or in none.
    pub const fn of_queue(mut self, queue: Option<usize>) -> Self {
        self.queue = queue;
        self
    }

    /// Adds a number.
    pub fn number(self, name: &'static [u8], value: u64) -> Self {
        self.add(name, Some(value))
    }

    /// What an earlier connection may have written, and would be taken for this one's.
    pub fn absent(self, name: &'static [u8]) -> Self {
        self.add(name, None)
    }

    fn add(mut self, name: &'static [u8], value: Option<u64>) -> Self {
        if let Some(place) = self.keys.get_mut(self.count) {
            let queue = self.queue;
            *place = Key { queue, name, value };
            self.count += 1;
        }
        self
    }

    /// Adds the name of the layout that the ring has.
    pub fn protocol(mut self, name: &'static [u8]) -> Self {
        self.protocol = Some(name);
        self
    }

    /// Writes them into `folder`.
    pub(super) fn write<L: xenstore::Link>(
        &self,
        store: &mut Session<'_, L>,
        transaction: u32,
        folder: &Path,
    ) -> Result<(), Error> {
        for key in self.keys.iter().take(self.count) {
            let mut path = Path::of(&[folder.get(), b"/"]);
            if let Some(queue) = key.queue {
                path = path.bytes(b"queue-").decimal(queue as u64).bytes(b"/");
            }
            let path = path.bytes(key.name);
            let Some(value) = key.value else {
                // It may not be there.
                let _ = store.remove(transaction, path.get());
                continue;
            };
            let value = Text::<20>::new().decimal(value);
            store.write(transaction, path.get(), value.get())?;
        }
        let Some(protocol) = self.protocol else {
            return Ok(());
        };
        let path = Path::of(&[folder.get(), b"/protocol"]);
        store.write(transaction, path.get(), protocol)
    }
}
