(* SPDX-License-Identifier: ISC *)
(* Memory runs out: Out_of_memory is raised, caught, and the program goes on with what it gives back. Run with little
   memory: as a guest memory= decides, as a Linux process the limit on its address space. *)

let megabyte = 1024 * 1024

let[@inline never] exhaust allocate =
  let kept = ref [] in
  match
    while true do
      kept := allocate () :: !kept
    done
  with
  | () -> assert false
  | exception Out_of_memory -> List.length !kept

(* The first rounds differ: what is left of the heap after each lies elsewhere. What counts is that nothing is lost. *)
let attempt name allocate =
  let round () =
    let count = exhaust allocate in
    Gc.compact ();
    count
  in
  let first = List.fold_left (fun _ _ -> round ()) 0 [ 1; 2; 3; 4 ] in
  let later = List.init 5 (fun _ -> round ()) in
  Printf.printf "%s: got some: %b, as much in every later round: %b\n%!" name (first > 0)
    (List.for_all (fun n -> n * 10 >= first * 9) later)

let () =
  attempt "bytes of 1 MB" (fun () -> Bytes.create megabyte);
  attempt "arrays of 3 MB" (fun () -> Array.make (3 * megabyte / 8) 0);
  attempt "bigarrays of 1 MB" (fun () ->
      let a = Bigarray.Array1.create Bigarray.char Bigarray.c_layout megabyte in
      a.{megabyte - 1} <- 'x';
      Bytes.unsafe_of_string (String.make 1 a.{megabyte - 1}) |> ignore;
      Obj.repr a |> Obj.obj);
  (match Bytes.create (Sys.max_string_length / 2) with
   | _ -> print_endline "absurd size: allocated"
   | exception Out_of_memory -> print_endline "absurd size: Out_of_memory");
  let table = Hashtbl.create 10 in
  for i = 1 to 10_000 do
    Hashtbl.replace table i (string_of_int i)
  done;
  Printf.printf "going on: %s\n" (Hashtbl.find table 9_999)
