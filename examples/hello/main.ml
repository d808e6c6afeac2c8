(* SPDX-License-Identifier: ISC *)
(* The smallest OCaml guest: a few lines on the console. *)

external command_line : unit -> string = "mirage_xen_get_cmdline"

let () =
  print_endline "Hello from OCaml";
  print_endline ("OCaml " ^ Sys.ocaml_version ^ ", " ^ string_of_int Sys.word_size ^ " bits");
  print_endline ("command line: " ^ command_line ());
  let total = ref 0 in
  List.iter (fun n -> total := !total + n) [ 1; 2; 3; 4 ];
  print_endline ("1 + 2 + 3 + 4 = " ^ string_of_int !total);
  print_endline "Goodbye"
