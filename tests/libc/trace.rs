// SPDX-License-Identifier: ISC
//! What programs ask of malloc: recorded from an OCaml program (`trace/`), or made up.

use crate::ours::malloc;
use crate::support::Random;
use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

/// One call, on a place that holds a block or none.
#[derive(Clone, Copy)]
pub enum Call {
    Get { slot: usize, size: usize },
    Change { slot: usize, size: usize },
    Put { slot: usize },
}

/// Calls, and how many places they need.
#[derive(Default)]
pub struct Trace {
    pub calls: Vec<Call>,
    pub slots: usize,
}

/// A heap to replay them on.
#[derive(Clone, Copy)]
pub struct Heap {
    pub get: extern "C" fn(usize) -> *mut u8,
    pub change: unsafe extern "C" fn(*mut u8, usize) -> *mut u8,
    pub put: unsafe extern "C" fn(*mut u8),
}

unsafe extern "C" {
    #[link_name = "malloc"]
    safe fn host_malloc(size: usize) -> *mut u8;
    #[link_name = "realloc"]
    fn host_realloc(block: *mut u8, size: usize) -> *mut u8;
    #[link_name = "free"]
    fn host_free(block: *mut u8);
}

impl Heap {
    /// Ours.
    pub const OURS: Heap = Heap {
        get: malloc::malloc,
        change: malloc::realloc,
        put: malloc::free,
    };

    /// The host's.
    pub const HOST: Heap = Heap {
        get: host_malloc,
        change: host_realloc,
        put: host_free,
    };
}

impl Trace {
    /// Random sizes of which half are up to 64 bytes, in 500 places that are filled again and again.
    pub fn mixed(most: u64) -> Trace {
        let mut random = Random(91);
        let mut trace = Trace::default();
        let mut places = Places::default();
        for _ in 0..20_000 {
            let size = 1 + random.below(most) as usize;
            let place = random.below(500);
            places.put(place, &mut trace);
            let size = if random.one_in(2) {
                size
            } else {
                1 + size % 64
            };
            places.get(place, size, &mut trace);
        }
        places.end(trace)
    }

    /// What an OCaml program did, run now.
    pub fn recorded() -> Trace {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("malloc-trace");
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/libc/trace");
        std::fs::create_dir_all(&folder).unwrap();
        for name in ["recorder.c", "server.ml"] {
            std::fs::copy(source.join(name), folder.join(name)).unwrap();
        }
        let run = |program: &str, arguments: &[&str]| {
            let status = Command::new(program)
                .args(arguments)
                .current_dir(&folder)
                .env("MALLOC_TRACE_FILE", folder.join("trace"))
                .status()
                .unwrap_or_else(|error| panic!("{program}: {error}"));
            assert!(status.success(), "{program} {arguments:?}: {status}");
        };
        run(
            "cc",
            &["-O2", "-shared", "-fPIC", "-o", "recorder.so", "recorder.c"],
        );
        let compile = [
            "ocamlopt",
            "-package",
            "bigarray",
            "-o",
            "server",
            "server.ml",
        ];
        run("ocamlfind", &compile);
        run("env", &["LD_PRELOAD=./recorder.so", "./server"]);
        let bytes = std::fs::read(folder.join("trace")).unwrap();
        let mut trace = Trace::default();
        let mut places = Places::default();
        for record in bytes.chunks_exact(32) {
            let word = |at: usize| u64::from_le_bytes(record[at * 8..][..8].try_into().unwrap());
            let [old, size, new] = [word(0), word(1), word(3)];
            if old != 0 && new != 0 {
                places.change(old, new, size as usize, &mut trace);
            } else if old != 0 {
                places.put(old, &mut trace);
            } else if new != 0 {
                places.get(new, size as usize, &mut trace);
            }
        }
        places.end(trace)
    }

    /// Makes the calls, with a look after each; the blocks that are left are freed at the end.
    pub fn replay(&self, heap: Heap, slots: &mut [*mut u8], mut look: impl FnMut()) {
        // SAFETY: blocks of this heap, each freed once.
        unsafe {
            for call in &self.calls {
                match *call {
                    Call::Get { slot, size } => {
                        slots[slot] = (heap.get)(size);
                        slots[slot].write(1);
                    }
                    Call::Change { slot, size } => slots[slot] = (heap.change)(slots[slot], size),
                    Call::Put { slot } => {
                        (heap.put)(slots[slot]);
                        slots[slot] = std::ptr::null_mut();
                    }
                }
                look();
            }
            for slot in slots {
                (heap.put)(std::mem::replace(slot, std::ptr::null_mut()));
            }
        }
    }

    /// Places for the blocks.
    pub fn places(&self) -> Vec<*mut u8> {
        vec![std::ptr::null_mut(); self.slots]
    }
}

/// Which place each live block of a trace has; those of dead ones are used again.
#[derive(Default)]
struct Places {
    live: HashMap<u64, usize>,
    free: Vec<usize>,
    count: usize,
}

impl Places {
    fn get(&mut self, name: u64, size: usize, trace: &mut Trace) {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        });
        self.live.insert(name, slot);
        trace.calls.push(Call::Get {
            slot,
            size: size.max(1),
        });
    }

    /// A block from before the trace began is nobody's.
    fn put(&mut self, name: u64, trace: &mut Trace) {
        if let Some(slot) = self.live.remove(&name) {
            self.free.push(slot);
            trace.calls.push(Call::Put { slot });
        }
    }

    fn change(&mut self, old: u64, new: u64, size: usize, trace: &mut Trace) {
        match self.live.remove(&old) {
            Some(slot) => {
                self.live.insert(new, slot);
                trace.calls.push(Call::Change { slot, size });
            }
            None => self.get(new, size, trace),
        }
    }

    fn end(self, mut trace: Trace) -> Trace {
        trace.slots = self.count;
        trace
    }
}
