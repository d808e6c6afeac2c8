(* mirage-crypto before 1.0 takes Cstruct's buffers. *)
let aes ~key block =
  let key = Mirage_crypto.Cipher_block.AES.ECB.of_secret (Cstruct.of_string key) in
  Cstruct.to_string (Mirage_crypto.Cipher_block.AES.ECB.encrypt ~key (Cstruct.of_string block))
