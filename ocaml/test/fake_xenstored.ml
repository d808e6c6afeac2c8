(* SPDX-License-Identifier: ISC *)
(* A xenstore daemon for tests, at the other end of the fake Xen's ring, in the same process: the tree is a table from paths
   to values; a transaction is a copy of it, which is refused at its end when the tree has changed since. *)

open Lwt.Infix
open Xen_os

type store = (string, string) Hashtbl.t

let size = 1024
let tree : store = Hashtbl.create 100
let generation = ref 0
let transactions : (int, store * int) Hashtbl.t = Hashtbl.create 7
let next_transaction = ref 1
let watches : (string * string) list ref = ref []
let requests = ref 0
let hold : unit Lwt.t ref = ref Lwt.return_unit
let forbidden = "/forbidden"
let conflicts = ref 0
let in_parts = ref true

external page : unit -> (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t
  = "mirage_xen_get_xenstore_page"

let ring = lazy (Cstruct.of_bigarray (page ()))
let incoming = lazy (Byte_ring.v (Lazy.force ring) ~data:0 ~size ~cons:2048 ~prod:2052)
let outgoing = lazy (Byte_ring.v (Lazy.force ring) ~data:size ~size ~cons:2056 ~prod:2060)
let port = lazy (Eventchn.of_int Fake.store_peer)
let notify () = Eventchn.notify (Eventchn.init ()) (Lazy.force port)

(* Waits until the ring moves on; gives up when [moved] says so. *)
let rec transfer move buffer offset length event =
  if length = 0 then Lwt.return_unit
  else
    let count = move buffer offset length in
    if count > 0 then (
      notify ();
      transfer move buffer (offset + count) (length - count) event)
    else Activations.after (Lazy.force port) event >>= transfer move buffer offset length

let get bytes offset = Int32.to_int (Bytes.get_int32_le bytes offset)

let packet op rid tid payload =
  let bytes = Bytes.create (16 + String.length payload) in
  List.iteri (fun i value -> Bytes.set_int32_le bytes (4 * i) (Int32.of_int value)) [ op; rid; tid; String.length payload ];
  Bytes.blit_string payload 0 bytes 16 (String.length payload);
  bytes

let send bytes =
  transfer (Byte_ring.write (Lazy.force outgoing)) bytes 0 (Bytes.length bytes) Activations.program_start

let absolute path = if path <> "" && path.[0] = '/' then path else "/local/domain/1/" ^ path

let children store path =
  let prefix = if path = "/" then "/" else path ^ "/" in
  let add name _ names =
    let length = String.length prefix in
    if String.length name > length && String.sub name 0 length = prefix then
      let rest = String.sub name length (String.length name - length) in
      let first = List.hd (String.split_on_char '/' rest) in
      if List.mem first names then names else first :: names
    else names
  in
  if Hashtbl.length store > 500 then
    (* Flat directories of many, without the quadratic search. *)
    Hashtbl.fold
      (fun name _ names ->
        if Filename.dirname name = path then Filename.basename name :: names else names)
      store []
    |> List.sort compare
  else List.sort compare (Hashtbl.fold add store [])

let below path watched = path = watched || String.length path > String.length watched && String.sub path 0 (String.length watched + 1) = watched ^ "/"

let fire path =
  let event (watched, token) =
    if below path (absolute watched) then send (packet 15 0 0 (watched ^ "\000" ^ token ^ "\000")) else Lwt.return_unit
  in
  Lwt_list.iter_s event !watches

(* The reply's payload, or the name of an error, and what has changed. *)
let answer op tid payload =
  let parts = String.split_on_char '\000' payload in
  let store = match Hashtbl.find_opt transactions tid with Some (copy, _) when tid <> 0 -> copy | _ -> tree in
  let path = absolute (List.hd parts) in
  let changed () = if tid = 0 then (incr generation; [ path ]) else [] in
  let ok = Ok "OK\000" in
  if below path forbidden then (Error "EACCES", [])
  else if tid <> 0 && not (Hashtbl.mem transactions tid) then (Error "ENOENT", [])
  else
    match op with
    | 2 -> ((match Hashtbl.find_opt store path with Some value -> Ok value | None -> Error "ENOENT"), [])
    | 1 | 22 -> (
        let names = String.concat "" (List.map (fun name -> name ^ "\000") (children store path)) in
        match parts with
        | _ when op = 22 && not !in_parts -> (Error "ENOSYS", [])
        | _ :: offset :: _ when op = 22 ->
            let names = names ^ "\000" in
            let offset = int_of_string offset in
            let length = min 1000 (String.length names - offset) in
            (Ok (Printf.sprintf "%d\000%s" !generation (String.sub names offset length)), [])
        | _ -> ((if String.length names > 4096 then Error "E2BIG" else Ok names), []))
    | 11 ->
        let value = String.concat "\000" (List.tl parts) in
        Hashtbl.replace store path value;
        (ok, changed ())
    | 12 ->
        if not (Hashtbl.mem store path) then Hashtbl.replace store path "";
        (ok, changed ())
    | 13 ->
        let names = Hashtbl.fold (fun name _ names -> if below name path then name :: names else names) store [] in
        List.iter (Hashtbl.remove store) names;
        (ok, changed ())
    | 14 -> (ok, [])
    | 4 ->
        let watched = List.hd parts and token = List.nth parts 1 in
        if List.mem (watched, token) !watches then (Error "EEXIST", [])
        else (
          watches := (watched, token) :: !watches;
          (ok, [ path ]))
    | 5 ->
        let watch = (List.hd parts, List.nth parts 1) in
        if List.mem watch !watches then (
          watches := List.filter (fun other -> other <> watch) !watches;
          (ok, []))
        else (Error "ENOENT", [])
    | 6 ->
        incr next_transaction;
        Hashtbl.replace transactions !next_transaction (Hashtbl.copy tree, !generation);
        (Ok (Printf.sprintf "%d\000" !next_transaction), [])
    | 7 ->
        let copy, started = Hashtbl.find transactions tid in
        Hashtbl.remove transactions tid;
        if payload = "F\000" then (ok, [])
        else if started <> !generation then (
          incr conflicts;
          (Error "EAGAIN", []))
        else (
          let differs other path value = Hashtbl.find_opt other path <> Some value in
          let changed other path value paths = if differs other path value then path :: paths else paths in
          let written = Hashtbl.fold (changed tree) copy [] in
          let removed = Hashtbl.fold (fun path _ paths -> if Hashtbl.mem copy path then paths else path :: paths) tree [] in
          Hashtbl.reset tree;
          Hashtbl.iter (Hashtbl.replace tree) copy;
          incr generation;
          (ok, written @ removed))
    | 10 -> (Ok (Printf.sprintf "/local/domain/%s" payload), [])
    | 0 -> (Ok payload, [])
    | _ -> (Error "ENOSYS", [])

let rec serve () =
  let header = Bytes.create 16 in
  let read bytes length = transfer (Byte_ring.read (Lazy.force incoming)) bytes 0 length Activations.program_start in
  read header 16 >>= fun () ->
  let op = get header 0 and rid = get header 4 and tid = get header 8 and length = get header 12 in
  let payload = Bytes.create length in
  read payload length >>= fun () ->
  incr requests;
  !hold >>= fun () ->
  let result, changed = answer op tid (Bytes.to_string payload) in
  (match result with
  | Ok payload -> send (packet op rid tid payload)
  | Error name -> send (packet 16 rid tid (name ^ "\000")))
  >>= fun () ->
  Lwt_list.iter_s fire changed >>= serve

let start () = Lwt.async serve

(* A change by someone else. *)
let set path value =
  Hashtbl.replace tree (absolute path) value;
  incr generation;
  fire (absolute path)
