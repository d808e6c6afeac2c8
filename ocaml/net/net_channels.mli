(* SPDX-License-Identifier: ISC *)
(** The event channels of an interface's queues, and what the backend has to know of a queue. *)

open Xen_os

type t = { rx : Eventchn.t; tx : Eventchn.t }
(** Of a queue. Both are the same where the backend has no channels for each direction. *)

val make : split:bool -> int -> t
(** Channels that this domain may connect to; [split] says whether one for each direction. Raises [Failure] as
    {!Eventchn.bind_unbound_port} does. *)

val start : t -> unit
(** Lets events in. *)

val is_bound : t -> bool
(** Whether the backend has bound them. *)

val close : t -> unit
(** Unbinds them. *)

val notify : Eventchn.t -> unit
(** Sends an event. *)

val keys : t -> queues:int -> queue:int -> tx_ring:int -> rx_ring:int -> (string * string) list
(** What the backend of so many queues has to know of one: names and values. One alone is described in the frontend's folder itself, as it
    is to a backend that knows of one only. *)

val passing : int -> string list
(** The names of up to so many queues that {!keys} has for some backends only, and that a backend looks at first. *)
