(* mirage-crypto from 1.0 on takes strings. *)
let aes ~key block =
  let key = Mirage_crypto.AES.ECB.of_secret key in
  Mirage_crypto.AES.ECB.encrypt ~key block
