(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

exception Corrupt of string
exception Full
exception Failed of string

(* Where a record is, in sectors from its log's start. *)
type place = { at : int; count : int }
type change = { key : string; value : string option; done_ : unit Lwt.u }

type t = {
  disk : Block.t;
  size : int;  (** bytes of a sector *)
  half : int;  (** sectors of a log *)
  index : (string, place) Hashtbl.t;
  mutable log : int;  (** the log's number; its lowest bit says which half *)
  mutable head : int;  (** where the next record goes *)
  mutable waiting : change list;  (** the last one first *)
  mutable writing : bool;
  mutable dead : exn option;
  lock : Lwt_mutex.t;  (** held while a log is left for another, and by who reads *)
}

(* {2 The disk} *)

let check pp = function Ok x -> Lwt.return x | Error error -> Lwt.fail (Failed (Fmt.str "%a" pp error))
let read t sector buffer = Block.read t.disk (Int64.of_int sector) [ buffer ] >>= check Block.pp_error
let write t sector buffer = Block.write t.disk (Int64.of_int sector) [ buffer ] >>= check Block.pp_write_error
let flush t = Block.flush t.disk >>= check Block.pp_write_error

(* The first sector of a log. *)
let start t log = 2 + (log land 1 * t.half)

(* {2 Records: a checksum of all that follows, then the log's number, the record's place, lengths, key and value} *)

let magic = "record 1"
let header = 16 + String.length magic + 8 + 4 + 2 + 4
let removed = 0xffffffffl
let sectors t bytes = (bytes + t.size - 1) / t.size

let encode t log at key value =
  let length = header + String.length key + Option.fold value ~none:0 ~some:String.length in
  let record = Bytes.make (sectors t length * t.size) '\000' in
  Bytes.blit_string magic 0 record 16 8;
  Bytes.set_int64_be record 24 (Int64.of_int log);
  Bytes.set_int32_be record 32 (Int32.of_int at);
  Bytes.set_uint16_be record 36 (String.length key);
  Bytes.set_int32_be record 38 (match value with None -> removed | Some value -> Int32.of_int (String.length value));
  Bytes.blit_string key 0 record header (String.length key);
  Option.iter (fun value -> Bytes.blit_string value 0 record (header + String.length key) (String.length value)) value;
  Bytes.blit_string (Digest.subbytes record 16 (Bytes.length record - 16)) 0 record 0 16;
  Bytes.unsafe_to_string record

(* How many sectors the record has that starts with this one; [None] when no record of this log and place does. *)
let extent t log at sector =
  let get32 offset = Int32.to_int (String.get_int32_be sector offset) land 0xffffffff in
  if
    String.sub sector 16 8 = magic
    && String.get_int64_be sector 24 = Int64.of_int log
    && get32 32 = at
  then
    let value = if get32 38 = 0xffffffff then 0 else get32 38 in
    let count = sectors t (header + String.get_uint16_be sector 36 + value) in
    if count <= t.half - at then Some count else None
  else None

(* Key and value of a whole record. *)
let decode record =
  let length = String.length record - 16 in
  if Digest.substring record 16 length <> String.sub record 0 16 then None
  else
    let key = String.sub record header (String.get_uint16_be record 36) in
    let value = String.get_int32_be record 38 in
    let start = header + String.length key in
    Some (key, if value = removed then None else Some (String.sub record start (Int32.to_int value)))

let read_place t log { at; count } =
  let buffer = Cstruct.create (count * t.size) in
  read t (start t log + at) buffer >|= fun () -> Cstruct.to_string buffer

(* {2 The sectors that say which log is in use} *)

let super_magic = "log store 1     "

let super t log =
  let sector = Bytes.make t.size '\000' in
  Bytes.blit_string super_magic 0 sector 16 16;
  Bytes.set_int64_be sector 32 (Int64.of_int log);
  Bytes.set_int64_be sector 40 (Int64.of_int t.half);
  Bytes.blit_string (Digest.subbytes sector 16 (t.size - 16)) 0 sector 0 16;
  Cstruct.of_bytes sector

let log_of t sector =
  let text = Cstruct.to_string sector in
  let good =
    String.sub text 16 16 = super_magic
    && Digest.substring text 16 (t.size - 16) = String.sub text 0 16
    && String.get_int64_be text 40 = Int64.of_int t.half
  in
  if good then Some (Int64.to_int (String.get_int64_be text 32)) else None

let use t log =
  (* What is in the log has to be there before it is said to be in use. *)
  flush t >>= fun () ->
  write t (log land 1) (super t log) >>= fun () ->
  flush t >|= fun () -> t.log <- log

(* {2 Opening} *)

let rec recover t at =
  if at >= t.half then Lwt.return at
  else
    read_place t t.log { at; count = 1 } >>= fun first ->
    match extent t t.log at first with
    | None -> Lwt.return at
    | Some count -> (
        read_place t t.log { at; count } >>= fun record ->
        match decode record with
        | None -> Lwt.return at
        | Some (key, None) ->
            Hashtbl.remove t.index key;
            recover t (at + count)
        | Some (key, Some _) ->
            Hashtbl.replace t.index key { at; count };
            recover t (at + count))

let connect disk =
  Block.get_info disk >>= fun info ->
  let half = (Int64.to_int info.size_sectors - 2) / 2 in
  if half < 8 then Lwt.fail (Corrupt "the disk is too small")
  else
    let t =
      {
        disk;
        size = info.sector_size;
        half;
        index = Hashtbl.create 64;
        log = 0;
        head = 0;
        waiting = [];
        writing = false;
        dead = None;
        lock = Lwt_mutex.create ();
      }
    in
    let both = Cstruct.create (2 * t.size) in
    read t 0 both >>= fun () ->
    let one, other = Cstruct.split both t.size in
    let newest = max (log_of t one) (log_of t other) in
    match newest with
    | Some log ->
        t.log <- log;
        recover t 0 >|= fun head ->
        t.head <- head;
        t
    | None when Cstruct.to_string both = String.make (2 * t.size) '\000' -> use t 1 >|= fun () -> t
    | None -> Lwt.fail (Corrupt "there is something else on the disk")

(* {2 Writing} *)

(* Copies what counts to the other half, but for keys that are about to change. *)
let next_log t except =
  let log = t.log + 1 in
  let places = Hashtbl.fold (fun key place list -> if except key then list else (place.at, (key, place)) :: list) t.index [] in
  let copy (at, moved) (_, (key, place)) =
    if place.count > t.half - at then Lwt.fail Full
    else
      read_place t t.log place >>= fun record ->
      match decode record with
      | Some (own, value) when own = key ->
          write t (start t log + at) (Cstruct.of_string (encode t log at key value)) >|= fun () ->
          (at + place.count, (key, { place with at }) :: moved)
      | _ -> Lwt.fail (Corrupt (Printf.sprintf "the record of %S is not what was written" key))
  in
  Lwt_list.fold_left_s copy (0, []) (List.sort compare places) >|= fun (head, moved) -> (log, head, moved)

let encode_all t log head changes =
  let add (at, records, places) change =
    let record = encode t log at change.key change.value in
    let count = String.length record / t.size in
    (at + count, record :: records, (change, { at; count }) :: places)
  in
  let head, records, places = List.fold_left add (head, [], []) changes in
  (head, String.concat "" (List.rev records), List.rev places)

let settle t places =
  let settle (change, place) =
    (match change.value with None -> Hashtbl.remove t.index change.key | Some _ -> Hashtbl.replace t.index change.key place);
    Lwt.wakeup_later change.done_ ()
  in
  List.iter settle places

let append t changes =
  let head, bytes, places = encode_all t t.log t.head changes in
  if head <= t.half then
    write t (start t t.log + t.head) (Cstruct.of_string bytes) >>= fun () ->
    flush t >|= fun () ->
    t.head <- head;
    settle t places
  else
    Lwt_mutex.with_lock t.lock (fun () ->
        next_log t (fun key -> List.exists (fun change -> change.key = key) changes) >>= fun (log, start_of_new, moved) ->
        let head, bytes, places = encode_all t log start_of_new changes in
        if head > t.half then Lwt.fail Full
        else
          write t (start t log + start_of_new) (Cstruct.of_string bytes) >>= fun () ->
          use t log >|= fun () ->
          t.head <- head;
          List.iter (fun (key, place) -> Hashtbl.replace t.index key place) moved;
          settle t places)

(* Writes what waits, all at once, until nothing does. *)
let rec work t =
  match List.rev t.waiting with
  | [] ->
      t.writing <- false;
      Lwt.return_unit
  | changes ->
      t.waiting <- [];
      let give_up error =
        (* A full store is as it was before; after an error nobody knows what the disk has. *)
        if error <> Full then t.dead <- Some error;
        List.iter (fun change -> Lwt.wakeup_later_exn change.done_ error) changes;
        Lwt.return_unit
      in
      Lwt.catch (fun () -> append t changes) give_up >>= fun () -> work t

let change t key value =
  match t.dead with
  | Some error -> Lwt.fail error
  | None when String.length key > 0xffff -> Lwt.fail (Invalid_argument "Log_store: the key is too long")
  | None ->
      let promise, done_ = Lwt.wait () in
      t.waiting <- { key; value; done_ } :: t.waiting;
      if not t.writing then (
        t.writing <- true;
        Lwt.async (fun () -> work t));
      promise

let put t key value = change t key (Some value)
let remove t key = change t key None

let get t key =
  Lwt_mutex.with_lock t.lock (fun () ->
      match Hashtbl.find_opt t.index key with
      | None -> Lwt.return_none
      | Some place -> (
          read_place t t.log place >>= fun record ->
          match decode record with
          | Some (own, value) when own = key -> Lwt.return value
          | _ -> Lwt.fail (Corrupt (Printf.sprintf "the record of %S is not what was written" key))))

let keys t = List.sort compare (Hashtbl.fold (fun key _ keys -> key :: keys) t.index [])
let logs t = t.log
