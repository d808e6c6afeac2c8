(* SPDX-License-Identifier: ISC *)
(* A disk whose power can be cut, in Block's place. Until a flush has ended it has any of the sectors that were written to it since the
   last one, in any order, and some of each buffer's; some come late, when the next owner reads already. *)

open Lwt.Infix

type t = {
  size : int;  (** bytes of a sector *)
  kept : Bytes.t;  (** what is there whatever happens *)
  mutable cached : (int * string) list;  (** sectors written since, the last one first *)
  mutable late : (int * string) list;  (** what may come yet of the owner before *)
  mutable powered : int;  (** the number of the one that has the disk *)
  mutable left : int;  (** operations until the power goes *)
  random : Random.State.t;
}

type info = { read_write : bool; sector_size : int; size_sectors : int64 }
type error = unit
type write_error = unit

let pp_error f () = Fmt.string f "an error"
let pp_write_error = pp_error

exception Power_cut

let make random size sectors =
  { size; kept = Bytes.make (size * sectors) '\000'; cached = []; late = []; powered = 0; left = max_int; random }

let get_info t =
  Lwt.return { read_write = true; sector_size = t.size; size_sectors = Int64.of_int (Bytes.length t.kept / t.size) }

let keep t (sector, bytes) = Bytes.blit_string bytes 0 t.kept (sector * t.size) t.size

let rec some_come_late t =
  match t.late with
  | write :: rest when Random.State.bool t.random ->
      keep t write;
      t.late <- rest;
      some_come_late t
  | _ -> ()

(* Some of what was not flushed is kept: of each sector its first writes, however many. *)
let cut_power t =
  some_come_late t;
  let lost = Hashtbl.create 8 in
  let is_kept (sector, _) =
    let kept = (not (Hashtbl.mem lost sector)) && Random.State.bool t.random in
    if not kept then Hashtbl.replace lost sector ();
    kept
  in
  let kept, rest = List.partition is_kept (List.rev t.cached) in
  List.iter (keep t) kept;
  t.cached <- [];
  t.late <- (if Random.State.bool t.random then rest else []);
  t.powered <- t.powered + 1

(* Lets others go on a few times, and does it; never again for whoever had the disk when the power went. *)
let operation t f =
  let owner = t.powered in
  let never () = fst (Lwt.wait ()) in
  let rec later n = if n = 0 then Lwt.return_unit else Lwt.pause () >>= fun () -> later (n - 1) in
  later (Random.State.int t.random 4) >>= fun () ->
  if t.powered <> owner then never ()
  else if t.left = 0 then Lwt.fail Power_cut
  else (
    t.left <- t.left - 1;
    let result = f () in
    later (Random.State.int t.random 4) >>= fun () -> if t.powered <> owner then never () else Lwt.return_ok result)

let read t sector buffers =
  let read () =
    some_come_late t;
    let view = Bytes.copy t.kept in
    List.iter (fun (sector, bytes) -> Bytes.blit_string bytes 0 view (sector * t.size) t.size) (List.rev t.cached);
    let fill at buffer =
      Cstruct.blit_from_bytes view at buffer 0 (Cstruct.length buffer);
      at + Cstruct.length buffer
    in
    ignore (List.fold_left fill (Int64.to_int sector * t.size) buffers : int)
  in
  operation t read

let write t sector buffers =
  let bytes = Cstruct.to_string (Cstruct.concat buffers) in
  assert (String.length bytes mod t.size = 0);
  let add i = t.cached <- (Int64.to_int sector + i, String.sub bytes (i * t.size) t.size) :: t.cached in
  let write () =
    some_come_late t;
    t.late <- [];
    List.iter add (List.init (String.length bytes / t.size) Fun.id)
  in
  operation t write

let flush t =
  let flush () =
    List.iter (keep t) (List.rev t.cached);
    t.cached <- []
  in
  operation t flush
