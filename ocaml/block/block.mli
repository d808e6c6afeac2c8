(* SPDX-License-Identifier: ISC *)
(** Disks of the domain, over blkback: the signature of [Mirage_block.S], versions 2 and 3.

    Bytes are copied once each way, between the caller's buffers and pages that were granted to the backend once. A transfer that
    is under way when the backend goes away is asked again of the next one, in smaller requests if that one takes no larger: never
    lost without an error, never half done. One without an answer for 30 seconds fails; a new connection within that time gives it
    as much again, four times. So do those with a backend that broke the protocol so often that it is not connected to again.
    Only time in which the program waits for something counts. *)

open Block_lib

type t
(** A disk. *)

type error = [ Mirage_block.error | `Bad_request of string | `Io_error ]
(** [`Bad_request] says what is wrong: sectors past the end, or buffers that are not whole sectors. [`Io_error] is the backend's
    answer, or that there is none. *)

val pp_error : error Fmt.t
(** Prints it. *)

type write_error = [ Mirage_block.write_error | `Bad_request of string | `Io_error | `Lost_writes ]
(** The same, and what {!flush} alone says. *)

val pp_write_error : write_error Fmt.t
(** Prints it. *)

val connect : string -> t Lwt.t
(** [connect id] is the disk with number [id] in xenstore ([device/vbd/ID], as ["51712"]) or with that name ({!Device_name}: ["xvda"],
    ["/dev/xvda"]); the one with the lowest number where [id] is [""]. The same one when it is connected already. Fails with
    [Failure], naming the disks that there are, when there is none like it, or when its backend does not connect within 30 seconds. *)

val disconnect : t -> unit Lwt.t
(** Waits for what is under way, and ends the connection and all its grants. The disk can be connected again. *)

val get_info : t -> Mirage_block.info Lwt.t
(** Its size, as it is now: a disk may be made larger or smaller. *)

val read : t -> int64 -> Cstruct.t list -> (unit, error) result Lwt.t
(** [read t sector buffers] fills the buffers, each of whole sectors, with what is on the disk from that sector on. Requests of
    up to 128 KiB are under way at the same time. *)

val write : t -> int64 -> Cstruct.t list -> (unit, write_error) result Lwt.t
(** The other way. Done means that the backend has it: it stays whatever becomes of this domain, but for a host that fails only
    after {!flush}. *)

(** {2 Of this library alone} *)

val flush : t -> (unit, write_error) result Lwt.t
(** What was written before stays whatever happens. Done at once where the backend keeps nothing back (no [feature-flush-cache]).

    [`Lost_writes] when the backend is another domain's now than when a write was done that was not flushed yet, and the old one
    kept writes back: it may have taken them with it. Those of its flushes that are under way then say so, or else the next one does,
    once. A backend that comes back in the same domain has kept them. *)

val discard : t -> int64 -> int64 -> (unit, write_error) result Lwt.t
(** [discard t sector count]: what these sectors have is of no use any more. Done at once where the backend has no use for that. *)

val memory : int ref
(** The most bytes for the pages of a disk that is connected from then on; 804 KiB at most, which is the default, 140 KiB at least. *)

val queues : int ref
(** The most queues of a disk that is connected from then on, 1 to 4; 1 at first, which is what one processor needs. Each has a ring
    and an event channel of its own, which a thread of blkback serves: where the backend has several processors, more queues let it work
    on several requests at once. The queues share the {!memory}, to which the second and each further one add 4 KiB. There are as
    many as the backend offers, at most. {!flush} covers what was written by any of them. *)

val connected_queues : t -> int
(** How many queues there are with the backend of now; 0 when there is none. *)
