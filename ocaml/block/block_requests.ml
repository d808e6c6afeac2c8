(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Xen_os

let log = Logs.Src.create "block" ~doc:"Disks"

module Log = (val Logs.src_log log : Logs.LOG)

external take : int -> int -> int -> int = "mirage_xen_block_take" [@@noalloc]
external references : int -> int -> int = "mirage_xen_block_references" [@@noalloc]
external stub_give : int -> int = "mirage_xen_block_give" [@@noalloc]
external stub_offer : int -> int -> int -> int -> int = "mirage_xen_block_offer" [@@noalloc]
external ring : int -> int -> int = "mirage_xen_block_ring" [@@noalloc]
external stub_disconnect : int -> int = "mirage_xen_block_disconnect" [@@noalloc]
external stub_connected : int -> int -> bool -> int = "mirage_xen_block_connected" [@@noalloc]
external stub_take_loss : int -> int = "mirage_xen_block_take_loss" [@@noalloc]
external most : int -> int = "mirage_xen_block_most" [@@noalloc]

external start : int -> int -> int -> Cstruct.buffer -> int -> int -> int
  = "mirage_xen_block_start_bytecode" "mirage_xen_block_start"
  [@@noalloc]

external publish : int -> int = "mirage_xen_block_publish" [@@noalloc]
external poll : int -> int = "mirage_xen_block_poll" [@@noalloc]
external finish : int -> int -> Cstruct.buffer -> int -> int -> int = "mirage_xen_block_finish" [@@noalloc]
external abandon : int -> int -> int = "mirage_xen_block_abandon" [@@noalloc]
external ask : int -> int -> int = "mirage_xen_block_ask" [@@noalloc]

type operation = Read | Write | Flush | Discard

(* Numbers of blkif.h. *)
let code = function Read -> 0 | Write -> 1 | Flush -> 3 | Discard -> 5

type outcome = Done | Failed | Unsupported | Lost

(* What is asked for at once, in one request or several. *)
type transfer = {
  mutable since : int;  (** when there was an answer last, in [seconds] *)
  mutable connection : int;  (** which one it was then *)
  mutable renewals : int;  (** how often it may wait anew because there is another *)
  mutable over : bool;  (** it has waited for too long *)
}

type request = {
  buffer : Cstruct.t;
  resolver : outcome Lwt.u;
  transfer : transfer;
  again : unit -> outcome Lwt.t;  (** asks for it anew *)
}

(* As the core's transfers (src/solo5/devices/block/transfer.rs): seconds without an answer, and how often a new connection gives as
   many again. *)
let patience, renewals = (30, 4)

type t = {
  number : int;
  handle : int;
  mutable on_break : unit -> unit;
  mutable channels : Eventchn.t list;  (** one a queue *)
  mutable active : bool;
  requests : request option array;  (** by number *)
  mutable pending : int;
  mutable transfers : int;  (** how many are not done *)
  mutable seconds : int;  (** that went by with some of them, while the program waited *)
  mutable watched : bool;  (** somebody counts them *)
  mutable connections : int;
  mutable answers : int;
  turned : unit Lwt_condition.t;  (** the connection has changed, or there are answers *)
  mutable turns : bool;  (** somebody is about to say that there are answers *)
  room : unit Lwt_condition.t;  (** there may be room, or no use in waiting for it *)
}

let ring_sector = 512
let slots = 32

let make ~memory ~queues number =
  {
    number;
    handle = Xen_frontend.check "Block.connect" (take memory queues number);
    on_break = ignore;
    channels = [];
    active = true;
    requests = Array.make (slots * queues) None;
    pending = 0;
    transfers = 0;
    seconds = 0;
    watched = false;
    connections = 0;
    answers = 0;
    turned = Lwt_condition.create ();
    turns = false;
    room = Lwt_condition.create ();
  }

let handle t = t.handle
let on_break t f = t.on_break <- f
let channels t = t.channels
let is_active t = t.active
let take_loss t = stub_take_loss t.handle = 1
let events = Eventchn.init ()
let turn t = Lwt_condition.broadcast t.turned ()

let disconnected t =
  ignore (stub_disconnect t.handle : int);
  let channels = t.channels in
  t.channels <- [];
  List.iter (fun channel -> try Eventchn.unbind events channel with Failure _ -> ()) channels;
  turn t

(* A backend that broke the protocol gets a new connection, on which requests without an answer are asked again. *)
let broke t code =
  Log.err (fun f -> f "vbd %d: the backend broke the protocol: %s" t.number (Xen_frontend.error_text code));
  disconnected t;
  t.on_break ()

(* Of each queue whose bit is set. *)
let notify t bits =
  if bits <> 0 then List.iteri (fun queue channel -> if bits land (1 lsl queue) <> 0 then Eventchn.notify events channel) t.channels

let forget t number =
  t.requests.(number) <- None;
  t.pending <- t.pending - 1

let settle t number request outcome =
  forget t number;
  request.transfer.since <- t.seconds;
  Lwt.wakeup_later request.resolver outcome

let give_up t number request =
  ignore (abandon t.handle number : int);
  settle t number request Failed

(* Whether it has waited for too long. *)
let is_over t transfer =
  if t.seconds - transfer.since >= patience && not transfer.over then
    if transfer.connection <> t.connections && transfer.renewals > 0 then (
      transfer.connection <- t.connections;
      transfer.renewals <- transfer.renewals - 1;
      transfer.since <- t.seconds)
    else (
      transfer.over <- true;
      Log.err (fun f -> f "vbd %d: its backend does not answer" t.number));
  transfer.over

(* Takes answers in. *)
let collect t =
  let code = poll t.handle in
  let settle number = function
    | None -> ()
    | Some request -> (
        let { Cstruct.buffer; off; len } = request.buffer in
        match finish t.handle number buffer off len with
        | 1 -> settle t number request Done
        | 2 -> settle t number request Failed
        | 3 -> settle t number request Unsupported
        | 4 -> settle t number request Lost
        | 5 ->
            (* Its pages went with an old backend. *)
            forget t number;
            Lwt.on_success (request.again ()) (Lwt.wakeup_later request.resolver)
        | _ -> ())
  in
  Array.iteri settle t.requests;
  if code > 0 then (
    t.answers <- t.answers + code;
    Lwt_condition.broadcast t.room ());
  (* What waited for room. *)
  if code < 0 then broke t code else notify t (publish t.handle)

(* The event that says that there are answers: when half of them are there, so that many cost few events. *)
let answers_now t = t.transfers > 0 && ask t.handle ((t.pending + 1) / 2) = 1

(* Until the connection ends. *)
let rec serve t channel event =
  if not (List.mem channel t.channels) then Lwt.return_unit
  else (
    collect t;
    if answers_now t then Lwt.pause () >>= fun () -> serve t channel event
    else
      Lwt.pick [ Activations.after channel event; (Lwt_condition.wait t.turned >|= fun () -> event) ] >>= serve t channel)

(* Not at once: answers make room for requests, whose answers may be there by then, and so on without the main loop having a turn. *)
let turn_soon t =
  if not t.turns then (
    t.turns <- true;
    Lwt.async (fun () ->
        Lwt.pause () >|= fun () ->
        t.turns <- false;
        turn t))

let submit t =
  match publish t.handle with
  | code when code < 0 -> broke t code
  | bits ->
      notify t bits;
      if answers_now t then turn_soon t

(* While there are transfers. Only the main loop's turns count: who computes for a minute has not waited for a minute. *)
let rec watch t =
  Time.sleep_ns 1_000_000_000L >>= fun () ->
  t.seconds <- t.seconds + 1;
  let look number = function Some request when is_over t request.transfer -> give_up t number request | _ -> () in
  Array.iteri look t.requests;
  Lwt_condition.broadcast t.room ();
  if t.transfers > 0 then watch t
  else (
    t.watched <- false;
    Lwt.return_unit)

(* Asks for a request, as soon as there is room; its outcome. *)
let rec request t transfer operation sector buffer length =
  if (not t.active) || is_over t transfer then Lwt.return Failed
  else
    let { Cstruct.buffer = bytes; off; _ } = buffer in
    match start t.handle (code operation) sector bytes off length with
    | -1 ->
        submit t;
        let answers = t.answers in
        Lwt_condition.wait t.room >>= fun () ->
        if t.answers <> answers then transfer.since <- t.seconds;
        let promise = request t transfer operation sector buffer length in
        (* Whoever wanted it has submitted what there was room for. *)
        submit t;
        promise
    | number when number < 0 -> Lwt.return Failed
    | number ->
        let promise, resolver = Lwt.wait () in
        let again () = request t transfer operation sector buffer length in
        t.requests.(number) <- Some { buffer; resolver; transfer; again };
        t.pending <- t.pending + 1;
        promise

(* A transfer of the requests that [ask] asks for. *)
let transfer t ask =
  let transfer = { since = t.seconds; connection = t.connections; renewals; over = false } in
  t.transfers <- t.transfers + 1;
  if not t.watched then (
    t.watched <- true;
    Lwt.async (fun () -> watch t));
  let promises = ask transfer in
  submit t;
  Lwt_list.fold_left_s (fun result promise -> promise >|= fun one -> if one = Done then result else one) Done promises
  >|= fun outcome ->
  t.transfers <- t.transfers - 1;
  outcome

let move t operation sector buffers =
  let most = most t.handle in
  transfer t (fun transfer ->
      let rec cut sector promises = function
        | [] -> promises
        | buffer :: rest when Cstruct.length buffer = 0 -> cut sector promises rest
        | buffer :: rest ->
            let length = min (Cstruct.length buffer) most in
            let part, buffer = Cstruct.split buffer length in
            let promise = request t transfer operation sector part length in
            cut (sector + (length / ring_sector)) (promise :: promises) (buffer :: rest)
      in
      cut sector [] buffers)

let ask t operation sector length = transfer t (fun transfer -> [ request t transfer operation sector Cstruct.empty length ])

let offer t ~domid ~segments ~queues =
  disconnected t;
  let count = stub_offer t.handle domid segments queues in
  if count < 0 then Error (Xen_frontend.error_text count)
  else (
    t.channels <- List.init count (fun _ -> Eventchn.bind_unbound_port events domid);
    Ok (List.mapi (fun queue channel -> (ring t.handle queue, Eventchn.to_int channel)) t.channels))

let connected t ~domid ~keeps =
  ignore (stub_connected t.handle domid keeps : int);
  t.connections <- t.connections + 1;
  let start channel =
    Eventchn.unmask events channel;
    (* The backend may have looked at the ring before it could be notified. *)
    Eventchn.notify events channel;
    Lwt.async (fun () -> serve t channel Activations.program_start)
  in
  List.iter start t.channels;
  turn t;
  (* What nobody waited for any more has gone with the last connection. *)
  Lwt_condition.broadcast t.room ()

let rec idle t tries =
  if t.pending = 0 || tries = 0 then Lwt.return_unit
  else Lwt.pick [ Lwt_condition.wait t.room; Time.sleep_ns 100_000_000L ] >>= fun () -> idle t (tries - 1)

let stop t =
  t.active <- false;
  idle t 100 >|= fun () ->
  Array.iteri (fun number -> Option.iter (give_up t number)) t.requests;
  Lwt_condition.broadcast t.room ()

let give t = stub_give t.handle = 1
