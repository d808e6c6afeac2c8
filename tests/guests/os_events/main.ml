(* SPDX-License-Identifier: ISC *)
(* Event channels of a domain with itself, and the main loop: `events COUNT`, `ports COUNT`, `cycles COUNT`, `iterations COUNT`. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let h = Eventchn.init ()

let check what condition =
  if not condition then (
    Printf.printf "FAILED: %s\n" what;
    exit 1)

let self = 0x7ff0 (* DOMID_SELF *)

let pair () =
  let a = Eventchn.bind_unbound_port h self in
  let b = Eventchn.bind_interdomain h self (Eventchn.to_int a) in
  Eventchn.unmask h a;
  Eventchn.unmask h b;
  (a, b)

let live () =
  Gc.full_major ();
  (Gc.stat ()).live_words

(* One domain, both ends: each event is answered by one the other way. *)
let ping_pong count =
  let a, b = pair () in
  let rec ping n event =
    if n = 0 then Lwt.return_unit
    else (
      Eventchn.notify h a;
      Activations.after a event >>= ping (n - 1))
  in
  let rec pong event = Activations.after b event >>= fun event -> Eventchn.notify h b; pong event in
  let answering = pong Activations.program_start in
  ping (min count 1000) Activations.program_start >>= fun () ->
  let before = live () in
  ping count Activations.program_start >|= fun () ->
  let after = live () in
  Printf.printf "%d events each way, live words %d more\n" count (after - before);
  check "live words are flat" (after - before < 1000);
  Lwt.cancel answering;
  Eventchn.unbind h a;
  Eventchn.unbind h b

(* So many turns of the main loop: most for a pause or a sleep of nothing, some for a sleep that is given up, each tenth
   for an event. *)
let iterations count =
  let a, b = pair () in
  let last = ref Activations.program_start in
  let turn n =
    match n mod 10 with
    | 0 ->
        Eventchn.notify h a;
        Activations.after b !last >|= fun event -> last := event
    | 1 | 2 | 3 -> Time.sleep_ns 0L
    | 4 ->
        let sleeping = Time.sleep_ns 1_000_000_000_000L in
        Lwt.cancel sleeping;
        Lwt.pause ()
    | _ -> Lwt.pause ()
  in
  let rec turns n = if n = 0 then Lwt.return_unit else turn n >>= fun () -> turns (n - 1) in
  turns (min count 1000) >>= fun () ->
  let before = live () in
  turns count >|= fun () ->
  let after = live () in
  Printf.printf "%d turns, live words %d more\n" count (after - before);
  check "live words are flat" (after - before < 1000);
  Eventchn.unbind h a;
  Eventchn.unbind h b

(* As many channels at the same time. *)
let ports count =
  let pairs = List.init count (fun _ -> pair ()) in
  let woken = ref 0 in
  (* The event that binding makes comes first. *)
  let all = List.map (fun (_, b) -> Activations.after b Activations.program_start >|= fun _ -> incr woken) pairs in
  Lwt.join all >>= fun () ->
  let all = List.map (fun (_, b) -> Activations.wait b >|= fun () -> incr woken) pairs in
  List.iter (fun (a, _) -> Eventchn.notify h a) pairs;
  Lwt.join all >|= fun () ->
  check "each port once" (!woken = 2 * count);
  List.iter
    (fun (a, b) ->
      Eventchn.unbind h a;
      Eventchn.unbind h b)
    pairs

let rec cycles count =
  if count = 0 then Lwt.return_unit
  else
    let a, b = pair () in
    Eventchn.notify h a;
    Activations.after b Activations.program_start >>= fun _ ->
    Eventchn.unbind h a;
    Eventchn.unbind h b;
    cycles (count - 1)

let main () =
  match String.split_on_char ' ' (command_line ()) with
  | [ "events"; count ] -> ping_pong (int_of_string count)
  | [ "iterations"; count ] -> iterations (int_of_string count)
  | [ "ports"; count ] -> ports (int_of_string count)
  | [ "cycles"; count ] -> cycles (int_of_string count)
  | _ -> Lwt.fail_with "events, ports, cycles or iterations, and a count"

let () =
  Main.run (main ());
  print_endline "ok"
