(* SPDX-License-Identifier: ISC *)
(* Uses memory as a server does: packets of many sizes in bigarrays, most dropped at once and some kept by a
   connection, texts and tables on OCaml's own heap, caches that grow and are thrown away. *)

type packets =
  (int, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

let packet size : packets = Bigarray.Array1.create Bigarray.int8_unsigned Bigarray.c_layout size

type connection = { mutable kept : packets list; log : Buffer.t; table : (int, string) Hashtbl.t }

let connection () = { kept = []; log = Buffer.create 64; table = Hashtbl.create 8 }

let size () =
  match Random.int 10 with
  | 0 | 1 | 2 -> 40 + Random.int 100
  | 3 | 4 | 5 | 6 -> 1514
  | 7 | 8 -> 4096
  | _ -> 1 + Random.int 20_000

let () =
  Random.init 4;
  let connections = Array.init 100 (fun _ -> connection ()) in
  for step = 1 to 60_000 do
    let index = Random.int 100 in
    let c = connections.(index) in
    let p = packet (size ()) in
    Bigarray.Array1.fill p (step land 255);
    if Random.int 8 = 0 then c.kept <- p :: c.kept;
    Buffer.add_string c.log (Printf.sprintf "%d: %d bytes, %.3f\n" step (Bigarray.Array1.dim p) (float step /. 7.));
    Hashtbl.replace c.table (Random.int 500) (String.make (Random.int 200) 'x');
    if Random.int 200 = 0 then connections.(index) <- connection ();
    if step mod 10_000 = 0 then begin
      let all = Marshal.to_string (Array.map (fun c -> (Buffer.contents c.log, c.table)) connections) [] in
      let copy = packet (String.length all) in
      String.iteri (fun i ch -> copy.{i} <- Char.code ch) all
    end
  done;
  print_endline (string_of_int (Array.fold_left (fun n c -> n + List.length c.kept) 0 connections))
