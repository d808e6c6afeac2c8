(* SPDX-License-Identifier: ISC *)
(* A server that ends in order when the toolstack asks it to: `lab/run -i target/guests/shutdown.xen` and, in another
   terminal, `xl shutdown` or `xl reboot`. By itself it ends after ten seconds. *)

open Lwt.Infix
open Xen_os

let log = Logs.Src.create "server"

module Log = (val Logs.src_log log : Logs.LOG)

let second = 1_000_000_000L

(* What the server does, until it is cancelled: here it counts. *)
let rec serve count =
  Log.info (fun f -> f "request %d" count);
  Time.sleep_ns second >>= fun () -> serve (count + 1)

let finish_work () =
  Log.info (fun f -> f "finishing what is under way");
  Time.sleep_ns 200_000_000L

let main () =
  let server = serve 1 in
  let asked = Lifecycle.await_shutdown_request ~can_poweroff:true ~can_reboot:true () >|= fun reason -> Some reason in
  let idle = Time.sleep_ns (Int64.mul 10L second) >|= fun () -> None in
  Lwt.pick [ asked; idle ] >>= fun reason ->
  Lwt.cancel server;
  Log.app (fun f ->
      f "%s"
        (match reason with
        | Some `Poweroff -> "asked to power off"
        | Some `Reboot -> "asked to reboot"
        | None -> "nobody asked; ending"));
  (* A normal end then does what was asked for. *)
  finish_work ()

let () =
  Reporter.install ();
  Main.at_exit (fun () ->
      Log.info (fun f -> f "done");
      Lwt.return_unit);
  Main.run (main ())
