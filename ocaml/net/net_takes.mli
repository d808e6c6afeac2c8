(* SPDX-License-Identifier: ISC *)
(** What a backend takes of the frontend. *)

type offload = [ `Checksum_v4 | `Checksum_v6 | `Segments_v4 | `Segments_v6 ]
(** {!Netif.offload}. *)

type t = { scatter_gather : bool;  (** packets of several pages *) offloads : offload list }

val nothing : t
(** Packets of one page, as they are. *)

val read : Xen_frontend.backend -> t Lwt.t
(** Looks what it says. *)

val page_size : int
(** Bytes of a page. *)

val leaves : v6:bool -> segment:int -> int
(** What a packet leaves to the backend, as a word: its checksum, over IPv6 or not, and, unless that is 0, the cutting into packets of so many
    bytes of payload. A packet that leaves nothing is 0. *)

val segment : int -> int
(** These bytes. *)

val packet : t -> int -> int -> bool
(** [packet t size leaves] says whether it takes a packet of so many bytes that leaves that. *)
