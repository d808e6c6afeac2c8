(* SPDX-License-Identifier: ISC *)
(* Those who sleep through mirage-sleep, whose interface to a main loop is a list of newcomers and a mark on those that
   were cancelled. *)

let adopt () =
  List.iter
    (fun (sleeper : Mirage_sleep.t) ->
      Time.at (Int64.to_int sleeper.time) (fun () -> if not sleeper.canceled then Lwt.wakeup_later sleeper.thread ()))
    (Mirage_sleep.new_sleepers ())
