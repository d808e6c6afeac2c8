(* SPDX-License-Identifier: ISC *)
(* What libc costs in a domain, as "NAME VALUE" lines: the clock's nanoseconds, which are instructions where QEMU counts
   them. *)

external monotonic : unit -> int64 = "caml_get_monotonic_time"
external malloc : (int[@untagged]) -> (nativeint[@unboxed]) = "unused" "malloc" [@@noalloc]
external free : (nativeint[@unboxed]) -> (int[@untagged]) = "unused" "free" [@@noalloc]

(* The median of several runs, each the mean of 200 calls, less what an empty run costs. *)
let mean f =
  let start = monotonic () in
  for _ = 1 to 200 do
    f ()
  done;
  Int64.to_int (Int64.sub (monotonic ()) start) / 200

let median f =
  let runs = Array.init 9 (fun _ -> mean f) in
  Array.sort compare runs;
  runs.(4)

let report name f =
  f ();
  let empty = median (Sys.opaque_identity (fun () -> ())) in
  Printf.printf "%s %d\n%!" name (median f - empty)

let () =
  report "malloc and free of 64 bytes" (fun () -> ignore (free (malloc 64)));
  let x = Sys.opaque_identity 3.14159 and n = Sys.opaque_identity 42 in
  report "sprintf \"%.12g %d\" from OCaml" (fun () -> ignore (Sys.opaque_identity (Printf.sprintf "%.12g %d" x n)))
