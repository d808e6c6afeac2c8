(* SPDX-License-Identifier: ISC *)
(* The runtime's parameters come from the command line's first words; the program sees what is left, to the byte. *)

external command_line : unit -> string = "mirage_xen_get_cmdline"

let () =
  let control = Gc.get () in
  Printf.printf "command line: %S\n" (command_line ());
  Printf.printf "minor heap: %d words, space overhead: %d, stack limit: %d\n" control.minor_heap_size control.space_overhead
    control.stack_limit;
  Printf.printf "backtraces: %b\n" (Printexc.backtrace_status ());
  Printf.printf "the variable ends with it: %b\n%!"
    (String.ends_with ~suffix:",b,s=16k,o=77,l=100k" (Sys.getenv "OCAMLRUNPARAM"));
  let rec deep n = if n = 0 then 0 else 1 + deep (n - 1) in
  match deep 1_000_000 with n -> Printf.printf "deep: %d\n" n | exception Stack_overflow -> print_endline "Stack_overflow"
