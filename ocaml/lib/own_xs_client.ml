(* SPDX-License-Identifier: ISC *)

open Own_xs_protocol
open Lwt.Infix

module type IO = sig
  type 'a t = 'a Lwt.t

  val return : 'a -> 'a t
  val ( >>= ) : 'a t -> ('a -> 'b t) -> 'b t

  type backend = [ `xen | `unix ]

  val backend : backend

  type channel

  val create : unit -> channel t
  val destroy : channel -> unit t
  val read : channel -> bytes -> int -> int -> int t
  val write : channel -> bytes -> int -> int -> unit t
end

exception Malformed_watch_event
exception Unexpected_rid of int32
exception Dispatcher_failed

module type S = sig
  type client

  val make : unit -> client Lwt.t
  val suspend : client -> unit Lwt.t
  val resume : client -> unit Lwt.t

  type handle

  val immediate : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  val transaction : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  val wait : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  val directory : handle -> string -> string list Lwt.t
  val read : handle -> string -> string Lwt.t
  val write : handle -> string -> string -> unit Lwt.t
  val rm : handle -> string -> unit Lwt.t
  val mkdir : handle -> string -> unit Lwt.t
  val setperms : handle -> string -> ACL.t -> unit Lwt.t
  val debug : handle -> string list -> string list Lwt.t
  val getdomainpath : handle -> int -> string Lwt.t
  val watch : handle -> string -> Token.t -> unit Lwt.t
  val unwatch : handle -> string -> Token.t -> unit Lwt.t
  val introduce : handle -> int -> nativeint -> int -> unit Lwt.t
  val set_target : handle -> int -> int -> unit Lwt.t
end

