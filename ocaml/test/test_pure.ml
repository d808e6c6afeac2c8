(* SPDX-License-Identifier: ISC *)
(* Byte streams through a page, and states of devices. *)

open Xen_os
open Fake

let ring () =
  let page = Cstruct.create 4096 in
  (page, Byte_ring.v page ~data:0 ~size:1024 ~cons:2048 ~prod:2052)

let () =
  test "byte ring: a stream of random pieces arrives whole" @@ fun () ->
  let page, ring = ring () in
  (* The counters start just below where they wrap. *)
  Cstruct.LE.set_uint32 page 2048 0xfffff000l;
  Cstruct.LE.set_uint32 page 2052 0xfffff000l;
  let sent = Bytes.init 200_000 (fun i -> Char.chr ((i * 7 + i / 256) land 255)) in
  let got = Bytes.make 200_000 '\000' in
  let written = ref 0 and read = ref 0 in
  Random.init 7;
  while !read < 200_000 do
    written := !written + Byte_ring.write ring sent !written (min (Random.int 1500) (200_000 - !written));
    read := !read + Byte_ring.read ring got !read (min (Random.int 1500) (200_000 - !read))
  done;
  check "the same bytes" (Bytes.equal sent got)

let () =
  test "byte ring: counters that cannot be are refused" @@ fun () ->
  let page, ring = ring () in
  Cstruct.LE.set_uint32 page 2052 1025l;
  let corrupt = function Byte_ring.Corrupt -> true | _ -> false in
  raises "read" corrupt (fun () -> Byte_ring.read ring (Bytes.create 1) 0 1);
  raises "write" corrupt (fun () -> Byte_ring.write ring (Bytes.create 1) 0 1);
  raises "readable" corrupt (fun () -> Byte_ring.readable ring)

let () =
  test "byte ring: a writer that found it full is told of room" @@ fun () ->
  let _, ring = ring () in
  int "fills" 1024 (Byte_ring.write ring (Bytes.create 2000) 0 2000);
  int "full" 0 (Byte_ring.write ring (Bytes.create 1) 0 1);
  int "takes" 10 (Byte_ring.read ring (Bytes.create 10) 0 10);
  check "tell" (Byte_ring.was_full ring 10);
  int "takes" 10 (Byte_ring.read ring (Bytes.create 10) 0 10);
  check "no need to tell" (not (Byte_ring.was_full ring 10))

let () =
  test "byte ring: a reader that found it empty is told of bytes" @@ fun () ->
  let _, ring = ring () in
  int "writes" 10 (Byte_ring.write ring (Bytes.create 10) 0 10);
  check "tell" (Byte_ring.was_empty ring 10);
  int "writes" 10 (Byte_ring.write ring (Bytes.create 10) 0 10);
  check "no need to tell" (not (Byte_ring.was_empty ring 10))

(* All orders of two lists of steps, each list's own order kept. *)
let rec merges a b =
  match (a, b) with
  | [], rest | rest, [] -> [ rest ]
  | x :: a', y :: b' -> List.map (List.cons x) (merges a' b) @ List.map (List.cons y) (merges a b')

(* In how many orders one side sleeps in the end although the other has made a change that it could go on with. [make]
   gives, for a new ring, the steps of the one that may sleep and of the other, and how to see that it could go on. *)
let sleeps_on_a_change make =
  let orders (a, b, _) = List.length (merges a b) in
  List.init (orders (make ())) (fun i ->
      let a, b, lost = make () in
      List.iter (fun step -> step ()) (List.nth (merges a b) i);
      if lost () then 1 else 0)
  |> List.fold_left ( + ) 0

(* A ring with one byte of room, a writer of two bytes, a reader of one. [look] and [tell] surround the reader's read. *)
let full_ring look tell () =
  let _, ring = ring () in
  ignore (Byte_ring.write ring (Bytes.create 1023) 0 1023);
  let asleep = ref false and told = ref false and count = ref 0 and before = ref false in
  let write () = if not !asleep then if Byte_ring.write ring (Bytes.create 1) 0 1 = 0 then asleep := true in
  let reader =
    [
      (fun () -> before := look ring);
      (fun () -> count := Byte_ring.read ring (Bytes.create 1) 0 1);
      (fun () -> if tell ring !before !count then told := true);
    ]
  in
  ([ write; write ], reader, fun () -> !asleep && (not !told) && Byte_ring.writable ring > 0)

(* An empty ring, a reader that looks twice, a writer of one byte. *)
let empty_ring look tell () =
  let _, ring = ring () in
  ignore (Byte_ring.write ring (Bytes.create 1) 0 1);
  let asleep = ref false and told = ref false and count = ref 0 and before = ref false in
  let read () = if not !asleep then if Byte_ring.read ring (Bytes.create 1) 0 1 = 0 then asleep := true in
  let writer =
    [
      (fun () -> before := look ring);
      (fun () -> count := Byte_ring.write ring (Bytes.create 1) 0 1);
      (fun () -> if tell ring !before !count then told := true);
    ]
  in
  ([ read; read ], writer, fun () -> !asleep && (not !told) && Byte_ring.readable ring > 0)

let () =
  test "byte ring: in no order of steps does anybody sleep on a change" @@ fun () ->
  let nothing _ = false in
  int "writer" 0 (sleeps_on_a_change (full_ring nothing (fun ring _ count -> Byte_ring.was_full ring count)));
  int "reader" 0 (sleeps_on_a_change (empty_ring nothing (fun ring _ count -> Byte_ring.was_empty ring count)));
  (* Code made wrong on purpose: who looks before the change instead of after it. *)
  let early _ before _ = before in
  check "a look too early is caught" (sleeps_on_a_change (full_ring (fun ring -> Byte_ring.writable ring = 0) early) > 0);
  check "here too" (sleeps_on_a_change (empty_ring (fun ring -> Byte_ring.readable ring = 0) early) > 0)

let () =
  test "device states" @@ fun () ->
  for i = 0 to 8 do
    string "back and forth" (string_of_int i) Device_state.(to_string (of_string (string_of_int i)))
  done;
  check "unknown" (Device_state.of_string "nonsense" = Device_state.Unknown);
  string "name" "Initialised" (Device_state.prettyprint Device_state.Initialised)

let () =
  test "generations" @@ fun () ->
  let value = Generation.wrap 5 in
  int "good" 6 (Generation.maybe value succ 0);
  Generation.resume ();
  int "not good" 0 (Generation.maybe value succ 0);
  int "extracted" 5 (Generation.extract value)

let () =
  test "grant references as text" @@ fun () ->
  let ok text = match Xen.Gntref.of_string text with Ok r -> Xen.Gntref.to_string r | Error (`Msg _) -> "error" in
  List.iter (fun text -> string text text (ok text)) [ "0"; "8"; "2147483648"; "4294967295" ];
  List.iter (fun text -> string text "error" (ok text)) [ ""; "-1"; "+1"; "0x10"; "4294967296"; "1 "; "99999999999999999999" ];
  string "unsigned" "4294967295" (Xen.Gntref.to_string (Xen.Gntref.of_int32 (-1l)));
  check "as int32" (Xen.Gntref.to_int32 (Xen.Gntref.of_int32 (-1l)) = -1l)

let () =
  test "memory statistics" @@ fun () ->
  let { Memory.heap_words; live_words; stack_words; free_words } = Memory.stat () in
  strings "words" [ "1000"; "300"; "100"; "600" ] (List.map string_of_int [ heap_words; live_words; stack_words; free_words ]);
  int "quick" 310 (Memory.quick_stat ()).live_words;
  Memory.trim ()
