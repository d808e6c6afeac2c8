(* SPDX-License-Identifier: ISC *)
(* Memory goes back: what the collector takes for old blocks, for big ones, for stacks and for the young heap is there for
   C's allocator again after a compaction, and the other way round, over and over. *)

external live_words : unit -> int = "mirage_memory_get_live_words" [@@noalloc]
external heap_words : unit -> int = "mirage_memory_get_heap_words" [@@noalloc]

let live () = live_words () * 8 / 1024

let fill_with_small () = List.init 120_000 (fun i -> (i, string_of_int i))
let fill_with_big () = List.init 20 (fun _ -> Bytes.create 1_000_000)
let bigarrays () = List.init 20 (fun _ -> Bigarray.Array1.create Bigarray.char Bigarray.c_layout 1_000_000)
let rec recurse n = if n = 0 then Gc.full_major () else (recurse (n - 1); ignore (Sys.opaque_identity n))

let measure name use =
  Gc.compact ();
  let before = live () in
  let most = use () in
  Gc.compact ();
  let after = live () in
  Printf.printf "%s: used %b, given back %b\n%!" name (most - before > 4_000) (after - before < 300);
  if after - before >= 300 then Printf.printf "%d KiB before, %d at most, %d after\n%!" before most after

let holding make () =
  let kept = make () in
  let most = live () in
  ignore (Sys.opaque_identity kept);
  most

let () =
  for _ = 1 to 2 do
    measure "small blocks" (holding fill_with_small);
    measure "big blocks" (holding fill_with_big);
    measure "bigarrays" (holding bigarrays)
  done;
  measure "a young heap" (fun () ->
      let control = Gc.get () in
      Gc.set { control with minor_heap_size = 1_000_000 };
      let most = live () in
      Gc.set { control with minor_heap_size = 32_768 };
      most);
  recurse 300_000;
  Printf.printf "within the heap: %b\n" (live_words () < heap_words ())
