(* SPDX-License-Identifier: ISC *)
(** What {!Netif} has of MirageOS's libraries where these are not installed: the parts of [Macaddr] and of [Mirage_net] that
    programs use, with their names and types. *)

module Macaddr : sig
  type t
  (** An Ethernet address. *)

  val compare : t -> t -> int
  (** By octets. *)

  val of_octets : string -> (t, [> `Msg of string ]) result
  (** Of six bytes. *)

  val of_octets_exn : string -> t
  (** The same. Raises [Invalid_argument]. *)

  val to_octets : t -> string
  (** Six bytes. *)

  val of_string : string -> (t, [> `Msg of string ]) result
  (** Of six pairs of hexadecimal digits between colons, or hyphens. *)

  val of_string_exn : string -> t
  (** The same. Raises [Invalid_argument]. *)

  val to_string : ?sep:char -> t -> string
  (** In lower case, between colons or [sep]. *)

  val pp : Format.formatter -> t -> unit
  (** As {!to_string}. *)

  val broadcast : t
  (** To all. *)

  val is_unicast : t -> bool
  (** To one. *)

  val is_local : t -> bool
  (** Not given by a manufacturer. *)
end

module Mirage_net : sig
  type stats = {
    mutable rx_bytes : int64;
    mutable rx_pkts : int32;
    mutable tx_bytes : int64;
    mutable tx_pkts : int32;
  }

  module Net : sig
    type error = [ `Unimplemented | `Disconnected | `Invalid_length ]

    val pp_error : Format.formatter -> error -> unit
    (** Prints it. *)
  end
end
