// SPDX-License-Identifier: ISC
//! Work on packets that the backend leaves to the frontend: blank checksums, and segments of TCP that are cut into frames.

use crate::common::{Random, cases};
use xen_proto::checksum::{fold, sum_reference};
use xen_proto::net::*;

/// A frame with the sum of its pseudo header in place of the checksum, and the frame as it has to be.
fn frame(random: &mut Random, v6: bool, tcp: bool, vlan: bool) -> (Vec<u8>, Vec<u8>) {
    let protocol = if tcp { 6 } else { 17 };
    let place = if tcp { 16 } else { 6 };
    let len = 20 + random.below(1400) as usize;
    let mut segment = random.bytes(len);
    let addresses = random.bytes(if v6 { 32 } else { 8 });
    let mut frame = random.bytes(12);
    if vlan {
        frame.extend([0x81, 0, 0, 7]);
    }
    if v6 {
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        let options = random.one_in(3);
        frame.extend(((len + if options { 8 } else { 0 }) as u16).to_be_bytes());
        frame.extend([if options { 60 } else { protocol }, 64]);
        frame.extend(&addresses);
        if options {
            frame.extend([protocol, 0, 1, 4, 0, 0, 0, 0]);
        }
    } else {
        let options = random.below(3) as usize * 4;
        frame.extend([8, 0, 0x45 + options as u8 / 4, 0]);
        frame.extend(((20 + options + len) as u16).to_be_bytes());
        frame.extend([0, 1, 0x40, 0, 64, protocol, 0, 0]);
        frame.extend(&addresses);
        frame.extend(vec![1; options]);
    }
    let mut pseudo = addresses;
    pseudo.extend((len as u32).to_be_bytes());
    pseudo.extend([0, 0, 0, protocol]);
    segment[place..place + 2].fill(0);
    let partial = fold(sum_reference(&pseudo));
    let whole = !fold(u64::from(partial) + sum_reference(&segment));
    let whole = if whole == 0 && !tcp { 0xffff } else { whole };
    let more = if random.one_in(3) { 4 } else { 0 };
    let padding = random.bytes(more);
    let with = |sum: u16| {
        let mut segment = segment.clone();
        segment[place..place + 2].copy_from_slice(&sum.to_ne_bytes());
        [frame.clone(), segment, padding.clone()].concat()
    };
    (with(partial), with(whole))
}

#[test]
fn blank_checksums_are_filled_in() {
    let mut random = Random::new(23);
    for _ in 0..cases(3000) {
        let (v6, tcp, vlan) = (random.one_in(2), random.one_in(2), random.one_in(4));
        let (mut blank, whole) = frame(&mut random, v6, tcp, vlan);
        assert!(fill_checksum(&mut blank));
        assert_eq!(blank, whole, "v6 {v6} tcp {tcp} vlan {vlan}");
    }
}

#[test]
fn what_has_no_such_checksum_stays_as_it_is() {
    let mut random = Random::new(24);
    let (good, _) = frame(&mut random, false, true, false);
    let mut fragment = good.clone();
    fragment[20] |= 0x20;
    assert!(!fill_checksum(&mut fragment));
    for _ in 0..cases(20_000) {
        let mut bytes = good.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(60) as usize;
            bytes[at] = random.next() as u8;
        }
        bytes.truncate(random.below(bytes.len() as u64 + 1) as usize);
        let before = bytes.clone();
        if !fill_checksum(&mut bytes) {
            assert_eq!(bytes, before);
        }
    }
}

/// A segment of TCP with random headers and payload, right but for its checksum, which is blank, and where its payload starts.
fn large_segment(random: &mut Random, v6: bool, vlan: bool) -> (Vec<u8>, usize) {
    let options = random.below(11) as usize * 4;
    let payload_len = 1 + random.below(60_000) as usize;
    let mut tcp = random.bytes(20 + options);
    tcp[12] = (((20 + options) / 4) << 4) as u8;
    let payload = random.bytes(payload_len);
    let len = tcp.len() + payload.len();
    let mut frame = random.bytes(12);
    if vlan {
        frame.extend([0x81, 0, 0, 7]);
    }
    if v6 {
        frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
        frame.extend((len as u16).to_be_bytes());
        frame.extend([6, 64]);
        frame.extend(random.bytes(32));
    } else {
        let words = random.below(3) as usize;
        frame.extend([8, 0, 0x45 + words as u8, 0]);
        frame.extend(((20 + words * 4 + len) as u16).to_be_bytes());
        frame.extend([1, 0xff, 0x40, 0, 64, 6, 0, 0]);
        frame.extend(random.bytes(8));
        frame.extend(vec![1; words * 4]);
    }
    let start = frame.len() + tcp.len();
    frame.extend(tcp);
    frame.extend(payload);
    (frame, start)
}

