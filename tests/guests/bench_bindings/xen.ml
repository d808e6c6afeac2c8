(* SPDX-License-Identifier: ISC *)
(* What the bindings cost, as "NAME VALUE" lines: the clock's nanoseconds, which are instructions where QEMU counts them.
   Alone, or, given "peer DOMID", with a domain that has granted pages 8 to 263. *)

type page = (int, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t
type handle

external test_and_clear : int -> bool = "mirage_xen_evtchn_test_and_clear" [@@noalloc]
external alloc_unbound : unit -> int -> int = "mirage_xen_evtchn_alloc_unbound"
external bind_interdomain : unit -> int -> int -> int = "mirage_xen_evtchn_bind_interdomain"
external unmask : unit -> int -> unit = "mirage_xen_evtchn_unmask"
external unbind : unit -> int -> unit = "mirage_xen_evtchn_unbind"
external notify : unit -> int -> unit = "mirage_xen_evtchn_notify" [@@noalloc]
external block_domain : int64 -> unit = "mirage_xen_evtchn_block_domain" [@@noalloc]
external demux_pending : unit -> bool = "mirage_xen_evtchn_demux_pending" [@@noalloc]
external gnttab_map : unit -> int -> int -> bool -> handle * page = "mirage_xen_gnttab_map"
external gnttab_mapv : unit -> int array -> bool -> handle * page = "mirage_xen_gnttab_mapv"
external gnttab_unmap : unit -> handle -> unit = "mirage_xen_gnttab_unmap"
external grant_access : int -> page -> int -> bool -> unit = "mirage_xen_gnttab_grant_access"
external end_access : int -> bool = "mirage_xen_gnttab_end_access"
external copyv : page -> int array -> bool -> unit = "mirage_xen_gnttab_copyv"
external cmdline : unit -> string = "mirage_xen_get_cmdline"
external monotonic : unit -> int64 = "caml_get_monotonic_time"
external alloc_pages : int -> page = "mirage_xen_alloc_pages"

let self = 0x7ff0

(* The median of several runs, each the mean of [times] calls, less what an empty run costs. *)
let mean times f =
  let start = monotonic () in
  for _ = 1 to times do
    f ()
  done;
  Int64.to_int (Int64.sub (monotonic ()) start) / times

let median times f =
  let runs = Array.init 9 (fun _ -> mean times f) in
  Array.sort compare runs;
  runs.(4)

let report ?(times = 50) name f =
  f ();
  let empty = median times (Sys.opaque_identity (fun () -> ())) in
  Printf.printf "%s %d\n%!" name (median times f - empty)

let drain ports =
  while demux_pending () do
    ()
  done;
  List.iter (fun port -> ignore (test_and_clear port)) ports

let alone () =
  let a = alloc_unbound () self in
  let b = bind_interdomain () self a in
  unmask () a;
  unmask () b;
  drain [ a; b ];
  notify () a;
  (* Pending already: the hypercall alone. *)
  report "notify" (fun () -> notify () a);
  report "notify and take" (fun () ->
      notify () a;
      ignore (demux_pending ());
      ignore (test_and_clear b));
  report "demux nothing" (fun () -> ignore (demux_pending ()));
  let far = Int64.add (monotonic ()) 86_400_000_000_000L in
  report "notify and wake from sleep" (fun () ->
      notify () a;
      block_domain far;
      ignore (demux_pending ());
      ignore (test_and_clear b));
  report "alloc_unbound and unbind" (fun () -> unbind () (alloc_unbound () 0));
  (* 250 pairs of ports: 500 pending at once. *)
  let pairs =
    List.init 250 (fun _ ->
        let a = alloc_unbound () self in
        let b = bind_interdomain () self a in
        unmask () a;
        unmask () b;
        (a, b))
  in
  let ports = List.concat_map (fun (a, b) -> [ a; b ]) pairs in
  drain ports;
  let demux_after n =
    let some = List.filteri (fun i _ -> i < n) ports in
    let cost () =
      List.iter (notify ()) some;
      let start = monotonic () in
      ignore (demux_pending ());
      let took = Int64.to_int (Int64.sub (monotonic ()) start) in
      drain ports;
      took
    in
    ignore (cost ());
    Printf.printf "demux of %d ports %d\n%!" n (cost ())
  in
  demux_after 1;
  demux_after 500;
  List.iter (unbind ()) ports;
  let page = alloc_pages 1 in
  grant_access 8 page 0 true;
  ignore (end_access 8);
  report "grant_access and end_access" (fun () ->
      grant_access 8 page 0 true;
      ignore (end_access 8));
  report "I/O page" (fun () -> ignore (Sys.opaque_identity (alloc_pages 1)));
  report "share and unshare a page" (fun () ->
      let page = alloc_pages 1 in
      grant_access 8 page 0 true;
      ignore (end_access 8))

let with_peer domid =
  let rec patiently () =
    match gnttab_map () 8 domid true with
    | handle, _ -> gnttab_unmap () handle
    | exception Failure _ ->
        block_domain (Int64.add (monotonic ()) 10_000_000L);
        patiently ()
  in
  patiently ();
  let vector n = Array.init (2 * n) (fun i -> if i mod 2 = 0 then domid else 8 + (i / 2)) in
  let mapv n =
    let vector = vector n in
    fun () ->
      let handle, _ = gnttab_mapv () vector true in
      gnttab_unmap () handle
  in
  let one_by_one n () =
    let handles = List.init n (fun i -> fst (gnttab_map () (8 + i) domid true)) in
    List.iter (gnttab_unmap ()) handles
  in
  report ~times:20 "map and unmap" (fun () ->
      let handle, _ = gnttab_map () 8 domid true in
      gnttab_unmap () handle);
  List.iter
    (fun n ->
      let times = if n = 256 then 2 else 10 in
      report ~times (Printf.sprintf "mapv and unmap of %d pages" n) (mapv n);
      report ~times (Printf.sprintf "map and unmap of %d pages, one by one" n) (one_by_one n))
    [ 1; 16; 256 ];
  let buffer = alloc_pages 16 in
  let blit from to_ length = Bigarray.Array1.blit (Bigarray.Array1.sub from 0 length) (Bigarray.Array1.sub to_ 0 length) in
  report ~times:20 "grant copy of 1500 bytes" (fun () -> copyv buffer [| 0; domid; 8; 0; 1500 |] false);
  report ~times:20 "map, memcpy, unmap of 1500 bytes" (fun () ->
      let handle, page = gnttab_map () 8 domid false in
      blit page buffer 1500;
      gnttab_unmap () handle);
  let pieces = Array.concat (List.init 16 (fun i -> [| i * 4096; domid; 8 + i; 0; 4096 |])) in
  report ~times:10 "grant copy of 64 KiB" (fun () -> copyv buffer pieces false);
  let sixteen = vector 16 in
  report ~times:10 "map, memcpy, unmap of 64 KiB" (fun () ->
      let handle, pages = gnttab_mapv () sixteen false in
      blit pages buffer 65536;
      gnttab_unmap () handle)

let () =
  (match String.split_on_char ' ' (cmdline ()) with
  | [ "peer"; domid ] -> with_peer (int_of_string domid)
  | _ -> alone ());
  print_endline "done"
