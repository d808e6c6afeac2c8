(* SPDX-License-Identifier: ISC *)
(** Values that are good until the domain is suspended: event channels and whatever else Xen forgets then. *)

exception Invalid
(** The value is from before the last resume. *)

type 'a t = { generation : int; value : 'a }

val generation : int ref
(** How many times the domain has resumed. *)

val wrap : 'a -> 'a t
(** The value, good from now to the next resume. *)

val maybe : 'a t -> ('a -> 'b) -> 'b -> 'b
(** [maybe v f default] is [f] of the value, or [default] when it is not good any more. *)

val extract : 'a t -> 'a
(** The value, good or not. *)

val resume : unit -> unit
(** Ends the present generation. *)
