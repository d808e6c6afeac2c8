(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

external connect : unit -> int = "mirage_xen_store_connect"
external submit : int -> int -> string -> int = "mirage_xen_store_submit" [@@noalloc]
external next : unit -> (int * int * string) option = "mirage_xen_store_next"

exception Refused of string
exception Lost

type request = { kind : int; transaction : int; payload : string; reply : string Lwt.t; resolver : string Lwt.u }

let log = Logs.Src.create "xenstore" ~doc:"Client of xenstore"

module Log = (val Logs.src_log log : Logs.LOG)

let watch_event = 15
let error = 16

(* In place of a message's type: the connection is lost; there was no memory for a message. A third, that there is a new
   connection, only makes room for what is held back. *)
let connection_lost = -1
let no_memory = -3
let held_back : request Queue.t = Queue.create () (* until there is room *)
let asked : (int, request) Hashtbl.t = Hashtbl.create 7
let lost = ref false
let on_watch_event = ref ignore
let on_reset = ref ignore
let fail error request = if Lwt.is_sleeping request.reply then Lwt.wakeup_later_exn request.resolver error

(* Nobody can know which of the requests under way had an effect, so all of them fail; what is watched is not any more. *)
let reset error =
  Log.warn (fun f -> f "requests and watches are lost: %s" (Printexc.to_string error));
  let requests = Hashtbl.fold (fun _ request requests -> request :: requests) asked [] in
  Hashtbl.reset asked;
  List.iter (fail error) requests;
  !on_reset ()

let rec send_held_back () =
  match Queue.peek_opt held_back with
  | None -> ()
  | Some request ->
      let number =
        (* Nobody is interested any more. *)
        if not (Lwt.is_sleeping request.reply) then -3 else submit request.kind request.transaction request.payload
      in
      if number <> 0 then (
        ignore (Queue.pop held_back : request);
        if number > 0 then Hashtbl.replace asked number request
        else fail (if number = -1 then Refused "E2BIG" else Lost) request;
        send_held_back ())

let receive kind number payload =
  if kind = watch_event then !on_watch_event payload
  else if kind = connection_lost then reset (Refused "ECONNRESET")
  else if kind = no_memory then reset (Refused "ENOMEM")
  else
    match Hashtbl.find_opt asked number with
    | None -> Log.debug (fun f -> f "a reply to request %d, which is nobody's" number)
    | Some request ->
        Hashtbl.remove asked number;
        if Lwt.is_sleeping request.reply then
          if kind <> error then Lwt.wakeup_later request.resolver payload
          else
            let length = String.length payload in
            let ended = length > 0 && payload.[length - 1] = '\000' in
            fail (Refused (if ended then String.sub payload 0 (length - 1) else payload)) request

let rec serve port event =
  match next () with
  | Some (kind, number, payload) ->
      receive kind number payload;
      serve port event
  | None ->
      send_held_back ();
      Activations.after port event >>= serve port
  | exception cause ->
      Log.err (fun f -> f "%s" (Printexc.to_string cause));
      lost := true;
      reset Lost;
      Queue.iter (fail Lost) held_back;
      Lwt.return_unit

let start =
  lazy
    (let port = Eventchn.of_int (connect ()) in
     Eventchn.unmask (Eventchn.init ()) port;
     Lwt.async (fun () -> serve port Activations.program_start))

let request kind ~transaction payload =
  match Lazy.force start with
  | exception error -> Lwt.fail error
  | () when !lost -> Lwt.fail Lost
  | () ->
      let reply, resolver = Lwt.task () in
      Queue.push { kind; transaction; payload; reply; resolver } held_back;
      send_held_back ();
      reply
