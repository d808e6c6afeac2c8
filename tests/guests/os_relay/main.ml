(* SPDX-License-Identifier: ISC *)
(* For tests/ocaml_net.rs: joins two networks as the mirror does, but of packets as they come: segments of TCP whole, checksums left to who
   puts them on a wire. The command line is the number of queues. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

type counts = { mutable packets : int; mutable large : int; mutable large_bytes : int; mutable partial : int; mutable strange : int }

let frame = 1514
let is_v6 packet = Cstruct.length packet > 14 && Cstruct.BE.get_uint16 packet 12 = 0x86dd

let forward counts into ~checksum ~segment packet =
  let size = Cstruct.length packet in
  counts.packets <- counts.packets + 1;
  if size > frame then (
    counts.large <- counts.large + 1;
    counts.large_bytes <- counts.large_bytes + size);
  if checksum = `Partial then counts.partial <- counts.partial + 1;
  (* What has to be cut is larger than a frame, and its checksum is not known yet. *)
  if (size > frame) <> (segment > 0) || (segment > 0 && checksum <> `Partial) || segment > 1448 then counts.strange <- counts.strange + 1;
  let fill copy =
    Cstruct.blit packet 0 copy 0 size;
    size
  in
  (if checksum = `Partial then Netif.write_partial into ~v6:(is_v6 packet) ~segment ~size fill else Netif.write into ~size fill) >|= function
  | Ok () | Error `Disconnected -> ()
  | Error error -> Fmt.pr "wrong: a packet of %d bytes: %a\n%!" size Netif.pp_error error

let main () =
  Netif.queues := int_of_string (String.trim (command_line ()));
  Lwt.both (Netif.connect "0") (Netif.connect "1") >>= fun (left, right) ->
  let counts = { packets = 0; large = 0; large_bytes = 0; partial = 0; strange = 0 } in
  let listening = [ Netif.listen_partial left (forward counts right); Netif.listen_partial right (forward counts left) ] in
  Lifecycle.await_shutdown_request ~can_poweroff:true ~can_reboot:true () >>= fun _ ->
  let queues = Netif.connected_queues left in
  Netif.disconnect left >>= fun () ->
  Netif.disconnect right >>= fun () ->
  Lwt_list.iter_s (fun ended -> ended >|= fun _ -> ()) listening >|= fun () ->
  Fmt.pr "relayed %d, large %d of %d bytes, partial %d, strange %d, queues %d\n%!" counts.packets counts.large counts.large_bytes
    counts.partial counts.strange queues

let () =
  Reporter.install ();
  Main.run (main ())
