(* SPDX-License-Identifier: ISC *)
(* Bytes, Buffer, String and Digest: blits that overlap, growth, searches, integers at odd offsets, bad indices. *)

let show name bytes = Printf.printf "%s: %S\n" name (Bytes.to_string bytes)

let raises name f =
  match f () with
  | _ -> Printf.printf "%s: no exception\n" name
  | exception (Invalid_argument what | Failure what) -> Printf.printf "%s: %s\n" name what
  | exception Not_found -> Printf.printf "%s: Not_found\n" name

let () =
  let b = Bytes.of_string "0123456789abcdef" in
  Bytes.blit b 0 b 4 8;
  show "forward overlap" b;
  Bytes.blit b 6 b 2 8;
  show "backward overlap" b;
  Bytes.fill b 3 5 '.';
  show "fill" b;
  Bytes.set_int64_be b 1 0x0123456789abcdefL;
  Bytes.set_int32_le b 9 0xdeadbeefl;
  Bytes.set_uint16_be b 13 0xfff1;
  show "integers" b;
  Printf.printf "%Lx %lx %x %d %d\n" (Bytes.get_int64_le b 1) (Bytes.get_int32_be b 9) (Bytes.get_uint16_le b 13)
    (Bytes.get_int8 b 13) (Bytes.get_int16_be b 13);
  raises "get" (fun () -> Bytes.get b 16);
  raises "sub" (fun () -> ignore (Bytes.sub b 10 10); ' ');
  raises "blit" (fun () -> Bytes.blit b 0 b 1 16; ' ');
  raises "create" (fun () -> ignore (Bytes.create (-1)); ' ');
  raises "too large" (fun () -> ignore (Bytes.create (Sys.max_string_length + 1)); ' ');
  raises "index" (fun () -> ignore (String.index "abc" 'z'); ' ');
  raises "int_of_string" (fun () -> ignore (int_of_string "12x"); ' ')

let () =
  let buffer = Buffer.create 1 in
  for i = 0 to 9_999 do
    Buffer.add_string buffer (string_of_int i);
    Buffer.add_char buffer ','
  done;
  Printf.printf "Buffer: %d bytes, digest %s\n" (Buffer.length buffer) (Digest.to_hex (Digest.string (Buffer.contents buffer)));
  Buffer.truncate buffer 20;
  Buffer.add_substitute buffer (fun name -> "<" ^ name ^ ">") " $one ${two} \\$three";
  Buffer.add_utf_8_uchar buffer (Uchar.of_int 0x20ac);
  Buffer.add_utf_16be_uchar buffer (Uchar.of_int 0x1f600);
  Printf.printf "Buffer: %S\n" (Buffer.contents buffer)

let () =
  print_endline (String.concat "|" (String.split_on_char ',' "a,b,,c,"));
  print_endline (String.uppercase_ascii "mixed Case 123" ^ String.capitalize_ascii "word" ^ String.trim "  padded\n\t ");
  Printf.printf "%d %d %d\n" (compare "abc" "abd") (compare "abc" "ab") (compare "" "a");
  Printf.printf "%b %b %b\n" (String.equal "a\000b" "a\000b") ("a\000b" < "a\000c") ("a\000" > "a");
  Printf.printf "%d %d\n" (String.index_from "hello" 3 'o') (String.rindex "hello" 'l');
  print_endline (String.escaped (String.init 256 Char.chr));
  print_endline (Digest.to_hex (Digest.string ""));
  print_endline (Digest.to_hex (Digest.string (String.make 1_000_000 'a')));
  let large = Bytes.make 1_000_003 'x' in
  Bytes.blit_string "needle" 0 large 777_777 6;
  Printf.printf "%d\n" (Bytes.index large 'n');
  Bytes.blit large 777_000 large 777_001 2_000;
  Printf.printf "%d %s\n" (Bytes.index large 'n') (Digest.to_hex (Digest.bytes large))
