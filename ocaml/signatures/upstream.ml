(* SPDX-License-Identifier: ISC *)
(* What upstream's library has, value by value with its type: the common part of mirage-xen 6.0, 7, 8 and 9, then what each
   has more. Applications and drivers are compiled against these; the compiler checks that ours has all of it. *)

module type PAGES = sig
  type t
end

(* Of the xenstore library, 1.2.5 to 2.3. *)
module type XS = sig
  type client
  type handle
  type acl
  type token

  val make : unit -> client Lwt.t
  val suspend : client -> unit Lwt.t
  val resume : client -> unit Lwt.t
  val immediate : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  val transaction : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  val wait : client -> (handle -> 'a Lwt.t) -> 'a Lwt.t
  val directory : handle -> string -> string list Lwt.t
  val read : handle -> string -> string Lwt.t
  val write : handle -> string -> string -> unit Lwt.t
  val rm : handle -> string -> unit Lwt.t
  val mkdir : handle -> string -> unit Lwt.t
  val setperms : handle -> string -> acl -> unit Lwt.t
  val debug : handle -> string list -> string list Lwt.t
  val getdomainpath : handle -> int -> string Lwt.t
  val watch : handle -> string -> token -> unit Lwt.t
  val unwatch : handle -> string -> token -> unit Lwt.t
  val introduce : handle -> int -> nativeint -> int -> unit Lwt.t
  val set_target : handle -> int -> int -> unit Lwt.t
end

(* What clients use of its module Xs_protocol. *)
module type XS_PROTOCOL = sig
  module ACL : sig
    type perm = NONE | READ | WRITE | RDWR
    type domid = int
    type t = { owner : domid; other : perm; acl : (domid * perm) list }

    val char_of_perm : perm -> char
    val perm_of_char : char -> perm option
    val of_string : string -> t option
    val to_string : t -> string
  end

  module Token : sig
    type t

    val to_debug_string : t -> string
    val to_user_string : t -> string
    val of_string : string -> t
    val to_string : t -> string
  end

  exception Enoent of string
  exception Eagain
  exception Eexist
  exception Invalid
  exception Error of string
end

(* Of its module Xs_client_lwt. *)
module type XS_CLIENT = sig
  module type IO = sig
    type 'a t = 'a Lwt.t

    val return : 'a -> 'a t
    val ( >>= ) : 'a t -> ('a -> 'b t) -> 'b t

    type backend = [ `xen | `unix ]

    val backend : backend

    type channel

    val create : unit -> channel t
    val destroy : channel -> unit t
    val read : channel -> bytes -> int -> int -> int t
    val write : channel -> bytes -> int -> int -> unit t
  end

  exception Malformed_watch_event
  exception Unexpected_rid of int32
  exception Dispatcher_failed
end

module type LIFECYCLE = sig
  val await_shutdown_request :
    ?can_poweroff:bool -> ?can_reboot:bool -> unit -> [ `Poweroff | `Reboot ] Lwt.t
end

module type MAIN = sig
  val run : unit Lwt.t -> unit
end

module type TIME = sig
  val sleep_ns : int64 -> unit Lwt.t
end

module type GENERATION = sig
  exception Invalid

  type 'a t = { generation : int; value : 'a }

  val generation : int ref
  val wrap : 'a -> 'a t
  val maybe : 'a t -> ('a -> 'b) -> 'b -> 'b
  val extract : 'a t -> 'a
  val resume : unit -> unit
end

module type EVENTCHN = sig
  type handle
  type t

  val to_int : t -> int
  val of_int : int -> t
  val init : unit -> handle
  val close : handle -> int
  val notify : handle -> t -> unit
  val bind_interdomain : handle -> int -> int -> t
  val bind_unbound_port : handle -> int -> t
  val bind_dom_exc_virq : handle -> t
  val unbind : handle -> t -> unit
  val unmask : handle -> t -> unit
  val is_valid : t -> bool
end

module type ACTIVATIONS = sig
  type event
  type channel
  type handle

  val program_start : event
  val after : channel -> event -> event Lwt.t
  val wait : channel -> unit Lwt.t
  val run : handle -> unit
  val resume : unit -> unit
  val dump : unit -> unit
end

module type DEVICE_STATE = sig
  type state =
    | Unknown
    | Initialising
    | InitWait
    | Initialised
    | Connected
    | Closing
    | Closed
    | Reconfiguring
    | Reconfigured

  val of_string : string -> state
  val to_string : state -> string
  val prettyprint : state -> string
