(* SPDX-License-Identifier: ISC *)
(* Each external of mirage-xen 7 and later, right and wrong, from OCaml. Prints what went wrong, then how many. *)

type page = (int, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t
type handle

external nr_events : unit -> int = "mirage_xen_evtchn_get_nr_events" [@@noalloc]
external test_and_clear : int -> bool = "mirage_xen_evtchn_test_and_clear" [@@noalloc]
external next_pending : int -> int = "mirage_xen_evtchn_next_pending" [@@noalloc]
external alloc_unbound : unit -> int -> int = "mirage_xen_evtchn_alloc_unbound"
external bind_interdomain : unit -> int -> int -> int = "mirage_xen_evtchn_bind_interdomain"
external bind_virq : unit -> int -> int = "mirage_xen_evtchn_bind_virq"
external virq_dom_exc : unit -> int = "mirage_xen_evtchn_virq_dom_exc"
external unmask : unit -> int -> unit = "mirage_xen_evtchn_unmask"
external unbind : unit -> int -> unit = "mirage_xen_evtchn_unbind"
external notify : unit -> int -> unit = "mirage_xen_evtchn_notify" [@@noalloc]
external block_domain : int64 -> unit = "mirage_xen_evtchn_block_domain" [@@noalloc]
external demux_pending : unit -> bool = "mirage_xen_evtchn_demux_pending" [@@noalloc]
external gnttab_map : unit -> int -> int -> bool -> handle * page = "mirage_xen_gnttab_map"
external gnttab_mapv : unit -> int array -> bool -> handle * page = "mirage_xen_gnttab_mapv"
external gnttab_unmap : unit -> handle -> unit = "mirage_xen_gnttab_unmap"
external nr_entries : unit -> int = "mirage_xen_gnttab_get_nr_entries"
external nr_reserved : unit -> int = "mirage_xen_gnttab_get_nr_reserved"
external grant_access : int -> page -> int -> bool -> unit = "mirage_xen_gnttab_grant_access"
external end_access : int -> bool = "mirage_xen_gnttab_end_access"

external copy_from : domid:int -> ref:int -> src_off:int -> dst:page -> dst_off:int -> len:int -> unit
  = "mirage_xen_gnttab_copy_from_bytecode" "mirage_xen_gnttab_copy_from"

external copy_to : src:page -> src_off:int -> domid:int -> ref:int -> dst_off:int -> len:int -> unit
  = "mirage_xen_gnttab_copy_to_bytecode" "mirage_xen_gnttab_copy_to"

external copyv : page -> int array -> bool -> unit = "mirage_xen_gnttab_copyv"
external console_evtchn : unit -> int = "mirage_xen_get_console_evtchn"
external console_page : unit -> page = "mirage_xen_get_console_page"
external xenstore_evtchn : unit -> int = "mirage_xen_get_xenstore_evtchn"
external xenstore_page : unit -> page = "mirage_xen_get_xenstore_page"
external cmdline : unit -> string = "mirage_xen_get_cmdline"
external heap_words : unit -> int = "mirage_memory_get_heap_words" [@@noalloc]
external live_words : unit -> int = "mirage_memory_get_live_words" [@@noalloc]
external stack_words : unit -> int = "mirage_memory_get_stack_words" [@@noalloc]
external fast_live_words : unit -> int = "mirage_memory_get_fast_live_words" [@@noalloc]
external trim : unit -> unit = "mirage_trim_allocation" [@@noalloc]
external monotonic : unit -> int64 = "caml_get_monotonic_time"
external alloc_pages : int -> page = "mirage_xen_alloc_pages"
external get_addr : page -> nativeint = "mirage_xen_get_addr"
external barrier : unit -> unit = "mirage_xen_memory_barrier" [@@noalloc]
external shutdown : int -> unit = "mirage_xen_shutdown"

let wrong = ref 0
let checks = ref 0

let check name ok =
  incr checks;
  if not ok then (
    incr wrong;
    Printf.printf "wrong: %s\n" name)

(* Which exception a call ends in, "" for none. *)
let raises f =
  match f () with
  | _ -> ""
  | exception Failure _ -> "Failure"
  | exception Invalid_argument _ -> "Invalid_argument"
  | exception Out_of_memory -> "Out_of_memory"

let fails name f = check (name ^ " raises Failure") (raises f = "Failure")
let invalid name f = check (name ^ " raises Invalid_argument") (raises f = "Invalid_argument")

let says name part f =
  let has text =
    let n = String.length part in
    let rec at i = i + n <= String.length text && (String.sub text i n = part || at (i + 1)) in
    at 0
  in
  match f () with
  | _ -> check (name ^ " fails") false
  | exception Failure text ->
      check (Printf.sprintf "%s says %S, not %S" name part text) (has text)

let far = 1 lsl 40
let self = 0x7ff0

let channels () =
  check "events" (nr_events () = 4096);
  fails "alloc_unbound -1" (fun () -> alloc_unbound () (-1));
  fails "alloc_unbound far" (fun () -> alloc_unbound () far);
  (* Xen does not ask whether the other domain exists. *)
  unbind () (alloc_unbound () 9999);
  fails "bind_interdomain nobody" (fun () -> bind_interdomain () 9999 1);
  fails "bind_interdomain far" (fun () -> bind_interdomain () 0 far);
  says "bind_interdomain closed" "EINVAL" (fun () -> bind_interdomain () self 500);
  fails "bind_virq -1" (fun () -> bind_virq () (-1));
  fails "bind_virq 1000" (fun () -> bind_virq () 1000);
  check "virq" (virq_dom_exc () = 3);
  fails "unmask -1" (fun () -> unmask () (-1));
  fails "unmask far" (fun () -> unmask () 131072);
  fails "unbind 0" (fun () -> unbind () 0);
  fails "unbind closed" (fun () -> unbind () 900);
  check "test_and_clear -1" (not (test_and_clear (-1)));
  check "test_and_clear far" (not (test_and_clear far));
  check "next_pending far" (next_pending far = -1);
  (* A refused notification cannot raise; it is said on the console. *)
  notify () 901;
  let a = alloc_unbound () self in
  let b = bind_interdomain () self a in
  unmask () a;
  unmask () b;
  while demux_pending () do () done;
  ignore (test_and_clear a);
  ignore (test_and_clear b);
  check "nothing is pending" (next_pending 0 = -1);
  notify () a;
  check "an event" (demux_pending ());
  check "no second" (not (demux_pending ()));
  check "its port" (next_pending 0 = b);
  check "its mark" (test_and_clear b);
  check "taken" (not (test_and_clear b));
  let start = monotonic () in
  block_domain (Int64.add start 20_000_000L);
  check "no event ends it" (not (demux_pending ()));
  check "the deadline does" (Int64.sub (monotonic ()) start >= 20_000_000L);
  block_domain 0L;
  block_domain Int64.min_int;
  notify () b;
  (* No deadline, but an event. *)
  block_domain Int64.max_int;
  check "woken" (demux_pending () && test_and_clear a);
  unbind () b;
  unbind () a;
  fails "unbind twice" (fun () -> unbind () a)

let grants () =
  let page = alloc_pages 1 in
  check "reserved" (nr_reserved () = 8);
  let entries = nr_entries () in
  check "entries" (entries >= 2048 && entries mod 512 = 0);
  fails "grant reserved" (fun () -> grant_access 7 page 0 true);
  fails "grant beyond" (fun () -> grant_access entries page 0 true);
  fails "grant -1" (fun () -> grant_access (-1) page 0 true);
  fails "grant nobody" (fun () -> grant_access 8 page 65536 true);
  fails "grant unaligned" (fun () -> grant_access 8 (Bigarray.Array1.sub (alloc_pages 2) 1 4096) 0 true);
  grant_access 8 page 0 true;
  says "grant twice" "in use" (fun () -> grant_access 8 page 0 true);
  check "end" (end_access 8);
  check "end again" (end_access 8);
  grant_access (entries - 1) page 0 false;
  check "end of the last" (end_access (entries - 1));
  fails "end reserved" (fun () -> end_access 0);
  fails "end beyond" (fun () -> end_access entries);
  fails "map nobody" (fun () -> gnttab_map () 8 9999 true);
  fails "map far" (fun () -> gnttab_map () far 0 true);
  fails "map -1" (fun () -> gnttab_map () (-1) 0 true);
  says "mapv" "reference 99999 of domain 0" (fun () -> gnttab_mapv () [| 0; 99999; 0; 9 |] true);
  invalid "mapv none" (fun () -> gnttab_mapv () [||] true);
  invalid "mapv odd" (fun () -> gnttab_mapv () [| 0; 8; 0 |] true);
  check "mapv more than there is room for"
    (raises (fun () -> gnttab_mapv () (Array.make 200_000 0) true) = "Out_of_memory");
  invalid "copy out of the page" (fun () ->
      copy_from ~domid:0 ~ref:8 ~src_off:4000 ~dst:page ~dst_off:0 ~len:97);
  invalid "copy out of the buffer" (fun () ->
      copy_from ~domid:0 ~ref:8 ~src_off:0 ~dst:page ~dst_off:4000 ~len:97);
  invalid "copy negative" (fun () -> copy_from ~domid:0 ~ref:8 ~src_off:(-1) ~dst:page ~dst_off:0 ~len:1);
  invalid "copy_to negative" (fun () -> copy_to ~src:page ~src_off:0 ~domid:0 ~ref:8 ~dst_off:0 ~len:(-1));
  invalid "copy_to far" (fun () -> copy_to ~src:page ~src_off:max_int ~domid:0 ~ref:8 ~dst_off:0 ~len:1);
  fails "copy bad reference" (fun () -> copy_to ~src:page ~src_off:0 ~domid:0 ~ref:99999 ~dst_off:0 ~len:1);
  fails "copy bad domain" (fun () -> copy_to ~src:page ~src_off:0 ~domid:9999 ~ref:8 ~dst_off:0 ~len:1);
  copyv page [||] true;
  invalid "copyv odd" (fun () -> copyv page [| 1; 2; 3 |] true);
  says "copyv" "reference 99998 of domain 0" (fun () -> copyv page [| 0; 0; 99998; 0; 10 |] false)

let pages () =
  check "console port" (console_evtchn () > 0);
  check "xenstore port" (xenstore_evtchn () > 0);
  check "console page" (Bigarray.Array1.dim (console_page ()) = 4096);
  check "xenstore page" (Bigarray.Array1.dim (xenstore_page ()) = 4096);
  let address page = Nativeint.to_int (get_addr page) in
  check "aligned" (address (console_page ()) mod 4096 = 0);
  let dirty = alloc_pages 3 in
  Bigarray.Array1.fill dirty 255;
  let here = address dirty in
  check "aligned pages" (here mod 4096 = 0);
  for _ = 1 to 100 do
    let page = alloc_pages 3 in
    check "three pages" (Bigarray.Array1.dim page = 3 * 4096);
    for i = 0 to (3 * 4096) - 1 do
      if page.{i} <> 0 then check "zeroed" false
    done;
    Bigarray.Array1.fill page 255
  done;
  invalid "no pages" (fun () -> alloc_pages 0);
  invalid "-1 pages" (fun () -> alloc_pages (-1));
  invalid "far pages" (fun () -> alloc_pages max_int);
  check "too many pages" (raises (fun () -> alloc_pages 100_000) = "Out_of_memory");
  barrier ();
  invalid "shutdown 9" (fun () -> shutdown 9)

let memory () =
  let free () = heap_words () - live_words () - stack_words () in
  (* What has become garbage until now would be freed in between. *)
  Gc.compact ();
  let before = free () in
  check "heap" (heap_words () * 8 > 16 lsl 20 && heap_words () * 8 < 64 lsl 20);
  check "free" (before > 0);
  let pages = alloc_pages 100 in
  let used = before - free () in
  check (Printf.sprintf "a hundred pages take %d words" used) (used >= 100 * 512 && used < (100 * 512) + 2048);
  check "fast" (abs (fast_live_words () - live_words ()) < 2048);
  trim ();
  check "stack" (stack_words () > 0 && stack_words () * 8 <= 9 lsl 20);
  ignore (Sys.opaque_identity pages)

(* With a peer that has granted pages [ref] to [ref + 3], each starting with its reference. *)
let peer domid ref =
  let byte page i = page.{i} in
  let rec patiently () =
    match gnttab_map () ref domid true with
    | pair -> pair
    | exception Failure _ ->
        block_domain (Int64.add (monotonic ()) 10_000_000L);
        patiently ()
  in
  let handle, page = patiently () in
  check "a page" (Bigarray.Array1.dim page = 4096 && byte page 0 = ref);
  page.{100} <- 42;
  gnttab_unmap () handle;
  fails "unmap twice" (fun () -> gnttab_unmap () handle);
  let handle, pages = gnttab_mapv () [| domid; ref; domid; ref + 1; domid; ref + 2 |] false in
  check "three pages" (Bigarray.Array1.dim pages = 3 * 4096);
  for i = 0 to 2 do
    check "in order" (byte pages (i * 4096) = ref + i)
  done;
  check "the same page" (byte pages 100 = 42);
  gnttab_unmap () handle;
  says "mapv" (Printf.sprintf "reference 99999 of domain %d" domid) (fun () ->
      gnttab_mapv () [| domid; ref; domid; 99999 |] true);
  let mine = alloc_pages 3 in
  copy_from ~domid ~ref ~src_off:0 ~dst:mine ~dst_off:4000 ~len:4096;
  check "copied" (byte mine 4000 = ref && byte mine 4100 = 42);
  mine.{5000} <- 43;
  copy_to ~src:mine ~src_off:5000 ~domid ~ref:(ref + 1) ~dst_off:4095 ~len:1;
  copyv mine [| 0; domid; ref; 100; 1; 1; domid; ref + 1; 4095; 1; 2; domid; ref + 2; 0; 1 |] false;
  check "copied in pieces" (byte mine 0 = 42 && byte mine 1 = 43 && byte mine 2 = ref + 2);
  copyv mine [| 0; domid; ref + 2; 8; 2; 2; domid; ref + 3; 8; 1 |] true;
  copy_from ~domid ~ref:(ref + 2) ~src_off:0 ~dst:mine ~dst_off:0 ~len:16;
  check "copied to it" (byte mine 8 = 42 && byte mine 9 = 43);
  (* Nobody unmaps this one, and its finaliser says so. *)
  ignore (Sys.opaque_identity (gnttab_map () ref domid true));
  Gc.full_major ()

let () =
  (match String.split_on_char ' ' (cmdline ()) with
  | [ "peer"; domid; ref ] -> peer (int_of_string domid) (int_of_string ref)
  | _ ->
      check "command line" (cmdline () = "the command line");
      channels ();
      grants ();
      pages ();
      memory ());
  let start = monotonic () in
  check "clock" (monotonic () >= start);
  Printf.printf "%d checks, %d wrong\n%!" !checks !wrong;
  exit (if !wrong = 0 then 0 else 1)
