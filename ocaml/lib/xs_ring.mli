(* SPDX-License-Identifier: ISC *)
(** The connection to xenstore as the xenstore library's client takes it, a stream of packets each way, over the one that the
    core keeps. Request numbers are the client's on this side and the core's on the other. *)

type 'a t = 'a Lwt.t

val return : 'a -> 'a t
(** Lwt's. *)

val ( >>= ) : 'a t -> ('a -> 'b t) -> 'b t
(** Lwt's. *)

type backend = [ `xen | `unix ]

val backend : backend
(** [`xen]. *)

type channel
(** A stream each way. *)

val create : unit -> channel t
(** Connects. Fails when the domain has no xenstore. *)

val destroy : channel -> unit t
(** Nothing: the connection stays. *)

val read : channel -> bytes -> int -> int -> int t
(** [read channel bytes offset length] waits until there is something, and gives how much of it there was: from 1 to
    [length]. *)

val write : channel -> bytes -> int -> int -> unit t
(** [write channel bytes offset length] writes all, at once. What is not a whole packet yet is kept. *)
