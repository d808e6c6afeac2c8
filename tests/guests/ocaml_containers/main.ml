(* SPDX-License-Identifier: ISC *)
(* 10^5 operations each on Hashtbl, Map, Set, Queue, Stack and Array, with a digest of what they hold. *)

module Int_map = Map.Make (Int)
module String_set = Set.Make (String)

let count = 100_000

(* A fixed sequence that depends on nothing but OCaml's integers. *)
let sequence seed =
  let state = ref seed in
  fun () ->
    state := ((!state * 25214903917) + 11) land 0xffff_ffff_ffff;
    !state lsr 16

let digest fold = fold (fun key value sum -> ((sum * 31) + (key * 7) + value) land 0x3fff_ffff) 0

let hashtbl () =
  let next = sequence 1 in
  let table = Hashtbl.create 16 in
  for i = 1 to count do
    let key = next () mod 20_000 in
    match next () mod 4 with
    | 0 -> Hashtbl.remove table key
    | 1 -> Hashtbl.add table key i
    | _ -> Hashtbl.replace table key i
  done;
  let sorted = List.sort compare (Hashtbl.fold (fun k v l -> (k, v) :: l) table []) in
  Printf.printf "Hashtbl: %d bindings, digest %d\n" (Hashtbl.length table)
    (digest (fun f zero -> List.fold_left (fun sum (k, v) -> f k v sum) zero sorted));
  let s = Hashtbl.stats table in
  Printf.printf "Hashtbl: %d buckets, longest %d\n" s.num_buckets s.max_bucket_length

let map () =
  let next = sequence 2 in
  let map = ref Int_map.empty in
  for i = 1 to count do
    let key = next () mod 20_000 in
    map := if next () mod 3 = 0 then Int_map.remove key !map else Int_map.add key i !map
  done;
  Printf.printf "Map: %d bindings, digest %d\n" (Int_map.cardinal !map) (digest (fun f zero -> Int_map.fold f !map zero));
  let low, _, high = Int_map.split 10_000 !map in
  Printf.printf "Map: %d below, %d above\n" (Int_map.cardinal low) (Int_map.cardinal high)

let set () =
  let next = sequence 3 in
  let set = ref String_set.empty in
  for _ = 1 to count do
    set := String_set.add (string_of_int (next () mod 5_000)) !set
  done;
  Printf.printf "Set: %d elements, from %s to %s\n" (String_set.cardinal !set) (String_set.min_elt !set)
    (String_set.max_elt !set)

let queue_and_stack () =
  let queue = Queue.create () and stack = Stack.create () in
  for i = 1 to count do
    Queue.push i queue;
    if i mod 3 = 0 then Stack.push (Queue.pop queue) stack
  done;
  Printf.printf "Queue: %d, front %d; Stack: %d, top %d\n" (Queue.length queue) (Queue.peek queue) (Stack.length stack)
    (Stack.top stack)

let arrays () =
  let next = sequence 4 in
  let array = Array.init count (fun _ -> next () mod 1_000_000) in
  let stable = Array.copy array and strings = Array.map string_of_int array in
  Array.sort compare array;
  Array.stable_sort (fun a b -> compare b a) stable;
  Array.fast_sort compare strings;
  Printf.printf "Array: %d %d %d; %d %d; %s %s\n" array.(0) array.(count / 2) array.(count - 1) stable.(0)
    stable.(count - 1) strings.(0) strings.(count - 1);
  let list = List.sort_uniq compare (Array.to_list array) in
  Printf.printf "List: %d different, hash %d\n" (List.length list) (Hashtbl.hash list)

let () =
  hashtbl ();
  map ();
  set ();
  queue_and_stack ();
  arrays ()
