(* SPDX-License-Identifier: ISC *)
(* Sleeping, giving up after a while, and cancelling: `make run EXAMPLE=timers`. *)

open Lwt.Infix
open Xen_os

let ms n = Int64.mul (Int64.of_int n) 1_000_000L
let started = Time.now ()
let say format = Printf.ksprintf (fun text -> Printf.printf "%4d ms  %s\n%!" ((Time.now () - started) / 1_000_000) text) format

let rec tick name every count =
  if count = 0 then Lwt.return_unit
  else
    Time.sleep_ns (ms every) >>= fun () ->
    say "%s" name;
    tick name every (count - 1)

let give_up_after delay promise =
  let timeout = Time.sleep_ns (ms delay) >|= fun () -> None in
  Lwt.pick [ timeout; (promise >|= fun result -> Some result) ]

let main () =
  (* Two at the same time; the domain uses no processor in between. *)
  Lwt.join [ tick "tick" 100 5; tick "        tock" 250 2 ] >>= fun () ->
  give_up_after 50 (Time.sleep_ns (ms 10_000)) >>= fun result ->
  say "%s" (match result with None -> "gave up on a sleep of ten seconds" | Some () -> "slept for ten seconds");
  say "%d still asleep" (Time.sleepers ());
  Lwt.return_unit

let () = Main.run (main ())
