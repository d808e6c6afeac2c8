(* SPDX-License-Identifier: ISC *)
(* The collector under stress: finalisers, ephemerons and weak tables while the heap changes its shape, parameters that
   change, memory that is given back. *)

module Table = Ephemeron.K2.Make
    (struct type t = string let equal = ( == ) let hash = Hashtbl.hash end)
    (struct type t = int ref let equal = ( == ) let hash r = !r end)

let rounds = 40

let () =
  let finalised = ref 0 and made = ref 0 in
  let table = Table.create 16 in
  let keys = Array.init 64 (fun i -> (String.make 3 (Char.chr (48 + i)), ref i)) in
  let weak = Weak.create 256 in
  let kept = Array.make 257 [||] in
  for round = 1 to rounds do
    for i = 0 to 63 do
      keys.(i) <- (String.make (1 + (round mod 7)) (Char.chr (48 + i)), ref (i * round));
      Table.replace table keys.(i) (Bytes.make (i * 10) 'v');
      incr made;
      Gc.finalise_last (fun () -> incr finalised) (snd keys.(i))
    done;
    for i = 0 to 2_000 do
      let size = (i * 7919 * round) mod 1_500 in
      kept.(i mod 257) <- Array.make size (float_of_int i);
      if i mod 9 = 0 then Weak.set weak (i mod 256) (Some (Bytes.create size))
    done;
    match round mod 4 with
    | 0 -> Gc.compact ()
    | 1 -> Gc.full_major ()
    | 2 -> Gc.minor ()
    | _ -> ignore (Gc.major_slice 0)
  done;
  Gc.full_major ();
  Gc.full_major ();
  let found = Array.for_all (fun key -> Table.mem table key) keys in
  Printf.printf "finalised: %d of %d; ephemerons alive: %d; all of the last round: %b\n%!" !finalised !made
    (Table.stats_alive table).num_bindings found;
  let sum = Array.fold_left (fun n a -> n + Array.length a) 0 kept in
  Printf.printf "kept: %d; weak: %b\n%!" sum (Weak.get weak 0 = None);
  ignore (Sys.opaque_identity keys)

(* The young heap grows, in new address space each time, and shrinks. *)
let () =
  let total = ref 0 in
  List.iter
    (fun words ->
      Gc.set { (Gc.get ()) with minor_heap_size = words };
      let list = List.init 20_000 (fun i -> string_of_int (i * words)) in
      total := List.fold_left (fun n s -> n + String.length s) !total list;
      assert ((Gc.get ()).minor_heap_size = words))
    [ 4_096; 65_536; 524_288; 1_048_576; 8_192; 262_144 ];
  Printf.printf "young heaps: %d\n%!" !total

let rec tree depth = if depth = 0 then [||] else Array.init 4 (fun _ -> Obj.magic (tree (depth - 1)))
let rec size t = Array.fold_left (fun n t -> n + size (Obj.magic t)) 1 t

let () =
  for depth = 1 to 8 do
    Printf.printf "%d " (size (tree depth))
  done;
  print_newline ()
