(* SPDX-License-Identifier: ISC *)

open Lwt.Infix
open Xen_os
open Fake

let () =
  test "100 000 sleepers with random cancellations: in order, none early, none lost, none left" @@ fun () ->
  Random.init 42;
  let live () = Gc.full_major (); (Gc.stat ()).live_words in
  let before = live () in
  let expected = ref 0 and woken = ref 0 and last = ref (0, 0) in
  let sleeper number =
    let ns = Random.int 1_000_000 in
    let promise = Time.sleep_ns (Int64.of_int ns) in
    let deadline = Time.now () - 1 + ns in
    let checked =
      promise >|= fun () ->
      incr woken;
      check "early" (Time.now () >= deadline);
      (* The clock advances with each reading, so that deadlines as seen here are in the order of the real ones. *)
      check "order" ((deadline, number) >= !last);
      last := (deadline, number)
    in
    if Random.int 3 = 0 then (
      Lwt.cancel checked;
      Lwt.catch (fun () -> checked) (fun _ -> Lwt.return_unit))
    else (
      incr expected;
      checked)
  in
  (let all = List.init 100_000 sleeper in
   Main.run (Lwt.join all));
  int "woken" !expected !woken;
  int "left" 0 (Time.sleepers ());
  let after = live () in
  check (Printf.sprintf "memory: %d words, then %d" before after) (after < before + 10_000)

let () =
  test "equal deadlines wake in the order of the calls" @@ fun () ->
  let order = ref [] in
  let start = Time.now () in
  List.iter (fun i -> Time.at (start + 1000) (fun () -> order := i :: !order)) [ 1; 2; 3; 4; 5 ];
  Main.run (Time.sleep_ns 5000L);
  strings "order" [ "1"; "2"; "3"; "4"; "5" ] (List.rev_map string_of_int !order)

let () =
  test "a cancelled sleeper is gone at once" @@ fun () ->
  let promises = List.init 1000 (fun _ -> Time.sleep_ns 1_000_000_000L) in
  int "asleep" 1000 (Time.sleepers ());
  List.iter Lwt.cancel promises;
  int "none" 0 (Time.sleepers ())

let () =
  test "extremes" @@ fun () ->
  Main.run (Lwt.join [ Time.sleep_ns 0L; Time.sleep_ns (-1L); Time.sleep_ns Int64.min_int ]);
  let for_ever = Time.sleep_ns Int64.max_int in
  Main.run (Lwt.pick [ for_ever; Time.sleep_ns 1L ]);
  int "none" 0 (Time.sleepers ())

let () =
  test "sleeping for nothing again and again leaves others their turn" @@ fun () ->
  let stop = ref false and turns = ref 0 in
  let rec nap () = if !stop then Lwt.return_unit else Time.sleep_ns 0L >>= nap in
  let rec pause n =
    if n = 0 then (
      stop := true;
      Lwt.return_unit)
    else (
      incr turns;
      Lwt.pause () >>= fun () -> pause (n - 1))
  in
  Main.run (Lwt.join [ nap (); pause 1000 ]);
  int "turns" 1000 !turns

let () =
  test "the domain blocks once for each deadline, and never while a promise is paused" @@ fun () ->
  let before = blocks () in
  Main.run (Time.sleep_ns 1_000_000L >>= fun () -> Time.sleep_ns 1_000_000L);
  check (Printf.sprintf "%d times" (blocks () - before)) (blocks () - before <= 4);
  let before = blocks () in
  let rec pauses n = if n = 0 then Lwt.return_unit else Lwt.pause () >>= fun () -> pauses (n - 1) in
  Main.run (pauses 10_000);
  int "no blocking" 0 (blocks () - before)
