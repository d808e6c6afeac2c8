(* SPDX-License-Identifier: ISC *)
(** Pages of memory of 4096 bytes, for sharing with other domains: the io-page library where that is installed, and this module
    with the same interface where it is not. *)

type bigstring = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

type t = bigstring
(** One page or more, one after the other in memory, and aligned. *)

type buf = Cstruct.t

external alloc_pages : int -> bigstring = "mirage_xen_alloc_pages"

external get_addr : t -> nativeint = "mirage_xen_get_addr"
(** The address, which is the guest-physical one too. *)

exception Buffer_is_not_page_aligned
exception Buffer_not_multiple_of_page_size

let page_size = 4096

(** In bytes. *)
let length = Bigarray.Array1.dim

(** How many bytes the address is above a page's start: 0. *)
let get_page page = Nativeint.rem (get_addr page) (Nativeint.of_int page_size)

(** Rounds bytes up to whole pages, in bytes. *)
let round_to_page_size bytes = (bytes + page_size - 1) / page_size * page_size

(** So many zeroed pages. They are freed when nothing refers to them any more. Raises [Out_of_memory] when there are none,
    also after a collection, as the collector sees of a page only its small descriptor; [Invalid_argument] below 1. *)
let get pages =
  if pages < 1 then invalid_arg "Io_page.get: less than one page";
  try alloc_pages pages
  with Out_of_memory ->
    Gc.compact ();
    alloc_pages pages

(** 2{^order} pages. *)
let get_order order = get (1 lsl order)

(** The same memory. *)
let to_cstruct page = Cstruct.of_bigarray page

let get_buf ?(n = 1) () = to_cstruct (get n)

(** The same memory, page by page. Raises {!Buffer_not_multiple_of_page_size}. *)
let to_pages t =
  if length t mod page_size <> 0 then raise Buffer_not_multiple_of_page_size;
  List.init (length t / page_size) (fun i -> Bigarray.Array1.sub t (i * page_size) page_size)

(** So many pages, one after the other, each by itself. *)
let pages n = to_pages (get n)

let pages_order order = pages (1 lsl order)

(** The same memory. Raises {!Buffer_is_not_page_aligned}, {!Buffer_not_multiple_of_page_size}. *)
let of_cstruct_exn (buf : buf) =
  if buf.off mod page_size <> 0 then raise Buffer_is_not_page_aligned;
  if buf.len mod page_size <> 0 then raise Buffer_not_multiple_of_page_size;
  Bigarray.Array1.sub buf.buffer buf.off buf.len

(** A copy. *)
let to_string t = Cstruct.to_string (to_cstruct t)

(** [string_blit source offset page at length] copies into the page. Raises [Invalid_argument] out of bounds. *)
let string_blit source source_offset page offset length =
  Cstruct.blit_from_string source source_offset (to_cstruct page) offset length

(** Copies all of the first to the second, which has to be of the same length. *)
let blit source destination = Bigarray.Array1.blit source destination
