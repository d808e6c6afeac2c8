(* SPDX-License-Identifier: ISC *)
(** Which grant references are in use: allocation in constant time, and fair waiting when there are none. Pure.

    References that were never used are given out only when all that were are in use, so that the grant table stays as
    small as it can. *)

type t

val create : first:int -> limit:(unit -> int) -> t
(** References from [first] to [limit () - 1]. [limit] is called once, by the first operation. *)

val free : t -> int
(** How many are free. *)

val take : t -> int -> int list option
(** So many references; [None] when there are fewer, or when someone waits, who is not overtaken. *)

val wait : t -> int -> int list Lwt.t
(** The same as soon as there are so many, in the order of the calls. Cancelling leaves the queue. Fails with
    [Invalid_argument] when the table is smaller than that. *)

val put : t -> int -> unit
(** Gives one back. Raises [Invalid_argument] when it is not in use. *)
