(* SPDX-License-Identifier: ISC *)
(** Sharing memory with other domains: Xen's [grant_table.h].

    A domain grants another access to a page of its own by an entry in its grant table; the entry's index, the reference,
    is told to the other domain by way of xenstore or of memory shared before. The other maps the page, or has Xen copy
    from or to it. *)

(** Grant references: indices into a grant table. *)
module Gntref : sig
  type t

  val of_string : string -> (t, [> `Msg of string ]) result
  (** A reference in decimal, from 0 to 2{^32} - 1, as xenstore has it. *)

  val to_string : t -> string
  (** In decimal. *)

  val pp : t Fmt.t
  (** Prints it in decimal. *)

  val to_int32 : t -> Int32.t
  (** As rings have it, unsigned. *)

  val of_int32 : Int32.t -> t
  (** From unsigned. *)
end

(** {2 Pages of other domains} *)

module Import : sig
  type t = {
    domid : int;  (** whose page it is *)
    ref : Gntref.t;  (** that domain's reference *)
  }

  (** Pages that are mapped. *)
  module Local_mapping : sig
    type t

    val to_buf : t -> Pages.t
    (** The memory. It may not be touched after the pages were unmapped: the processor would fault. *)

    val unmap_exn : t -> unit
    (** Unmaps all of the mapping's pages with one hypercall (GNTTABOP_unmap_grant_ref). Raises [Failure] when Xen refuses,
        or when it was unmapped already. *)

    val unmap : t -> (unit, [> `Msg of string ]) result
    (** The same, with the reason as a value. *)
  end

  val map_exn : t -> writable:bool -> Local_mapping.t
  (** Maps a page (GNTTABOP_map_grant_ref). Raises [Failure] with Xen's reason when it refuses, [Out_of_memory] when the
      address space for mappings is full. Writing to what was not mapped [writable] faults. A domain must not map a page
      of its own: Xen would move it to where it is mapped, away from where it was. {!copy_from} can be used on one. *)

  val map : t -> writable:bool -> (Local_mapping.t, [> `Msg of string ]) result
  (** The same, with the reason as a value. *)

  val mapv_exn : t list -> writable:bool -> Local_mapping.t
  (** Maps pages, also of several domains, one after the other in memory, with one hypercall: all of them, or none. Raises as
      {!map_exn} does. *)

  val mapv : t list -> writable:bool -> (Local_mapping.t, [> `Msg of string ]) result
  (** The same, with the reason as a value. *)

  val with_mapping :
    t -> writable:bool -> (Local_mapping.t -> 'a Lwt.t) -> ('a, [> `Msg of string ]) result Lwt.t
  (** Maps a page for as long as the function takes. *)

  (** {2 Copying}

      Xen copies (GNTTABOP_copy): for a few hundred bytes, and up to a page, this costs less than to map and to unmap. *)

  val copy_from :
    domid:int ->
    gref:Gntref.t ->
    src_off:int ->
    dst:Pages.t ->
    dst_off:int ->
    len:int ->
    (unit, [> `Msg of string ]) result
  (** Copies [len] bytes from offset [src_off] of the page that the domain granted to offset [dst_off] of ours. The bytes
      have to be within one page of the other domain, and within [dst]; an error says which is wrong, or why Xen refused. *)

  val copy_to :
    src:Pages.t ->
    src_off:int ->
    domid:int ->
    gref:Gntref.t ->
    dst_off:int ->
    len:int ->
    (unit, [> `Msg of string ]) result
  (** The other way; the page has to be granted with write access. *)
end

(** {2 Pages for other domains} *)

module Export : sig
  type t
  (** Pages of ours, with a reference for each by which another domain has access. *)

  val refs : t -> Gntref.t list
  (** Of the pages that are still shared. *)

  val mapping : t -> Pages.t
  (** The pages' memory. *)

  val share_pages : domid:int -> count:int -> writable:bool -> (t, [> `Grant_table_full ]) result
  (** Allocates so many zeroed pages, and gives the domain access to them; without [writable] it can only read. They stay
      shared until they are unshared. Raises [Out_of_memory] when there are no pages. *)

  val share_pages_exn : domid:int -> count:int -> writable:bool -> t
  (** The same; raises [Failure] when the grant table is full. *)

  val try_unshare : release_refs:bool -> t -> (unit, [> `Busy ]) result
  (** Takes the access back, page by page; with [release_refs] the references are given back too. At a page that the other
      domain still has mapped it stops and says so: call it again later, for the pages that remain. *)

  val unshare : release_refs:bool -> t -> unit Lwt.t
  (** The same; while the other domain has a page mapped, tries again: at first after a millisecond, then ever less often, at most
      every ten seconds. *)

  (** {2 References} *)

  val get : unit -> Gntref.t Lwt.t
  (** A reference; waits when all are in use, in the order of the calls. *)

  val get_n : int -> Gntref.t list Lwt.t
  (** So many at the same time. Fails with [Invalid_argument] when the table is smaller than that. *)

  val put : Gntref.t -> unit
  (** Gives a reference back. One that still gives access to a page is not reused, and reported in the log. Raises
      [Invalid_argument] for one that is not in use. *)

  val get_nonblock : unit -> Gntref.t option
  (** A reference if one is free and nobody waits for one. *)

  val get_n_nonblock : int -> Gntref.t list
  (** So many; [[]] if there are fewer. *)

  val num_free_grants : unit -> int
  (** How many references are free. *)

  val with_ref : (Gntref.t -> 'a Lwt.t) -> 'a Lwt.t
  (** A reference for as long as the function takes. *)

  val with_refs : int -> (Gntref.t list -> 'a Lwt.t) -> 'a Lwt.t
  (** So many. *)

  (** {2 Access} *)

  val grant_access : domid:int -> writable:bool -> Gntref.t -> Pages.t -> unit
  (** Gives the domain access to a page by the reference. The page is kept from the garbage collector until the access is
      taken back. Raises [Invalid_argument] unless it is one page, aligned. *)

  val try_end_access : release_ref:bool -> Gntref.t -> (unit, [> `Busy ]) result
  (** Takes the access back, unless the other domain has the page mapped. *)

  val end_access : release_ref:bool -> Gntref.t -> unit Lwt.t
  (** The same; tries again as {!unshare} does. *)

  val with_grant :
    domid:int -> writable:bool -> Gntref.t -> Pages.t -> (unit -> 'a Lwt.t) -> 'a Lwt.t
  (** Access for as long as the function takes, and the other domain has the page mapped. *)

  val with_grants :
    domid:int -> writable:bool -> Gntref.t list -> Pages.t list -> (unit -> 'a Lwt.t) -> 'a Lwt.t
  (** The same for several. Raises [Invalid_argument] when there are not as many pages as references. *)
end

val console : Gntref.t
(** The reference by which the toolstack gave the console's daemon access: GNTTAB_RESERVED_CONSOLE. *)

val xenstore : Gntref.t
(** The same for xenstore's: GNTTAB_RESERVED_XENSTORE. *)
