(* SPDX-License-Identifier: ISC *)

open Xen_os

type t = { rx : Eventchn.t; tx : Eventchn.t }

let handle = Eventchn.init ()
let unbind channel = try Eventchn.unbind handle channel with Failure _ -> ()

let make ~split domid =
  let channel () = Eventchn.bind_unbound_port handle domid in
  let rx = channel () in
  if not split then { rx; tx = rx }
  else
    match channel () with
    | tx -> { rx; tx }
    | exception error ->
        unbind rx;
        raise error

let both f { rx; tx } =
  f rx;
  if tx != rx then f tx

let start channels =
  both (Eventchn.unmask handle) channels;
  (* The backend may have looked at the ring before it could be notified. *)
  Eventchn.notify handle channels.rx

let is_bound { rx; tx } = Xen_frontend.is_bound rx && (tx == rx || Xen_frontend.is_bound tx)
let close = both unbind
let notify channel = Eventchn.notify handle channel
let folder queues queue = if queues = 1 then "" else Printf.sprintf "queue-%d/" queue
let split_names = [ "event-channel-tx"; "event-channel-rx" ]

let keys { rx; tx } ~queues ~queue ~tx_ring ~rx_ring =
  let key name value = (folder queues queue ^ name, string_of_int value) in
  let port = Eventchn.to_int in
  [ key "tx-ring-ref" tx_ring; key "rx-ring-ref" rx_ring ]
  @ if tx == rx then [ key "event-channel" (port rx) ] else List.map2 key split_names [ port tx; port rx ]

let passing queues =
  let of_queue queue = List.map (( ^ ) (folder queues queue)) split_names in
  ("multi-queue-num-queues" :: split_names) @ if queues = 1 then [] else List.concat (List.init queues of_queue)
