(* SPDX-License-Identifier: ISC *)

type waiter = { count : int; resolver : int list Lwt.u }

type t = {
  first : int;
  limit : int Lazy.t;
  mutable fresh : int;  (** neither it nor any above was ever used *)
  mutable used_before : int array;  (** a stack of those that are free again *)
  mutable top : int;
  mutable in_use : Bytes.t;  (** a byte for each reference below [fresh] *)
  waiters : waiter Dll.t;
}

let create ~first ~limit =
  {
    first;
    limit = Lazy.from_fun limit;
    fresh = first;
    used_before = [||];
    top = 0;
    in_use = Bytes.empty;
    waiters = Dll.create ();
  }

let free t = max 0 (Lazy.force t.limit - t.fresh) + t.top

let mark t reference =
  let length = Bytes.length t.in_use in
  if reference >= length then (
    let larger = Bytes.make (max 64 (max (2 * length) (reference + 1))) '\000' in
    Bytes.blit t.in_use 0 larger 0 length;
    t.in_use <- larger);
  Bytes.set t.in_use reference '\001'

let take_one t =
  let reference =
    if t.top > 0 then (
      t.top <- t.top - 1;
      t.used_before.(t.top))
    else
      let reference = t.fresh in
      t.fresh <- reference + 1;
      reference
  in
  mark t reference;
  reference

let take_all t count = List.init count (fun _ -> take_one t)

(* Those who wait are served in order: a small request does not overtake a large one, which would wait for ever. *)
let rec serve t =
  match Dll.first t.waiters with
  | Some waiter when waiter.count <= free t ->
      ignore (Dll.take t.waiters : waiter option);
      Lwt.wakeup_later waiter.resolver (take_all t waiter.count);
      serve t
  | _ -> ()

let take t count =
  if count < 0 then invalid_arg "Export: a negative number of references";
  if count <= free t && Dll.is_empty t.waiters then Some (take_all t count) else None

let wait t count =
  match take t count with
  | Some references -> Lwt.return references
  | exception (Invalid_argument _ as error) -> Lwt.fail error
  | None when count > Lazy.force t.limit - t.first ->
      Lwt.fail (Invalid_argument (Printf.sprintf "Export: %d references; the table has %d" count (Lazy.force t.limit - t.first)))
  | None ->
      let promise, resolver = Lwt.task () in
      let node = Dll.add t.waiters { count; resolver } in
      Lwt.on_cancel promise (fun () ->
          Dll.remove node;
          serve t);
      promise

let put t reference =
  if reference < t.first || reference >= t.fresh || Bytes.get t.in_use reference = '\000' then
    invalid_arg (Printf.sprintf "Export.put: reference %d is not in use" reference);
  Bytes.set t.in_use reference '\000';
  if t.top = Array.length t.used_before then (
    let larger = Array.make (max 16 (2 * t.top)) 0 in
    Array.blit t.used_before 0 larger 0 t.top;
    t.used_before <- larger);
  t.used_before.(t.top) <- reference;
  t.top <- t.top + 1;
  serve t
