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

let attempt name allocate =
  let first = exhaust allocate in
  Gc.compact ();
  let second = exhaust allocate in
  Gc.compact ();
  Printf.printf "%s: Out_of_memory twice, got some: %b, as much again: %b\n%!" name (first > 0) (second * 10 >= first * 9)

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
