// SPDX-License-Identifier: ISC
//! What the drivers put into rings, read by a program made of Xen's own headers, and the other way round.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use xen_proto::{block, net};

/// The backend of `host/device_layouts.c`.
fn backend() -> &'static PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let headers = std::env::var("XEN_HEADERS").unwrap_or_else(|_| "/usr/include/xen".into());
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/host/device_layouts.c");
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("device_layouts");
        let output = Command::new("gcc")
            .args(["-Wall", "-Wextra", "-Werror", "-idirafter", &headers, "-o"])
            .arg(&program)
            .arg(source)
            .output()
            .unwrap_or_else(|error| panic!("gcc: {error}; install the Debian package gcc"));
        assert!(
            output.status.success(),
            "with the Xen headers of {headers} (Debian: libxen-dev):\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        program
    })
}

/// A type that is a page of atomic integers.
trait PageOf: Sized {}
impl<const W: usize, const N: usize> PageOf for xen_proto::ring::SharedRing<W, N> {}

fn bytes<P: PageOf>(page: &P) -> Vec<u8> {
    assert_eq!(size_of::<P>(), 4096);
    // SAFETY: a page of integers without padding that nobody changes meanwhile.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(page).cast::<u8>(), 4096) }.to_vec()
}

fn set<P: PageOf>(page: &mut P, bytes: &[u8]) {
    assert_eq!((size_of::<P>(), bytes.len()), (4096, 4096));
    // SAFETY: any bytes are values of integers, and the page is the caller's alone.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), std::ptr::from_mut(page).cast::<u8>(), 4096);
    }
}

fn run(mode: &str, page: &[u8]) -> Vec<u8> {
    let mut child = Command::new(backend())
        .arg(mode)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it was built");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(page).expect("it reads a page");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{mode}");
    output.stdout
}

fn said(mode: &str, page: &[u8]) -> String {
    String::from_utf8(run(mode, page)).expect("text")
}

#[test]
fn packets_to_send() {
    let page = net::TxPage::new();
    let mut pool = net::Pool::new(8);
    let mut tx = net::Tx::new(&page);
    let gso = Some(net::Gso {
        size: 1448,
        v6: true,
    });
    let offload = net::Offload {
        gso,
        ..net::Offload::default()
    };
    let mut reference = 100;
    let mut fill = |_, _| {
        reference += 1;
        reference
    };
    assert!(tx.put(&mut pool, 5000, offload, &mut fill));
    let offload = net::Offload {
        validated: true,
        ..net::Offload::default()
    };
    assert!(tx.put(&mut pool, 60, offload, &mut fill));
    let _ = tx.publish();
    // blank 1, validated 2, more data 4, extra 8; page numbers are handed out from the last one on.
    assert_eq!(
        said("tx", &bytes(&page)),
        "size 256 event 0\n\
         ref 101 offset 0 flags f id 7 size 5000\n\
         extra 1 flags 0 size 1448 type 2 features 0\n\
         ref 102 offset 0 flags 0 id 6 size 904\n\
         ref 103 offset 0 flags 2 id 5 size 60\n"
    );
}

#[test]
fn answers_to_packets() {
    let mut page = Box::new(net::TxPage::new());
    let offload = net::Offload {
        gso: Some(net::Gso {
            size: 1448,
            v6: false,
        }),
        ..net::Offload::default()
    };
    {
        let mut pool = net::Pool::new(8);
        let mut tx = net::Tx::new(&page);
        assert!(tx.put(&mut pool, 5000, offload, |_, _| 9));
        let _ = tx.publish();
    }
    let answer = run("tx-answer", &bytes(&*page));
    // The same requests once more, on a page that the answers are copied into.
    *page = net::TxPage::new();
    let shared: &net::TxPage = &page;
    let mut pool = net::Pool::new(8);
    let mut tx = net::Tx::new(shared);
    assert!(tx.put(&mut pool, 5000, offload, |_, _| 9));
    let _ = tx.publish();
    copy(shared, &answer);
    assert_eq!((tx.in_flight(), tx.reap(&mut pool)), (2, Ok(())));
    assert_eq!((tx.in_flight(), tx.refused), (0, 1));
}

