(* SPDX-License-Identifier: ISC *)
(* Exceptions through 10^4 frames, handlers in handlers, finalisation, backtraces with file and line. *)

exception Carrying of int * string

let rec deep n = if n = 0 then raise (Carrying (42, "from below")) else 1 + deep (n - 1)

let rec with_handlers n =
  if n = 0 then raise Not_found
  else try with_handlers (n - 1) with Not_found when n mod 100 = 0 -> raise (Carrying (n, "translated")) | Carrying _ -> raise Not_found

let rec through_c n = if n = 0 then failwith "in a comparison" else List.sort (fun _ _ -> through_c (n - 1)) [ n; 0 ] |> List.hd

let () =
  for _ = 1 to 100 do
    match deep 10_000 with _ -> assert false | exception Carrying (42, _) -> ()
  done;
  (match deep 10_000 with _ -> () | exception Carrying (n, s) -> Printf.printf "Carrying (%d, %S)\n" n s);
  (match with_handlers 10_000 with _ -> () | exception e -> print_endline (Printexc.to_string e));
  match through_c 1_000 with _ -> () | exception Failure m -> print_endline m

let () =
  let log = ref [] in
  let rec guarded n =
    if n = 0 then invalid_arg "bottom" else Fun.protect ~finally:(fun () -> log := n :: !log) (fun () -> guarded (n - 1))
  in
  (try guarded 1000 with Invalid_argument m -> print_endline m);
  Printf.printf "%d finalisers, last %d\n" (List.length !log) (List.hd !log);
  match Fun.protect ~finally:(fun () -> failwith "again") (fun () -> raise Exit) with
  | () -> ()
  | exception e -> print_endline (Printexc.to_string e)

let[@inline never] divide a b = a / b
let[@inline never] index a i = a.(i)

let () =
  List.iter
    (fun f -> match f () with n -> Printf.printf "%d\n" n | exception e -> print_endline (Printexc.to_string e))
    [
      (fun () -> divide 1 0);
      (fun () -> index [| 1; 2 |] 2);
      (fun () -> index [| 1; 2 |] (-1));
      (fun () -> assert (index [| 1 |] 0 = 2); 0);
      (fun () -> match Sys.opaque_identity 3 with 1 -> 1 | 3 -> raise (Match_failure ("here", 1, 2)) | _ -> 0);
      (fun () -> int_of_string "x");
      (fun () -> List.hd []);
      (fun () -> String.length (input_line stdin));
      (fun () -> Obj.magic (Hashtbl.find (Hashtbl.create 1) 1));
      (fun () -> ignore (open_in "/no/such/file"); 0);
      (fun () -> ignore (Sys.getenv "NO_SUCH_VARIABLE"); 0);
    ]

let[@inline never] rec descend n = if n = 0 then raise (Carrying (0, "bottom")) else 1 + descend (n - 1)

let () =
  Printexc.record_backtrace true;
  (try ignore (descend 3)
   with Carrying _ ->
     print_string (Printexc.get_backtrace ());
     (match Printexc.backtrace_slots (Printexc.get_raw_backtrace ()) with
      | Some slots -> Printf.printf "%d slots\n" (Array.length slots)
      | None -> print_endline "no slots"));
  Printexc.register_printer (function Carrying (n, s) -> Some (Printf.sprintf "carrying %d and %s" n s) | _ -> None);
  print_endline (Printexc.to_string (Carrying (1, "a printer")))
