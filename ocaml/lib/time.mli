(* SPDX-License-Identifier: ISC *)
(** Sleeping.

    Time is Xen's monotonic clock, in nanoseconds. *)

val sleep_ns : int64 -> unit Lwt.t
(** A promise that is resolved by {!Main.run} when so many nanoseconds have passed: never earlier, and in the order of the
    deadlines; those with the same deadline in the order of the calls. 0 and less resolve in the main loop's next
    iteration. Cancelling frees the entry. *)

(** {2 For the main loop} *)

val now : unit -> int
(** Nanoseconds of the monotonic clock. *)

val next : unit -> int
(** The earliest deadline, on the scale of {!now}; [max_int] when nobody sleeps. *)

val wake_due : unit -> unit
(** Wakes those whose deadline has come. *)

val at : int -> (unit -> unit) -> unit
(** [at deadline f] has [f] called by {!wake_due} at the deadline. *)

val sleepers : unit -> int
(** How many sleep. *)
