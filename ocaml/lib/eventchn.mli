(* SPDX-License-Identifier: ISC *)
(** Event channels: notifications between domains, and from Xen.

    Interface: Xen's [event_channel.h]. A value of {!t} stands for one binding of a port. When the port has been unbound,
    or the domain has been resumed, the value is dead: {!is_valid} says so, {!notify} and {!unmask} do nothing, and no
    event is delivered for it, even when Xen gives the same number to a new channel. *)

type handle
(** An initialised event channel interface. There is one for the domain and it needs no closing. *)

type t = Port.t
(** A local event channel. Channels can be compared and hashed. *)

val to_int : t -> int
(** The port's number, from 1 to 131071. *)

val of_int : int -> t
(** The channel with that number, for ports that were bound outside of this module (console, xenstore). Raises
    [Invalid_argument] outside 0 to 131071. *)

val init : unit -> handle
(** The interface. Makes no hypercall. *)

val close : handle -> int
(** Does nothing and gives 0. *)

val notify : handle -> t -> unit
(** Sends an event to the other end (EVTCHNOP_send). Errors of Xen are ignored, as the other end may be gone. *)

val bind_interdomain : handle -> int -> int -> t
(** [bind_interdomain handle domid port] is a new channel to that domain's unbound port (EVTCHNOP_bind_interdomain). Raises
    [Failure] when Xen refuses. An event is pending on it at once, as one may have been lost before. *)

val bind_unbound_port : handle -> int -> t
(** [bind_unbound_port handle domid] is a new channel that the domain can bind to (EVTCHNOP_alloc_unbound). Raises
    [Failure] when Xen refuses. *)

val bind_dom_exc_virq : handle -> t
(** A channel for VIRQ_DOM_EXC, by which a toolstack's domain learns that some domain changed its state. Raises [Failure]
    when Xen refuses. *)

val unbind : handle -> t -> unit
(** Closes the channel (EVTCHNOP_close). Promises of {!Activations} that wait for it stay pending for ever. Raises [Failure]
    when Xen refuses or the channel is closed already. *)

val unmask : handle -> t -> unit
(** Lets the channel's events through, those included that came before (EVTCHNOP_unmask). Raises [Failure] when Xen
    refuses. *)

val is_valid : t -> bool
(** Whether the channel is bound: not after {!unbind} or a resume of the domain. *)
