(* SPDX-License-Identifier: ISC *)
(* What tests ask of the fake Xen, and their few assertions. *)

external raise_event : int -> unit = "fake_raise"
external blocks : unit -> int = "fake_blocks"
external notifications : unit -> int = "fake_notifications"
external set_entries : int -> unit = "fake_set_entries"
external advance : int -> unit = "fake_advance"

let store_peer = 2
let console_peer = 4

let check what condition =
  if not condition then (
    Printf.eprintf "FAILED: %s\n%!" what;
    exit 1)

let equal what show expected got =
  if expected <> got then (
    Printf.eprintf "FAILED: %s: expected %s, got %s\n%!" what (show expected) (show got);
    exit 1)

let int what expected got = equal what string_of_int expected got
let string what expected got = equal what (Printf.sprintf "%S") expected got
let strings what expected got = equal what (fun l -> String.concat " " (List.map (Printf.sprintf "%S") l)) expected got

let raises what is f =
  match f () with
  | _ -> check (what ^ ": no exception") false
  | exception error -> check (what ^ ": " ^ Printexc.to_string error) (is error)

let is_failure = function Failure _ -> true | _ -> false
let is_invalid = function Invalid_argument _ -> true | _ -> false
let test name f =
  f ();
  Printf.printf "%s: ok\n%!" name
