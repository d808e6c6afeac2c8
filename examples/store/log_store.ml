(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

exception Corrupt of string
exception Full
exception Failed of string

(* Where a record is, in sectors from its log's start. *)
type place = { at : int; count : int }

(* Where the next record goes, the checksum of the one before it, and the mark of whoever writes. *)
type tail = { head : int; before : string; mark : string }

type change = { key : string; value : string option; done_ : unit Lwt.u }

type t = {
  disk : Block.t;
  size : int;  (** bytes of a sector *)
  half : int;  (** sectors of a log *)
  index : (string, place) Hashtbl.t;
  mutable log : int;  (** the log's number; its lowest bit says which half *)
  mutable tail : tail;
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

(* {2 Records: a checksum of all that follows, then the checksum of the record before, a mark, the log's number, the record's
   place, lengths, key and value}

   A disk keeps any of the writes that it had not acknowledged when the power went: the last of a few records, say, and not the first.
   Once something else is written in the first one's place, what is behind it must not come to life again. So a record counts only
   behind the one that it was written behind, and no two writers ever write the same record: each has a mark of its own, and has
   another one for each log that it begins, as one that was begun and given up has the next one's number. *)

let marks = lazy (Random.State.make_self_init ())

let new_mark () =
  let mark = Bytes.create 8 in
  Bytes.set_int64_be mark 0 (Random.State.int64 (Lazy.force marks) Int64.max_int);
  Bytes.unsafe_to_string mark

(* Before the first record of a log, which its first mark tells from others of the same number. *)
let beginning mark = { head = 0; before = mark ^ mark; mark }
let magic = "record 2"
let header = 66
let removed = 0xffffffffl
let sectors t bytes = (bytes + t.size - 1) / t.size

(* The record, and the tail behind it. *)
let encode t log tail key value =
  let length = header + String.length key + Option.fold value ~none:0 ~some:String.length in
  let count = sectors t length in
  let record = Bytes.make (count * t.size) '\000' in
  Bytes.blit_string magic 0 record 16 8;
  Bytes.set_int64_be record 24 (Int64.of_int log);
  Bytes.set_int32_be record 32 (Int32.of_int tail.head);
  Bytes.set_uint16_be record 36 (String.length key);
  Bytes.set_int32_be record 38 (match value with None -> removed | Some value -> Int32.of_int (String.length value));
  Bytes.blit_string tail.before 0 record 42 16;
  Bytes.blit_string tail.mark 0 record 58 8;
  Bytes.blit_string key 0 record header (String.length key);
  Option.iter (fun value -> Bytes.blit_string value 0 record (header + String.length key) (String.length value)) value;
  let before = Digest.subbytes record 16 (Bytes.length record - 16) in
  Bytes.blit_string before 0 record 0 16;
  (Bytes.unsafe_to_string record, { tail with head = tail.head + count; before })

(* How many sectors the record has that starts with this one; [None] when none does that was written behind these. *)
let extent t log { head = at; before; _ } sector =
  let get32 offset = Int32.to_int (String.get_int32_be sector offset) land 0xffffffff in
  if
    String.sub sector 16 8 = magic
    && String.get_int64_be sector 24 = Int64.of_int log
    && get32 32 = at
    && String.sub sector 42 16 = before
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

let super_magic = "log store 2     "

let super t log mark =
  let sector = Bytes.make t.size '\000' in
  Bytes.blit_string super_magic 0 sector 16 16;
  Bytes.set_int64_be sector 32 (Int64.of_int log);
  Bytes.set_int64_be sector 40 (Int64.of_int t.half);
  Bytes.blit_string mark 0 sector 48 8;
  Bytes.blit_string (Digest.subbytes sector 16 (t.size - 16)) 0 sector 0 16;
  Cstruct.of_bytes sector

let log_of t sector =
  let text = Cstruct.to_string sector in
  let good =
    String.sub text 16 16 = super_magic
    && Digest.substring text 16 (t.size - 16) = String.sub text 0 16
    && String.get_int64_be text 40 = Int64.of_int t.half
  in
  if good then Some (Int64.to_int (String.get_int64_be text 32), String.sub text 48 8) else None

let use t log tail =
  (* What is in the log has to be there before it is said to be in use. *)
  flush t >>= fun () ->
  write t (log land 1) (super t log tail.mark) >>= fun () ->
  flush t >|= fun () ->
  t.log <- log;
  t.tail <- tail

(* {2 Opening} *)

let rec recover t tail =
  if tail.head >= t.half then Lwt.return tail
  else
    read_place t t.log { at = tail.head; count = 1 } >>= fun first ->
    match extent t t.log tail first with
    | None -> Lwt.return tail
    | Some count -> (
        let place = { at = tail.head; count } in
        read_place t t.log place >>= fun record ->
        match decode record with
        | None -> Lwt.return tail
        | Some (key, value) ->
            if value = None then Hashtbl.remove t.index key else Hashtbl.replace t.index key place;
            recover t { tail with head = tail.head + count; before = String.sub record 0 16 })

(* What an owner before asked for and did not live to see may come to the disk yet. Where it would be found, behind the last record or
   as the next log's number, is overwritten, so that it does not come to life after somebody has read that it is not there. *)
let fence t tail =
  let nothing = Cstruct.create t.size in
  (if tail.head < t.half then write t (start t t.log + tail.head) nothing else Lwt.return_unit) >>= fun () ->
  write t ((t.log + 1) land 1) nothing >>= fun () -> flush t

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
        tail = beginning (new_mark ());
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
    | Some (log, mark) ->
        t.log <- log;
        recover t (beginning mark) >>= fun tail ->
        t.tail <- { tail with mark = new_mark () };
        (if info.read_write then fence t tail else Lwt.return_unit) >|= fun () -> t
    | None when Cstruct.to_string both = String.make (2 * t.size) '\000' -> use t 1 t.tail >|= fun () -> t
    | None -> Lwt.fail (Corrupt "there is something else on the disk")

(* {2 Writing} *)

(* Copies what counts to the other half, but for keys that are about to change. *)
let next_log t except =
  let log = t.log + 1 in
  let places = Hashtbl.fold (fun key place list -> if except key then list else (place.at, (key, place)) :: list) t.index [] in
  let copy (tail, moved) (_, (key, place)) =
    if place.count > t.half - tail.head then Lwt.fail Full
    else
      read_place t t.log place >>= fun record ->
      match decode record with
      | Some (own, value) when own = key ->
          let record, next = encode t log tail key value in
          write t (start t log + tail.head) (Cstruct.of_string record) >|= fun () ->
          (next, (key, { place with at = tail.head }) :: moved)
      | _ -> Lwt.fail (Corrupt (Printf.sprintf "the record of %S is not what was written" key))
  in
  Lwt_list.fold_left_s copy (beginning (new_mark ()), []) (List.sort compare places) >|= fun (tail, moved) -> (log, tail, moved)

let encode_all t log tail changes =
  let add (tail, records, places) change =
    let record, next = encode t log tail change.key change.value in
    (next, record :: records, (change, { at = tail.head; count = next.head - tail.head }) :: places)
  in
  let tail, records, places = List.fold_left add (tail, [], []) changes in
  (tail, String.concat "" (List.rev records), List.rev places)

let settle t places =
  let settle (change, place) =
    (match change.value with None -> Hashtbl.remove t.index change.key | Some _ -> Hashtbl.replace t.index change.key place);
    Lwt.wakeup_later change.done_ ()
  in
  List.iter settle places

let append t changes =
  let tail, bytes, places = encode_all t t.log t.tail changes in
  if tail.head <= t.half then
    write t (start t t.log + t.tail.head) (Cstruct.of_string bytes) >>= fun () ->
    flush t >|= fun () ->
    t.tail <- tail;
    settle t places
  else
    Lwt_mutex.with_lock t.lock (fun () ->
        next_log t (fun key -> List.exists (fun change -> change.key = key) changes) >>= fun (log, first, moved) ->
        let tail, bytes, places = encode_all t log first changes in
        if tail.head > t.half then Lwt.fail Full
        else
          write t (start t log + first.head) (Cstruct.of_string bytes) >>= fun () ->
          use t log tail >|= fun () ->
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
