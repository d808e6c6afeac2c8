(* SPDX-License-Identifier: ISC *)
(* How the domain ends, other than by the end of the program: SCHEDOP_shutdown of Xen's sched.h. *)

type reason = Poweroff | Reboot | Crash

external shutdown : int -> unit = "mirage_xen_shutdown"

let now reason =
  flush_all ();
  shutdown (match reason with Poweroff -> 0 | Reboot -> 1 | Crash -> 3)

(* What the toolstack asked for, which a normal end of the program then does. *)
let requested = ref Poweroff

(* The functions registered first run last, so that what the program and other libraries register is not lost. *)
let () = at_exit (fun () -> if !requested = Reboot then now Reboot)
