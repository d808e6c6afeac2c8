(* SPDX-License-Identifier: ISC *)
let () = print_endline (Z.to_string (Z.pow (Z.of_int 7) 77))
