(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Block_lib
open Xen_os

let log = Logs.Src.create "block" ~doc:"Disks"

module Log = (val Logs.src_log log : Logs.LOG)

external take : int -> int -> int -> int = "mirage_xen_block_take" [@@noalloc]
external references : int -> int -> int = "mirage_xen_block_references" [@@noalloc]
external give : int -> int = "mirage_xen_block_give" [@@noalloc]
external offer : int -> int -> int -> int -> int = "mirage_xen_block_offer" [@@noalloc]
external ring : int -> int -> int = "mirage_xen_block_ring" [@@noalloc]
external stub_disconnect : int -> int = "mirage_xen_block_disconnect" [@@noalloc]
external most : int -> int = "mirage_xen_block_most" [@@noalloc]

external start : int -> int -> int -> Cstruct.buffer -> int -> int -> int
  = "mirage_xen_block_start_bytecode" "mirage_xen_block_start"
  [@@noalloc]

external publish : int -> int = "mirage_xen_block_publish" [@@noalloc]
external poll : int -> int = "mirage_xen_block_poll" [@@noalloc]
external finish : int -> int -> Cstruct.buffer -> int -> int -> int = "mirage_xen_block_finish" [@@noalloc]
external abandon : int -> int -> int = "mirage_xen_block_abandon" [@@noalloc]
external ask : int -> int -> int = "mirage_xen_block_ask" [@@noalloc]

type error = [ Mirage_block.error | `Bad_request of string | `Io_error ]
type write_error = [ Mirage_block.write_error | `Bad_request of string | `Io_error ]

let pp_ours f = function
  | `Bad_request reason -> Fmt.pf f "%s" reason
  | `Io_error -> Fmt.string f "the disk answered with an error"

let pp_error f : error -> unit = function
  | #Mirage_block.error as error -> Mirage_block.pp_error f error
  | (`Bad_request _ | `Io_error) as error -> pp_ours f error

let pp_write_error f : write_error -> unit = function
  | #Mirage_block.write_error as error -> Mirage_block.pp_write_error f error
  | (`Bad_request _ | `Io_error) as error -> pp_ours f error

(* Numbers of blkif.h. *)
let op_read, op_write, op_flush, op_discard = (0, 1, 3, 5)

(* Bytes of a sector on the ring, whatever the disk's own are. *)
let ring_sector = 512

type geometry = { sectors : int;  (** on the ring *) sector_size : int; read_only : bool; flush : bool; discard : bool }

(* Numbers of the bindings' [finish]. *)
type outcome = Done | Failed | Unsupported
type request = { buffer : Cstruct.t; resolver : outcome Lwt.u }

type t = {
  number : int;
  handle : int;
  mutable link : Xen_frontend.t option;
  mutable channels : Eventchn.t list;  (** one a queue *)
  mutable live : bool;  (** the backend is connected *)
  mutable refused : bool;  (** a backend went before it was connected, having been told of several queues *)
  mutable geometry : geometry option;
  mutable active : bool;
  requests : request option array;  (** by number *)
  mutable pending : int;
  turned : unit Lwt_condition.t;  (** the connection has changed, or there are answers *)
  room : unit Lwt_condition.t;  (** a request has ended *)
}

let memory = ref (1 lsl 20)
let queues = ref 1
let most_queues = 4
let slots = 32

let devices : t Xen_frontend.devices = Xen_frontend.devices ()
let supply handle = Xen_frontend.supply devices handle (references !memory !queues)

let handle = Eventchn.init ()
let turn t = Lwt_condition.broadcast t.turned ()

(* {2 Requests} *)

let disconnected t =
  ignore (stub_disconnect t.handle : int);
  let channels = t.channels in
  t.channels <- [];
  t.live <- false;
  List.iter (fun channel -> try Eventchn.unbind handle channel with Failure _ -> ()) channels;
  turn t

(* A backend that broke the protocol gets a new connection, on which requests without an answer are asked again. *)
let broke t code =
  Log.err (fun f -> f "vbd %d: the backend broke the protocol: %s" t.number (Xen_frontend.error_text code));
  disconnected t;
  Option.iter Xen_frontend.reset t.link

(* Of each queue whose bit is set. *)
let notify t events =
  if events <> 0 then
    List.iteri (fun queue channel -> if events land (1 lsl queue) <> 0 then Eventchn.notify handle channel) t.channels

let settle t number request outcome =
  t.requests.(number) <- None;
  t.pending <- t.pending - 1;
  Lwt.wakeup_later request.resolver outcome

(* Takes answers in. *)
let collect t =
  let code = poll t.handle in
  let before = t.pending in
  let settle number = function
    | None -> ()
    | Some request -> (
        let { Cstruct.buffer; off; len } = request.buffer in
        match finish t.handle number buffer off len with
        | 1 -> settle t number request Done
        | 2 -> settle t number request Failed
        | 3 -> settle t number request Unsupported
        | _ -> ())
  in
  Array.iteri settle t.requests;
  if t.pending < before then Lwt_condition.broadcast t.room ();
  (* What waited for room. *)
  if code < 0 then broke t code else notify t (publish t.handle)

(* The event that says that there are answers: when half of them are there, so that many cost few events. *)
let answers_now t = t.pending > 0 && ask t.handle ((t.pending + 1) / 2) = 1

(* Until the connection ends. *)
let rec serve t channel event =
  if not (List.mem channel t.channels) then Lwt.return_unit
  else (
    collect t;
    if answers_now t then Lwt.pause () >>= fun () -> serve t channel event
    else
      Lwt.pick [ Activations.after channel event; (Lwt_condition.wait t.turned >|= fun () -> event) ] >>= serve t channel)

let submit t =
  match publish t.handle with
  | code when code < 0 -> broke t code
  | events ->
      notify t events;
      if answers_now t then turn t

(* Asks for a request, as soon as there is room; its outcome. *)
let rec request t operation sector buffer length =
  if not t.active then Lwt.return Failed
  else
    let { Cstruct.buffer = bytes; off; _ } = buffer in
    match start t.handle operation sector bytes off length with
    | -1 ->
        submit t;
        Lwt_condition.wait t.room >>= fun () ->
        let promise = request t operation sector buffer length in
        (* Whoever wanted it has submitted what there was room for. *)
        submit t;
        promise
    | number when number < 0 -> Lwt.return Failed
    | number ->
        let promise, resolver = Lwt.wait () in
        t.requests.(number) <- Some { buffer; resolver };
        t.pending <- t.pending + 1;
        promise

(* Buffers cut into requests of at most [most] bytes. *)
let transfer t operation sector buffers =
  let rec cut sector promises = function
    | [] -> promises
    | buffer :: rest when Cstruct.length buffer = 0 -> cut sector promises rest
    | buffer :: rest ->
        let length = min (Cstruct.length buffer) (most t.handle) in
        let part, buffer = Cstruct.split buffer length in
        cut (sector + (length / ring_sector)) (request t operation sector part length :: promises) (buffer :: rest)
  in
  let promises = cut sector [] buffers in
  submit t;
  Lwt_list.fold_left_s (fun result promise -> promise >|= fun one -> if one = Done then result else one) Done promises

(* {2 Connection} *)

let number_of text = Option.bind text int_of_string_opt

(* What the backend says of the disk; [None] when it makes no sense. *)
let describe (backend : Xen_frontend.backend) =
  let number name = backend.read name >|= number_of in
  number "sectors" >>= fun sectors ->
  number "sector-size" >>= fun size ->
  number "info" >>= fun info ->
  number "feature-flush-cache" >>= fun flush ->
  number "feature-discard" >|= fun discard ->
  let sector_size = Option.value size ~default:ring_sector in
  let read_only = Option.value info ~default:0 land 4 <> 0 in
  match sectors with
  | Some sectors when sectors >= 0 && sectors <= max_int / ring_sector && List.mem sector_size [ 512; 1024; 2048; 4096 ] ->
      let sectors = sectors - (sectors mod (sector_size / ring_sector)) in
      Some { sectors; sector_size; read_only; flush = flush = Some 1; discard = discard = Some 1 }
  | _ -> None

let driver t =
  let offer (backend : Xen_frontend.backend) =
    disconnected t;
    backend.read "feature-max-indirect-segments" >|= number_of >|= Option.value ~default:0 >>= fun segments ->
    backend.read "multi-queue-max-queues" >|= number_of >|= Option.value ~default:1 >>= fun offered ->
    let count = offer t.handle backend.domid segments (if t.refused then 1 else offered) in
    if count < 0 then (
      Log.err (fun f -> f "vbd %d: its pages cannot be granted: %s" t.number (Xen_frontend.error_text count));
      Lwt.return_none)
    else (
      t.channels <- List.init count (fun _ -> Eventchn.bind_unbound_port handle backend.domid);
      let number name value = (name, string_of_int value) in
      (* One queue's nodes lie where they did before there were several. *)
      let place queue name = if count = 1 then name else Printf.sprintf "queue-%d/%s" queue name in
      let keys queue channel =
        [
          number (place queue "ring-ref") (ring t.handle queue);
          number (place queue "event-channel") (Eventchn.to_int channel);
        ]
      in
      (* Their number is written even if it is one: there may be another from before. *)
      Lwt.return_some
        (number "multi-queue-num-queues" count
        :: number "feature-persistent" 1
        :: ("protocol", "x86_64-abi")
        :: List.concat (List.mapi keys t.channels)))
  in
  let connect backend =
    describe backend >|= fun described ->
    match (described, t.geometry, t.channels) with
    | Some geometry, old, (_ :: _ as channels)
      when Option.fold old ~none:true ~some:(fun old -> old.sector_size = geometry.sector_size) ->
        t.geometry <- Some geometry;
        t.live <- true;
        t.refused <- false;
        let start channel =
          Eventchn.unmask handle channel;
          (* The backend may have looked at the ring before it could be notified. *)
          Eventchn.notify handle channel;
          Lwt.async (fun () -> serve t channel Activations.program_start)
        in
        List.iter start channels;
        turn t;
        true
    | _ ->
        Log.err (fun f -> f "vbd %d: its backend describes no disk that makes sense" t.number);
        false
  in
  let changed backend =
    describe backend >|= fun described ->
    match (described, t.geometry) with
    | Some now, Some old when now.sector_size = old.sector_size -> t.geometry <- Some { old with sectors = now.sectors }
    | _ -> ()
  in
  {
    Xen_frontend.class_ = "vbd";
    publish_with = Device_state.Initialised;
    offer;
    connect;
    disconnect =
      (fun () ->
        (* It published them, and nothing came of it. *)
        t.refused <- List.length t.channels > 1 && not t.live;
        disconnected t);
    changed;
    watched = [ "sectors" ];
    passing = [];
  }

let find id =
  Xen_frontend.numbers "vbd" >>= fun numbers ->
  let found =
    if id = "" then List.nth_opt numbers 0
    else Option.bind (Device_name.number id) (fun number -> List.find_opt (( = ) number) numbers)
  in
  match found with
  | Some number -> Lwt.return number
  | None ->
      Lwt.fail_with
        (Printf.sprintf "Block.connect: the domain has no disk %S; it has: %s" id
           (if numbers = [] then "none" else String.concat ", " (List.map string_of_int numbers)))

let make number =
  if !queues < 1 || !queues > most_queues then invalid_arg "Block.queues is not from 1 to 4";
  let own = Xen_frontend.check "Block.connect" (take !memory !queues number) in
  let t =
    {
      number;
      handle = own;
      link = None;
      channels = [];
      live = false;
      refused = false;
      geometry = None;
      active = true;
      requests = Array.make (slots * !queues) None;
      pending = 0;
      turned = Lwt_condition.create ();
      room = Lwt_condition.create ();
    }
  in
  Lwt.catch
    (fun () ->
      supply own;
      Xen_frontend.connect (driver t) number >|= fun link ->
      t.link <- Some link;
      t)
    (fun error ->
      ignore (give own : int);
      Lwt.fail error)

let connect id = find id >>= fun number -> Xen_frontend.once devices number make

let connected_queues t = if t.live then List.length t.channels else 0

let rec idle t tries =
  if t.pending = 0 || tries = 0 then Lwt.return_unit
  else Lwt.pick [ Lwt_condition.wait t.room; Time.sleep_ns 100_000_000L ] >>= fun () -> idle t (tries - 1)

let disconnect t =
  if not t.active then Lwt.return_unit
  else (
    t.active <- false;
    idle t 100 >>= fun () ->
    let give_up number = function
      | None -> ()
      | Some request ->
          ignore (abandon t.handle number : int);
          settle t number request Failed
    in
    Array.iteri give_up t.requests;
    Lwt_condition.broadcast t.room ();
    (match t.link with Some link -> Xen_frontend.disconnect link | None -> Lwt.return_unit) >|= fun () ->
    disconnected t;
    Xen_frontend.forget devices t.number;
    if give t.handle <> 1 then Log.err (fun f -> f "vbd %d: the backend still uses pages, which are lost" t.number))

(* {2 The signature} *)

(* What a disk is before its backend has said anything: nothing. *)
let geometry t =
  match t.geometry with
  | Some geometry -> geometry
  | None -> { sectors = 0; sector_size = ring_sector; read_only = true; flush = false; discard = false }

let get_info t =
  let { sectors; sector_size; read_only; _ } = geometry t in
  let size_sectors = Int64.of_int (sectors / (sector_size / ring_sector)) in
  Lwt.return { Mirage_block.read_write = not read_only; sector_size; size_sectors }

(* The first sector on the ring, of so many sectors of the disk from [sector] on. *)
let place t sector count =
  let { sectors; sector_size; _ } = geometry t in
  let per = sector_size / ring_sector in
  let all = sectors / per in
  let fits = sector >= 0L && sector <= Int64.of_int all && count <= all - Int64.to_int sector in
  if fits then Ok (Int64.to_int sector * per)
  else Error (`Bad_request (Printf.sprintf "sectors %Ld and %d more are not on a disk of %d" sector count all))

let place_of_buffers t sector buffers =
  let { sector_size; _ } = geometry t in
  match List.find_opt (fun buffer -> Cstruct.length buffer mod sector_size <> 0) buffers with
  | Some buffer ->
      Error (`Bad_request (Printf.sprintf "a buffer of %d bytes is not of whole sectors of %d" (Cstruct.length buffer) sector_size))
  | None -> place t sector (Cstruct.lenv buffers / sector_size)

let result t = function Done -> Ok () | Failed | Unsupported -> Error (if t.active then `Io_error else `Disconnected)

let read t sector buffers : (unit, error) result Lwt.t =
  if not t.active then Lwt.return_error `Disconnected
  else
    match place_of_buffers t sector buffers with
    | Error _ as error -> Lwt.return error
    | Ok first -> transfer t op_read first buffers >|= result t

(* What no backend has to be asked for is done. *)
let change t check ask : (unit, write_error) result Lwt.t =
  if not t.active then Lwt.return_error `Disconnected
  else if (geometry t).read_only then Lwt.return_error `Is_read_only
  else match check with Error _ as error -> Lwt.return error | Ok first -> ask first >|= result t

let write t sector buffers = change t (place_of_buffers t sector buffers) (fun first -> transfer t op_write first buffers)

let ask_one t operation sector length =
  let promise = request t operation sector Cstruct.empty length in
  submit t;
  promise >|= function Unsupported -> Done | outcome -> outcome

let flush t = change t (Ok 0) (fun _ -> if (geometry t).flush then ask_one t op_flush 0 0 else Lwt.return Done)

let discard t sector count =
  let { sector_size; discard; _ } = geometry t in
  let most = Int64.of_int (max_int / 4096) in
  let checked = if count >= 0L && count <= most then place t sector (Int64.to_int count) else place t (-1L) 0 in
  change t checked (fun first ->
      if discard && count > 0L then ask_one t op_discard first (Int64.to_int count * sector_size) else Lwt.return Done)