(* Numbers of Xen's io/xs_wire.h. *)
module Op = struct
  let debug = 0
  let directory = 1
  let read = 2
  let watch = 4
  let unwatch = 5
  let transaction_start = 6
  let transaction_end = 7
  let introduce = 8
  let getdomainpath = 10
  let write = 11
  let mkdir = 12
  let rm = 13
  let setperms = 14
  let set_target = 19
  let directory_part = 22
end

(* Someone in [wait]: the nodes looked at, those of them that are watched, and whether one has changed since. *)
type waiter = {
  token : string;
  mutable seen : string list;
  mutable watched : string list;
  mutable changed : bool;
  mutable waker : unit Lwt.u option;
}

type client = {
  waiters : (string, waiter) Hashtbl.t;  (** by token *)
  mutable under_way : int;  (** requests *)
  idle : unit Lwt_condition.t;  (** there are none *)
  mutable suspended : unit Lwt.t option;  (** resolved by [resume] *)
  mutable resumer : unit Lwt.u option;
}

type handle = { client : client; tid : int; waiter : waiter option }

(* {2 Requests} *)

(* The strings of a payload, each ended by a zero byte; the last one's may be missing. *)
let strings payload =
  let parts = String.split_on_char '\000' payload in
  match List.rev parts with "" :: rest -> List.rev rest | _ -> parts

let terminated payload = String.concat "\000" (strings payload)

let error path = function
  | Store.Refused "ENOENT" -> Enoent path
  | Store.Refused "EAGAIN" -> Eagain
  | Store.Refused "EEXIST" -> Eexist
  | Store.Refused "EINVAL" -> Invalid
  | Store.Refused name -> Error name
  | Store.Lost -> Dispatcher_failed
  | error -> error

let request client ~tid ~path op texts =
  let send () =
    client.under_way <- client.under_way + 1;
    let answered result =
      client.under_way <- client.under_way - 1;
      if client.under_way = 0 then Lwt_condition.broadcast client.idle ();
      result
    in
    Lwt.try_bind
      (fun () -> Store.request op ~transaction:tid (String.concat "" texts))
      (fun payload -> answered (Lwt.return payload))
      (fun cause -> answered (Lwt.fail (error path cause)))
  in
  match client.suspended with None -> send () | Some resumed -> Lwt.protected resumed >>= send

(* Strings other than the last are ended by a zero byte, and so may not have one. *)
let plain texts k = if List.exists (fun text -> String.contains text '\000') texts then Lwt.fail Invalid else k ()

(* {2 Watches} *)

let wake waiter =
  waiter.changed <- true;
  match waiter.waker with
  | None -> ()
  | Some waker ->
      waiter.waker <- None;
      Lwt.wakeup_later waker ()

let watch_event client payload =
  match strings payload with
  | _path :: token :: _ -> Option.iter wake (Hashtbl.find_opt client.waiters token)
  | _ -> Store.Log.warn (fun f -> f "%s" (Printexc.to_string Malformed_watch_event))

(* Watches belong to the connection: whoever waits looks again, and watches again what it looks at. *)
let watch_again client () =
  Hashtbl.iter
    (fun _ waiter ->
      waiter.watched <- [];
      wake waiter)
    client.waiters

(* {2 Connection} *)

let the_client =
  lazy
    (Lazy.force Store.start;
     let client =
       { waiters = Hashtbl.create 7; under_way = 0; idle = Lwt_condition.create (); suspended = None; resumer = None }
     in
     Store.on_watch_event := watch_event client;
     Store.on_reset := watch_again client;
     client)

let make () = Lwt.wrap (fun () -> Lazy.force the_client)

let rec until_idle client =
  if client.under_way = 0 then Lwt.return_unit else Lwt_condition.wait client.idle >>= fun () -> until_idle client

let suspend client =
  if client.suspended = None then (
    let resumed, resumer = Lwt.wait () in
    client.suspended <- Some resumed;
    client.resumer <- Some resumer);
  until_idle client

let resume client =
  Option.iter
    (fun resumer ->
      client.suspended <- None;
      client.resumer <- None;
      watch_again client ();
      Lwt.wakeup_later resumer ())
    client.resumer;
  Lwt.return_unit

(* {2 Operations} *)

let call handle op path strings = request handle.client ~tid:handle.tid ~path op strings
let on_path handle op path = plain [ path ] (fun () -> call handle op path [ path; "\000" ])

let look handle path =
  match handle.waiter with
  | Some waiter when not (List.mem path waiter.seen) -> waiter.seen <- path :: waiter.seen
  | _ -> ()

let read handle path =
  look handle path;
  on_path handle Op.read path

(* Each part begins with the directory's generation; the last ends in an empty name. When the directory changes meanwhile it is
   read from the start again. *)
let directory_in_parts handle path =
  let rec from offset generation parts =
    call handle Op.directory_part path [ path; "\000"; string_of_int offset; "\000" ] >>= fun payload ->
    match String.index_opt payload '\000' with
    | None -> Lwt.fail (Error "a part of a directory without its generation")
    | Some zero ->
        let now = String.sub payload 0 zero and length = String.length payload - zero - 1 in
        let names = String.sub payload (zero + 1) length in
        if offset > 0 && now <> generation then from 0 "" []
        else if length <= 1 || (names.[length - 1] = '\000' && names.[length - 2] = '\000') then
          let names = String.concat "" (List.rev (names :: parts)) in
          Lwt.return (List.filter (fun name -> name <> "") (strings names))
        else from (offset + length) now (names :: parts)
  in
  from 0 "" []

let directory handle path =
  look handle path;
  Lwt.catch
    (fun () -> on_path handle Op.directory path >|= strings)
    (function
      | Error "E2BIG" ->
          (* A daemon without this request, as oxenstored is, has no way to tell more. *)
          Lwt.catch
            (fun () -> directory_in_parts handle path)
            (function Error "ENOSYS" -> Lwt.fail (Error "E2BIG") | error -> Lwt.fail error)
      | error -> Lwt.fail error)

let write handle path value = plain [ path ] (fun () -> call handle Op.write path [ path; "\000"; value ] >|= ignore)
let rm handle path = on_path handle Op.rm path >|= ignore
let mkdir handle path = on_path handle Op.mkdir path >|= ignore

let setperms handle path acl =
  plain [ path ] (fun () -> call handle Op.setperms path [ path; "\000"; ACL.to_string acl; "\000" ] >|= ignore)

let debug handle words =
  plain words (fun () ->
      call handle Op.debug (String.concat " " words) (List.concat_map (fun word -> [ word; "\000" ]) words) >|= strings)

let numbers handle op numbers = call handle op "" (List.concat_map (fun number -> [ number; "\000" ]) numbers)
let getdomainpath handle domid = numbers handle Op.getdomainpath [ string_of_int domid ] >|= terminated

let introduce handle domid frame port =
  numbers handle Op.introduce [ string_of_int domid; Nativeint.to_string frame; string_of_int port ] >|= ignore

let set_target handle stub domid = numbers handle Op.set_target [ string_of_int stub; string_of_int domid ] >|= ignore

let watching op handle path token =
  plain [ path; token ] (fun () -> call handle op path [ path; "\000"; token; "\000" ] >|= ignore)

let watch handle path token = watching Op.watch handle path (Token.to_string token)
let unwatch handle path token = watching Op.unwatch handle path (Token.to_string token)

(* {2 Ways of making requests} *)

let immediate client f = f { client; tid = 0; waiter = None }

let finish handle word = call handle Op.transaction_end "" [ word; "\000" ] >|= ignore
let undo handle = Lwt.catch (fun () -> Lwt.no_cancel (finish handle "F")) (fun _ -> Lwt.return_unit)

(* Cancelled while the request is under way, it ends the transaction that is started all the same: a domain may have few. *)
let start client =
  let simple = { client; tid = 0; waiter = None } in
  let started =
    call simple Op.transaction_start "" [ "\000" ] >>= fun payload ->
    match int_of_string_opt (terminated payload) with
    | None -> Lwt.fail (Error "a transaction without a number")
    | Some tid -> Lwt.return { simple with tid }
  in
  let handle = Lwt.protected started in
  Lwt.on_cancel handle (fun () -> Lwt.on_success started (fun handle -> Lwt.async (fun () -> undo handle)));
  handle

let rec transaction client f =
  start client >>= fun handle ->
  let again () = transaction client f in
  let commit result =
    Lwt.catch
      (fun () -> finish handle "T" >|= fun () -> Some result)
      (function Eagain -> Lwt.return_none | error -> Lwt.fail error)
    >>= function Some result -> Lwt.return result | None -> again ()
  in
  let give_up error = undo handle >>= fun () -> match error with Eagain -> again () | error -> Lwt.fail error in
  Lwt.try_bind (fun () -> f handle) commit give_up

let tokens = ref 0

let fresh_waiter () =
  incr tokens;
  { token = Printf.sprintf "mirage-xen:%d" !tokens; seen = []; watched = []; changed = false; waker = None }

let until_changed waiter =
  if waiter.changed then Lwt.return_unit
  else
    let promise, waker = Lwt.task () in
    waiter.waker <- Some waker;
    promise

let wait client f =
  let waiter = fresh_waiter () in
  let simple = { client; tid = 0; waiter = None } in
  let handle = { simple with waiter = Some waiter } in
  let watch path =
    if List.mem path waiter.watched then Lwt.return_unit
    else (
      waiter.watched <- path :: waiter.watched;
      Lwt.catch
        (fun () -> watching Op.watch simple path waiter.token)
        (function
          (* There since before [suspend]; or gone with the connection, and then it is woken to look and watch again. *)
          | Eexist -> Lwt.return_unit
          | Error ("ECONNRESET" | "ENOMEM") when waiter.changed -> Lwt.return_unit
          | error -> Lwt.fail error))
  in
  let rec evaluate () =
    waiter.changed <- false;
    Lwt.catch (fun () -> f handle >|= Option.some) (function Eagain -> Lwt.return_none | error -> Lwt.fail error)
    >>= function
    | Some result -> Lwt.return result
    | None ->
        Lwt_list.iter_s watch (List.rev waiter.seen) >>= fun () ->
        until_changed waiter >>= fun () -> evaluate ()
  in
  let leave () =
    Hashtbl.remove client.waiters waiter.token;
    let forget path = Lwt.catch (fun () -> watching Op.unwatch simple path waiter.token) (fun _ -> Lwt.return_unit) in
    Lwt.no_cancel (Lwt.join (List.map forget waiter.watched))
  in
  Hashtbl.replace client.waiters waiter.token waiter;
  Lwt.finalize evaluate leave
