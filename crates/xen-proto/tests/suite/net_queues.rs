// SPDX-License-Identifier: ISC
//! How many queues a connection has, and which of them a frame goes out on.

use xen_proto::net::{MOST_QUEUES, flow, queues, share};

const TCP: u8 = 6;

#[test]
fn a_backend_that_offers_none_fewer_or_nonsense_gets_what_it_takes() {
    for (offered, wanted, queues_wanted) in [
        (None, 4, 1),
        (Some(0), 4, 1),
        (Some(1), 4, 1),
        (Some(2), 4, 2),
        (Some(4), 4, 4),
        (Some(3), 2, 2),
        (Some(u64::MAX), 4, 4),
        (Some(u64::MAX), usize::MAX, MOST_QUEUES),
        (Some(4), 0, 1),
    ] {
        assert_eq!(queues(offered, wanted, 128), queues_wanted, "{offered:?}");
    }
    // Each queue takes the largest packet.
    for (pages, most) in [
        (0, 1),
        (20, 1),
        (39, 1),
        (40, 2),
        (79, 3),
        (80, 4),
        (1000, 4),
    ] {
        assert_eq!(queues(Some(9), 9, pages), most, "{pages}");
    }
}

#[test]
fn shares_cover_all_pages_and_do_not_overlap() {
    for pages in 0..140 {
        for queues in 1..=MOST_QUEUES {
            let mut end = 0;
            for index in 0..queues {
                let share = share(pages, queues, index);
                assert_eq!(share.start, end);
                assert!((pages / queues..=pages / queues + 1).contains(&share.len()));
                end = share.end;
            }
            assert_eq!(end, pages);
        }
    }
}

/// A frame of an address and, behind IP's header, ports.
fn frame(v6: bool, tag: bool, protocol: u8, from: u8, port: u16, fragment: u16) -> Vec<u8> {
    let mut frame = vec![0; 12];
    if tag {
        frame.extend([0x81, 0, 0, 5]);
    }
    if v6 {
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0, 0, 20, protocol, 64]);
        frame.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, from]);
        frame.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    } else {
        frame.extend([8, 0, 0x45, 0, 0, 40, port as u8, 9]);
        frame.extend(fragment.to_be_bytes());
        frame.extend([64, protocol, port as u8, 1, 10, 0, 0, from, 10, 0, 0, 1]);
    }
    frame.extend(port.to_be_bytes());
    frame.extend([0, 7, port as u8, 2, 3, 4]);
    frame
}

#[test]
fn a_flow_stays_on_its_queue_whatever_else_is_in_its_frames() {
    for (v6, tag) in [(false, false), (false, true), (true, false), (true, true)] {
        for from in 0..=255 {
            let first = frame(v6, tag, TCP, from, 80, 0);
            let mut other = first.clone();
            *other.last_mut().unwrap() = 99;
            other[0] = 7;
            assert_eq!(flow(&first, 4), flow(&other, 4));
            // A datagram whole and in fragments, of any port.
            let queue = flow(&frame(v6, tag, 17, from, 80, 0), 4);
            for fragment in [0x4000, 0x2000, 0x2001, 5] {
                for port in [80, 81, 40000] {
                    let frame = frame(v6, tag, 17, from, port, fragment);
                    assert_eq!(flow(&frame, 4), queue);
                }
            }
        }
    }
}

#[test]
fn flows_are_spread() {
    for v6 in [false, true] {
        for queues in 2..=MOST_QUEUES {
            let mut by_address = vec![0; queues];
            let mut by_port = vec![0; queues];
            for n in 0..=255 {
                by_address[flow(&frame(v6, false, 17, n, 7, 0), queues)] += 1;
                by_port[flow(&frame(v6, false, TCP, 2, 40000 + u16::from(n), 0), queues)] += 1;
            }
            for count in by_address.iter().chain(&by_port) {
                assert!(
                    (256 / queues * 2 / 3..=256 / queues * 4 / 3).contains(count),
                    "{queues}: {by_address:?} {by_port:?}"
                );
            }
        }
    }
}

#[test]
fn what_is_no_ip_or_cut_short_goes_out_on_the_first_queue() {
    let mut arp = frame(false, false, TCP, 9, 80, 0);
    arp[13] = 6;
    assert_eq!(flow(&arp, 4), 0);
    for (v6, tag) in [(false, false), (false, true), (true, false), (true, true)] {
        let whole = frame(v6, tag, TCP, 9, 80, 0);
        for len in 0..=whole.len() {
            assert!(flow(&whole[..len], 4) < 4);
        }
        assert_eq!(flow(&whole, 1), 0);
        assert_eq!(flow(&whole, 0), 0);
    }
    // Nothing but tags.
    assert_eq!(flow(&[0x81, 0].repeat(700), 4), 0);
}
