(* SPDX-License-Identifier: ISC *)
(** Xenstore's packets: Xen's [io/xs_wire.h], with the payloads of its [docs/misc/xenstore.txt]. Pure. *)

(** What a packet is. *)
module Op : sig
  type t =
    | Debug
    | Directory
    | Read
    | Getperms
    | Watch
    | Unwatch
    | Transaction_start
    | Transaction_end
    | Introduce
    | Release
    | Getdomainpath
    | Write
    | Mkdir
    | Rm
    | Setperms
    | Watchevent
    | Error
    | Isintroduced
    | Resume
    | Set_target
    | Reset_watches
    | Directory_part

  val to_int : t -> int
  (** Its number in a packet's header. *)

  val of_int : int -> t option
  (** What has that number. *)

  val to_string : t -> string
  (** Its name, for messages. *)
end

val header_size : int
(** 16 bytes: type, request, transaction and length of the payload, each 32 bits, little endian. *)

val payload_max : int
(** 4096 bytes. *)

type header = { op : int; rid : int; tid : int; length : int }

val packet : op:Op.t -> rid:int -> tid:int -> string list -> bytes
(** A packet whose payload is the strings one after the other. Raises [Invalid_argument] if they are more than
    {!payload_max}. *)

val header : bytes -> header
(** Reads the first {!header_size} bytes. *)

val strings : string -> string list
(** The strings of a payload, each ended by a zero byte; the last one's may be missing. *)

(** A reply to [Directory_part]. *)
module Part : sig
  val parse : string -> (string * string) option
  (** The generation count of the directory, and the bytes of names that come with it. *)

  val is_last : string -> bool
  (** Whether these bytes end the list: with an empty name, or without any. *)
end
