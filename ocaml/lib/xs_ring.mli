(* SPDX-License-Identifier: ISC *)
(** The connection to xenstore: the ring that the toolstack set up, and its event channel. Xen's [io/xs_wire.h]. *)

type 'a t = 'a Lwt.t

val return : 'a -> 'a t
(** Lwt's. *)

val ( >>= ) : 'a t -> ('a -> 'b t) -> 'b t
(** Lwt's. *)

type backend = [ `xen | `unix ]

val backend : backend
(** [`xen]. *)

type channel
(** The domain's ring; there is one. *)

val create : unit -> channel t
(** The ring, ready for use. When its counters cannot be, it is set up anew by asking the daemon to, which those of Xen 4.17
    and later can do; fails where they cannot. *)

val destroy : channel -> unit t
(** Nothing: the ring stays. *)

val read : channel -> bytes -> int -> int -> int t
(** [read channel bytes offset length] waits until there is something, and gives how much of it there was: from 1 to
    [length]. *)

val write : channel -> bytes -> int -> int -> unit t
(** [write channel bytes offset length] writes all, and waits for room where there is none. *)
