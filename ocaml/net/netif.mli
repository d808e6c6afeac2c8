(* SPDX-License-Identifier: ISC *)
(** Network interfaces of the domain, over netback: the signature of [Mirage_net.S], versions 2 to 4.

    A packet is copied once each way or not at all. What is sent in one page is written by the caller where netback reads it;
    a longer packet is copied into such pages. What is received is copied out of the page that netback can still write, into
    memory that is the program's for as long as it likes: several packets share a buffer of 32 KiB or so, which is freed when
    none of them is referred to any more. *)

open Net_lib

type t
(** An interface. *)

type error = [ Mirage_net.Net.error | `Broken of string ]
(** [`Broken] says in which way the interface cannot be used. *)

val pp_error : error Fmt.t
(** Prints it. *)

val connect : string -> t Lwt.t
(** [connect id] is the interface with number [id] in xenstore ([device/vif/ID], as ["0"] or ["vif0"]), or with that MAC address; the
    one with the lowest number where [id] is [""]. The same one when it is connected already. Fails with [Failure], naming the
    interfaces that there are, when there is none like it, or when its backend does not connect within 30 seconds. *)

val disconnect : t -> unit Lwt.t
(** Ends the connection and all its grants; {!listen} returns. The interface can be connected again. *)

val write : t -> size:int -> (Cstruct.t -> int) -> (unit, error) result Lwt.t
(** [write t ~size fill] has [fill] write a frame, with its Ethernet header, to a zeroed buffer of [size] bytes, at most {!mtu}
    and 14, and return its length; 0 sends nothing. The buffer is [fill]'s only until it returns. Waits while there is no room, at
    most 100 ms; then, or while there is no backend, the frame is dropped, as frames may be. [`Invalid_length] when [size]
    or the length is too large, [`Unimplemented] when the frame has more than 4096 bytes and the backend takes a page at most: one
    without scatter-gather, which netback is not. *)

val listen : t -> header_size:int -> (Cstruct.t -> unit Lwt.t) -> (unit, error) result Lwt.t
(** [listen t ~header_size f] calls [f] with each frame that comes until {!disconnect}, over restarts of the backend. It does
    not wait for what [f] returns; failures are logged. [header_size] is not looked at. A frame that the {!mtu} does not allow may
    come or be dropped, as there is room for it; none has more than 32 KiB, or two of the longest that it allows where that is more. *)

val mac : t -> Macaddr.t
(** Its address. *)

val mtu : t -> int
(** The most bytes of a frame without its 14 bytes of header: xenstore's [mtu], else 1500. *)

val get_stats_counters : t -> Mirage_net.stats
(** What went through it since it was connected first or {!reset_stats_counters}. *)

val reset_stats_counters : t -> unit
(** Starts counting anew. *)

(** {2 Of this library alone} *)

val memory : int ref
(** The most bytes for the pages of an interface that is connected from then on: 960 KiB at most, which is the default, 176 KiB at least.
    Beside these it has a buffer of 32 KiB to receive into and 28 KiB for what it knows of the pages, which is less than 1 MiB in all. Above that
    are, where they are used, a buffer for two of the longest packets instead of the 32 KiB, 128 KiB with {!listen_partial}, and one for the
    longest packet of several pages that was sent, 64 KiB at most. Buffers of frames that the program still refers to are the
    program's. *)

val queues : int ref
(** The most queues of an interface that is connected from then on, 1 to 4; 1 at first, which is what one processor needs. Each has rings
    and event channels of its own, which a thread of netback serves: where the backend has several processors, more queues
    let them work side by side. The queues share the {!memory}. There are as many as the backend offers, at most. Frames of a flow, those
    with the same IP addresses and ports of TCP, stay in order. *)

val connected_queues : t -> int
(** How many queues there are with the backend of now; 0 when there is none. *)

val dropped : t -> int * int
(** Frames since the start that came and were not delivered, and that were not sent: there was no room or no backend. *)

type offload = [ `Checksum_v4 | `Checksum_v6 | `Segments_v4 | `Segments_v6 ]
(** Work on a packet that is sent: the checksum of TCP or UDP, or the cutting of a segment of TCP, over IPv4 or IPv6. *)

val offloads : t -> offload list
(** What the backend of now takes over; nothing while there is none. *)

val write_partial : t -> ?v6:bool -> ?segment:int -> size:int -> (Cstruct.t -> int) -> (unit, error) result Lwt.t
(** Like {!write}, of a frame whose checksum field of TCP or UDP has the sum of the pseudo header, not complemented, and whose rest the
    backend computes. [v6] says that it is over IPv6. With [segment], which is the bytes of TCP payload in a packet, it may have up to
    65535 bytes and is cut by whoever puts it on a wire. [`Unimplemented] when that is none of {!offloads}, and as {!write} has it. *)

type checksum = [ `Good | `Partial | `Unchecked ]
(** Of a packet's TCP or UDP: it need not be looked at; it is the sum of the pseudo header, not complemented, since the packet never was on a
    wire, and the data is good; nothing is known, and it has to be looked at. *)

val listen_partial : t -> (checksum:checksum -> segment:int -> Cstruct.t -> unit Lwt.t) -> (unit, error) result Lwt.t
(** Like {!listen}, of packets as they came: segments of TCP of up to 65553 bytes whole, where {!listen} calls with each of the frames that
    they stand for, and checksums as they are. [segment] is the bytes of TCP payload in each of these frames, 0 where the packet is a
    frame itself. With {!write_partial}'s [segment], and [checksum] [`Partial], it can be sent on.

    Unlike a frame of {!listen}'s, a packet is [f]'s only until the promise that it returns is resolved; then the memory is used for
    another one. *)

val is_connected : t -> bool
(** Whether the interface has a backend now, as a carrier on a wire. *)