#[test]
fn large_segments_are_cut_into_frames() {
    let mut random = Random::new(25);
    for _ in 0..cases(400) {
        let (v6, vlan) = (random.one_in(2), random.one_in(3));
        let (segment, start) = large_segment(&mut random, v6, vlan);
        let size = 48 + random.below(2000) as usize;
        let gso = Gso {
            size: size as u16,
            v6,
        };
        let headers = &segment[..segment.len().min(MAX_HEADERS)];
        let mut cut = Cut::new(headers, segment.len(), gso).expect("a whole segment");
        let (ip, tcp) = (
            if vlan { 18 } else { 14 },
            start - usize::from(segment[start_of_tcp(&segment, v6, vlan) + 12] >> 4) * 4,
        );
        let mut stream: Vec<u8> = Vec::new();
        let mut number = 0;
        while !cut.is_over() {
            let mut frame = vec![0xee; 3000];
            let len = cut
                .next(&mut frame, |at, target| {
                    target.copy_from_slice(&segment[at..at + target.len()]);
                })
                .expect("there is room");
            let frame = &frame[..len];
            // All as in the segment but for what differs in each.
            assert_eq!(frame[..ip + 2], segment[..ip + 2]);
            let word = |at: usize| usize::from(u16::from_be_bytes([frame[at], frame[at + 1]]));
            let mut pseudo = if v6 {
                assert_eq!(word(ip + 4), len - ip - 40);
                frame[ip + 8..ip + 40].to_vec()
            } else {
                assert_eq!(word(ip + 2), len - ip);
                assert_eq!(word(ip + 4), 0x1ff + number);
                assert_eq!(fold(sum_reference(&frame[ip..tcp])), 0xffff);
                frame[ip + 12..ip + 20].to_vec()
            };
            pseudo.extend(((len - tcp) as u32).to_be_bytes());
            pseudo.extend([0, 0, 0, 6]);
            let whole = sum_reference(&pseudo) + sum_reference(&frame[tcp..]);
            assert_eq!(fold(whole), 0xffff, "v6 {v6} vlan {vlan}");
            let sequence = |bytes: &[u8]| {
                u32::from_be_bytes(bytes[tcp + 4..tcp + 8].try_into().expect("four"))
            };
            assert_eq!(
                sequence(frame),
                sequence(&segment).wrapping_add(stream.len() as u32)
            );
            stream.extend(&frame[start..]);
            let last = start + stream.len() == segment.len();
            let mut flags = segment[tcp + 13];
            if !last {
                assert_eq!(len - start, size);
                flags &= !9;
            }
            if number != 0 {
                flags &= !0x80;
            }
            assert_eq!(frame[tcp + 13], flags);
            number += 1;
        }
        assert_eq!(stream, segment[start..]);
    }
}

fn start_of_tcp(segment: &[u8], v6: bool, vlan: bool) -> usize {
    let ip = if vlan { 18 } else { 14 };
    if v6 {
        ip + 40
    } else {
        ip + usize::from(segment[ip] & 15) * 4
    }
}

#[test]
fn any_bytes_are_cut_within_bounds_or_not_at_all() {
    let mut random = Random::new(26);
    for _ in 0..cases(3000) {
        let v6 = random.one_in(2);
        let (mut segment, _) = large_segment(&mut random, v6, false);
        for _ in 0..=random.below(4) {
            let at = random.below(80) as usize % segment.len();
            segment[at] = random.next() as u8;
        }
        segment.truncate(1 + random.below(segment.len() as u64) as usize);
        let gso = Gso {
            size: random.next() as u16,
            v6,
        };
        let headers = &segment[..segment.len().min(MAX_HEADERS)];
        let Some(mut cut) = Cut::new(headers, segment.len(), gso) else {
            continue;
        };
        let mut frames = 0;
        while !cut.is_over() {
            let mut frame = [0; 1518];
            let len = cut.next(&mut frame, |at, target| {
                assert!(at + target.len() <= segment.len());
            });
            assert!(len.is_none_or(|len| len <= 1518));
            frames += 1;
        }
        assert!(frames <= segment.len() / 48 + 1);
    }
}
