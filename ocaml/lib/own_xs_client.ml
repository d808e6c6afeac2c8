(* SPDX-License-Identifier: ISC *)

open Own_xs_protocol
open Xs_wire
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

let log = Logs.Src.create "xenstore" ~doc:"Client of xenstore"

module Log = (val Logs.src_log log : Logs.LOG)

module Client (IO : IO) : S = struct
  (* Someone in [wait]: the nodes looked at, those of them that are watched, and whether one has changed since. *)
  type waiter = {
    token : string;
    mutable seen : string list;
    mutable watched : string list;
    mutable changed : bool;
    mutable waker : unit Lwt.u option;
  }

  type client = {
    mutable channel : IO.channel;
    mutable last_rid : int;
    replies : (int, (Op.t * string) Lwt.u) Hashtbl.t;  (** who waits for which request *)
    waiters : (string, waiter) Hashtbl.t;  (** by token *)
    writing : Lwt_mutex.t;  (** packets are not interleaved *)
    mutable failed : bool;
    mutable suspended : unit Lwt.t option;  (** resolved by [resume] *)
    mutable resumer : unit Lwt.u option;
    idle : unit Lwt_condition.t;  (** no reply is waited for *)
    scratch : bytes;  (** a header being read *)
  }

  type handle = { client : client; tid : int; waiter : waiter option }

  (* {2 Requests} *)

  let error path name =
    match name with
    | "ENOENT" -> Enoent path
    | "EAGAIN" -> Eagain
    | "EEXIST" -> Eexist
    | "EINVAL" -> Invalid
    | name -> Error name

  let terminated text =
    let length = String.length text in
    if length > 0 && text.[length - 1] = '\000' then String.sub text 0 (length - 1) else text

  let rec fresh_rid client =
    client.last_rid <- (client.last_rid + 1) land 0xffffffff;
    if Hashtbl.mem client.replies client.last_rid then fresh_rid client else client.last_rid

  (* A packet is written whole even if the one who asked loses interest half-way; the reply then finds nobody. *)
  let send client ~tid op strings =
    if client.failed then Lwt.fail Dispatcher_failed
    else
      let rid = fresh_rid client in
      match packet ~op ~rid ~tid strings with
      | exception Invalid_argument _ -> Lwt.fail (Error "E2BIG")
      | bytes ->
          let reply, resolver = Lwt.task () in
          Hashtbl.replace client.replies rid resolver;
          let write () = IO.write client.channel bytes 0 (Bytes.length bytes) in
          let written =
            Lwt.catch
              (fun () -> Lwt_mutex.with_lock client.writing write)
              (fun error ->
                Hashtbl.remove client.replies rid;
                Lwt.fail error)
          in
          Lwt.no_cancel written >>= fun () -> reply

  let request client ~tid ~path op strings =
    let answered (replied, payload) =
      if replied = op then Lwt.return payload
      else if replied = Op.Error then Lwt.fail (error path (terminated payload))
      else Lwt.fail (Error (Printf.sprintf "a reply to %s that is a %s" (Op.to_string op) (Op.to_string replied)))
    in
    match client.suspended with
    | None -> send client ~tid op strings >>= answered
    | Some resumed -> Lwt.protected resumed >>= fun () -> send client ~tid op strings >>= answered

  (* Strings other than the last are ended by a zero byte, and so may not have one. *)
  let plain texts k = if List.exists (fun text -> String.contains text '\000') texts then Lwt.fail Invalid else k ()

  (* {2 Replies and events} *)

  let rec read_whole client bytes offset length =
    if length = 0 then Lwt.return_unit
    else
      IO.read client.channel bytes offset length >>= fun got ->
      if got <= 0 then Lwt.fail End_of_file else read_whole client bytes (offset + got) (length - got)

  let wake waiter =
    waiter.changed <- true;
    match waiter.waker with
    | None -> ()
    | Some waker ->
        waiter.waker <- None;
        Lwt.wakeup_later waker ()

  let watch_event client payload =
    match strings payload with
    | _path :: token :: _ -> (
        match Hashtbl.find_opt client.waiters token with
        | Some waiter -> wake waiter
        | None -> Log.debug (fun f -> f "an event of a watch that nobody has, %S" token))
    | _ -> Log.warn (fun f -> f "%s" (Printexc.to_string Malformed_watch_event))

  let reply client header payload =
    match Hashtbl.find_opt client.replies header.rid with
    | None -> Log.warn (fun f -> f "%s" (Printexc.to_string (Unexpected_rid (Int32.of_int header.rid))))
    | Some resolver -> (
        Hashtbl.remove client.replies header.rid;
        if Hashtbl.length client.replies = 0 then Lwt_condition.broadcast client.idle ();
        match Op.of_int header.op with
        | Some op -> Lwt.wakeup_later resolver (op, payload)
        | None -> Lwt.wakeup_later_exn resolver (Error (Printf.sprintf "a reply of unknown type %d" header.op)))

  let rec receive client =
    read_whole client client.scratch 0 header_size >>= fun () ->
    let header = header client.scratch in
    if header.length > payload_max then Lwt.fail (Error (Printf.sprintf "a packet of %d bytes" header.length))
    else
      let payload = Bytes.create header.length in
      read_whole client payload 0 header.length >>= fun () ->
      let payload = Bytes.unsafe_to_string payload in
      if header.op = Op.to_int Op.Watchevent then watch_event client payload else reply client header payload;
      receive client

  (* {2 Connection} *)

  (* Nobody can know which of the requests under way had an effect, so all of them fail. *)
  let abandon client error =
    let resolvers = Hashtbl.fold (fun _ resolver resolvers -> resolver :: resolvers) client.replies [] in
    Hashtbl.reset client.replies;
    List.iter (fun resolver -> Lwt.wakeup_later_exn resolver error) resolvers;
    Lwt_condition.broadcast client.idle ()

  (* Watches belong to the connection. Registering one makes an event, so its waiter looks again in any case. *)
  let watch_again client =
    let again waiter path =
      Lwt.catch
        (fun () -> send client ~tid:0 Op.Watch [ path; "\000"; waiter.token; "\000" ] >|= ignore)
        (fun _ -> Lwt.return_unit)
    in
    Hashtbl.iter
      (fun _ waiter ->
        wake waiter;
        List.iter (fun path -> Lwt.async (fun () -> again waiter path)) waiter.watched)
      client.waiters

  let rec dispatch client =
    Lwt.catch
      (fun () -> receive client)
      (fun cause ->
        Log.warn (fun f -> f "the connection is lost: %s" (Printexc.to_string cause));
        abandon client (Error "ECONNRESET");
        Lwt.catch
          (fun () ->
            IO.destroy client.channel >>= fun () ->
            IO.create () >>= fun channel ->
            client.channel <- channel;
            watch_again client;
            dispatch client)
          (fun cause ->
            Log.err (fun f -> f "no new connection: %s" (Printexc.to_string cause));
            client.failed <- true;
            abandon client Dispatcher_failed;
            Hashtbl.iter (fun _ waiter -> wake waiter) client.waiters;
            Lwt.return_unit))

  let make () =
    IO.create () >|= fun channel ->
    let client =
      {
        channel;
        last_rid = 0;
        replies = Hashtbl.create 7;
        waiters = Hashtbl.create 7;
        writing = Lwt_mutex.create ();
        failed = false;
        suspended = None;
        resumer = None;
        idle = Lwt_condition.create ();
        scratch = Bytes.create header_size;
      }
    in
    Lwt.async (fun () -> dispatch client);
    client

  let rec until_idle client =
    if Hashtbl.length client.replies = 0 then Lwt.return_unit
    else Lwt_condition.wait client.idle >>= fun () -> until_idle client

  let suspend client =
    if client.suspended = None then (
      let resumed, resumer = Lwt.wait () in
      client.suspended <- Some resumed;
      client.resumer <- Some resumer);
    until_idle client

  let resume client =
    match client.resumer with
    | None -> Lwt.return_unit
    | Some resumer ->
        client.suspended <- None;
        client.resumer <- None;
        watch_again client;
        Lwt.wakeup_later resumer ();
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
    on_path handle Op.Read path

  (* A list that is too long for a packet comes in parts; when it changes meanwhile it is read from the start again. *)
  let directory_in_parts handle path =
    let rec from offset generation parts =
      call handle Op.Directory_part path [ path; "\000"; string_of_int offset; "\000" ] >>= fun payload ->
      match Part.parse payload with
      | None -> Lwt.fail (Error "a part of a directory without its generation")
      | Some (now, _) when offset > 0 && now <> generation -> from 0 "" []
      | Some (_, names) when Part.is_last names ->
          let names = String.concat "" (List.rev (names :: parts)) in
          Lwt.return (List.filter (fun name -> name <> "") (strings names))
      | Some (now, names) -> from (offset + String.length names) now (names :: parts)
    in
    from 0 "" []

  let directory handle path =
    look handle path;
    Lwt.catch
      (fun () -> on_path handle Op.Directory path >|= strings)
      (function
        | Error "E2BIG" ->
            (* A daemon without this request, as oxenstored is, has no way to tell more. *)
            Lwt.catch
              (fun () -> directory_in_parts handle path)
              (function Error "ENOSYS" -> Lwt.fail (Error "E2BIG") | error -> Lwt.fail error)
        | error -> Lwt.fail error)

  let write handle path value = plain [ path ] (fun () -> call handle Op.Write path [ path; "\000"; value ] >|= ignore)
  let rm handle path = on_path handle Op.Rm path >|= ignore
  let mkdir handle path = on_path handle Op.Mkdir path >|= ignore

  let setperms handle path acl =
    plain [ path ] (fun () -> call handle Op.Setperms path [ path; "\000"; ACL.to_string acl; "\000" ] >|= ignore)

  let debug handle words =
    plain words (fun () ->
        call handle Op.Debug (String.concat " " words) (List.concat_map (fun word -> [ word; "\000" ]) words) >|= strings)

  let numbers handle op numbers = call handle op "" (List.concat_map (fun number -> [ number; "\000" ]) numbers)
  let getdomainpath handle domid = numbers handle Op.Getdomainpath [ string_of_int domid ] >|= terminated

  let introduce handle domid frame port =
    numbers handle Op.Introduce [ string_of_int domid; Nativeint.to_string frame; string_of_int port ] >|= ignore

  let set_target handle stub domid = numbers handle Op.Set_target [ string_of_int stub; string_of_int domid ] >|= ignore

  let watching op handle path token =
    plain [ path; token ] (fun () -> call handle op path [ path; "\000"; token; "\000" ] >|= ignore)

  let watch handle path token = watching Op.Watch handle path (Token.to_string token)
  let unwatch handle path token = watching Op.Unwatch handle path (Token.to_string token)

  (* {2 Ways of making requests} *)

  let immediate client f = f { client; tid = 0; waiter = None }

  let rec transaction client f =
    let simple = { client; tid = 0; waiter = None } in
    call simple Op.Transaction_start "" [ "\000" ] >>= fun payload ->
    match int_of_string_opt (terminated payload) with
    | None -> Lwt.fail (Error "a transaction without a number")
    | Some tid ->
        let handle = { simple with tid } in
        let finish word = call handle Op.Transaction_end "" [ word; "\000" ] >|= ignore in
        let again () = transaction client f in
        let commit result =
          Lwt.catch
            (fun () -> finish "T" >|= fun () -> Some result)
            (function Eagain -> Lwt.return_none | error -> Lwt.fail error)
          >>= function Some result -> Lwt.return result | None -> again ()
        in
        let undo error =
          Lwt.catch (fun () -> Lwt.no_cancel (finish "F")) (fun _ -> Lwt.return_unit) >>= fun () ->
          match error with Eagain -> again () | error -> Lwt.fail error
        in
        Lwt.try_bind (fun () -> f handle) commit undo

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
        watching Op.Watch simple path waiter.token)
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
      let forget path = Lwt.catch (fun () -> watching Op.Unwatch simple path waiter.token) (fun _ -> Lwt.return_unit) in
      Lwt.no_cancel (Lwt.join (List.map forget waiter.watched))
    in
    Hashtbl.replace client.waiters waiter.token waiter;
    Lwt.finalize evaluate leave
end
