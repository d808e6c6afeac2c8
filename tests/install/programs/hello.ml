(* SPDX-License-Identifier: ISC *)
let () =
  Printf.printf "Hello from OCaml %s\n" Sys.ocaml_version;
  print_endline (String.concat " " (List.map (Printf.sprintf "%.6f") [ sqrt 2.; exp 1. ]))
