(* SPDX-License-Identifier: ISC *)
(* Effects: handlers in each other, fibers created, switched and dropped, exceptions and backtraces through them, stacks that
   grow. The command line is a count; a fiber takes about 700 bytes. *)

open Effect
open Effect.Deep

type _ Effect.t += Ask : int -> int t | Yield : unit t

external command_line : unit -> string = "mirage_xen_get_cmdline"

let count = int_of_string (command_line ())

(* Each handler is one more fiber below the current one; the innermost asks, the outermost answers. *)
let rec nest depth =
  if depth = 0 then perform (Ask 1)
  else match nest (depth - 1) with n -> n + 1 | effect Yield, k -> continue k ()

let () =
  let answer = match nest count with n -> n | effect (Ask n), k -> continue k (41 + n) in
  Printf.printf "handlers in each other: %b\n%!" (answer = count + 42)

let () =
  let finished = ref 0 and dropped = ref 0 and unwound = ref 0 in
  for i = 1 to count do
    match if i mod 3 <> 0 then perform Yield with
    | () -> incr finished
    | effect Yield, k ->
        if i mod 3 = 1 then continue k ()
        else if i land 1 = 0 then (
          incr dropped;
          (* Nobody ever continues it: the collector has its stack. *)
          ignore (Sys.opaque_identity k))
        else ( match discontinue k Exit with () -> () | exception Exit -> incr unwound)
  done;
  Printf.printf "fibers: %b\n%!" (!finished + !dropped + !unwound = count && !dropped > 0 && !unwound > 0)

(* A scheduler: threads that take turns. *)
let () =
  let ready = Queue.create () and log = Buffer.create 100 in
  let spawn name =
    Queue.push
      (fun () ->
        match
          for turn = 1 to 3 do
            Buffer.add_string log (Printf.sprintf "%s%d " name turn);
            perform Yield
          done
        with
        | () -> ()
        | effect Yield, k -> Queue.push (fun () -> continue k ()) ready)
      ready
  in
  List.iter spawn [ "a"; "b"; "c" ];
  while not (Queue.is_empty ready) do
    Queue.pop ready ()
  done;
  print_endline (Buffer.contents log)

(* Deep recursion within a fiber, with live data across a switch. *)
let rec deep n = if n = 0 then perform (Ask 5) else 1 + deep (n - 1)

let () =
  let answer =
    match deep 100_000 with
    | n -> n
    | effect (Ask n), k ->
        Gc.compact ();
        continue k (n * 2)
  in
  Printf.printf "a deep fiber: %d\n" answer

let () =
  (match perform Yield with () -> () | exception Unhandled Yield -> print_endline "unhandled");
  match
    match perform (Ask 1) with
    | n -> n
    | effect (Ask n), k ->
        ignore (continue k n);
        continue k n
  with
  | _ -> assert false
  | exception Continuation_already_resumed -> print_endline "once only"
