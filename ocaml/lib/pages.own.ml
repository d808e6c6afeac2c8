(* SPDX-License-Identifier: ISC *)
(* Pages with the interface of the io-page library, where that is not installed. *)

type bigstring = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t
type t = bigstring
type buf = Cstruct.t

external alloc_pages : int -> bigstring = "mirage_xen_alloc_pages"
external get_addr : t -> nativeint = "mirage_xen_get_addr"

exception Buffer_is_not_page_aligned
exception Buffer_not_multiple_of_page_size

let page_size = 4096
let length = Bigarray.Array1.dim
let get_page page = Nativeint.rem (get_addr page) (Nativeint.of_int page_size)
let round_to_page_size bytes = (bytes + page_size - 1) / page_size * page_size

(* Pages that OCaml holds on to without knowing it, as their bigarrays are small, are freed before giving up. *)
let get pages =
  if pages < 1 then invalid_arg "Io_page.get: less than one page";
  try alloc_pages pages
  with Out_of_memory ->
    Gc.compact ();
    alloc_pages pages

let get_order order = get (1 lsl order)
let to_cstruct page = Cstruct.of_bigarray page
let get_buf ?(n = 1) () = to_cstruct (get n)

let to_pages t =
  if length t mod page_size <> 0 then raise Buffer_not_multiple_of_page_size;
  List.init (length t / page_size) (fun i -> Bigarray.Array1.sub t (i * page_size) page_size)

let pages n = to_pages (get n)
let pages_order order = pages (1 lsl order)

let of_cstruct_exn (buf : buf) =
  if buf.off mod page_size <> 0 then raise Buffer_is_not_page_aligned;
  if buf.len mod page_size <> 0 then raise Buffer_not_multiple_of_page_size;
  Bigarray.Array1.sub buf.buffer buf.off buf.len

let to_string t = Cstruct.to_string (to_cstruct t)

let string_blit source source_offset page offset length =
  Cstruct.blit_from_string source source_offset (to_cstruct page) offset length

let blit source destination = Bigarray.Array1.blit source destination
