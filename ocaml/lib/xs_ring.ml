(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

external evtchn : unit -> int = "mirage_xen_get_xenstore_evtchn"

external page : unit -> (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t
  = "mirage_xen_get_xenstore_page"

type 'a t = 'a Lwt.t

let return = Lwt.return
let ( >>= ) = Lwt.( >>= )

type backend = [ `xen | `unix ]

let backend = `xen

type channel = { page : Cstruct.t; requests : Byte_ring.t; replies : Byte_ring.t; port : Eventchn.t }

(* struct xenstore_domain_interface *)
let size = 1024
let server_features = 2064
let connection = 2068
let can_reconnect = 1l
let connected = 0l
let reconnect = 1l
let events = Eventchn.init ()
let notify channel = Eventchn.notify events channel.port

let usable channel =
  match (Byte_ring.readable channel.replies, Byte_ring.writable channel.requests) with
  | _ -> true
  | exception Byte_ring.Corrupt -> false

(* Waits for [ready] to be something other than [None], which only an event can change. *)
let rec until channel event ready =
  match ready () with
  | Some result -> Lwt.return result
  | None -> Activations.after channel.port event >>= fun event -> until channel event ready

let set_up channel =
  if usable channel then Lwt.return_unit
  else if Int32.logand (Cstruct.LE.get_uint32 channel.page server_features) can_reconnect = 0l then
    Lwt.fail_with "xenstore: the ring is corrupt, and the daemon cannot reconnect"
  else (
    Cstruct.LE.set_uint32 channel.page connection reconnect;
    notify channel;
    until channel Activations.program_start (fun () ->
        if Cstruct.LE.get_uint32 channel.page connection = connected then Some () else None)
    >>= fun () -> if usable channel then Lwt.return_unit else Lwt.fail_with "xenstore: the ring is corrupt")

let create () =
  let page = Cstruct.of_bigarray (page ()) in
  let port = Eventchn.of_int (evtchn ()) in
  let requests = Byte_ring.v page ~data:0 ~size ~cons:2048 ~prod:2052 in
  let replies = Byte_ring.v page ~data:size ~size ~cons:2056 ~prod:2060 in
  let channel = { page; requests; replies; port } in
  Eventchn.unmask events port;
  set_up channel >|= fun () -> channel

let destroy _channel = Lwt.return_unit

let rec read_after channel event buffer offset length =
  match Byte_ring.read channel.replies buffer offset length with
  | 0 when length > 0 ->
      Activations.after channel.port event >>= fun event -> read_after channel event buffer offset length
  | count ->
      if Byte_ring.was_full channel.replies count then notify channel;
      Lwt.return count
  | exception error -> Lwt.fail error

let read channel = read_after channel Activations.program_start

let rec write_after channel event buffer offset length =
  match Byte_ring.write channel.requests buffer offset length with
  | 0 when length > 0 ->
      Activations.after channel.port event >>= fun event -> write_after channel event buffer offset length
  | count ->
      if count > 0 then notify channel;
      if count = length then Lwt.return_unit
      else write_after channel event buffer (offset + count) (length - count)
  | exception error -> Lwt.fail error

let write channel = write_after channel Activations.program_start
