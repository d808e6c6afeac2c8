(* SPDX-License-Identifier: ISC *)

external demux_pending : unit -> bool = "mirage_xen_evtchn_demux_pending" [@@noalloc]
external block_domain : int64 -> unit = "mirage_xen_evtchn_block_domain" [@@noalloc]

let at_exit_hook = Hooks.at_exit
let at_enter_iter = Hooks.at_enter_iter
let at_leave_iter = Hooks.at_leave_iter
let events = Eventchn.init ()

(* Lwt's own hook would print the exception and leave with status 2, which is a normal end of the domain. *)
let default_hook = !Lwt.async_exception_hook

let crash error =
  let backtrace = Printexc.get_raw_backtrace () in
  Printexc.default_uncaught_exception_handler error backtrace;
  Shutdown.now Crash

let prepare =
  lazy
    (Printexc.record_backtrace true;
     if !Lwt.async_exception_hook == default_hook then Lwt.async_exception_hook := crash)

let iterate () =
  Hooks.run_enter_iter_hooks ();
  More_sleepers.adopt ();
  (* Events first: a promise that is paused for ever must not keep them out. *)
  if demux_pending () then Activations.run events
  else if Lwt.paused_count () = 0 then (
    let deadline = Time.next () in
    block_domain (if deadline = max_int then Int64.max_int else Int64.of_int deadline);
    if demux_pending () then Activations.run events);
  Time.wake_due ();
  Lwt.wakeup_paused ();
  Hooks.run_leave_iter_hooks ()

let run promise =
  Lazy.force prepare;
  Lwt.wakeup_paused ();
  let rec loop () =
    match Lwt.state promise with
    | Lwt.Return () -> ()
    | Lwt.Fail error -> Printexc.raise_with_backtrace error (Printexc.get_raw_backtrace ())
    | Lwt.Sleep ->
        iterate ();
        loop ()
  in
  loop ()

let () =
  at_exit (fun () ->
      Lwt.abandon_wakeups ();
      run (Hooks.run_exit_hooks ()))

let at_exit = at_exit_hook
