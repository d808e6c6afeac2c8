(* SPDX-License-Identifier: ISC *)
(** A reporter for the logs library: lines on the console with the time since the program started. *)

val create : unit -> Logs.reporter
(** A line is [[  12.345678] WARNING source: message]: seconds of the monotonic clock, to the microsecond. Each line is
    written at once. *)

val install : ?level:Logs.level -> unit -> unit
(** Makes it the program's reporter, and has messages of [level] (by default [Info]) and more important ones shown. *)
