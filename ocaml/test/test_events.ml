(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Xen_os
open Fake

let h = Eventchn.init ()

let pair () =
  let a = Eventchn.bind_unbound_port h 0 in
  let b = Eventchn.bind_interdomain h 0 (Eventchn.to_int a) in
  (* The event that binding makes. *)
  Main.run (Activations.after b Activations.program_start >|= ignore);
  (a, b)

let unbind (a, b) =
  Eventchn.unbind h a;
  Eventchn.unbind h b

let run_once () = Main.run (Lwt.pause () >>= Lwt.pause)
let ready promise = not (Lwt.is_sleeping promise)

let () =
  test "an event wakes who waits, and one before is remembered" @@ fun () ->
  let a, b = pair () in
  let first = Activations.after b Activations.program_start in
  check "the one from binding" (ready first);
  Main.run
    ( first >>= fun event ->
      let second = Activations.after b event in
      check "nothing new" (not (ready second));
      Eventchn.notify h a;
      second >>= fun event ->
      (* Nobody looks while this one comes. *)
      Eventchn.notify h a;
      Lwt.pause () >>= fun () ->
      Lwt.pause () >>= fun () ->
      check "remembered" (ready (Activations.after b event));
      Lwt.return_unit );
  unbind (a, b)

let () =
  test "wait does not see earlier events" @@ fun () ->
  let a, b = pair () in
  Eventchn.notify h a;
  run_once ();
  run_once ();
  let waiting = Activations.wait b in
  run_once ();
  check "still waiting" (not (ready waiting));
  Eventchn.notify h a;
  Main.run waiting;
  unbind (a, b)

let () =
  test "ten waiters, five cancelled, five woken, in order" @@ fun () ->
  let a, b = pair () in
  let woken = ref [] in
  let waiters = List.init 10 (fun i -> (i, Activations.wait b >|= fun () -> woken := i :: !woken)) in
  List.iter (fun (i, promise) -> if i mod 2 = 0 then Lwt.cancel promise) waiters;
  Eventchn.notify h a;
  Main.run (List.assoc 9 waiters);
  strings "odd ones" [ "1"; "3"; "5"; "7"; "9" ] (List.rev_map string_of_int !woken);
  unbind (a, b)

let () =
  test "who waits again when woken waits for the next event" @@ fun () ->
  let a, b = pair () in
  let count = ref 0 in
  let rec loop () = Activations.wait b >>= fun () -> incr count; loop () in
  let looping = loop () in
  for _ = 1 to 100 do
    Eventchn.notify h a;
    run_once ();
    run_once ()
  done;
  int "one event, one wake-up" 100 !count;
  Lwt.cancel looping;
  unbind (a, b)

let () =
  test "a stale binding gets nothing of the port's next" @@ fun () ->
  let ((a, b) as old) = pair () in
  let waiting = Activations.after b Activations.program_start >>= Activations.after b in
  unbind old;
  check "not valid" (not (Eventchn.is_valid b));
  let ((c, d) as fresh) = pair () in
  check "the numbers are the same" (Eventchn.to_int b = Eventchn.to_int d && Eventchn.to_int a = Eventchn.to_int c);
  check "valid" (Eventchn.is_valid d);
  Eventchn.notify h c;
  run_once ();
  run_once ();
  check "the old one is not woken" (not (ready waiting));
  let again = Activations.after b Activations.program_start in
  check "nor later" (not (ready again));
  let sent = notifications () in
  Eventchn.notify h a;
  int "a stale notification is not sent" sent (notifications ());
  raises "unbind twice" is_failure (fun () -> Eventchn.unbind h b);
  check "channels can be compared" (Eventchn.of_int (Eventchn.to_int d) = d && b <> d);
  unbind fresh

let () =
  test "an event remembered from an earlier binding is older than those of a later" @@ fun () ->
  let ((a, b) as old) = pair () in
  for _ = 1 to 50 do
    Eventchn.notify h a;
    run_once ();
    run_once ()
  done;
  let last = ref Activations.program_start in
  Main.run (Activations.after b Activations.program_start >|= fun event -> last := event);
  unbind old;
  let ((c, d) as fresh) = pair () in
  Eventchn.notify h c;
  Main.run (Activations.after d !last >|= ignore);
  unbind fresh

let () =
  test "ports in their hundreds" @@ fun () ->
  let pairs = List.init 500 (fun _ -> pair ()) in
  let count = ref 0 in
  let all = List.map (fun (_, b) -> Activations.wait b >|= fun () -> incr count) pairs in
  List.iter (fun (a, _) -> Eventchn.notify h a) pairs;
  Main.run (Lwt.join all);
  int "all woken" 500 !count;
  List.iter unbind pairs

let () =
  test "a resumed domain's channels are invalid" @@ fun () ->
  let _, b = pair () in
  let waiting = Activations.wait b in
  Activations.resume ();
  let is_invalid = function Generation.Invalid -> true | _ -> false in
  raises "waiting" is_invalid (fun () -> Main.run waiting);
  raises "after" is_invalid (fun () -> Main.run (Activations.after b Activations.program_start >|= ignore));
  check "not valid" (not (Eventchn.is_valid b))

let () =
  test "numbers that are no ports" @@ fun () ->
  raises "negative" is_invalid (fun () -> Eventchn.of_int (-1));
  raises "too large" is_invalid (fun () -> Eventchn.of_int (1 lsl 17))

let () =
  test "memory stays flat over events" @@ fun () ->
  let a, b = pair () in
  let rec loop n event =
    if n = 0 then Lwt.return_unit
    else (
      Eventchn.notify h a;
      Activations.after b event >>= loop (n - 1))
  in
  Main.run (loop 1000 Activations.program_start);
  Gc.full_major ();
  let before = (Gc.stat ()).live_words in
  Main.run (loop 1_000 Activations.program_start);
  Gc.full_major ();
  let after = (Gc.stat ()).live_words in
  check (Printf.sprintf "%d words, then %d" before after) (after - before < 1000);
  unbind (a, b)
