(* SPDX-License-Identifier: ISC *)
(* The last phrase returns: what at_exit registered runs, buffers are flushed, the status is 0. *)

let () =
  at_exit (fun () -> print_string "second\n");
  at_exit (fun () -> print_string "first\n");
  print_string "not flushed by the program\n"
