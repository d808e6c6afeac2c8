(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

type 'a t = 'a Lwt.t

let return = Lwt.return
let ( >>= ) = Lwt.( >>= )

type backend = [ `xen | `unix ]

let backend = `xen

(* Bytes that were written and are no whole packet yet; those of packets that were not read yet. *)
type channel = {
  requests : Buffer.t;
  replies : Buffer.t;
  mutable read : int;
  mutable lost : bool;  (** and with it what is watched, of which the xenstore library knows no way to hear *)
  arrived : unit Lwt_condition.t;
}

let header_size = 16
let watch_event = 15
let error = 16

let packet kind number transaction payload =
  let header = Bytes.create header_size in
  let set i value = Bytes.set_int32_le header (4 * i) (Int32.of_int value) in
  List.iteri set [ kind; number; transaction; String.length payload ];
  Bytes.to_string header ^ payload

let arrive channel bytes =
  Buffer.add_string channel.replies bytes;
  Lwt_condition.broadcast channel.arrived ()

let create () =
  Lwt.wrap (fun () -> Lazy.force Store.start) >|= fun () ->
  let channel =
    { requests = Buffer.create 64; replies = Buffer.create 64; read = 0; lost = false; arrived = Lwt_condition.create () }
  in
  Store.on_watch_event := (fun payload -> arrive channel (packet watch_event 0 0 payload));
  (Store.on_reset :=
     fun () ->
       channel.lost <- true;
       Lwt_condition.broadcast channel.arrived ());
  channel

let destroy _channel = Lwt.return_unit

let rec read channel bytes offset length =
  let available = Buffer.length channel.replies - channel.read in
  if channel.lost then Lwt.fail End_of_file
  else if available = 0 then Lwt_condition.wait channel.arrived >>= fun () -> read channel bytes offset length
  else
    let count = min available length in
    Buffer.blit channel.replies channel.read bytes offset count;
    channel.read <- channel.read + count;
    if count = available then (
      Buffer.clear channel.replies;
      channel.read <- 0);
    Lwt.return count

let request channel kind number transaction payload =
  Lwt.try_bind
    (fun () -> Store.request kind ~transaction payload)
    (fun payload -> Lwt.return (packet kind number transaction payload))
    (fun cause ->
      let name = match cause with Store.Refused name -> name | _ -> "EIO" in
      Lwt.return (packet error number transaction (name ^ "\000")))
  >|= arrive channel

let rec send channel =
  let written = Buffer.to_bytes channel.requests in
  let number i = Int32.to_int (Bytes.get_int32_le written (4 * i)) land 0xffffffff in
  if Bytes.length written >= header_size && Bytes.length written >= header_size + number 3 then (
    let length = number 3 in
    let payload = Bytes.sub_string written header_size length and rest = header_size + length in
    Buffer.clear channel.requests;
    Buffer.add_subbytes channel.requests written rest (Bytes.length written - rest);
    let kind = number 0 and rid = number 1 and transaction = number 2 in
    Lwt.async (fun () -> request channel kind rid transaction payload);
    send channel)

let write channel bytes offset length =
  Buffer.add_subbytes channel.requests bytes offset length;
  send channel;
  Lwt.return_unit
