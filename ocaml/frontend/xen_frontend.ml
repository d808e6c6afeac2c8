(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Xen_os

let log = Logs.Src.create "frontend" ~doc:"Connections to backends"

module Log = (val Logs.src_log log : Logs.LOG)

external frontend_new : int -> int -> int = "mirage_xen_frontend_new" [@@noalloc]
external frontend_next : int -> int -> bool -> int = "mirage_xen_frontend_next" [@@noalloc]
external frontend_reset : int -> int = "mirage_xen_frontend_reset" [@@noalloc]
external frontend_renew : int -> int = "mirage_xen_frontend_renew" [@@noalloc]
external port_is_bound : int -> bool = "mirage_xen_frontend_is_bound" [@@noalloc]
external frontend_wrote_connected : int -> int = "mirage_xen_frontend_wrote_connected" [@@noalloc]
external stub_donate : int -> int = "mirage_xen_grant_donate" [@@noalloc]
external error_text : int -> string = "mirage_xen_device_error"

let is_bound channel = port_is_bound (Eventchn.to_int channel)
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
  is_bound : unit -> bool;
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
  left : bool;  (** another backend has come in place of the one that had the connection *)
  extra : string option list;
}

type t = {
  driver : driver;
  folder : string;
  mutable packed : int;  (** the state machine; what it says of the connection is in its bits *)
  mutable backend : (int * string) option;
  mutable closing : bool;
  mutable extra : string option list;
  mutable bound : bool;  (** the backend has bound the event channels of this connection *)
  mutable wrote : bool;  (** there was a connection before *)
  mutable written : string option;  (** the state that the last steps wrote to the folder, if they did *)
  poke : unit Lwt_condition.t;  (** somebody wants another look, *)
  mutable poked : bool;  (** since the last one *)
  turned : unit Lwt_condition.t;  (** the connection has come, gone or been closed *)
  mutable closed : bool;
  mutable failed : exn option;  (** why xenstore cannot be watched *)
  mutable unfinished : bool;  (** another look is due in a second, whatever happens *)
  mutable said : string;  (** what was wrong when there was a look last *)
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
      (* Such a backend says that it is connected, too: one that was slow to look has seen no other state than that. *)
      let left = is_connected t && t.bound && not (t.driver.is_bound ()) in
      { own; backend = Some (domid, path); state; online = online = Some "1"; left; extra }
  | _ -> Lwt.return { own; backend = None; state = None; online = false; left = false; extra = [] }

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

let poke t =
  t.poked <- true;
  Lwt_condition.broadcast t.poke ()

(* The rings could not be made, as when a backend of before maps all pages, and nothing tells when it does not any more; or xenstored
   refused something. *)
let look_again t =
  if not t.unfinished then (
    t.unfinished <- true;
    Lwt.async (fun () ->
        Time.sleep_ns 1_000_000_000L >|= fun () ->
        t.unfinished <- false;
        if not t.closed then poke t))

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
    let before = own t and packed = t.packed in
    let result = frontend_next t.packed (state_number seen.state) seen.online in
    t.packed <- result land 0xffff;
    let step = result lsr 16 in
    match step land 15 with
    | 1 -> write_state t ~before (step lsr 4) >>= fun () -> steps t seen
    | 2 ->
        with_backend t (fun backend ->
            t.driver.offer backend >>= function
            | None ->
                (* There is nothing that was published. *)
                t.packed <- packed;
                look_again t;
                Lwt.return_unit
            | Some keys -> publish t keys (step lsr 4))
    | 3 ->
        t.extra <- seen.extra;
        t.bound <- false;
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
        t.bound <- is_connected t && t.driver.is_bound ();
        if is_connected t && t.extra <> seen.extra then (
          t.extra <- seen.extra;
          with_backend t t.driver.changed)
        else Lwt.return_unit

(* The backend does not have anything of ours any more. *)
let let_go (seen : seen) =
  match Option.map Device_state.of_string seen.state with
  | Some (Initialised | Connected | Closing) -> false
  | _ -> true

(* Does what there is to do now: what is in xenstore then. *)
let attend t (seen : seen) =
  find_backend t seen;
  t.written <- None;
  if seen.left then t.packed <- frontend_renew t.packed;
  if t.closing && not (own t = closed_state) then t.packed <- frontend_reset t.packed;
  Lwt.catch
    (fun () -> steps t seen >|= fun () -> t.said <- "")
    (function
      | Made_anew -> Lwt.return_unit
      | error ->
          (* The folder is gone, or is not ours any more: whoever makes a new one is seen by the watch. Or there was no room. *)
          let text = Printexc.to_string error in
          if text <> t.said then Log.warn (fun f -> f "%s: %s" t.folder text);
          t.said <- text;
          look_again t;
          Lwt.return_unit)
  (* With what was written here: a toolstack that makes the device anew puts back just what was there before. *)
  >|= fun () -> { seen with own = (if t.written = None then seen.own else t.written); left = false }

(* Waits until there is something to do: what is in xenstore, or [None] when somebody wants another look. *)
let wait t last =
  Lazy.force client >>= fun xs ->
  let differs h =
    look t h >>= fun seen -> if Some seen = last then Lwt.fail Xs_protocol.Eagain else Lwt.return (Some seen)
  in
  let rec poked () = if t.poked then Lwt.return_none else Lwt_condition.wait t.poke >>= poked in
  Lwt.pick [ Xs.wait xs differs; poked () ] >|= fun seen ->
  t.poked <- false;
  seen

let is_over t (seen : seen) = t.closing && (seen.backend = None || ((not (is_published t)) && own t = closed_state && let_go seen))

let rec run t last =
  match last with
  | Some seen when is_over t seen ->
      t.closed <- true;
      turn t;
      Lwt.return_unit
  | _ -> (
      wait t last >>= fun seen ->
      match if seen = None then last else seen with
      | None -> run t None
      | Some seen -> attend t seen >>= fun seen -> run t (Some seen))

(* Where xenstored refuses to say what changes, as beyond its quota of watches, a device that was never connected is given up. Another
   one goes on with its connection. Both are looked at now and then. *)
let rec keep t look_first =
  Lwt.catch
    (fun () ->
      (if look_first then immediate (look t) >>= attend t >|= Option.some else Lwt.return_none) >>= run t)
    (fun error ->
      if t.failed = None then
        Log.err (fun f -> f "%s: what xenstore has of it cannot be watched: %s" t.folder (Printexc.to_string error));
      t.failed <- Some error;
      turn t;
      Lwt.pick [ Time.sleep_ns 1_000_000_000L; Lwt_condition.wait t.poke ] >>= fun () -> keep t true)

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
      bound = false;
      wrote = false;
      written = None;
      poke = Lwt_condition.create ();
      poked = false;
      turned = Lwt_condition.create ();
      closed = false;
      failed = None;
      unfinished = false;
      said = "";
    }
  in
  Lwt.async (fun () -> keep t false);
  within 30_000_000_000L (until t (fun t -> is_connected t || t.failed <> None)) >>= fun _ ->
  match t.failed with
  | None when is_connected t -> Lwt.return t
  | failed ->
      let why = match failed with
        | None -> "its backend does not connect"
        | Some error -> "what xenstore has of it cannot be watched: " ^ Printexc.to_string error
      in
      disconnect t >>= fun () -> Lwt.fail_with (folder ^ ": " ^ why)

