(* SPDX-License-Identifier: ISC *)
(* The smallest OCaml guest: a few lines on the console. The same source runs as a Linux process. *)

let () =
  print_endline "Hello from OCaml";
  print_endline ("OCaml " ^ Sys.ocaml_version ^ ", " ^ string_of_int Sys.word_size ^ " bits");
  print_endline ("arguments: " ^ String.concat " " (List.tl (Array.to_list Sys.argv)));
  let total = ref 0 in
  List.iter (fun n -> total := !total + n) [ 1; 2; 3; 4 ];
  print_endline ("1 + 2 + 3 + 4 = " ^ string_of_int !total);
  print_endline "Goodbye"
