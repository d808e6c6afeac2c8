(* SPDX-License-Identifier: ISC *)
(** A key-value store on a disk, as a log: what is written is appended, and stays whatever becomes of the domain or its host.

    Each half of the disk holds a log, of which one is in use. A log is a sequence of records that start at a sector each, have a
    checksum, and carry the log's number, their own place, who wrote them and the checksum of the record before: what is there is
    told from what an earlier log or an interrupted write left, and a record that was cut off by a power failure is the end. Whoever
    opens the store overwrites what lies behind that end, so that what comes late of a write nobody was told of stays unwritten. The disk
    is one store's alone: what another one, or an earlier domain whose backend has not let go of the disk, still writes to it is found
    as {!Corrupt} where it took something's place. When the log is full, what still counts is copied to the other half, and then
    a sector at the disk's start says that this one is in use. Of those sectors there are two, written in turn. *)

type t

exception Corrupt of string
(** The disk has something else on it or is too small, or somebody else has written to it. *)

exception Full
(** What is to be kept does not fit in half of the disk. *)

exception Failed of string
(** The disk answered with an error. Nothing is written any more: what it has of the last write is found when it is opened again. *)

val connect : Block.t -> t Lwt.t
(** Opens the store on a disk, which takes a flush, or makes one on a disk whose first two sectors are zeros. *)

val put : t -> string -> string -> unit Lwt.t
(** [put t key value]: once it returns, the value stays. Calls that wait for the disk at the same time are written together. A key has
    at most 65535 bytes. *)

val remove : t -> string -> unit Lwt.t
(** Forgets a key; once it returns, for good. *)

val get : t -> string -> string option Lwt.t
(** The value that was put last. *)

val keys : t -> string list
(** All keys, in order. *)

val logs : t -> int
(** How many logs there have been: the number of times that one was full, and one. *)
