(* SPDX-License-Identifier: ISC *)
(* Marshal: round trips of every kind of value, sharing and cycles, closures, deep and large data, broken input. *)

type shape = Point | Circle of float | Poly of { name : string; corners : (float * float) array } | Many of shape list

type cell = { mutable next : cell option; id : int }

let round_trip ?(flags = []) v = Marshal.from_string (Marshal.to_string v flags) 0

let check name v = Printf.printf "%s: %b, %d bytes\n" name (compare (round_trip v) v = 0) (String.length (Marshal.to_string v []))

let () =
  check "int" 42;
  check "ints" [ 0; 63; 64; -1; 127; 128; -129; 32_767; 65_536; max_int; min_int ];
  check "string" "short";
  check "long string" (String.make 100_000 's');
  check "float" 3.14;
  check "float array" (Array.init 1000 (fun i -> float_of_int i /. 3.));
  check "special floats" [| infinity; -0.; 5e-324 |];
  check "int32" [ 1l; Int32.min_int ];
  check "int64" [ 1L; Int64.min_int ];
  check "nativeint" [ 1n; Nativeint.min_int ];
  check "shapes" (Many [ Point; Circle 1.5; Poly { name = "p"; corners = [| (0., 1.); (2., 3.) |] } ]);
  check "list of 100000" (List.init 100_000 (fun i -> (i, string_of_int i)));
  check "wide block" (Array.make 100_000 (Some 1));
  check "polymorphic variant" [ `A; `B 3; `C "x" ]

let () =
  let table = Hashtbl.create 10 in
  for i = 1 to 1000 do
    Hashtbl.replace table (string_of_int i) i
  done;
  let table' : (string, int) Hashtbl.t = round_trip table in
  Printf.printf "Hashtbl: %d, %d\n" (Hashtbl.length table') (Hashtbl.find table' "777");
  let shared = String.make 10 'q' in
  let a, b = round_trip (shared, shared) in
  Printf.printf "sharing kept: %b\n" (a == b);
  let a, b = round_trip ~flags:[ Marshal.No_sharing ] (shared, shared) in
  Printf.printf "No_sharing: %b\n" (a == b);
  let rec cell = { next = Some cell; id = 7 } in
  let copy = round_trip cell in
  Printf.printf "cycle: %d %b\n" copy.id (match copy.next with Some c -> c == copy | None -> false);
  let add : int -> int -> int = fun x -> if Sys.opaque_identity true then ( + ) x else ( - ) x in
  let f : int -> int = round_trip ~flags:[ Marshal.Closures ] (add 40) in
  Printf.printf "closure: %d\n" (f 2);
  let big = Bigarray.Array1.init Bigarray.float64 Bigarray.c_layout 1000 (fun i -> float_of_int i) in
  Printf.printf "bigarray: %b\n" (round_trip big = big)

let () =
  let data = Marshal.to_bytes [ 1; 2; 3 ] [] in
  Printf.printf "sizes: %d %d\n" (Marshal.header_size) (Marshal.total_size data 0);
  let attempt name b =
    match (Marshal.from_bytes b 0 : int list) with
    | l -> Printf.printf "%s: read %d\n" name (List.length l)
    | exception Failure m -> Printf.printf "%s: Failure %s\n" name m
    | exception Invalid_argument m -> Printf.printf "%s: Invalid_argument %s\n" name m
  in
  attempt "whole" data;
  attempt "truncated" (Bytes.sub data 0 (Bytes.length data - 1));
  attempt "empty" Bytes.empty;
  let wrong = Bytes.copy data in
  Bytes.set wrong 0 '\000';
  attempt "wrong magic" wrong;
  match Marshal.to_string (fun () -> ()) [] with
  | _ -> print_endline "functional value accepted"
  | exception Invalid_argument m -> print_endline m
