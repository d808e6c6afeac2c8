(* SPDX-License-Identifier: ISC *)
(** The domain's event channels as the library knows them: a table, as long as the largest port in use, of who waits.

    A channel stands for a binding of a port rather than for its number: when the port was unbound and Xen gave its number
    to another channel, no event of the new one reaches those who still hold the old. *)

type t = private { number : int; generation : int; binding : int }
(** A channel: the port's number, the {!Generation} in which it was bound, and which binding it is. Plain numbers, so that
    channels can be compared and hashed. *)

type state = private { channel : t; mutable last : int; waiters : unit Lwt.u Dll.t }
(** What a bound channel has: the number of its last event ({!no_event} before the first), and who waits for the next. *)

val no_event : int
(** Below the number of every event. *)

val bind : int -> t
(** A new channel, for a port that Xen has just given out. Raises [Invalid_argument] for a number that no port has. *)

val of_int : int -> t
(** The channel that the port is bound to; if the library knows of none it is now. Raises [Invalid_argument] likewise. *)

val is_bound : t -> bool
(** Neither unbound nor from an earlier generation. *)

val unbind : t -> unit
(** Forgets a channel, and who waits for it. *)

val state : t -> state
(** Of a channel that is bound; raises [Not_found] otherwise. *)

val event : int -> int -> state
(** [event port number] notes that the event of that number came on the port. *)

val clear : unit -> state list
(** Empties the table, and gives what was in it in the order of the ports. *)

val iter : (state -> unit) -> unit
(** Over the table, in the order of the ports. *)
