(* SPDX-License-Identifier: ISC *)
(* What a program of mirage 3.10 is to the linker: it has a main loop, and buffers in C. *)
open Lwt.Infix

let main =
  OS.Time.sleep_ns 1_000_000L >|= fun () ->
  let buffer = Cstruct.create 16 in
  Cstruct.blit_from_string "first era" 0 buffer 0 9;
  print_endline (Cstruct.to_string ~len:9 buffer)

let () = OS.Main.run main
