(* SPDX-License-Identifier: ISC *)
(* Bigarrays: 64 MB, every kind, both layouts, slices, blits, bounds. *)

open Bigarray

let () =
  let size = 64 * 1024 * 1024 in
  let big = Array1.create char c_layout size in
  Array1.fill big 'a';
  for i = 0 to (size / 65_537) - 1 do
    big.{i * 65_537} <- Char.chr (i land 255)
  done;
  let sum = ref 0 in
  for i = 0 to (size / 4_097) - 1 do
    sum := (!sum + Char.code big.{i * 4_097}) land 0xfff_ffff
  done;
  Printf.printf "64 MB: %d bytes, sum %d, last %C\n" (Array1.size_in_bytes big) !sum big.{size - 1};
  let upper = Array1.sub big (size / 2) (size / 2) in
  Array1.blit (Array1.sub big 0 (size / 2)) upper;
  Printf.printf "blit: %C %C\n" upper.{65_537} big.{(size / 2) + 65_537}

let () =
  (* Each of these is garbage at once: the collector has to notice memory outside its heap. *)
  for i = 1 to 50 do
    let block = Array1.create int8_unsigned c_layout (4 * 1024 * 1024) in
    block.{i} <- i;
    assert (block.{i} = i)
  done;
  print_endline "50 blocks of 4 MB came and went"

let kinds () =
  let a = Array1.of_array float32 c_layout [| 1.1; -2.5; infinity |] in
  Printf.printf "float32: %h %h %h\n" a.{0} a.{1} a.{2};
  let a = Array1.of_array int16_signed c_layout [| 40_000; -40_000; 5 |] in
  Printf.printf "int16: %d %d %d\n" a.{0} a.{1} a.{2};
  let a = Array1.of_array int32 fortran_layout [| 1l; Int32.min_int; -1l |] in
  Printf.printf "int32: %ld %ld %ld\n" a.{1} a.{2} a.{3};
  let a = Array1.of_array int64 c_layout [| Int64.max_int; 0L |] in
  Printf.printf "int64: %Ld\n" a.{0};
  let a = Array1.of_array nativeint c_layout [| Nativeint.min_int |] in
  Printf.printf "nativeint: %nd\n" a.{0};
  let a = Array1.of_array int c_layout [| max_int; min_int |] in
  Printf.printf "int: %d %d\n" a.{0} a.{1};
  let a = Array1.of_array complex64 c_layout [| { Complex.re = 1.5; im = -2. } |] in
  Printf.printf "complex: %h %h\n" a.{0}.re a.{0}.im

let matrices () =
  let n = 60 in
  let matrix layout f =
    let m = Array2.create float64 layout n n in
    for i = 0 to n - 1 do
      for j = 0 to n - 1 do
        m.{i, j} <- f i j
      done
    done;
    m
  in
  let a = matrix c_layout (fun i j -> float_of_int (i + j)) and b = matrix c_layout (fun i j -> float_of_int (i - j)) in
  let c = matrix c_layout (fun _ _ -> 0.) in
  for i = 0 to n - 1 do
    for j = 0 to n - 1 do
      for k = 0 to n - 1 do
        c.{i, j} <- c.{i, j} +. (a.{i, k} *. b.{k, j})
      done
    done
  done;
  Printf.printf "product: %g %g %g\n" c.{0, 0} c.{17, 42} c.{n - 1, n - 1};
  let row = Array2.slice_left c 17 in
  Printf.printf "slice: %g of %d\n" row.{42} (Array1.dim row);
  let cube = Genarray.create int c_layout [| 4; 5; 6 |] in
  Genarray.fill cube 7;
  let flat = reshape_1 cube 120 in
  flat.{119} <- 8;
  Printf.printf "cube: %d %d\n" (Genarray.get cube [| 3; 4; 5 |]) (Genarray.nth_dim cube 1);
  Printf.printf "compare: %d %b\n" (compare a b) (a = matrix c_layout (fun i j -> float_of_int (i + j)))

let () =
  kinds ();
  matrices ();
  let a = Array1.create int c_layout 3 in
  (match a.{Sys.opaque_identity 3} with _ -> () | exception Invalid_argument m -> print_endline m);
  (match Array1.sub a 2 2 with _ -> () | exception Invalid_argument m -> print_endline m);
  match Array1.create int c_layout (-1) with _ -> () | exception Invalid_argument m -> print_endline m
