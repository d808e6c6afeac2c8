// SPDX-License-Identifier: ISC
//! The bindings' archive defines the names that each mirage-xen declares as externals, and no more: others are defined by
//! libraries of their own.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// mirage-xen 6.0 and later.
const ALL: &[&str] = &[
    "mirage_xen_evtchn_get_nr_events",
    "mirage_xen_evtchn_test_and_clear",
    "mirage_xen_evtchn_alloc_unbound",
    "mirage_xen_evtchn_bind_virq",
    "mirage_xen_evtchn_bind_interdomain",
    "mirage_xen_evtchn_virq_dom_exc",
    "mirage_xen_evtchn_unmask",
    "mirage_xen_evtchn_unbind",
    "mirage_xen_evtchn_notify",
    "mirage_xen_evtchn_block_domain",
    "mirage_xen_evtchn_demux_pending",
    "mirage_xen_gnttab_map",
    "mirage_xen_gnttab_mapv",
    "mirage_xen_gnttab_unmap",
    "mirage_xen_gnttab_get_nr_entries",
    "mirage_xen_gnttab_get_nr_reserved",
    "mirage_xen_gnttab_grant_access",
    "mirage_xen_gnttab_end_access",
    "mirage_xen_get_console_evtchn",
    "mirage_xen_get_console_page",
    "mirage_xen_get_xenstore_evtchn",
    "mirage_xen_get_xenstore_page",
    "mirage_xen_get_cmdline",
    "mirage_memory_get_heap_words",
    "mirage_memory_get_live_words",
    "mirage_memory_get_stack_words",
    "caml_get_monotonic_time",
    // The OCaml library of this project asks for these too.
    "mirage_xen_evtchn_next_pending",
    "mirage_xen_memory_barrier",
    "mirage_xen_alloc_pages",
    "mirage_xen_get_addr",
    "mirage_xen_gnttab_copy_from",
    "mirage_xen_gnttab_copy_from_bytecode",
    "mirage_xen_gnttab_copy_to",
    "mirage_xen_gnttab_copy_to_bytecode",
    "mirage_xen_gnttab_copyv",
    "mirage_xen_shutdown",
    "mirage_xen_device_error",
    "mirage_xen_device_page",
    "mirage_xen_grant_donate",
    "mirage_xen_frontend_new",
    "mirage_xen_frontend_next",
    "mirage_xen_frontend_reset",
    "mirage_xen_frontend_renew",
    "mirage_xen_frontend_is_bound",
    "mirage_xen_frontend_wrote_connected",
    "mirage_xen_net_take",
    "mirage_xen_net_references",
    "mirage_xen_net_give",
    "mirage_xen_net_offer",
    "mirage_xen_net_reference",
    "mirage_xen_net_take_page",
    "mirage_xen_net_send_page",
    "mirage_xen_net_send",
    "mirage_xen_net_receive",
    "mirage_xen_net_receive_whole",
    "mirage_xen_net_ask_packet",
    "mirage_xen_net_ask_room",
    "mirage_xen_net_in_flight",
    "mirage_xen_net_statistic",
    "mirage_xen_block_take",
    "mirage_xen_block_references",
    "mirage_xen_block_give",
    "mirage_xen_block_offer",
    "mirage_xen_block_ring",
    "mirage_xen_block_disconnect",
    "mirage_xen_block_connected",
    "mirage_xen_block_take_loss",
    "mirage_xen_block_most",
    "mirage_xen_block_start",
    "mirage_xen_block_start_bytecode",
    "mirage_xen_block_publish",
    "mirage_xen_block_poll",
    "mirage_xen_block_finish",
    "mirage_xen_block_abandon",
    "mirage_xen_block_ask",
    "mirage_xen_store_connect",
    "mirage_xen_store_submit",
    "mirage_xen_store_next",
];

/// From 7.0 on.
const SEVEN: &[&str] = &[
    "mirage_memory_get_fast_live_words",
    "mirage_trim_allocation",
];

/// 6.0 only.
const SIX: &[&str] = &[
    "caml_get_wall_clock",
    "unix_gettimeofday",
    "mirage_alloc_pages",
    "mirage_get_addr",
    "caml_tcpip_ones_complement_checksum",
    "caml_tcpip_ones_complement_checksum_list",
    "caml_blit_bigstring_to_bigstring",
    "caml_blit_string_to_bigstring",
    "caml_blit_bigstring_to_string",
    "caml_compare_bigstring",
    "caml_fill_bigstring",
    "caml_check_alignment_bigstring",
    "caml_memory_barrier",
    "caml_cstruct_unsafe_load_uint32",
    "caml_cstruct_unsafe_save_uint32",
    "caml_write_memory_barrier",
    "stub_atomic_or_fetch_uint8",
    "stub_atomic_fetch_and_uint8",
];

/// What is not an external: the entry and what the files share.
const OTHER: &[&str] = &[
    "solo5_app_main",
    "solo5__xen_evtchn_vector_handler",
    "mirage_xen_fail",
    "mirage_xen_heap_start",
    "mirage_runtime_start",
    "mirage_xen_crash_init",
    "mirage_xen_uncaught",
    // Sys.argv, where xen-ocaml links.
    "__wrap_mirage_runtime_start",
    "__wrap_caml_startup_exn",
    "mirage_xen_heap_bytes",
    "mirage_xen_stack_start",
];

fn defined(archive: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(archive);
    assert!(path.exists(), "{archive} is not built: make guests");
    let output = Command::new("nm")
        .args(["-g", "--defined-only", "--format=posix"])
        .arg(&path)
        .output()
        .expect("nm (Debian: binutils)");
    assert!(output.status.success(), "nm {archive}");
    let names: Vec<String> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter(|line| !line.ends_with(':'))
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    let set: BTreeSet<String> = names.iter().cloned().collect();
    assert_eq!(set.len(), names.len(), "{archive} defines a name twice");
    // The contract between Rust and C.
    set.into_iter()
        .filter(|name| !name.starts_with("mxen_"))
        .collect()
}

fn expected(lists: &[&[&str]]) -> BTreeSet<String> {
    lists
        .iter()
        .flat_map(|list| list.iter())
        .map(|name| name.to_string())
        .collect()
}

#[test]
fn the_archive_for_7_and_later_has_its_names() {
    assert_eq!(
        defined("target/parts/libmirage-xen_bindings.a"),
        expected(&[ALL, SEVEN, OTHER])
    );
}

#[test]
fn the_archive_for_6_0_has_its_names() {
    assert_eq!(
        defined("target/guests/parts6/libmirage-xen_bindings.a"),
        expected(&[ALL, SIX, OTHER])
    );
}
