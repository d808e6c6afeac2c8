(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Xen_os

let log = Logs.Src.create "frontend" ~doc:"Connections to backends"

module Log = (val Logs.src_log log : Logs.LOG)

external frontend_new : int -> int -> int = "mirage_xen_frontend_new" [@@noalloc]
external frontend_next : int -> int -> bool -> int = "mirage_xen_frontend_next" [@@noalloc]
external frontend_reset : int -> int = "mirage_xen_frontend_reset" [@@noalloc]
external frontend_wrote_connected : int -> int = "mirage_xen_frontend_wrote_connected" [@@noalloc]
external stub_donate : int -> int = "mirage_xen_grant_donate" [@@noalloc]
external error_text : int -> string = "mirage_xen_device_error"

let check what result = if result < 0 then failwith (what ^ ": " ^ error_text result) else result

let donate count =
  let references = Xen.Export.get_n_nonblock count in
  if count > 0 && references = [] then failwith "the grant table is full";
  let donate reference = ignore (check "grant" (stub_donate (Int32.to_int (Xen.Gntref.to_int32 reference))) : int) in
  List.iter donate references

type backend = { domid : int; path : string; read : string -> string option Lwt.t }

type driver = {
  class_ : string;
  publish_with : Device_state.state;
  offer : backend -> (string * string) list option Lwt.t;
  connect : backend -> bool Lwt.t;
  disconnect : unit -> unit;
  changed : backend -> unit Lwt.t;
  watched : string list;
  passing : string list;
}

(* What xenstore has of the device. *)
type seen = {
  own : string option;
  backend : (int * string) option;
  state : string option;
  online : bool;
  extra : string option list;
}

type t = {
  driver : driver;
  folder : string;
  mutable packed : int;  (** the state machine; what it says of the connection is in its bits *)
  mutable backend : (int * string) option;
  mutable closing : bool;
  mutable extra : string option list;
  mutable wrote : bool;  (** there was a connection before *)
  mutable written : string option;  (** the state that the last steps wrote to the folder, if they did *)
  poke : unit Lwt_condition.t;  (** somebody wants another look *)
  turned : unit Lwt_condition.t;  (** the connection has come, gone or been closed *)
  mutable closed : bool;
}

(* Bits of a packed frontend (xen_proto::xenbus::packed). *)
let own t = t.packed land 15
let is_published t = t.packed land 0x100 <> 0
let is_connected t = t.packed land 0x200 <> 0
let number state = int_of_string (Device_state.to_string state)
let closed_state = number Device_state.Closed

let opt h path =
  Lwt.catch
    (fun () -> Xs.read h path >|= Option.some)
    (function
      (* One that the toolstack is just making, or taking away, may not be the domain's to read; a watch tells when it is. *)
      | Xs_protocol.Enoent _ | Xs_protocol.Error "EACCES" -> Lwt.return_none
      | error -> Lwt.fail error)

let client = lazy (Xs.make ())
let immediate f = Lazy.force client >>= fun xs -> Xs.immediate xs f
let read path = immediate (fun h -> opt h path)
let state_number value = Option.fold value ~none:0 ~some:(fun value -> number (Device_state.of_string value))

let look t h : seen Lwt.t =
  let folder name = opt h (t.folder ^ "/" ^ name) in
  folder "backend" >>= fun path ->
  folder "backend-id" >>= fun id ->
  folder "state" >>= fun own ->
  match (path, Option.bind id int_of_string_opt, own) with
  | Some path, Some domid, Some _ ->
      let value name = opt h (path ^ "/" ^ name) in
      value "state" >>= fun state ->
      value "online" >>= fun online ->
      Lwt_list.map_s value t.driver.watched >|= fun extra ->
      { own; backend = Some (domid, path); state; online = online = Some "1"; extra }
  | _ -> Lwt.return { own; backend = None; state = None; online = false; extra = [] }

let with_backend t f =
  match t.backend with
  | None -> Lwt.return_unit
  | Some (domid, path) -> f { domid; path; read = (fun name -> read (path ^ "/" ^ name)) }

let wrote_state t state = t.written <- Some (string_of_int state)

exception Made_anew

(* Not over what a toolstack has written meanwhile, which is then lost: nobody writes it again. The next look finds it. *)
let write_state t ~before state =
  let path = t.folder ^ "/state" in
  Lazy.force client >>= fun xs ->
  Xs.transaction xs (fun h ->
      opt h path >>= fun now -> if state_number now = before then Xs.write h path (string_of_int state) else Lwt.fail Made_anew)
  >|= fun () -> wrote_state t state

(* All or nothing: the backend looks when the state changes, and must then find the rest. *)
let publish t keys state =
  let old = if t.wrote then List.filter (fun name -> not (List.mem_assoc name keys)) t.driver.passing else [] in
  t.wrote <- true;
  let remove h name =
    Lwt.catch (fun () -> Xs.rm h (t.folder ^ "/" ^ name)) (function Xs_protocol.Enoent _ -> Lwt.return_unit | error -> Lwt.fail error)
  in
  Lazy.force client >>= fun xs ->
  Xs.transaction xs (fun h ->
      Lwt_list.iter_s (remove h) old >>= fun () ->
      Lwt_list.iter_s (fun (name, value) -> Xs.write h (t.folder ^ "/" ^ name) value) keys >>= fun () ->
      Xs.write h (t.folder ^ "/state") (string_of_int state))
  >|= fun () -> wrote_state t state

let turn t = Lwt_condition.broadcast t.turned ()

let go_away t =
  t.driver.disconnect ();
  turn t

(* Looks whose device it is now. The toolstack makes the folder anew when it takes the device away and gives it back. *)
let find_backend t (seen : seen) =
  let own_is_ours = state_number seen.own = own t in
  if not (t.backend = seen.backend && (seen.backend = None || own_is_ours)) then (
    if is_published t then go_away t;
    t.packed <-
      frontend_new
        (match seen.own with None -> closed_state | Some own -> number (Device_state.of_string own))
        (number t.driver.publish_with);
    t.backend <- seen.backend)

let rec steps t (seen : seen) =
  if t.closing && own t = closed_state && not (is_published t) then Lwt.return_unit
  else
    let before = own t in
    let result = frontend_next t.packed (state_number seen.state) seen.online in
    t.packed <- result land 0xffff;
    let step = result lsr 16 in
    match step land 15 with
    | 1 -> write_state t ~before (step lsr 4) >>= fun () -> steps t seen
    | 2 ->
        with_backend t (fun backend ->
            t.driver.offer backend >>= function
            | None -> Lwt.return_unit
            | Some keys -> publish t keys (step lsr 4))
    | 3 ->
        t.extra <- seen.extra;
        with_backend t (fun backend ->
            t.driver.connect backend >>= function
            | false ->
                t.packed <- frontend_reset t.packed;
                Lwt.return_unit
            | true when t.driver.publish_with = Device_state.Connected -> Lwt.return_unit
            | true ->
                t.packed <- frontend_wrote_connected t.packed;
                write_state t ~before (number Device_state.Connected))
        >>= fun () ->
        turn t;
        steps t seen
    | 4 ->
        go_away t;
        steps t seen
    | _ ->
        if is_connected t && t.extra <> seen.extra then (
          t.extra <- seen.extra;
          with_backend t t.driver.changed)
        else Lwt.return_unit

(* The backend does not have anything of ours any more. *)
let let_go (seen : seen) =
  match Option.map Device_state.of_string seen.state with
  | Some (Initialised | Connected | Closing) -> false
  | _ -> true

let rec run t last =
  Lazy.force client >>= fun xs ->
  let differs h =
    look t h >>= fun seen -> if Some seen = last then Lwt.fail Xs_protocol.Eagain else Lwt.return (Some seen)
  in
  Lwt.pick [ Xs.wait xs differs; (Lwt_condition.wait t.poke >|= fun () -> None) ] >>= fun seen ->
  (match (seen, last) with
  | Some seen, _ | None, Some seen ->
      find_backend t seen;
      t.written <- None;
      if t.closing && not (own t = closed_state) then t.packed <- frontend_reset t.packed;
      Lwt.catch
        (fun () -> steps t seen)
        (function
          | Made_anew -> Lwt.return_unit
          | error ->
              (* The folder is gone, or is not ours any more: whoever makes a new one is seen by the watch. *)
              Log.warn (fun f -> f "%s: %s" t.folder (Printexc.to_string error));
              Lwt.return_unit)
      (* With what was written here: a toolstack that makes the device anew puts back just what was there before. *)
      >|= fun () -> Some (if t.written = None then seen else { seen with own = t.written })
  | None, None -> Lwt.return_none)
  >>= fun last ->
  let finished seen = t.closing && (not (is_published t)) && own t = closed_state && let_go seen in
  match last with
  | Some seen when seen.backend = None && t.closing ->
      t.closed <- true;
      turn t;
      Lwt.return_unit
  | Some seen when finished seen ->
      t.closed <- true;
      turn t;
      Lwt.return_unit
  | last -> run t last

let poke t = Lwt_condition.broadcast t.poke ()

let reset t =
  t.packed <- frontend_reset t.packed;
  poke t

let rec until t condition =
  if condition t then Lwt.return_unit else Lwt_condition.wait t.turned >>= fun () -> until t condition

let within seconds promise = Lwt.pick [ (promise >|= fun () -> true); (Time.sleep_ns seconds >|= fun () -> false) ]

let disconnect t =
  t.closing <- true;
  poke t;
  within 5_000_000_000L (until t (fun t -> t.closed)) >|= fun in_time ->
  if not in_time then Log.warn (fun f -> f "%s: its backend does not let go of it" t.folder);
  if is_published t then go_away t

let connect driver device =
  let folder = Printf.sprintf "device/%s/%d" driver.class_ device in
  let packed = frontend_new closed_state (number driver.publish_with) in
  let t =
    {
      driver;
      folder;
      packed;
      backend = None;
      closing = false;
      extra = [];
      wrote = false;
      written = None;
      poke = Lwt_condition.create ();
      turned = Lwt_condition.create ();
      closed = false;
    }
  in
  Lwt.async (fun () -> run t None);
  within 30_000_000_000L (until t is_connected) >>= function
  | true -> Lwt.return t
  | false -> disconnect t >>= fun () -> Lwt.fail_with (folder ^ ": its backend does not connect")

let numbers class_ =
  Lwt.catch
    (fun () -> immediate (fun h -> Xs.directory h ("device/" ^ class_)))
    (function Xs_protocol.Enoent _ -> Lwt.return [] | error -> Lwt.fail error)
  >|= fun names -> List.sort compare (List.filter_map int_of_string_opt names)

type 'a devices = { connected : (int, 'a Lwt.t) Hashtbl.t; supplied : (int, unit) Hashtbl.t }

let devices () = { connected = Hashtbl.create 4; supplied = Hashtbl.create 4 }

let once devices number make =
  match Hashtbl.find_opt devices.connected number with
  | Some promise -> promise
  | None ->
      let promise = make number in
      Hashtbl.replace devices.connected number promise;
      Lwt.on_failure promise (fun _ -> Hashtbl.remove devices.connected number);
      promise

let forget devices number = Hashtbl.remove devices.connected number

let supply devices handle count =
  if not (Hashtbl.mem devices.supplied handle) then (
    donate count;
    Hashtbl.replace devices.supplied handle ())
