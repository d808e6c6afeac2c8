(* SPDX-License-Identifier: ISC *)
(* mirage-crypto-rng as Debian has it, which asks the system for its seed: here that is getrandom of our libc. *)

let line name data =
  let digits = List.map (fun c -> Printf.sprintf "%02x" (Char.code c)) (List.of_seq (String.to_seq (Cstruct.to_string data))) in
  print_endline (name ^ " " ^ String.concat "" digits)

let () =
  line "system" (Mirage_crypto_rng_unix.getrandom 32);
  Mirage_crypto_rng_unix.initialize ();
  line "fortuna" (Mirage_crypto_rng.generate 32);
  line "fortuna" (Mirage_crypto_rng.generate 32);
  (* Half of the bits are ones, within six standard deviations. *)
  let ones = ref 0 in
  let count byte = for bit = 0 to 7 do ones := !ones + ((Char.code byte lsr bit) land 1) done in
  String.iter count (Cstruct.to_string (Mirage_crypto_rng.generate 65536));
  if abs (!ones - 262144) > 2172 then (Printf.printf "%d ones\n" !ones; exit 1)
