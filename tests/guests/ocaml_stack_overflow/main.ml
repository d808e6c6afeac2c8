(* SPDX-License-Identifier: ISC *)
(* Recursion without end raises Stack_overflow, again and again, and the heap is intact afterwards. Only OCaml's own code
   meets the end of the stack here: where C called from it does (caml_modify, say), the runtime gives up, as on Linux. *)

let rec forever n = 1 + forever (n + 1)

let rec allocating n = n :: allocating (n + 1)

let rec with_floats x = x +. with_floats (x *. 1.0001)

let catch name f =
  match f () with
  | _ -> Printf.printf "%s: returned\n" name
  | exception Stack_overflow -> Printf.printf "%s: Stack_overflow\n" name

let () =
  let witness = List.init 1000 string_of_int in
  for i = 1 to 5 do
    catch (Printf.sprintf "round %d" i) (fun () -> forever 0);
    Gc.full_major ();
    assert (witness = List.init 1000 string_of_int)
  done;
  catch "allocating" (fun () -> List.length (allocating 0));
  catch "floats" (fun () -> int_of_float (with_floats 1.));
  Gc.compact ();
  print_endline "going on"