let numbers class_ =
  Lwt.catch
    (fun () -> immediate (fun h -> Xs.directory h ("device/" ^ class_)))
    (function Xs_protocol.Enoent _ -> Lwt.return [] | error -> Lwt.fail error)
  >|= fun names -> List.sort compare (List.filter_map int_of_string_opt names)

type 'a devices = { connected : (int, 'a Lwt.t) Hashtbl.t; ending : (int, unit Lwt.t) Hashtbl.t; supplied : (int, unit) Hashtbl.t }

let devices () = { connected = Hashtbl.create 4; ending = Hashtbl.create 4; supplied = Hashtbl.create 4 }

let rec once devices number make =
  match (Hashtbl.find_opt devices.ending number, Hashtbl.find_opt devices.connected number) with
  | Some ending, _ -> ending >>= fun () -> once devices number make
  | None, Some promise -> promise
  | None, None ->
      let promise = make number in
      Hashtbl.replace devices.connected number promise;
      Lwt.on_failure promise (fun _ -> Hashtbl.remove devices.connected number);
      promise

let finally devices number disconnect =
  let ended, ends = Lwt.wait () in
  Hashtbl.replace devices.ending number ended;
  Hashtbl.remove devices.connected number;
  Lwt.finalize disconnect (fun () ->
      Hashtbl.remove devices.ending number;
      Lwt.wakeup_later ends ();
      Lwt.return_unit)

let supply devices handle count =
  if not (Hashtbl.mem devices.supplied handle) then (
    donate count;
    Hashtbl.replace devices.supplied handle ())
