(* SPDX-License-Identifier: ISC *)

external monotonic : unit -> int64 = "caml_get_monotonic_time"

(* 2^62 ns are 146 years. *)
let now () = Int64.to_int (monotonic ())
let sleeping : (unit -> unit) Sleepers.t = Sleepers.create ()

let deadline ns =
  let now = now () in
  if Int64.compare ns 0L <= 0 then now
  else if Int64.compare ns (Int64.of_int (max_int - now)) >= 0 then max_int
  else now + Int64.to_int ns

let sleep_ns ns =
  let promise, resolver = Lwt.task () in
  let entry = Sleepers.add sleeping ~deadline:(deadline ns) (fun () -> Lwt.wakeup_later resolver ()) in
  Lwt.on_cancel promise (fun () -> Sleepers.remove sleeping entry);
  promise

let at deadline f = ignore (Sleepers.add sleeping ~deadline f : (unit -> unit) Sleepers.entry)
let next () = Sleepers.next sleeping
let sleepers () = Sleepers.length sleeping

(* The clock is read once and no more are woken than slept, so that who sleeps for 0 ns again and again does not keep the
   main loop here. *)
let wake_due () =
  if Sleepers.length sleeping > 0 then
    let now = now () in
    let rec wake count =
      if count > 0 then
        match Sleepers.take_due sleeping ~now with
        | None -> ()
        | Some f ->
            f ();
            wake (count - 1)
    in
    wake (Sleepers.length sleeping)