end

module type MEMORY_6 = sig
  type stat = { heap_words : int; live_words : int; stack_words : int; free_words : int }

  val quick_stat : unit -> stat
end

module type MEMORY_8 = sig
  include MEMORY_6

  val stat : unit -> stat
  val trim : unit -> unit
end

module type XEN = sig
  type page

  module Gntref : sig
    type t

    val of_string : string -> (t, [> `Msg of string ]) result
    val to_string : t -> string
    val pp : t Fmt.t
    val to_int32 : t -> Int32.t
    val of_int32 : Int32.t -> t
  end

  module Import : sig
    type t = { domid : int; ref : Gntref.t }

    module Local_mapping : sig
      type t

      val to_buf : t -> page
      val unmap_exn : t -> unit
      val unmap : t -> (unit, [> `Msg of string ]) result
    end

    val map_exn : t -> writable:bool -> Local_mapping.t
    val map : t -> writable:bool -> (Local_mapping.t, [> `Msg of string ]) result
    val mapv_exn : t list -> writable:bool -> Local_mapping.t
    val mapv : t list -> writable:bool -> (Local_mapping.t, [> `Msg of string ]) result

    val with_mapping :
      t -> writable:bool -> (Local_mapping.t -> 'a Lwt.t) -> ('a, [> `Msg of string ]) result Lwt.t
  end

  module Export : sig
    type t

    val refs : t -> Gntref.t list
    val mapping : t -> page
    val share_pages : domid:int -> count:int -> writable:bool -> (t, [> `Grant_table_full ]) result
    val share_pages_exn : domid:int -> count:int -> writable:bool -> t
    val try_unshare : release_refs:bool -> t -> (unit, [> `Busy ]) result
    val unshare : release_refs:bool -> t -> unit Lwt.t
    val get : unit -> Gntref.t Lwt.t
    val get_n : int -> Gntref.t list Lwt.t
    val put : Gntref.t -> unit
    val get_nonblock : unit -> Gntref.t option
    val get_n_nonblock : int -> Gntref.t list
    val num_free_grants : unit -> int
    val with_ref : (Gntref.t -> 'a Lwt.t) -> 'a Lwt.t
    val with_refs : int -> (Gntref.t list -> 'a Lwt.t) -> 'a Lwt.t
    val grant_access : domid:int -> writable:bool -> Gntref.t -> page -> unit
    val try_end_access : release_ref:bool -> Gntref.t -> (unit, [> `Busy ]) result
    val end_access : release_ref:bool -> Gntref.t -> unit Lwt.t
    val with_grant : domid:int -> writable:bool -> Gntref.t -> page -> (unit -> 'a Lwt.t) -> 'a Lwt.t

    val with_grants :
      domid:int -> writable:bool -> Gntref.t list -> page list -> (unit -> 'a Lwt.t) -> 'a Lwt.t
  end

  val console : Gntref.t
  val xenstore : Gntref.t
end

(* 9.0.1 has these more. *)
module type COPY = sig
  type gntref
  type page

  val copy_from :
    domid:int ->
    gref:gntref ->
    src_off:int ->
    dst:page ->
    dst_off:int ->
    len:int ->
    (unit, [> `Msg of string ]) result

  val copy_to :
    src:page ->
    src_off:int ->
    domid:int ->
    gref:gntref ->
    dst_off:int ->
    len:int ->
    (unit, [> `Msg of string ]) result
end

module type COMMON = sig
  type page
  type acl
  type token

  module Lifecycle : LIFECYCLE
  module Main : MAIN
  module Xs : XS with type acl := acl and type token := token
  module Eventchn : EVENTCHN
  module Activations : ACTIVATIONS with type channel := Eventchn.t and type handle := Eventchn.handle
  module Device_state : DEVICE_STATE
  module Xen : XEN with type page := page
end

(* 6.0.0 and 6.0.1: module OS. *)
module type OS_6 = sig
  include COMMON
  module Memory : MEMORY_6
  module Time : TIME
end

(* 7.0.0 to 9.0.1: module Xen_os. 7.x has the Memory of 6, 9.0 no Time. *)
module type XEN_OS = sig
  include COMMON
  module Memory : MEMORY_8
  module Time : TIME
end
