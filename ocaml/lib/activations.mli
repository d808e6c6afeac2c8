(* SPDX-License-Identifier: ISC *)
(** Waiting for events.

    {!Main.run} takes the marks of the ports that have events and wakes those who wait for them. An event that comes while
    nobody waits is remembered for {!after}. *)

type event
(** The point in time at which an event was received. *)

val program_start : event
(** Before every event. *)

val after : Eventchn.t -> event -> event Lwt.t
(** [after channel event] is the last event of the channel as soon as that is newer than [event]; at once if it is already.
    Cancelling the promise removes it from the channel. Fails with {!Generation.Invalid} when the domain is or was resumed
    since the channel was bound. Stays pending when the channel is or was unbound. *)

(** {2 Low-level interface} *)

val wait : Eventchn.t -> unit Lwt.t
(** The next event from now on: one that came before the call is not seen. Cancellation and failure are as for {!after}. *)

val run : Eventchn.handle -> unit
(** Takes the marks of all ports and wakes who waits for them. {!Main.run} calls it. The work is proportional to the number
    of ports that have events. *)

val resume : unit -> unit
(** Has to be called once the domain was resumed: fails everyone who waits with {!Generation.Invalid}. *)

val dump : unit -> unit
(** Prints each known port with the number of its last event and of its waiters. *)
