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

(* Known answers: of RFC 6979, A.2.5, and what another implementation, OpenSSL, made of the same keys. *)
let vectors () =
  let open Mirage_crypto_ec in
  let ok = function Ok x -> x | Error _ -> failwith "refused" in
  let key = ok (P256.Dsa.priv_of_cstruct (of_hex "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")) in
  let digest = Mirage_crypto.Hash.SHA256.digest (Cstruct.of_string "sample") in
  let r, s = P256.Dsa.sign ~key digest in
  check "P-256 vector"
    (hex r = "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    && hex s = "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  let a, to_b = ok (X25519.secret_of_cs (of_hex "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20")) in
  let to_a = of_hex "5869aff450549732cbaaed5e5df9b30a6da31cb0e5742bad5ad4a1a768f1a67b" in
  check "X25519 vector"
    (hex to_b = "07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c"
    && hex (ok (X25519.key_exchange a to_a)) = "a84dc7c3c8f058b1b2dc4cd1e9b5dc0a7987f88b6a9564cde3391fc421159e77");
  let module Pss = Mirage_crypto_pk.Rsa.PSS (Mirage_crypto.Hash.SHA256) in
  let n =
    "d18a770742d06dfbed42be544afeedbadb91c39e8e41eb6b70802a47322f274813582e39e21d2d0a975d8e2806600afa9b6d59345cbbc9873ddff75a7e5fec42"
    ^ "67fe92103b85bfe9a8d56e38f945be089d006c40fd1d364fa79eaa627a98c4a0b60a83fef15ffcf621b1bbe29d55e914a21661e87ffba9ad2bf3054790be3783"
  and signature =
    "4ac76c2897d76c8e2d16bf7f5d9ba522d82f77ae11998ee30a0a5367ee212e0bf3c22e11e69ea1b8dd433b953d7f1594e3095b78e7f13d7205b448bc227d0826"
    ^ "72be1a67e593f911039bb0d33bbee5cbd6fc466f75bd03ecf4cf487d728a0a8be668f89141b5f681d643d921f0eeaf5a468adb2655fa26186b21d8cbdf193c7a"
  in
  let key =
    match Mirage_crypto_pk.Rsa.pub ~e:(Z.of_int 65537) ~n:(Z.of_string_base 16 n) with
    | Ok key -> key
    | Error _ -> failwith "refused"
  in
  let verify text = Pss.verify ~key ~signature:(of_hex signature) (`Message (Cstruct.of_string text)) in
  check "RSA-PSS vector" (verify "a signature made elsewhere" && not (verify "a signature made nowhere"))

let () =
  zarith ();
  ciphers ();
  vectors ();
  let g = Mirage_crypto_rng.create ~seed:(Cstruct.of_string "a fixed seed") (module Mirage_crypto_rng.Fortuna) in
  Mirage_crypto_rng.set_default_generator g;
  Printf.printf "random %s\n" (hex (Mirage_crypto_rng.generate ~g 16));
  public_keys g
