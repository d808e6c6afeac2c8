(* SPDX-License-Identifier: ISC *)
(* What was allocated just before a Stack_overflow, with no call of C in between, survives it. Linux's own runtime of
   4.13 forgets such blocks (fixed in 4.14), so the reference is written down here. *)

let rec forever n = 1 + forever (n + 1)

let[@inline never] survives n =
  let block = [ n; n + 1; n + 2 ] in
  (match forever n with _ -> () | exception Stack_overflow -> ());
  let fresh = [ n * 7; n * 11; n * 13; n * 17; n * 19 ] in
  block = [ n; n + 1; n + 2 ] && List.length (Sys.opaque_identity fresh) = 5

let () =
  let intact = ref 0 in
  for n = 1 to 50 do
    if survives n then incr intact
  done;
  Printf.printf "%d of 50 intact\n" !intact
