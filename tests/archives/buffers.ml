(* SPDX-License-Identifier: ISC *)
(* Cstruct, Bigstringaf and Base as Debian compiles them for Linux: what their C stubs compute, with known answers. *)

let check name ok = Printf.printf "%s: %s\n%!" name (if ok then "ok" else "WRONG")

let cstruct () =
  let a = Cstruct.of_string "0123456789" and b = Cstruct.create 10 in
  Cstruct.blit a 2 b 0 5;
  Cstruct.blit b 0 b 3 5;
  check "blit" (Cstruct.to_string b = "23423456\000\000");
  Cstruct.blit_from_string "xyz" 0 b 8 2;
  let bytes = Bytes.make 4 '-' in
  Cstruct.blit_to_bytes b 6 bytes 0 4;
  check "strings" (Bytes.to_string bytes = "56xy");
  Cstruct.memset b 0x41;
  check "fill" (Cstruct.to_string b = "AAAAAAAAAA");
  check "compare" (Cstruct.compare a b < 0 && Cstruct.equal (Cstruct.sub a 3 2) (Cstruct.of_string "34"));
  Cstruct.BE.set_uint32 b 1 0x01020304l;
  Cstruct.LE.set_uint64 b 2 0x1122334455667788L;
  check "numbers" (Cstruct.BE.get_uint64 b 1 = 0x0188776655443322L && Cstruct.LE.get_uint16 b 8 = 0x1122);
  check "alignment" (Cstruct.check_alignment (Cstruct.create 64) 1);
  check "bounds" (match Cstruct.blit a 5 b 0 6 with () -> false | exception Invalid_argument _ -> true)

let bigstringaf () =
  let open Bigstringaf in
  let a = of_string ~off:0 ~len:11 "hello world" and b = create 11 in
  blit a ~src_off:0 b ~dst_off:0 ~len:11;
  check "memcmp" (memcmp a 0 b 0 11 = 0 && memcmp a 0 a 1 3 > 0 && memcmp_string a 6 "world" 0 5 = 0);
  check "memchr" (memchr a 0 'o' 11 = 4 && memchr a 5 'o' 6 = 7 && memchr a 0 'z' 11 = -1);
  blit b ~src_off:0 b ~dst_off:2 ~len:6;
  check "overlap" (substring b ~off:0 ~len:11 = "hehello rld");
  let bytes = Bytes.create 5 in
  blit_to_bytes a ~src_off:6 bytes ~dst_off:0 ~len:5;
  blit_from_string "HELLO" ~src_off:0 b ~dst_off:1 ~len:5;
  check "bytes" (Bytes.to_string bytes = "world" && substring b ~off:0 ~len:7 = "hHELLOo");
  set_int64_be b 0 0x0102030405060708L;
  check "numbers" (get_int32_le b 1 = 0x05040302l && get_int16_be b 6 = 0x0708);
  check "bounds" (match get_int64_le b 4 with _ -> false | exception Invalid_argument _ -> true)

let base () =
  let open Base in
  check "bits" (Int.popcount 0xff00ff = 16 && Int.clz 1 = 62 && Int.ctz 4096 = 12 && Int64.popcount (-1L) = 64);
  check "power" (Int.pow 3 20 = 3486784401 && Int64.equal (Int64.pow 7L 12L) 13841287201L);
  check "floor" (Int.floor_log2 1000 = 9 && Int.ceil_log2 1000 = 10);
  let table = Hashtbl.create (module String) in
  for i = 1 to 1000 do
    Hashtbl.set table ~key:(Int.to_string i) ~data:(i * i)
  done;
  check "table" (Hashtbl.length table = 1000 && Hashtbl.find_exn table "77" = 5929);
  Caml.Printf.printf "hashes %d %d %d\n" (String.hash "unikernel") (Int.hash 42) (Float.hash 0.1);
  Caml.Printf.printf "floats %s %s %s\n" (Float.to_string 0.1) (Float.to_string_hum 1234567.891) (Float.to_string 1e300);
  check "round" (Float.equal (Float.round_nearest_half_to_even 2.5) 2. && Float.iround_exn ~dir:`Up 2.1 = 3)

let () =
  cstruct ();
  bigstringaf ();
  base ()
