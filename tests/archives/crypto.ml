(* SPDX-License-Identifier: ISC *)
(* Zarith and mirage-crypto as Debian compiles them for Linux. Whatever is random comes from a generator with a fixed
   seed, so a Xen domain and a Linux process print the same; known answers are checked besides. *)

let hex s = String.concat "" (List.map (fun c -> Printf.sprintf "%02x" (Char.code c)) (List.of_seq (String.to_seq (Cstruct.to_string s))))
let of_hex = Cstruct.of_hex
let check name ok = Printf.printf "%s: %s\n%!" name (if ok then "ok" else "WRONG")

let zarith () =
  let rec factorial n acc = if n = 0 then acc else factorial (n - 1) (Z.mul acc (Z.of_int n)) in
  let digits = Z.to_string (factorial 3249 Z.one) in
  Printf.printf "3249! has %d digits, md5 %s\n" (String.length digits) (Digest.to_hex (Digest.string digits));
  let m = Z.sub (Z.shift_left Z.one 521) Z.one in
  let x = Z.powm (Z.of_string "123456789012345678901234567890") (Z.of_string_base 16 "fedcba9876543210") m in
  Printf.printf "power %s\n" (Z.to_string x);
  Printf.printf "root %s, prime %d\n" (Z.to_string (Z.sqrt m)) (Z.probab_prime m 10);
  check "division" Z.(equal (add (mul (div x (of_int 977)) (of_int 977)) (rem x (of_int 977))) x)

let ciphers () =
  let open Mirage_crypto in
  (* GCM's published test case 3. *)
  let key = Cipher_block.AES.GCM.of_secret (of_hex "feffe9928665731c6d6a8f9467308308") in
  let nonce = of_hex "cafebabefacedbaddecaf888" in
  let text =
    of_hex
      "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255"
  in
  let sealed = Cipher_block.AES.GCM.authenticate_encrypt ~key ~nonce text in
  check "AES-GCM" (hex (Cstruct.shift sealed (Cstruct.length text)) = "4d5c2af327cd64a62cf35abd2ba6fab4");
  (* RFC 8439, 2.8.2. *)
  let key = Chacha20.of_secret (of_hex "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f") in
  let nonce = of_hex "070000004041424344454647" and adata = of_hex "50515253c0c1c2c3c4c5c6c7" in
  let text =
    Cstruct.of_string
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it."
  in
  let sealed = Chacha20.authenticate_encrypt ~key ~nonce ~adata text in
  check "ChaCha20-Poly1305" (hex (Cstruct.shift sealed (Cstruct.length text)) = "1ae10b594f09e26a7e902ecbd0600691");
  check "SHA256"
    (hex (Hash.SHA256.digest (Cstruct.of_string "abc")) = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")

let public_keys g =
  let module Pss = Mirage_crypto_pk.Rsa.PSS (Mirage_crypto.Hash.SHA256) in
  let key = Mirage_crypto_pk.Rsa.generate ~g ~bits:1024 () in
  let message = Cstruct.of_string "message" in
  let signature = Pss.sign ~g ~key (`Message message) in
  check "RSA-PSS" (Pss.verify ~key:(Mirage_crypto_pk.Rsa.pub_of_priv key) ~signature (`Message message));
  Printf.printf "RSA modulus %s\n" (Z.to_string key.Mirage_crypto_pk.Rsa.n);
  let open Mirage_crypto_ec in
  let secret, public = P256.Dsa.generate ~g () in
  let digest = Mirage_crypto.Hash.SHA256.digest message in
  let r, s = P256.Dsa.sign ~key:secret digest in
  check "P-256" (P256.Dsa.verify ~key:public (r, s) digest);
  Printf.printf "signature %s %s\n" (hex r) (hex s);
  (* Diffie and Hellman: both sides come to the same secret. *)
  let a, to_b = X25519.gen_key ~g () and b, to_a = X25519.gen_key ~g () in
  match (X25519.key_exchange a to_a, X25519.key_exchange b to_b) with
  | Ok x, Ok y ->
      check "X25519" (Cstruct.equal x y);
      Printf.printf "shared %s\n" (hex x)
  | _ -> check "X25519" false

let () =
  zarith ();
  ciphers ();
  let g = Mirage_crypto_rng.create ~seed:(Cstruct.of_string "a fixed seed") (module Mirage_crypto_rng.Fortuna) in
  Mirage_crypto_rng.set_default_generator g;
  Printf.printf "random %s\n" (hex (Mirage_crypto_rng.generate ~g 16));
  public_keys g
