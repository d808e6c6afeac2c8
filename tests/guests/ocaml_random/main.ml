(* SPDX-License-Identifier: ISC *)
(* Random from fixed seeds: the same numbers everywhere; self_init: numbers at all. *)

let () =
  List.iter
    (fun seed ->
      Random.init seed;
      Printf.printf "%d: %d %d %d %b %h %Ld %ld\n" seed (Random.bits ()) (Random.int 1000) (Random.int 1_000_000_000) (Random.bool ())
        (Random.float 1.) (Random.int64 Int64.max_int) (Random.int32 1000l))
    [ 0; 1; 42; max_int ];
  Random.full_init [| 1; 2; 3 |];
  let buckets = Array.make 10 0 in
  for _ = 1 to 100_000 do
    let i = Random.int 10 in
    buckets.(i) <- buckets.(i) + 1
  done;
  print_endline (String.concat " " (Array.to_list (Array.map string_of_int buckets)));
  let state = Random.get_state () in
  let a = List.init 5 (fun _ -> Random.bits ()) in
  Random.set_state state;
  Printf.printf "state restored: %b\n" (List.init 5 (fun _ -> Random.bits ()) = a);
  (* /dev/urandom is no file here: the runtime falls back to the time and the process's number. *)
  Random.self_init ();
  Printf.printf "self_init: %b\n" (Random.bits () >= 0);
  let table = Hashtbl.create ~random:true 10 in
  Hashtbl.replace table "k" 1;
  Printf.printf "randomised Hashtbl: %d\n" (Hashtbl.find table "k")
