// SPDX-License-Identifier: ISC
//! A frontend's side as a number, for a driver in another language that keeps it and does the input and output.

use super::{Frontend, State, Step};

/// Bits of a packed frontend: own state, state to publish with, flags, then how many connections broke.
const WITH: u32 = 4;
const PUBLISHED: u32 = 1 << 8;
const CONNECTED: u32 = 1 << 9;
const RESET: u32 = 1 << 10;
const BREAKS: u32 = 11;

impl State {
    /// The state with that number; [`State::Unknown`] for a number that no state has.
    pub fn from_number(number: u32) -> State {
        let digit = u8::try_from(number).ok().and_then(|n| n.checked_add(b'0'));
        State::parse(&[digit.unwrap_or(b'0')])
    }
}

impl Frontend {
    /// The frontend in 16 bits.
    pub const fn pack(self) -> u32 {
        let mut bits =
            self.own as u32 | (self.with as u32) << WITH | (self.breaks as u32) << BREAKS;
        if self.published {
            bits |= PUBLISHED;
        }
        if self.connected {
            bits |= CONNECTED;
        }
        if self.reset {
            bits |= RESET;
        }
        bits
    }

    /// The frontend that [`pack`](Self::pack) made a number of.
    pub fn unpack(bits: u32) -> Frontend {
        Frontend {
            own: State::from_number(bits & 15),
            with: State::from_number(bits >> WITH & 15),
            published: bits & PUBLISHED != 0,
            connected: bits & CONNECTED != 0,
            reset: bits & RESET != 0,
            breaks: (bits >> BREAKS & 31) as u8,
        }
    }
}

impl Step {
    /// The step in 8 bits: its kind (0 wait, 1 write, 2 publish, 3 connect, 4 disconnect), then from bit 4 on its state.
    pub const fn pack(self) -> u32 {
        match self {
            Step::Wait => 0,
            Step::Write(state) => 1 | (state as u32) << 4,
            Step::Publish(state) => 2 | (state as u32) << 4,
            Step::Connect => 3,
            Step::Disconnect => 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packed_frontend_goes_on_as_the_frontend_itself() {
        let mut frontend = Frontend::new(State::Closed, State::Connected);
        let mut packed = frontend.pack();
        let seen = [6, 2, 2, 4, 4, 5, 6, 6, 2, 4, 0, 9, 1];
        for (index, number) in seen.into_iter().cycle().take(200).enumerate() {
            if index % 37 == 0 {
                frontend.reset();
            }
            let mut other = Frontend::unpack(packed);
            if index % 37 == 0 {
                other.reset();
            }
            let state = Some(State::from_number(number));
            assert_eq!(
                frontend.next(state, index % 2 == 0),
                other.next(state, index % 2 == 0)
            );
            assert_eq!(frontend, other);
            packed = other.pack();
            assert!(packed < 1 << 16);
        }
    }

    #[test]
    fn steps_are_told_apart() {
        assert_eq!(Step::Wait.pack(), 0);
        assert_eq!(Step::Write(State::Closing).pack(), 0x51);
        assert_eq!(Step::Publish(State::Connected).pack(), 0x42);
        assert_eq!(Step::Connect.pack(), 3);
        assert_eq!(Step::Disconnect.pack(), 4);
        assert_eq!(State::from_number(300), State::Unknown);
    }
}