/// Stores a page's bytes as the other side of it would.
fn copy<const W: usize, const N: usize>(page: &xen_proto::ring::SharedRing<W, N>, bytes: &[u8]) {
    use std::sync::atomic::Ordering::Relaxed;
    let mut other = xen_proto::ring::SharedRing::<W, N>::new();
    set(&mut other, bytes);
    for (to, from) in page
        .slots
        .iter()
        .flatten()
        .zip(other.slots.iter().flatten())
    {
        to.store(from.load(Relaxed), Relaxed);
    }
    page.req_event.store(other.req_event.load(Relaxed), Relaxed);
    page.rsp_prod.store(other.rsp_prod.load(Relaxed), Relaxed);
}

#[test]
fn pages_to_receive_into_and_a_packet() {
    let page = net::RxPage::new();
    let mut rx = net::Rx::new(&page, 4);
    rx.refill(|page| 500 + page as u32);
    let _ = rx.publish();
    assert_eq!(
        said("rx", &bytes(&page)),
        "size 256 event 1\nid 3 ref 503\nid 2 ref 502\nid 1 ref 501\nid 0 ref 500\n"
    );
    copy(&page, &run("rx-answer", &bytes(&page)));
    let packet = rx.next().expect("well-formed").expect("whole");
    let fragment = |page, offset, len| net::Fragment { page, offset, len };
    assert_eq!(
        packet.fragments(),
        [fragment(3, 2, 4000), fragment(1, 0, 96)]
    );
    assert_eq!(packet.len, 4096);
    let gso = Some(net::Gso {
        size: 1460,
        v6: true,
    });
    assert_eq!(
        packet.offload,
        net::Offload {
            blank: true,
            validated: true,
            gso
        }
    );
}

#[test]
fn requests_to_a_disk_and_answers() {
    use block::{Operation, Queue, Segment, Segments, Status};
    let page = block::Page::new();
    let mut queue = Queue::new(&page, 51712);
    let list: Vec<Segment> = (0..11)
        .map(|index| Segment {
            reference: 900 + index,
            first: 0,
            last: if index == 10 { 3 } else { 7 },
        })
        .collect();
    let sector = 0x12_3456_789a;
    let none = Segments::Direct(&[]);
    assert!(queue.put(3, Operation::Read, sector, 0, Segments::Direct(&list)));
    assert!(queue.put(4, Operation::Write, 8, 0, Segments::Direct(&list[..1])));
    assert!(queue.put(5, Operation::Flush, 0, 0, none));
    assert!(queue.put(31, Operation::Discard, 16, 0x1_0000_0008, none));
    assert!(queue.put(0, Operation::Write, sector, 0, Segments::Indirect(32, 77)));
    let _ = queue.publish();
    let all: String = (0..10)
        .map(|index| format!(" {}:0-7", 900 + index))
        .collect();
    assert_eq!(
        said("block", &bytes(&page)),
        format!(
            "size 32 event 0 in page 512 direct 11\n\
             read handle 51712 id 3 sector {sector}{all} 910:0-3\n\
             write handle 51712 id 4 sector 8 900:0-7\n\
             flush handle 51712 id 5 sector 0\n\
             discard flag 0 handle 51712 id 31 sector 16 count 4294967304\n\
             indirect write count 32 id 0 sector {sector} handle 51712 ref 77\n"
        )
    );
    copy(&page, &run("block-answer", &bytes(&page)));
    let mut answers = Vec::new();
    while let Some(answer) = queue.take().expect("well-formed") {
        answers.push(answer);
    }
    assert_eq!(
        answers,
        [
            (3, Status::Done),
            (4, Status::Failed),
            (5, Status::Unsupported)
        ]
    );
}

#[test]
fn pages_of_segments() {
    let segments =
        [(7, 0, 7), (0xdead_beef, 1, 6)].map(|(reference, first, last)| block::Segment {
            reference,
            first,
            last,
        });
    let mut page = vec![0; 4096];
    for (place, word) in page
        .chunks_exact_mut(4)
        .zip(segments.iter().flat_map(|segment| segment.words()))
    {
        place.copy_from_slice(&word.to_le_bytes());
    }
    assert_eq!(said("segments", &page), "7:0-7\n3735928559:1-6\n");
}
