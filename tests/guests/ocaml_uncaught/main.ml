(* SPDX-License-Identifier: ISC *)
(* An exception that nobody catches: at_exit runs, the exception and its backtrace are printed, the domain crashes. *)

exception Unhandled of string * int

let[@inline never] rec descend n = if n = 0 then raise (Unhandled ("nobody catches this", 3)) else 1 + descend (n - 1)

let () =
  Printexc.record_backtrace true;
  at_exit (fun () -> print_endline "at_exit ran");
  print_endline "before";
  Printf.printf "%d\n" (descend 2)
