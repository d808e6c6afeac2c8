(* SPDX-License-Identifier: ISC *)
(* exit 3 from within a function and a handler. *)

let rec leave n = if n = 0 then exit 3 else try 1 + leave (n - 1) with Not_found -> 0

let () =
  at_exit (fun () -> print_endline "at_exit");
  print_string "leaving, ";
  Printf.printf "%d\n" (leave 100)
