// SPDX-License-Identifier: ISC
//! Reads Xen's public headers with bindgen, so that no hypercall number or structure layout is typed by
//! hand, and compiles the C half of the part being built.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// What the core uses of Xen's interface: a reviewed list keeps the generated file short.
const XEN_HEADERS: &[&str] = &[
    "xen.h",
    "arch-x86/cpuid.h",
    "arch-x86/hvm/start_info.h",
    "errno.h",
    "event_channel.h",
    "grant_table.h",
    "hvm/hvm_op.h",
    "hvm/params.h",
    "io/console.h",
    "io/xs_wire.h",
    "memory.h",
    "sched.h",
    "vcpu.h",
    "version.h",
];

/// Constants that the headers define through a cast, which bindgen cannot see through.
const CASTS: &str =
    "enum { XEN_DOMID_SELF = DOMID_SELF, XEN_DOMID_FIRST_RESERVED = DOMID_FIRST_RESERVED };\n";

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=c_stubs");
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    if part("SOLO5") || part("BINDINGS") {
        bind_xen(&out);
    }
    if part("LIBC") {
        compile_c("libc_");
    }
}

fn part(name: &str) -> bool {
    env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
}

/// Writes `xen.rs` from the installed headers (Debian: libxen-dev), or from those that `XEN_HEADERS` names.
fn bind_xen(out: &Path) {
    println!("cargo::rerun-if-env-changed=XEN_HEADERS");
    let root = env::var("XEN_HEADERS").unwrap_or_else(|_| "/usr/include/xen".into());
    assert!(
        Path::new(&root).join("xen.h").exists(),
        "no Xen headers in {root}: install libxen-dev, or name their folder in XEN_HEADERS"
    );
    // The interface version decides which of several historic numberings the headers define.
    let includes: String = XEN_HEADERS
        .iter()
        .map(|h| format!("#include \"{root}/{h}\"\n"))
        .collect();
    bindgen::Builder::default()
        .header_contents("xen_headers.h", &format!("#define __XEN_INTERFACE_VERSION__ 0x00040d00\n#include <stdint.h>\n{includes}{CASTS}"))
        .use_core()
        .layout_tests(false)
        .generate_comments(false)
        .derive_default(true)
        .prepend_enum_name(false)
        .allowlist_var("__HYPERVISOR_.*|XEN_.*|XENMEM_.*|XENMAPSPACE_.*|XENFEAT_.*|EVTCHN.*|SCHEDOP_.*|SHUTDOWN_.*|VCPUOP_.*|RUNSTATE_.*|VIRQ_.*|HVM_PARAM_.*|HVMOP_.*|GNTTABOP_.*|GNTST_.*|GTF_.*|GNTMAP_.*|GNTCOPY_.*|DOMID_.*|XS_.*|XENSTORE_.*|XENVER_.*")
        .allowlist_type("shared_info|vcpu_info|vcpu_time_info|xen_errno|evtchn_.*|gnttab_.*|grant_entry_v1|hvm_start_info|hvm_modlist_entry|hvm_memmap_table_entry|xen_hvm_param|xen_memory_map|xen_add_to_physmap|xencons_interface|xenstore_domain_interface|sched_shutdown|sched_watchdog|sched_poll|vcpu_set_singleshot_timer|vcpu_runstate_info|xsd_sockmsg|multicall_entry")
        .generate()
        .expect("bindgen reads Xen's headers (Debian: libclang-dev and libxen-dev)")
        .write_to_file(out.join("xen.rs"))
        .expect("OUT_DIR is writable");
}

/// Compiles `c_stubs/PREFIX*.c` and `.S` against the project's own headers, as the guest's C is compiled.
fn compile_c(prefix: &str) {
    let mut sources: Vec<PathBuf> = fs::read_dir("c_stubs")
        .expect("c_stubs is part of the checkout")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| {
            let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
            name.starts_with(prefix) && (name.ends_with(".c") || name.ends_with(".S"))
        })
        .collect();
    sources.sort();
    if sources.is_empty() {
        return;
    }
    cc::Build::new()
        .files(sources)
        .opt_level_str("s")
        .flag("-ffreestanding")
        .flag("-fno-pic")
        .flag("-fno-pie")
        .flag("-fstack-protector-strong")
        .flag("-ffunction-sections")
        .flag("-fdata-sections")
        .warnings(true)
        .extra_warnings(true)
        .warnings_into_errors(true)
        .compile("c_stubs");
}
