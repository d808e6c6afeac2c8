(* SPDX-License-Identifier: ISC *)
(* The same program as a Linux process and as a Xen domain. *)

let rec factorial n = if n = 0 then Z.one else Z.mul (Z.of_int n) (factorial (n - 1))
let () = Printf.printf "30! = %s\n" (Z.to_string (factorial 30))
