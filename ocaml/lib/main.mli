(* SPDX-License-Identifier: ISC *)
(** The main loop. *)

val run : unit Lwt.t -> unit
(** Runs until the promise is resolved: delivers events, wakes sleepers, continues paused promises, and otherwise sleeps in
    Xen until the next event or deadline. The domain uses no processor meanwhile.

    When the promise fails, its exception is raised with the backtrace that it came with. Nothing catching it, the program
    ends, and the domain with it: Xen's reason is a crash. The same becomes of an exception in [Lwt.async], unless the program has set
    [Lwt.async_exception_hook]. When the promise is fulfilled [run] returns; at the program's end the exit hooks are run,
    and the domain powers off, or reboots where that is what {!Lifecycle.await_shutdown_request} was asked for.

    The first call turns the recording of backtraces on. *)

(** {2 Hooks}

    Of mirage-runtime where that is installed, which is where applications then register theirs. *)

val at_exit : (unit -> unit Lwt.t) -> unit
(** Has a function run when the program ends, the last one registered first. *)

val at_enter_iter : (unit -> unit) -> unit
(** Has a function run at the start of each iteration that waits for something. *)

val at_leave_iter : (unit -> unit) -> unit
(** The same, at the end. *)
