(* SPDX-License-Identifier: ISC *)
(** A paravirtual device's connection to its backend, by way of xenstore: made, kept, and made again when the backend comes
    back. Protocol: Xen's [io/xenbus.h]; what to do when is decided by the same code as in the core (xen_proto::xenbus).

    For {!Netif} and {!Block}, and for frontends of other kinds. *)

type backend = {
  domid : int;  (** its domain *)
  path : string;  (** its folder *)
  read : string -> string option Lwt.t;  (** what it says under that name in its folder *)
}

(** What a kind of device does. None of these waits for the backend. *)
type driver = {
  class_ : string;  (** ["vif"], ["vbd"] *)
  publish_with : Xen_os.Device_state.state;  (** the state to publish the rings with: [Connected] or [Initialised] *)
  offer : backend -> (string * string) list option Lwt.t;
      (** makes rings for the backend and says what it has to be told: names and values. [None] when that cannot be done now; it is asked
          again after a second, or sooner. *)
  connect : backend -> bool Lwt.t;  (** the backend is connected; false when what it says of the device makes no sense *)
  disconnect : unit -> unit;  (** the rings are of no use any more *)
  is_bound : unit -> bool;
      (** whether the backend has bound all event channels that it was told of: {!is_bound}. One that had and has not any more has lost
          the connection, whatever its state is, and gets a new one. *)
  changed : backend -> unit Lwt.t;  (** the backend is connected and one of [watched] has another value *)
  watched : string list;  (** names in the backend's folder *)
  passing : string list;  (** names that [offer] says for some backends only: what it does not say to the next one is removed *)
}

type t
(** A device's connection. *)

val connect : driver -> int -> t Lwt.t
(** Connects the device with that number, and waits until its backend is connected. Fails with [Failure] after 30
    seconds, or when xenstored does not let its nodes be watched. *)

val is_connected : t -> bool
(** Whether the device can be used. *)

val reset : t -> unit
(** Gives up a connection whose backend broke the protocol, to make a new one. *)

val disconnect : t -> unit Lwt.t
(** Closes the connection for good; waits, at most 5 seconds, until the backend has let go of it. *)

val numbers : string -> int list Lwt.t
(** The numbers of the domain's devices of a class, in order. *)

val read : string -> string option Lwt.t
(** The value of a node of xenstore. *)

(** {2 For drivers over the bindings' Rust} *)

val is_bound : Xen_os.Eventchn.t -> bool
(** Whether another domain has bound a channel that was offered to it ([EVTCHNOP_status] in Xen's [event_channel.h]). *)

val donate : int -> unit
(** Hands so many grant references of {!Xen_os.Xen.Export}'s over to the bindings for good. Raises [Failure] when there are not
    so many. *)

val error_text : int -> string
(** What a negative number from the bindings means. *)

val check : string -> int -> int
(** The number, if it is not negative. Raises [Failure] with the first argument and the text. *)

type 'a devices
(** The devices of a class that are connected, and which of the bindings' have references for their pages. *)

val devices : unit -> 'a devices
(** None. *)

val once : 'a devices -> int -> (int -> 'a Lwt.t) -> 'a Lwt.t
(** The device with that number, made if it is not there yet or could not be made, or when the last use of it has ended. *)

val finally : 'a devices -> int -> (unit -> unit Lwt.t) -> unit Lwt.t
(** [finally devices number disconnect] ends the use of that device by [disconnect], for which {!once} waits before it makes it anew. *)

val supply : 'a devices -> int -> int -> unit
(** [supply devices handle count] donates so many references to the bindings' device of that handle, which keeps them from one
    use to the next. Raises [Failure] as {!donate} does. *)
