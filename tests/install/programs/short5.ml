(* SPDX-License-Identifier: ISC *)
(* Lwt, Zarith and mirage-crypto of OCaml 5's time; the block is FIPS 197's, appendix B. *)
open Lwt.Infix

let hex text = String.concat "" (List.map (fun c -> Printf.sprintf "%02x" (Char.code c)) (List.of_seq (String.to_seq text)))

let () =
  Xen_os.Main.run
    ( Xen_os.Time.sleep_ns 1_000_000L >|= fun () ->
      print_endline Z.(to_string (pow (of_int 7) 30));
      let key = Mirage_crypto.AES.ECB.of_secret "\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c" in
      print_endline (hex (Mirage_crypto.AES.ECB.encrypt ~key "\x32\x43\xf6\xa8\x88\x5a\x30\x8d\x31\x31\x98\xa2\xe0\x37\x07\x34")) )
