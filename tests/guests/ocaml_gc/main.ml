(* SPDX-License-Identifier: ISC *)
(* The collector: finalisers, weak pointers, ephemerons, compaction, alarms, parameters, survival of live data. *)

let count = 1_000

let[@inline never] make_finalised finalised =
  for i = 1 to count do
    let block = ref i in
    Gc.finalise (fun b -> finalised := !finalised + !b) block;
    Gc.finalise_last (fun () -> incr finalised) block
  done

let () =
  let finalised = ref 0 in
  make_finalised finalised;
  Gc.full_major ();
  Gc.full_major ();
  Printf.printf "finalised: %d of %d\n" !finalised ((count * (count + 1) / 2) + count)

module Ephemerons = Ephemeron.K1.Make (struct
  type t = int ref

  let equal = ( == )
  let hash key = !key
end)

let () =
  let weak = Weak.create 10 in
  let kept = ref [ "kept" ^ string_of_int 1 ] in
  Weak.set weak 0 (Some (List.hd !kept));
  Weak.set weak 1 (Some ("lost" ^ string_of_int 2));
  Gc.full_major ();
  Printf.printf "weak: %b %b\n" (Weak.check weak 0) (Weak.check weak 1);
  let key = ref 1 in
  let table = Ephemerons.create 7 in
  Ephemerons.add table key (Bytes.make 100 'd');
  Ephemerons.add table (ref (1 + !key)) (Bytes.make 100 'e');
  Gc.full_major ();
  Printf.printf "ephemeron: %b, %d alive, %s\n" (Ephemerons.mem table key) (Ephemerons.stats_alive table).num_bindings
    (List.hd !kept)

(* A tree that lives through fragmentation and compaction. *)
type tree = Leaf | Node of tree * string * tree

let rec build depth label =
  if depth = 0 then Leaf else Node (build (depth - 1) (label ^ "0"), label, build (depth - 1) (label ^ "1"))

let rec digest = function Leaf -> 17 | Node (l, s, r) -> Hashtbl.hash (digest l, s, digest r)

let () =
  let tree = build 12 "r" in
  let before = digest tree in
  let junk = ref [] in
  for i = 1 to 20_000 do
    junk := Bytes.create (i mod 700) :: !junk;
    if i mod 3 = 0 then junk := List.tl (List.tl !junk)
  done;
  Printf.printf "junk: %d\n" (List.length !junk);
  let heap () = (Gc.quick_stat ()).heap_words in
  let grown = heap () in
  junk := [];
  Gc.compact ();
  let shrunk = heap () in
  Printf.printf "compaction: shrunk %b, compacted %b, tree intact %b\n" (shrunk < grown)
    ((Gc.quick_stat ()).compactions > 0)
    (digest tree = before);
  Printf.printf "live words positive: %b\n" ((Gc.stat ()).live_words > 0)

let () =
  let cycles = ref 0 in
  let alarm = Gc.create_alarm (fun () -> incr cycles) in
  Gc.full_major ();
  Gc.full_major ();
  Gc.delete_alarm alarm;
  let seen = !cycles in
  Gc.full_major ();
  Printf.printf "alarm: %b, deleted: %b\n" (seen >= 2) (!cycles = seen)

let () =
  List.iter
    (fun policy ->
      Gc.set { (Gc.get ()) with minor_heap_size = 32_768 * (policy + 1); space_overhead = 60 + (40 * policy); allocation_policy = policy };
      let table = Hashtbl.create 100 in
      for i = 1 to 50_000 do
        Hashtbl.replace table (i mod 997) (String.make (i mod 50) 'x')
      done;
      Printf.printf "policy %d: %d\n" (Gc.get ()).allocation_policy (Hashtbl.fold (fun _ s n -> n + String.length s) table 0))
    [ 0; 1; 2 ];
  Gc.compact ();
  print_endline "done"
