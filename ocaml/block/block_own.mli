(* SPDX-License-Identifier: ISC *)
(** What {!Block} has of [Mirage_block] where that is not installed, with its names and types. *)

type error = [ `Disconnected ]

val pp_error : error Fmt.t
(** Prints it. *)

type write_error = [ error | `Is_read_only ]

val pp_write_error : write_error Fmt.t
(** Prints it. *)

type info = {
  read_write : bool;  (** whether it can be written *)
  sector_size : int;  (** bytes *)
  size_sectors : int64;  (** of these *)
}
