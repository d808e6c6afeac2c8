(* SPDX-License-Identifier: ISC *)
(* Promises, numbers from GMP and a cipher, from the machine's own libraries. *)
open Lwt.Infix

let factorial n = List.fold_left Z.mul Z.one (List.init n (fun i -> Z.of_int (i + 1)))

let main =
  Xen_os.Time.sleep_ns 1_000_000L >|= fun () ->
  print_endline (Z.to_string (factorial 25));
  Cstruct.to_string (Mirage_crypto.Hash.SHA256.digest (Cstruct.of_string "abc"))
  |> String.iter (fun byte -> Printf.printf "%02x" (Char.code byte));
  print_newline ()

let () = Xen_os.Main.run main
