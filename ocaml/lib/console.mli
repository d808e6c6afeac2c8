(* SPDX-License-Identifier: ISC *)
(** The domain's console: Xen's [io/console.h].

    What the program prints through [Stdlib] goes there too. Reading is for one at a time; bytes come as they are typed,
    without echo and without line editing. *)

type t

type error = |
type write_error = [ `Closed ]

val pp_error : Format.formatter -> error -> unit
(** Never called: reading does not fail. *)

val pp_write_error : Format.formatter -> write_error -> unit
(** Prints why writing failed. *)

val connect : unit -> t
(** The console. Raises [Failure] when the domain has none. *)

val read : t -> ([ `Data of Cstruct.t | `Eof ], error) result Lwt.t
(** The bytes that there are, as soon as there are any; [`Eof] after {!close}. *)

val read_line : t -> string option Lwt.t
(** The bytes up to the next line feed or carriage return, without it; [None] after {!close}. At most 4095 bytes are kept
    of a line. *)

val write : t -> Cstruct.t -> (unit, write_error) result Lwt.t
(** Writes, after what [Stdlib] has in its buffer. LF becomes CR LF. *)

val writev : t -> Cstruct.t list -> (unit, write_error) result Lwt.t
(** Writes one after the other. *)

val log : t -> string -> unit
(** Writes a line at once. *)

val close : t -> unit Lwt.t
(** Ends reading and writing through this value. *)
