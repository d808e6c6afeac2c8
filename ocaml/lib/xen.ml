(* SPDX-License-Identifier: ISC *)

open Lwt.Infix

let log = Logs.Src.create "gnt" ~doc:"Grants"

module Log = (val Logs.src_log log : Logs.LOG)

let result f = try Ok (f ()) with Failure message | Invalid_argument message -> Error (`Msg message)

module Gntref = struct
  type t = int

  let of_string text =
    let is_digit c = c >= '0' && c <= '9' in
    let digits = text <> "" && String.length text <= 10 && String.for_all is_digit text in
    match if digits then int_of_string_opt text else None with
    | Some reference when reference <= 0xffffffff -> Ok reference
    | _ -> Error (`Msg (Printf.sprintf "%S is not a grant reference" text))

  let to_string = string_of_int
  let pp = Format.pp_print_int
  let to_int32 = Int32.of_int
  let of_int32 reference = Int32.to_int reference land 0xffffffff
end

module Import = struct
  type t = { domid : int; ref : Gntref.t }
  type handle

  external stub_map : unit -> Gntref.t -> int -> bool -> handle * Pages.t = "mirage_xen_gnttab_map"
  external stub_mapv : unit -> int array -> bool -> handle * Pages.t = "mirage_xen_gnttab_mapv"
  external stub_unmap : unit -> handle -> unit = "mirage_xen_gnttab_unmap"

  module Local_mapping = struct
    type t = { handle : handle; pages : Pages.t; mutable mapped : bool }

    let v (handle, pages) = { handle; pages; mapped = true }
    let to_buf mapping = mapping.pages

    let unmap_exn mapping =
      if not mapping.mapped then failwith "Local_mapping.unmap: it is unmapped already";
      stub_unmap () mapping.handle;
      mapping.mapped <- false

    let unmap mapping = result (fun () -> unmap_exn mapping)
  end

  let or_message f = try Ok (f ()) with error -> Error (`Msg (Printexc.to_string error))
  let map_exn grant ~writable = Local_mapping.v (stub_map () grant.ref grant.domid writable)
  let map grant ~writable = or_message (fun () -> map_exn grant ~writable)

  let mapv_exn grants ~writable =
    let pairs = Array.make (2 * List.length grants) 0 in
    let set i grant =
      pairs.(2 * i) <- grant.domid;
      pairs.((2 * i) + 1) <- grant.ref
    in
    List.iteri set grants;
    Local_mapping.v (stub_mapv () pairs writable)

  let mapv grants ~writable = or_message (fun () -> mapv_exn grants ~writable)

  let with_mapping grant ~writable f =
    match map grant ~writable with
    | Error _ as error -> Lwt.return error
    | Ok mapping ->
        let unmap () = Lwt.wrap1 Local_mapping.unmap_exn mapping in
        Lwt.finalize (fun () -> f mapping >|= fun x -> Ok x) unmap

  external stub_copy_from : int -> Gntref.t -> int -> Pages.t -> int -> int -> unit
    = "mirage_xen_gnttab_copy_from_bytecode" "mirage_xen_gnttab_copy_from"

  external stub_copy_to : Pages.t -> int -> int -> Gntref.t -> int -> int -> unit
    = "mirage_xen_gnttab_copy_to_bytecode" "mirage_xen_gnttab_copy_to"

  let copy_from ~domid ~gref ~src_off ~dst ~dst_off ~len =
    result (fun () -> stub_copy_from domid gref src_off dst dst_off len)

  let copy_to ~src ~src_off ~domid ~gref ~dst_off ~len =
    result (fun () -> stub_copy_to src src_off domid gref dst_off len)
end

module Export = struct
  type t = { mutable refs : Gntref.t list; mapping : Pages.t }

  external nr_entries : unit -> int = "mirage_xen_gnttab_get_nr_entries"
  external nr_reserved : unit -> int = "mirage_xen_gnttab_get_nr_reserved"
  external stub_grant_access : Gntref.t -> Pages.t -> int -> bool -> unit = "mirage_xen_gnttab_grant_access"
  external stub_end_access : Gntref.t -> bool = "mirage_xen_gnttab_end_access"

  let refs t = t.refs
  let mapping t = t.mapping

  (* {2 References} *)

  let pool = lazy (Ref_pool.create ~first:(nr_reserved ()) ~limit:nr_entries)
  let num_free_grants () = Ref_pool.free (Lazy.force pool)
  let get_n count = Ref_pool.wait (Lazy.force pool) count
  let get () = get_n 1 >|= List.hd
  let get_n_nonblock count = Option.value (Ref_pool.take (Lazy.force pool) count) ~default:[]
  let get_nonblock () = Option.map List.hd (Ref_pool.take (Lazy.force pool) 1)

  (* The pages that other domains have access to, by reference: the collector has to leave them alone. *)
  let granted : Pages.t option array ref = ref [||]
  let page reference = if reference < Array.length !granted then !granted.(reference) else None

  let keep reference page =
    let length = Array.length !granted in
    if reference >= length then (
      let larger = Array.make (max 64 (max (2 * length) (reference + 1))) None in
      Array.blit !granted 0 larger 0 length;
      granted := larger);
    !granted.(reference) <- Some page

  let put reference =
    if page reference <> None then
      Log.err (fun f -> f "reference %d was given back while it gives access to a page; it is not reused" reference)
    else Ref_pool.put (Lazy.force pool) reference

  let with_refs count f = get_n count >>= fun refs -> Lwt.finalize (fun () -> f refs) (fun () -> Lwt.wrap2 List.iter put refs)
  let with_ref f = with_refs 1 (fun refs -> f (List.hd refs))

  (* {2 Access} *)

  let grant_access ~domid ~writable reference page =
    if Pages.length page <> Pages.page_size then invalid_arg "Export.grant_access: not one page";
    stub_grant_access reference page domid writable;
    keep reference page

  let try_end_access ~release_ref reference =
    if stub_end_access reference then (
      if page reference <> None then !granted.(reference) <- None;
      if release_ref then put reference;
      Ok ())
    else Error `Busy

  let longest_pause = 10_000_000_000L

  (* Nothing tells that the other domain has let go. Mostly it is about to, so the first tries come soon. *)
  let rec retry ?(pause = 1_000_000L) attempt =
    match attempt () with
    | Ok () -> Lwt.return_unit
    | Error `Busy ->
        Time.sleep_ns pause >>= fun () ->
        retry ~pause:(if Int64.mul pause 2L > longest_pause then longest_pause else Int64.mul pause 2L) attempt

  let end_access ~release_ref reference = retry (fun () -> try_end_access ~release_ref reference)

  let with_grant ~domid ~writable reference page f =
    grant_access ~domid ~writable reference page;
    Lwt.finalize f (fun () -> Lwt.no_cancel (end_access ~release_ref:false reference))

  let with_grants ~domid ~writable refs pages f =
    if List.compare_lengths refs pages <> 0 then invalid_arg "Export.with_grants: as many pages as references";
    List.iter2 (grant_access ~domid ~writable) refs pages;
    let end_all () = Lwt.no_cancel (Lwt_list.iter_s (end_access ~release_ref:false) refs) in
    Lwt.finalize f end_all

  (* {2 Both} *)

  let share_pages ~domid ~count ~writable =
    if count < 1 then invalid_arg "Export.share_pages: less than one page";
    match get_n_nonblock count with
    | [] -> Error `Grant_table_full
    | refs -> (
        match
          let mapping = Pages.get count in
          List.iter2 (grant_access ~domid ~writable) refs (Pages.to_pages mapping);
          mapping
        with
        | mapping -> Ok { refs; mapping }
        | exception error ->
            List.iter (fun reference -> if page reference = None then put reference else ignore (try_end_access ~release_ref:true reference)) refs;
            raise error)

  let share_pages_exn ~domid ~count ~writable =
    match share_pages ~domid ~count ~writable with Ok t -> t | Error `Grant_table_full -> failwith "Export.share_pages: the grant table is full"

  let rec try_unshare ~release_refs t =
    match t.refs with
    | [] -> Ok ()
    | reference :: rest -> (
        match try_end_access ~release_ref:release_refs reference with
        | Ok () ->
            t.refs <- rest;
            try_unshare ~release_refs t
        | Error `Busy -> Error `Busy)

  let unshare ~release_refs t = retry (fun () -> try_unshare ~release_refs t)
end

(* The first two entries, GNTTAB_RESERVED_CONSOLE and GNTTAB_RESERVED_XENSTORE, are the toolstack's. *)
let console = 0
let xenstore = 1
