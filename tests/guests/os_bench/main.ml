(* SPDX-License-Identifier: ISC *)
(* What the library's own paths cost, in nanoseconds of the monotonic clock, which lab/measure makes instructions: the least of
   several rounds, a line each. *)

open Lwt.Infix
open Xen_os

let rounds = 5

(* The least time that [count] of [f] take, for one of them. *)
let measure name count f =
  let rec round n least =
    if n = 0 then Lwt.return least
    else
      let start = Time.now () in
      f count >>= fun () -> round (n - 1) (min least ((Time.now () - start) / count))
  in
  round rounds max_int >|= fun least -> Printf.printf "%s %d\n%!" name least

let rec repeat f n = if n = 0 then Lwt.return_unit else f () >>= fun () -> repeat f (n - 1)
let h = Eventchn.init ()
let self = 0x7ff0 (* DOMID_SELF *)

let events () =
  let a = Eventchn.bind_unbound_port h self in
  let b = Eventchn.bind_interdomain h self (Eventchn.to_int a) in
  Eventchn.unmask h a;
  Eventchn.unmask h b;
  let last = ref Activations.program_start in
  let one () =
    Eventchn.notify h a;
    Activations.after b !last >|= fun event -> last := event
  in
  measure "notify-wakeup" 200 (repeat one)

let xenstore () =
  Xs.make () >>= fun xs ->
  let read () = Xs.immediate xs (fun h -> Xs.read h "domid") >|= ignore in
  measure "xenstore-read" 50 (repeat read) >>= fun () ->
  measure "xenstore-read-pipelined" 50 (fun count -> Lwt.join (List.init count (fun _ -> read ())))

let grants () =
  let page = Pages.get 1 in
  let share () =
    Xen.Export.get () >>= fun gref ->
    Xen.Export.grant_access ~domid:0 ~writable:true gref page;
    Xen.Export.end_access ~release_ref:true gref
  in
  measure "grant-end-access" 1000 (repeat share) >>= fun () ->
  let pages () =
    let share = Xen.Export.share_pages_exn ~domid:0 ~count:1 ~writable:true in
    Xen.Export.unshare ~release_refs:true share
  in
  measure "share-unshare-page" 1000 (repeat pages)

external demux_pending : unit -> bool = "mirage_xen_evtchn_demux_pending" [@@noalloc]
external next_pending : int -> int = "mirage_xen_evtchn_next_pending" [@@noalloc]

let rec times f n =
  if n = 0 then Lwt.return_unit
  else (
    f ();
    times f (n - 1))

(* What a ring's stream costs at least: into the page, and out of it. *)
let copy () =
  let page = Cstruct.create 65536 and bytes = Bytes.make 65536 'x' in
  measure "copy-64KiB-twice" 20
    (times (fun () ->
         Cstruct.blit_from_bytes bytes 0 page 0 65536;
         Cstruct.blit_to_bytes page 0 bytes 0 65536))

let main () =
  measure "demux-nothing" 1000 (times (fun () -> ignore (demux_pending () : bool))) >>= fun () ->
  measure "next-pending-none" 1000 (times (fun () -> ignore (next_pending 0 : int))) >>= fun () ->
  measure "clock" 1000 (times (fun () -> ignore (Time.now () : int))) >>= fun () ->
  copy () >>= fun () ->
  measure "pause" 10_000 (repeat Lwt.pause) >>= fun () ->
  measure "sleep-0" 1000 (repeat (fun () -> Time.sleep_ns 0L)) >>= fun () ->
  measure "sleep-cancel" 1000
    (repeat (fun () ->
         let sleeping = Time.sleep_ns 1_000_000_000L in
         Lwt.cancel sleeping;
         Lwt.return_unit))
  >>= fun () -> events () >>= xenstore >>= grants

let () = Main.run (main ())
