(* SPDX-License-Identifier: ISC *)

(* What a store is ordered before a later load by. Between stores, and between loads, x86 keeps the order. *)
external memory_barrier : unit -> unit = "mirage_xen_memory_barrier" [@@noalloc]

type t = { page : Cstruct.t; data : int; size : int; cons : int; prod : int }

exception Corrupt

let v page ~data ~size ~cons ~prod = { page; data; size; cons; prod }
let get t counter = Int32.to_int (Cstruct.LE.get_uint32 t.page counter) land 0xffffffff
let set t counter value = Cstruct.LE.set_uint32 t.page counter (Int32.of_int value)

let used t ~prod ~cons =
  let used = (prod - cons) land 0xffffffff in
  if used > t.size then raise Corrupt;
  used

let readable t = used t ~prod:(get t t.prod) ~cons:(get t t.cons)
let writable t = t.size - used t ~prod:(get t t.prod) ~cons:(get t t.cons)

(* [length] bytes from position [at] on, in the two pieces that the end of the buffer may make of them. *)
let pieces t at length f =
  let offset = at land (t.size - 1) in
  let first = min length (t.size - offset) in
  f (t.data + offset) 0 first;
  if first < length then f t.data first (length - first)

let read t buffer offset length =
  let cons = get t t.cons in
  let length = min length (used t ~prod:(get t t.prod) ~cons) in
  if length > 0 then (
    pieces t cons length (fun from skip count -> Cstruct.blit_to_bytes t.page from buffer (offset + skip) count);
    set t t.cons (cons + length));
  length

let write t buffer offset length =
  let prod = get t t.prod in
  let length = min length (t.size - used t ~prod ~cons:(get t t.cons)) in
  if length > 0 then (
    pieces t prod length (fun at skip count -> Cstruct.blit_from_bytes buffer (offset + skip) t.page at count);
    set t t.prod (prod + length));
  length

(* 1. The writer finds the stream full, by the old count of bytes consumed, and goes to sleep.
   2. The reader stores the new count, then looks at the count of bytes produced: it is a whole buffer past the old one,
      so it notifies.
   Without the barrier the look could come before the store is visible, and each side would have missed the other's. *)
let was_full t count =
  memory_barrier ();
  let before = (get t t.cons - count) land 0xffffffff in
  (get t t.prod - before) land 0xffffffff >= t.size

(* The same from the other side: a reader that had consumed all there was before may have gone to sleep. *)
let was_empty t count =
  memory_barrier ();
  let before = (get t t.prod - count) land 0xffffffff in
  (get t t.cons - before) land 0xffffffff <= count

let init t =
  set t t.cons 0;
  set t t.prod 0
