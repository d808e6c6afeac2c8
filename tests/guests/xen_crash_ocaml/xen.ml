(* SPDX-License-Identifier: ISC *)
(* Crashes of an OCaml program with C between its frames; the command line chooses one. *)

external cmdline : unit -> string = "mirage_xen_get_cmdline"
external call : (int -> int) -> int -> int = "crash_call"
external store : unit -> unit = "crash_store"
external overflow : unit -> int = "crash_overflow"

exception Unhandled of int

(* OCaml, C, OCaml again: what the innermost does is chosen. *)
let[@inline never] inner act n = act n + 1
let[@inline never] middle act n = call (fun n -> inner act n) n + 1
let[@inline never] outer act n = middle act n + 1

let[@inline never] stub n = store (); n
let[@inline never] wild n = !(Obj.magic (n * 4) : int ref)
let[@inline never] raises n = raise (Unhandled n)
let[@inline never] rec forever n = 1 + forever (n + 1)
let[@inline never] rec fill list n = if n = 0 then List.length list else fill ([ n; n ] :: list) (n + 1)

let[@inline never] exhaust n =
  let kept = ref [] in
  while true do
    kept := Bytes.create 1_000_000 :: !kept
  done;
  n

let () =
  let run act = Printf.printf "%d\n%!" (outer act 1) in
  match cmdline () with
  | "stub" -> run stub
  | "wild" -> run wild
  | "uncaught" -> run raises
  | "recursion" -> run forever
  | "c-overflow" -> run (fun _ -> overflow ())
  | "exhaust" -> run exhaust
  | "exhaust-minor" -> run (fill [])
  | other -> failwith ("no such case: " ^ other)
