(* SPDX-License-Identifier: ISC *)
(** A client of xenstore, with the interface of the module [Xs_client_lwt] of the xenstore library, where that is not
    installed, over the connection that the core keeps. Any number of promises use it at the same time. *)

(** A connection as the xenstore library's client takes it. This one has its own. *)
module type IO = sig
  type 'a t = 'a Lwt.t

  val return : 'a -> 'a t
  (** Lwt's. *)

  val ( >>= ) : 'a t -> ('a -> 'b t) -> 'b t
  (** Lwt's. *)

  type backend = [ `xen | `unix ]

  val backend : backend
  (** Over what the connection goes: a ring of Xen's, or a socket. *)

  type channel
  (** A connection that is up. *)

  val create : unit -> channel t
  (** Connects, or connects again after {!destroy}. *)

  val destroy : channel -> unit t
  (** Gives the connection up. *)

  val read : channel -> bytes -> int -> int -> int t
  (** Waits for something, and gives how much of it there was: at least 1. *)

  val write : channel -> bytes -> int -> int -> unit t
  (** Writes all. *)
end

exception Malformed_watch_event
(** Only logged: an event without a token. *)

exception Unexpected_rid of int32
(** Only logged: a reply to no request, with its number. *)

exception Dispatcher_failed
(** The connection is lost and could not be made again. *)

module type S = sig
  type client
  (** A client with its connection. *)

  val make : unit -> client Lwt.t
  (** The domain's client, which is made and connected by the first call. *)

  val suspend : client -> unit Lwt.t
  (** Waits for the replies under way; holds back new requests until {!resume}. *)

  val resume : client -> unit Lwt.t
  (** Registers the watches again that there were at {!suspend}, and lets requests through. The connection has to be up. *)

  type handle
  (** In which way requests are made: one by one, or in a transaction. *)

  val immediate : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  (** Requests that take effect one by one. *)

  val transaction : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  (** Requests that take effect together, and see no change by others. When it meets a conflict, the function is run again
      in a new transaction, as often as it takes; when the function fails, nothing takes effect. *)

  val wait : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  (** Runs the function until it does not fail with [Xs_protocol.Eagain]: again whenever one of the nodes that it has read or
      listed changes. Every change after the function's last read is seen; many changes may be seen as one. Cancelling it
      removes its watches. *)

  val directory : handle -> string -> string list Lwt.t
  (** The names of a node's children, in no order, however many. Fails with [Enoent]; with [Error "E2BIG"] where the names
      take more than 4096 bytes and the daemon cannot send them in parts: xenstored can, oxenstored cannot. *)

  val read : handle -> string -> string Lwt.t
  (** A node's value. Fails with [Enoent]; with [Error "EACCES"] where it may not be read. *)

  val write : handle -> string -> string -> unit Lwt.t
  (** Sets a node's value, at most about 4 000 bytes; makes the node, and those above it, if they are not there. *)

  val rm : handle -> string -> unit Lwt.t
  (** Removes a node with all below it. *)

  val mkdir : handle -> string -> unit Lwt.t
  (** Makes a node with an empty value; does nothing when there is one. *)

  val setperms : handle -> string -> Own_xs_protocol.ACL.t -> unit Lwt.t
  (** Says who may do what with a node. *)

  val debug : handle -> string list -> string list Lwt.t
  (** A command for xenstore's daemon; for privileged domains. *)

  val getdomainpath : handle -> int -> string Lwt.t
  (** Where a domain's nodes are: [/local/domain/N]. *)

  val watch : handle -> string -> Own_xs_protocol.Token.t -> unit Lwt.t
  (** Registers a watch whose events nobody in this client receives; {!wait} is for that. Fails with [Eexist]. *)

  val unwatch : handle -> string -> Own_xs_protocol.Token.t -> unit Lwt.t
  (** Removes it. Fails with [Enoent]. *)

  val introduce : handle -> int -> nativeint -> int -> unit Lwt.t
  (** Tells xenstore of a domain, its ring's frame and port; for toolstacks. *)

  val set_target : handle -> int -> int -> unit Lwt.t
  (** Gives a stub domain what another may; for toolstacks. *)
end

include S
