(* SPDX-License-Identifier: ISC *)
(** A disk's requests, over the connections that {!Block} makes: cut, asked for, waited for, for as long as that is of any use. The
    rings and the pages are the bindings' (src/ffi/block.rs). *)

val log : Logs.src
(** {!Block}'s, too. *)

type t
(** Those of a disk. *)

val references : int -> int -> int
(** How many grant references a disk of so much memory and so many queues uses. *)

val make : memory:int -> queues:int -> int -> t
(** Of the disk with that number. Raises [Failure] when there is no memory. *)

val handle : t -> int
(** The bindings' number of it. *)

val on_break : t -> (unit -> unit) -> unit
(** What is done when the backend has broken the protocol, after {!disconnected}. *)

(** {2 Connections} *)

val offer : t -> domid:int -> segments:int -> queues:int -> ((int * int) list, string) result
(** Empties the rings for a backend in that domain, which takes so many segments in a page of them and offers so many queues. The
    grant reference and the event channel of each queue. What was asked and not answered is asked again. *)

val connected : t -> domid:int -> keeps:bool -> unit
(** The backend has them; it keeps writes back until a flush, or does not. *)

val disconnected : t -> unit
(** The backend is gone. *)

val channels : t -> Xen_os.Eventchn.t list
(** One a queue; none without a backend that was offered them. *)

(** {2 Transfers} *)

type operation = Read | Write | Flush | Discard

type outcome =
  | Done
  | Failed  (** the backend said so, or has not answered *)
  | Unsupported  (** the backend said so *)
  | Lost  (** a flush before which writes may have been lost *)

val ring_sector : int
(** Bytes of a sector on the ring, whatever the disk's own are. *)

val move : t -> operation -> int -> Cstruct.t list -> outcome Lwt.t
(** Reads or writes, from that sector of {!ring_sector} bytes on. *)

val ask : t -> operation -> int -> int -> outcome Lwt.t
(** A flush, or a discard of so many bytes from that sector on. *)

val take_loss : t -> bool
(** Whether writes may be lost of which no flush has told yet; it counts as told then. *)

(** {2 The end} *)

val is_active : t -> bool
(** Until {!stop}. *)

val stop : t -> unit Lwt.t
(** Asks for nothing more. What is under way is waited for, but no longer than ten seconds. *)

val give : t -> bool
(** Ends the grants and gives the rings back; false when the backend still uses pages, which are lost. *)
