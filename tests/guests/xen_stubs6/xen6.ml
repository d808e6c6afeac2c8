(* SPDX-License-Identifier: ISC *)
(* The externals that only mirage-xen 6.0 has, right and wrong. *)

type buffer = (char, Bigarray.int8_unsigned_elt, Bigarray.c_layout) Bigarray.Array1.t

(* Cstruct.t's layout. *)
type cstruct = { buffer : buffer; off : int; len : int }

external wall_clock : unit -> int64 = "caml_get_wall_clock"
external gettimeofday : unit -> float = "unix_gettimeofday"
external alloc_pages : bool -> int -> buffer = "mirage_alloc_pages"
external get_addr : buffer -> nativeint = "mirage_get_addr"
external checksum : cstruct -> int = "caml_tcpip_ones_complement_checksum"
external checksum_list : cstruct list -> int = "caml_tcpip_ones_complement_checksum_list"

external blit : buffer -> int -> buffer -> int -> int -> unit = "caml_blit_bigstring_to_bigstring" [@@noalloc]
external blit_from_string : string -> int -> buffer -> int -> int -> unit = "caml_blit_string_to_bigstring" [@@noalloc]
external blit_to_bytes : buffer -> int -> Bytes.t -> int -> int -> unit = "caml_blit_bigstring_to_string" [@@noalloc]
external compare_at : buffer -> int -> buffer -> int -> int -> int = "caml_compare_bigstring" [@@noalloc]
external fill : buffer -> int -> int -> int -> unit = "caml_fill_bigstring" [@@noalloc]
external aligned : buffer -> int -> int -> bool = "caml_check_alignment_bigstring" [@@noalloc]
external barrier : unit -> unit = "caml_memory_barrier" [@@noalloc]
external write_barrier : unit -> unit = "caml_write_memory_barrier" [@@noalloc]
external load32 : cstruct -> int -> int = "caml_cstruct_unsafe_load_uint32"
external save32 : cstruct -> int -> int -> unit = "caml_cstruct_unsafe_save_uint32"
external or_fetch : buffer -> int -> int -> int = "stub_atomic_or_fetch_uint8"
external fetch_and : buffer -> int -> int -> int = "stub_atomic_fetch_and_uint8"

let wrong = ref 0
let checks = ref 0

let check name ok =
  incr checks;
  if not ok then (
    incr wrong;
    Printf.printf "wrong: %s\n" name)

let invalid name f =
  check (name ^ " raises Invalid_argument")
    (match f () with _ -> false | exception Invalid_argument _ -> true)

(* RFC 1071, word by word. *)
let reference parts =
  let bytes = List.concat_map (fun { buffer; off; len } -> List.init len (fun i -> Char.code buffer.{off + i})) parts in
  let rec sum total = function
    | a :: b :: rest -> sum (total + (a lsl 8) + b) rest
    | [ a ] -> total + (a lsl 8)
    | [] -> total
  in
  let rec fold n = if n > 0xffff then fold ((n land 0xffff) + (n lsr 16)) else n in
  lnot (fold (sum 0 bytes)) land 0xffff

let () =
  check "wall clock" (wall_clock () > 1_600_000_000_000_000_000L);
  check "time of day" (abs_float (gettimeofday () -. (Int64.to_float (wall_clock ()) /. 1e9)) < 1.);
  let page = alloc_pages false 2 in
  check "size" (Bigarray.Array1.dim page = 8192);
  check "aligned" (Nativeint.rem (get_addr page) 4096n = 0n);
  check "zeroed" (page.{8191} = '\000');
  check "out of memory" (match alloc_pages true 100_000 with _ -> false | exception Out_of_memory -> true);
  blit_from_string "hello, world" 7 page 100 5;
  let bytes = Bytes.make 5 '.' in
  blit_to_bytes page 100 bytes 0 5;
  check "blits" (Bytes.to_string bytes = "world");
  blit page 100 page 102 5;
  blit_to_bytes page 100 bytes 0 5;
  check "overlap" (Bytes.to_string bytes = "wowor");
  fill page 200 10 65;
  check "fill" (page.{209} = 'A' && page.{210} = '\000');
  check "compare" (compare_at page 200 page 201 9 = 0 && compare_at page 200 page 100 5 < 0);
  check "alignment" (aligned page 64 64 && not (aligned page 65 64));
  barrier ();
  write_barrier ();
  let ring = { buffer = page; off = 4096; len = 64 } in
  save32 ring 8 0xdeadbeef;
  check "words" (load32 ring 8 = 0xdeadbeef && page.{4096 + 8} = '\xef');
  invalid "load past the end" (fun () -> load32 ring 64);
  invalid "load -4" (fun () -> load32 ring (-4));
  invalid "save past the end" (fun () -> save32 ring 64 0);
  check "or" (or_fetch page 300 0x81 = 0x81 && or_fetch page 300 2 = 0x83);
  check "and" (fetch_and page 300 0x80 = 0x83 && page.{300} = '\x80');
  invalid "or past the end" (fun () -> or_fetch page 8192 1);
  invalid "and -1" (fun () -> fetch_and page (-1) 1);
  let random = Random.State.make [| 1071 |] in
  for i = 0 to 8191 do
    page.{i} <- Char.chr (Random.State.int random 256)
  done;
  for len = 0 to 300 do
    for off = 0 to 3 do
      let part = { buffer = page; off; len } in
      if checksum part <> reference [ part ] then check (Printf.sprintf "checksum of %d at %d" len off) false
    done
  done;
  check "checksums" true;
  for _ = 1 to 2000 do
    let parts =
      List.init (Random.State.int random 6) (fun _ ->
          { buffer = page; off = Random.State.int random 4096; len = Random.State.int random 200 })
    in
    if checksum_list parts <> reference parts then check "checksum of a list" false
  done;
  check "lists" true;
  let all_ones = { buffer = page; off = 0; len = 8192 } in
  Bigarray.Array1.fill page '\xff';
  check "ones" (checksum all_ones = reference [ all_ones ]);
  Printf.printf "%d checks, %d wrong\n%!" !checks !wrong;
  exit (if !wrong = 0 then 0 else 1)
