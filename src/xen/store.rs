// SPDX-License-Identifier: ISC
//! The core's connection to xenstore, made when the first of its devices is acquired.
//!
//! Interface: HVM_PARAM_STORE_PFN and _EVTCHN in `hvm/params.h`, over `xen_proto::xenstore`. The ring has one owner: a
//! program that acquires Solo5 devices leaves it to the core, one that uses the OCaml library's own client acquires none.

use super::events::{self, Port};
use super::text::Text;
use super::{abi, hypercall, time};
use crate::arch::paging;
use crate::mm::layout::{PAGE, SPECIAL_PAGES};
use xen_proto::xenstore::{Error, Link, Session, SharedPage};

/// How long a request may take, in ns. xenstored answers in a fraction of a millisecond.
const PATIENCE: u64 = 10_000_000_000;

/// The domain's event channel to xenstored, and what it said of what is watched.
pub struct StoreLink {
    port: Port,
    /// A bit a token: something changed there.
    changed: u64,
}

/// The connection.
pub type Store = Session<'static, StoreLink>;

/// Whether xenstored has something to say.
pub fn is_pending(store: &mut Store) -> bool {
    store.link().port.is_pending()
}

impl Link for StoreLink {
    fn notify(&mut self) {
        // Should Xen refuse, nobody answers, and the wait ends.
        let _ = hypercall::send(self.port.0);
    }

    fn wait(&mut self) -> Result<(), Error> {
        let deadline = time::monotonic().saturating_add(PATIENCE);
        let mut came = false;
        events::wait(deadline, || {
            came = self.port.take();
            came
        });
        if came {
            Ok(())
        } else {
            Err(Error::Interrupted)
        }
    }

    fn watch_event(&mut self, _path: &[u8], token: &[u8]) {
        self.changed |= number(token)
            .and_then(|token| 1_u64.checked_shl(token as u32))
            .unwrap_or(0);
    }
}

impl StoreLink {
    /// Forgets that xenstored had something to say: what it said is looked at afterwards.
    pub fn clear(&mut self) {
        self.port.clear();
    }

    /// Tokens of watches that went off, a bit each, which are forgotten.
    pub fn take_changed(&mut self) -> u64 {
        core::mem::take(&mut self.changed)
    }
}

/// The connection, through the page and port that the toolstack set up; `None` when the domain has none.
pub fn connect() -> Option<Store> {
    let gfn = hypercall::get_param(abi::HVM_PARAM_STORE_PFN).ok()?;
    let port = hypercall::get_param(abi::HVM_PARAM_STORE_EVTCHN).ok()? as u32;
    let address = gfn.wrapping_mul(PAGE);
    if gfn == 0
        || !SPECIAL_PAGES.contains(&address)
            && paging::current()
                .identity(address..address + PAGE, paging::WRITE)
                .is_err()
    {
        return None;
    }
    // SAFETY: the page is xenstore's for the domain's whole life, and a SharedPage is atomics throughout.
    let page = unsafe { &*(address as *const SharedPage) };
    let port = Port(port);
    port.unmask();
    let link = StoreLink { port, changed: 0 };
    Some(Session::new(page, link))
}

/// The number that `digits` are, in decimal; `None` for anything else.
pub fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, &digit| {
        let digit = digit.wrapping_sub(b'0');
        let number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
        (digit < 10).then_some(number)
    })
}

/// The value at `folder/name`, copied; `None` when there is none, or it cannot be had.
pub fn read<const N: usize>(store: &mut Store, folder: &[u8], name: &[u8]) -> Option<Text<N>> {
    let path = super::text::Path::of(&[folder, b"/", name]);
    let value = store.read(0, path.get()).ok()?;
    let text = Text::of(&[value]);
    (!text.get().is_empty() || value.is_empty()).then_some(text)
}

/// The number at `folder/name`; `None` when there is none.
pub fn read_number(store: &mut Store, folder: &[u8], name: &[u8]) -> Option<u64> {
    let text = read::<24>(store, folder, name)?;
    number(text.get())
}
