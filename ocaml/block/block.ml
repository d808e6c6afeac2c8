(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Block_lib
open Xen_os

module Requests = Block_requests
module Log = (val Logs.src_log Requests.log : Logs.LOG)

type error = [ Mirage_block.error | `Bad_request of string | `Io_error ]
type write_error = [ Mirage_block.write_error | `Bad_request of string | `Io_error | `Lost_writes ]

let pp_ours f = function
  | `Bad_request reason -> Fmt.pf f "%s" reason
  | `Io_error -> Fmt.string f "the disk answered with an error, or not at all"

let pp_error f : error -> unit = function
  | #Mirage_block.error as error -> Mirage_block.pp_error f error
  | (`Bad_request _ | `Io_error) as error -> pp_ours f error

let pp_write_error f : write_error -> unit = function
  | #Mirage_block.write_error as error -> Mirage_block.pp_write_error f error
  | `Lost_writes -> Fmt.string f "the domain that had what was written before the flush is gone"
  | (`Bad_request _ | `Io_error) as error -> pp_ours f error

let ring_sector = Requests.ring_sector

type geometry = { sectors : int;  (** on the ring *) sector_size : int; read_only : bool; flush : bool; discard : bool }

type t = {
  number : int;
  requests : Requests.t;
  mutable link : Xen_frontend.t option;
  mutable live : bool;  (** the backend is connected *)
  mutable refused : bool;  (** a backend went before it was connected, having been told of several queues *)
  mutable complained : bool;  (** it was said that the pages cannot be granted *)
  mutable geometry : geometry option;
}

let memory = ref (1 lsl 20)
let queues = ref 1
let most_queues = 4
let devices : t Xen_frontend.devices = Xen_frontend.devices ()

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

let disconnected t =
  t.live <- false;
  Requests.disconnected t.requests

let driver t =
  let offer (backend : Xen_frontend.backend) =
    t.live <- false;
    backend.read "feature-max-indirect-segments" >|= number_of >|= Option.value ~default:0 >>= fun segments ->
    backend.read "multi-queue-max-queues" >|= number_of >|= Option.value ~default:1 >>= fun offered ->
    match Requests.offer t.requests ~domid:backend.domid ~segments ~queues:(if t.refused then 1 else offered) with
    | Error text ->
        (* It is tried again and again. *)
        if not t.complained then Log.err (fun f -> f "vbd %d: its pages cannot be granted: %s" t.number text);
        t.complained <- true;
        Lwt.return_none
    | Ok rings ->
        t.complained <- false;
        let number name value = (name, string_of_int value) in
        let count = List.length rings in
        (* One queue's nodes lie where they did before there were several. *)
        let place queue name = if count = 1 then name else Printf.sprintf "queue-%d/%s" queue name in
        let keys queue (reference, port) =
          [ number (place queue "ring-ref") reference; number (place queue "event-channel") port ]
        in
        (* Their number is written even if it is one: there may be another from before. *)
        Lwt.return_some
          (number "multi-queue-num-queues" count
          :: number "feature-persistent" 1
          :: ("protocol", "x86_64-abi")
          :: List.concat (List.mapi keys rings))
  in
  let connect (backend : Xen_frontend.backend) =
    describe backend >|= fun described ->
    match (described, t.geometry, Requests.channels t.requests) with
    | Some geometry, old, _ :: _ when Option.fold old ~none:true ~some:(fun old -> old.sector_size = geometry.sector_size) ->
        t.geometry <- Some geometry;
        t.live <- true;
        t.refused <- false;
        Requests.connected t.requests ~domid:backend.domid ~keeps:geometry.flush;
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
        t.refused <- List.length (Requests.channels t.requests) > 1 && not t.live;
        disconnected t);
    is_bound = (fun () -> List.for_all Xen_frontend.is_bound (Requests.channels t.requests));
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
  let requests = Requests.make ~memory:!memory ~queues:!queues number in
  let t = { number; requests; link = None; live = false; refused = false; complained = false; geometry = None } in
  Requests.on_break requests (fun () ->
      t.live <- false;
      Option.iter Xen_frontend.reset t.link);
  Lwt.catch
    (fun () ->
      Xen_frontend.supply devices (Requests.handle requests) (Requests.references !memory !queues);
      Xen_frontend.connect (driver t) number >|= fun link ->
      t.link <- Some link;
      t)
    (fun error ->
      ignore (Requests.give requests : bool);
      Lwt.fail error)

let connect id = find id >>= fun number -> Xen_frontend.once devices number make

let connected_queues t = if t.live then List.length (Requests.channels t.requests) else 0

let disconnect t =
  if not (Requests.is_active t.requests) then Lwt.return_unit
  else
    Xen_frontend.finally devices t.number @@ fun () ->
    Requests.stop t.requests >>= fun () ->
    (match t.link with Some link -> Xen_frontend.disconnect link | None -> Lwt.return_unit) >|= fun () ->
    disconnected t;
    if not (Requests.give t.requests) then Log.err (fun f -> f "vbd %d: the backend still uses its memory, which is lost until it does not" t.number)

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

let result t = function
  | Requests.Done -> Ok ()
  | Failed | Unsupported | Lost -> Error (if Requests.is_active t.requests then `Io_error else `Disconnected)

let read t sector buffers : (unit, error) result Lwt.t =
  if not (Requests.is_active t.requests) then Lwt.return_error `Disconnected
  else
    match place_of_buffers t sector buffers with
    | Error _ as error -> Lwt.return error
    | Ok first -> Requests.move t.requests Read first buffers >|= result t

(* What no backend has to be asked for is done. *)
let change t check ask : (unit, write_error) result Lwt.t =
  if not (Requests.is_active t.requests) then Lwt.return_error `Disconnected
  else if (geometry t).read_only then Lwt.return_error `Is_read_only
  else
    match check with
    | Error _ as error -> Lwt.return error
    | Ok first -> ( ask first >|= function Requests.Lost -> Error `Lost_writes | outcome -> result t outcome)

let write t sector buffers = change t (place_of_buffers t sector buffers) (fun first -> Requests.move t.requests Write first buffers)

let ask t operation sector length =
  Requests.ask t.requests operation sector length >|= function Requests.Unsupported -> Requests.Done | outcome -> outcome

let flush t =
  change t (Ok 0) (fun _ ->
      if (geometry t).flush then ask t Flush 0 0
      else Lwt.return (if Requests.take_loss t.requests then Requests.Lost else Done))

let discard t sector count =
  let { sector_size; discard; _ } = geometry t in
  let most = Int64.of_int (max_int / 4096) in
  let checked = if count >= 0L && count <= most then place t sector (Int64.to_int count) else place t (-1L) 0 in
  change t checked (fun first ->
      if discard && count > 0L then ask t Discard first (Int64.to_int count * sector_size)
      else Lwt.return Requests.Done)
