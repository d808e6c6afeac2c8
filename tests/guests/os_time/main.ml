(* SPDX-License-Identifier: ISC *)
(* Sleepers on Xen's clock: `sleepers COUNT`, `idle SECONDS`, `pauses COUNT`. *)

open Lwt.Infix
open Xen_os

external command_line : unit -> string = "mirage_xen_get_cmdline"

let check what condition =
  if not condition then (
    Printf.printf "FAILED: %s\n" what;
    exit 1)

let live () =
  Gc.full_major ();
  (Gc.stat ()).live_words

(* Random sleeps of up to two seconds, a third of them cancelled: at once, or while others sleep. *)
let sleepers count =
  Random.init 1;
  let before = live () in
  let expected = ref 0 and woken = ref 0 and early = ref 0 and out_of_order = ref 0 and last = ref min_int in
  let sleeper () =
    let ns = Random.int 1_000_000_000 * 2 in
    let earliest = Time.now () + ns in
    let promise = Time.sleep_ns (Int64.of_int ns) in
    (* The true deadline is between these two. *)
    let latest = Time.now () + ns in
    let checked =
      promise >|= fun () ->
      incr woken;
      if Time.now () < earliest then incr early;
      if latest < !last then incr out_of_order;
      last := max !last earliest
    in
    match Random.int 6 with
    | 0 ->
        Lwt.cancel checked;
        Lwt.return_unit
    | 1 ->
        let victim = Lwt.catch (fun () -> checked) (fun _ -> Lwt.return_unit) in
        if ns > 1_500_000_000 then
          Time.sleep_ns 1_000_000_000L >>= fun () ->
          (* On a busy machine it may have woken before it could be cancelled. *)
          if Lwt.is_sleeping checked then Lwt.cancel checked else incr expected;
          incr expected;
          incr woken;
          victim
        else (
          incr expected;
          checked)
    | _ ->
        incr expected;
        checked
  in
  (let all = List.init count (fun _ -> sleeper ()) in
   Lwt.join all)
  >>= fun () ->
  Printf.printf "%d slept, %d early, %d out of order\n" !woken !early !out_of_order;
  check "none lost" (!woken = !expected);
  check "none early" (!early = 0);
  check "in order" (!out_of_order = 0);
  check "none left" (Time.sleepers () = 0);
  (* What the promises held is garbage now. *)
  Lwt.pause () >|= fun () ->
  let after = live () in
  Printf.printf "live words: %d more\n" (after - before);
  check "memory is flat" (after - before < 20_000)

let rec pauses n = if n = 0 then Lwt.return_unit else Lwt.pause () >>= fun () -> pauses (n - 1)

let main () =
  match String.split_on_char ' ' (command_line ()) with
  | [ "sleepers"; count ] -> sleepers (int_of_string count)
  | [ "idle"; seconds ] ->
      print_endline "idle";
      Time.sleep_ns (Int64.mul (Int64.of_string seconds) 1_000_000_000L)
  | [ "pauses"; count ] -> pauses (int_of_string count)
  | _ -> Lwt.fail_with "sleepers, idle or pauses, and a number"

let () =
  Main.run (main ());
  print_endline "ok"
