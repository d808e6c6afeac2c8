(* SPDX-License-Identifier: ISC *)
(** One direction of a stream of bytes through a shared page: a buffer whose size is a power of two, and two free-running
    32-bit counters of the bytes produced and consumed. Xenstore and the console have two of these each (Xen's
    [io/xs_wire.h], [io/console.h]).

    The other side may write anything at any time: each counter is read once for a decision, and one that cannot be is an
    error. *)

type t

exception Corrupt
(** The counters say that there are more bytes than the buffer holds. *)

val v : Cstruct.t -> data:int -> size:int -> cons:int -> prod:int -> t
(** A stream in a page, by the offsets of its buffer and its counters. *)

val readable : t -> int
(** Bytes that can be read now. *)

val writable : t -> int
(** Bytes that can be written now. *)

val read : t -> bytes -> int -> int -> int
(** [read t buffer offset length] takes up to so many bytes out, and gives how many there were: 0 when it is empty. *)

val write : t -> bytes -> int -> int -> int
(** Puts up to so many bytes in; 0 when it is full. *)

val was_full : t -> int -> bool
(** [was_full t n], right after [n] bytes were read: whether the writer may have seen the stream full, and so waits to be
    told of the room that there is now. *)

val was_empty : t -> int -> bool
(** [was_empty t n], right after [n] bytes were written: whether the reader may have found the stream empty before them, and
    so waits to be told. *)

val init : t -> unit
(** Makes the stream empty. For the side that owns the page, before it is shared. *)
